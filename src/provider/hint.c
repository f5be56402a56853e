/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/hint.h"

#include <string.h>

/*
 * Sources: Apple, "Handling notification responses from APNs"; Firebase,
 * "ErrorCode"; Google, "Using OAuth 2.0 for Server to Server Applications".
 */
static const struct {
	const char *reason;
	const char *hint;
} hints[] = {
	/* APNs. */
	{ "BadCertificate",
	    "the certificate is not one of Apple's for push notifications" },
	{ "BadCertificateEnvironment",
	    "the certificate is for the other environment" },
	{ "BadDeviceToken",
	    "is it a device of the other environment? see \"environment\"" },
	{ "BadEnvironmentKeyIdInToken",
	    "the key is for the other environment: see \"environment\"" },
	{ "BadEnvironmentKeyInToken",
	    "the key is for the other environment: see \"environment\"" },
	{ "BadTopic", "\"topic\" is no app's bundle id" },
	{ "DeviceTokenNotForTopic",
	    "it is a device of another app: see \"topic\"" },
	{ "ExpiredProviderToken", "is this host's clock right?" },
	{ "InvalidProviderToken", "key_id, team_id or key_file is wrong, the "
	    "key was revoked, or this host's clock is ahead" },
	{ "TooManyProviderTokenUpdates", "tokens of this key were made too "
	    "often, here or elsewhere: wait for 20 minutes" },
	{ "TopicDisallowed",
	    "the key or certificate is not for this \"topic\"" },
	{ "UnrelatedKeyIdInToken",
	    "the key is of another team than that of this connection" },
	{ "Unregistered", "the app was removed from this phone" },
	/* FCM. */
	{ "NOT_FOUND", "there is no such project, or \"url\" is wrong" },
	{ "PERMISSION_DENIED", "the service account may not send for this "
	    "project, or its Firebase Cloud Messaging API is disabled" },
	{ "QUOTA_EXCEEDED", "more is sent than the project's quota allows" },
	{ "SENDER_ID_MISMATCH",
	    "it is a device of another project's app" },
	{ "THIRD_PARTY_AUTH_ERROR", "Firebase has no good key for APNs, or "
	    "for Web Push: see the project's settings in the Firebase "
	    "console" },
	{ "APNS_AUTH_ERROR", "Firebase has no good key for APNs: see the "
	    "project's settings in the Firebase console" },
	{ "UNAUTHENTICATED", "the service account was disabled or deleted, "
	    "or this host's clock is wrong" },
	{ "UNREGISTERED", "the app was removed from this phone" },
	/* Push services of Web Push. */
	{ "VAPID key mismatch", "the app subscribed with another key than that "
	    "of \"vapid_key_file\"" },
	{ "BadJwtToken", "Apple does not accept \"subject\", or this host's "
	    "clock is wrong" },
	{ "errno 109", "is this host's clock right?" },
	{ "gone", "the person or the browser ended the subscription" },
	{ "not Web Push", "something else answers there: a proxy?" },
	{ "address not allowed", "its name leads to an address that is not "
	    "public: see \"allow_private\"" },
	/* Google's token endpoint. */
	{ "invalid_grant", "the service account's key was deleted, or this "
	    "host's clock is wrong" },
	{ "Invalid JWT Signature", "this key of the service account was "
	    "deleted or disabled: make a new one" },
	{ "Invalid JWT: Token must be a short-lived token", "this host's clock "
	    "is wrong: set it" },
	{ "Invalid grant: account not found", "the service account was "
	    "deleted" },
	{ "invalid_client", "there is no such service account" },
	{ "unauthorized_client",
	    "the service account may not have such tokens" },
	/* Both. */
	{ "not APNs", "something else answers there: a proxy?" },
	{ "not FCM", "something else answers there: a proxy?" },
};

const char *
hint_find_at_end(const char *words)
{
	const size_t count = sizeof hints / sizeof *hints;
	const size_t size = strlen(words);
	size_t i, length;

	for (i = 0; i < count; i++) {
		length = strlen(hints[i].reason);
		if (length <= size && strcmp(words + size - length,
		    hints[i].reason) == 0 && (length == size ||
		    words[size - length - 1] == ' '))
			return hints[i].hint;
	}
	return NULL;
}

const char *
hint_find(const char *reason)
{
	const size_t count = sizeof hints / sizeof *hints;
	size_t i = 0;

	while (i < count && strcmp(hints[i].reason, reason) != 0)
		i++;
	return i == count ? NULL : hints[i].hint;
}
