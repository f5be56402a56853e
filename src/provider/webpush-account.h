/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_WEBPUSH_ACCOUNT_H
#define PROVIDER_WEBPUSH_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/error.h"
#include "base/setting.h"
#include "crypto/jwt.h"
#include "crypto/keyed-hash.h"
#include "provider/endpoint.h"
#include "provider/provider.h"

/*
 * The settings and keys of an app that is reached by Web Push (RFC 8030) or
 * UnifiedPush: who we are to push services (VAPID, RFC 8292), and which of
 * them may be called.  The functions are those of struct provider.
 *
 * A token has a line for each VAPID key, which is what stands in the header
 * Authorization: that for the former key is the second.
 */
struct webpush_account {
	char *app_id;
	char *provider;
	char *vapid_key_file;		/* NULL: none, for UnifiedPush */
	char *vapid_previous_key_file;	/* NULL: none */
	char *subject;			/* NULL: none, for UnifiedPush */
	struct setting_strings allowed_endpoints;
	struct setting_integers allowed_ports;
	struct setting_strings allow_private;
	char *payload;			/* "gematik" or "matrix" */
	bool send_badge_counts;
	int64_t time_to_live_s;
	struct endpoint_rules rules;	/* of these settings */
	/* Loaded: */
	struct jwt_key *key;		/* NULL: none */
	struct jwt_key *previous_key;	/* NULL: none */
	unsigned char topic_key[KEYED_HASH_SIZE];
};

extern const struct setting webpush_account_settings[];
extern const struct setting webpush_account_unifiedpush_settings[];

/* By one of the two tables. */
void *webpush_account_open_by(const struct setting *settings,
    struct json_object *section, const char *directory, struct error *error);
void *webpush_account_open(struct json_object *section, const char *directory,
    struct error *error);
void *webpush_account_open_unifiedpush(struct json_object *section,
    const char *directory, struct error *error);
void webpush_account_close(void *account);
bool webpush_account_load(void *account, struct error *error);
const char *webpush_account_credentials(const void *account, size_t i);
bool webpush_account_check_proxied(const void *account,
    struct error *error);

/* The channel to an endpoint, or without one (NULL) to none. */
enum cause webpush_account_describe(const struct webpush_account *account,
    const char *endpoint, size_t size, struct provider_channel *channel);
enum provider_mint webpush_account_mint(const void *account,
    const char *origin, int64_t now_s, struct token *token,
    struct http_request *request, struct error *error);

#endif
