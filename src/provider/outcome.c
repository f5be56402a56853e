/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/outcome.h"

static const char *const verdict_names[VERDICT__MAX] = {
	[VERDICT_DELIVERED] = "delivered",
	[VERDICT_REJECTED] = "rejected",
	[VERDICT_LATER] = "later",
	[VERDICT_FAILED] = "failed"
};

static const char *const cause_phrases[CAUSE__MAX] = {
	[CAUSE_NONE] = "delivered",
	[CAUSE_PUSHKEY_DEAD] = "pushkey is no longer valid",
	[CAUSE_PUSHKEY_RENEWED] =
	    "provider does not know the renewed pushkey yet",
	[CAUSE_PUSHKEY_MALFORMED] =
	    "pushkey is not valid for this app's provider",
	[CAUSE_ENDPOINT_REFUSED] = "endpoint of the device is not allowed",
	[CAUSE_UNPROVEN] = "app has not delivered anything yet",
	[CAUSE_GUARDED] = "provider rejects most pushkeys of this app",
	[CAUSE_APP_UNKNOWN] = "app_id is not configured",
	[CAUSE_APP_FORBIDDEN] = "app_id is not allowed for this client",
	[CAUSE_TOO_LONG] = "notification is too long for the provider",
	[CAUSE_REFUSED] = "provider refused the notification",
	[CAUSE_CREDENTIALS] = "provider rejected the gateway's credentials",
	[CAUSE_NO_CREDENTIALS] =
	    "gateway has no usable credentials for this app",
	[CAUSE_OVERLOADED] = "provider is overloaded",
	[CAUSE_RATE] = "gateway's rate limit for this app is reached",
	[CAUSE_UNREACHABLE] = "provider cannot be reached",
	[CAUSE_DEADLINE] = "provider did not answer in time",
	[CAUSE_GATEWAY_OVERLOADED] = "gateway is overloaded, nothing was sent",
};

const char *
cause_phrase(enum cause cause)
{
	return cause_phrases[cause];
}

const char *
verdict_name(enum verdict verdict)
{
	return verdict_names[verdict];
}
