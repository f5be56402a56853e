/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_FCM_ACCOUNT_H
#define PROVIDER_FCM_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/error.h"
#include "base/setting.h"
#include "http/message.h"
#include "crypto/keyed-hash.h"
#include "provider/google-credentials.h"
#include "provider/provider.h"
#include "provider/token.h"

/*
 * An account at FCM: an app's settings, and its credentials.  The
 * functions are those of struct provider.
 */
struct fcm_account {
	char *app_id;
	char *provider;
	char *url;
	char *service_account_file;
	char *project_id;		/* NULL: that of the credentials */
	int64_t time_to_live_s;
	char *payload;			/* "gematik" or "matrix" */
	bool send_badge_counts;
	struct json_object *fcm_options;	/* NULL: none */
	char *target;			/* what pushkeys are: token, fid */
	char *android_block;		/* android, androidV2 */
	bool bandwidth_constrained_ok;
	bool restricted_satellite_ok;
	struct google_credentials credentials;
	/* The members of a message behind its data, as JSON; for one that may
	 * wait the second. */
	char *blocks[2];
	/* For collapse_key: hosts with these credentials agree on it.  What it
	 * hashes is in clear in the same message: see
	 * google_credentials_derive. */
	unsigned char collapse_key[KEYED_HASH_SIZE];
};

extern const struct setting fcm_account_settings[];

void *fcm_account_open(struct json_object *section, const char *directory,
    struct error *error);
void fcm_account_close(void *account);
bool fcm_account_load(void *account, struct error *error);
const char *fcm_account_credentials(const void *account, size_t i);
enum cause fcm_account_describe(const void *account,
    const struct device *device, struct provider_channel *channel);
enum provider_mint fcm_account_mint(const void *account, const char *origin,
    int64_t now_s, struct token *token, struct http_request *request,
    struct error *error);
enum provider_mint fcm_account_read(const void *account, unsigned int step,
    const struct http_reply *reply, int64_t now_s, struct token *token,
    struct http_request *request, struct error *error);
const char *fcm_account_mint_files(const void *account, size_t i);

/* The project that is sent for. */
const char *fcm_account_project(const struct fcm_account *account);

#endif
