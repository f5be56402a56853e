/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator is told beside a provider's word. */
#include "provider/hint.h"

#include <stddef.h>

#include "tap.h"

/* A part of the hint; NULL: there is none. */
static const struct row {
	const char *words;
	const char *hint;
	const char *name;
} reasons[] = {
	{ "BadCertificate", "is not one of Apple's", "the first one" },
	{ "BadTopic", "no app's bundle id", "one between" },
	{ "not FCM", "a proxy?", "the last one" },
	{ "BadTopi", NULL, "a part of one" },
	{ "BadTopics", NULL, "more than one" },
	{ "", NULL, "nothing" },
}, ends[] = {
	{ "invalid_client", "no such service account", "the reason alone" },
	{ "the endpoint says: invalid_client", "no such service account",
	    "the reason at the end" },
	{ "status 400, BadCertificate", "is not one of Apple's",
	    "the first one" },
	{ "this is not FCM", "a proxy?", "the last one, of two words" },
	{ "the endpoint says: xinvalid_client", NULL, "only a part of a word" },
	{ "invalid_client, it says", NULL, "the reason elsewhere" },
	{ "gon", NULL, "less than any reason" },
	{ "", NULL, "nothing" },
};

/* Of each reason what no hint of another reason says. */
static const struct {
	const char *reason;
	const char *hint;
} hints[] = {
	{ "BadCertificate", "is not one of Apple's" },
	{ "BadCertificateEnvironment", "certificate is for the other" },
	{ "BadDeviceToken", "is it a device of the other environment?" },
	{ "BadEnvironmentKeyIdInToken", "the key is for the other" },
	{ "BadEnvironmentKeyInToken", "the key is for the other" },
	{ "BadTopic", "no app's bundle id" },
	{ "DeviceTokenNotForTopic", "a device of another app:" },
	{ "ExpiredProviderToken", "is this host's clock right?" },
	{ "InvalidProviderToken", "key_id, team_id or key_file is wrong" },
	{ "TooManyProviderTokenUpdates", "wait for 20 minutes" },
	{ "TopicDisallowed", "is not for this \"topic\"" },
	{ "UnrelatedKeyIdInToken", "of another team" },
	{ "Unregistered", "removed from this phone" },
	{ "NOT_FOUND", "there is no such project" },
	{ "PERMISSION_DENIED", "Cloud Messaging API is disabled" },
	{ "QUOTA_EXCEEDED", "the project's quota" },
	{ "SENDER_ID_MISMATCH", "another project's app" },
	{ "THIRD_PARTY_AUTH_ERROR", "for APNs, or for Web Push" },
	{ "APNS_AUTH_ERROR", "for APNs: see the project's settings" },
	{ "UNAUTHENTICATED", "account was disabled or deleted" },
	{ "UNREGISTERED", "removed from this phone" },
	{ "VAPID key mismatch", "subscribed with another key" },
	{ "BadJwtToken", "Apple does not accept \"subject\"" },
	{ "errno 109", "is this host's clock right?" },
	{ "gone", "ended the subscription" },
	{ "not Web Push", "a proxy?" },
	{ "address not allowed", "see \"allow_private\"" },
	{ "invalid_grant", "key was deleted, or this host's clock" },
	{ "Invalid JWT Signature", "make a new one" },
	{ "Invalid JWT: Token must be a short-lived token",
	    "clock is wrong: set it" },
	{ "Invalid grant: account not found", "account was deleted" },
	{ "invalid_client", "there is no such service account" },
	{ "unauthorized_client", "may not have such tokens" },
	{ "not APNs", "a proxy?" },
	{ "not FCM", "a proxy?" },
};

static void
check(const char *hint, const struct row *row, const char *where)
{
	if (row->hint == NULL)
		tap_ok(hint == NULL, "%s: %s: no hint", where, row->name);
	else if (tap_ok(hint != NULL, "%s: %s: a hint", where, row->name))
		tap_contains(hint, row->hint, "%s: %s: its own", where,
		    row->name);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof hints / sizeof *hints; i++)
		tap_contains(hint_find(hints[i].reason), hints[i].hint,
		    "%s: its own hint", hints[i].reason);
	for (i = 0; i < sizeof reasons / sizeof *reasons; i++)
		check(hint_find(reasons[i].words), &reasons[i], "a reason");
	for (i = 0; i < sizeof ends / sizeof *ends; i++)
		check(hint_find_at_end(ends[i].words), &ends[i], "words");
	return tap_done();
}
