/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_APNS_ACCOUNT_H
#define PROVIDER_APNS_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/error.h"
#include "base/setting.h"
#include "crypto/jwt.h"
#include "crypto/key-pair.h"
#include "crypto/keyed-hash.h"
#include "http/message.h"
#include "provider/provider.h"
#include "provider/token.h"

/*
 * An account at APNs: an app's settings, and its credentials, which are
 * either a key that signs tokens or a client certificate (Apple, "Establishing
 * a token-based connection to APNs" and "Establishing a certificate-based
 * connection to APNs").  The functions are those of struct provider.
 */
struct apns_account {
	char *app_id;
	char *provider;
	char *topic;
	char *environment;
	char *url;
	char *key_file;			/* NULL: by certificate */
	char *key_id;
	char *team_id;
	char *certificate_file;		/* NULL: by key */
	char *certificate_password_file;	/* NULL: none is needed */
	char *alert_title;
	char *alert_body;
	char *sound;
	char *payload;			/* "gematik" or "matrix" */
	bool send_badge_counts;
	char *push_type;		/* apns-push-type */
	int64_t time_to_live_s;
	/* What "aps" has of an alert: its members, as JSON. */
	char *alert;
	struct buf headers;		/* that all requests have */
	struct jwt_key *key;		/* NULL until loaded */
	struct key_pair *certificate;	/* NULL until loaded */
	/* For apns-collapse-id: hosts with these credentials agree on it. */
	unsigned char collapse_key[KEYED_HASH_SIZE];
};

extern const struct setting apns_account_settings[];

void *apns_account_open(struct json_object *section, const char *directory,
    struct error *error);
void apns_account_close(void *account);
bool apns_account_load(void *account, struct error *error);
const char *apns_account_credentials(const void *account, size_t i);
int64_t apns_account_expires_s(const void *account);
enum cause apns_account_describe(const void *account,
    const struct device *device, struct provider_channel *channel);
bool apns_account_is_sandbox(const void *account);
enum provider_mint apns_account_mint(const void *account, const char *origin,
    int64_t now_s, struct token *token, struct http_request *request,
    struct error *error);

#endif
