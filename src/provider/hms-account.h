/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_HMS_ACCOUNT_H
#define PROVIDER_HMS_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/setting.h"
#include "crypto/jwt.h"
#include "http/message.h"
#include "provider/provider.h"
#include "provider/token.h"

/*
 * An account at Huawei's Push Kit: an app's settings, and its credentials.
 * Versions 1 and 2 (Android, HarmonyOS up to 4) take OAuth tokens for a client
 * and its secret, version 3 (HarmonyOS 5) takes tokens that a service account
 * signs.  The functions are those of struct provider.
 */
struct hms_account {
	char *app_id;
	char *provider;
	int64_t version;
	char *url;
	char *token_url;
	char *client_id;		/* 1, 2 */
	char *client_secret_file;	/* 1, 2 */
	char *service_account_file;	/* 3 */
	char *hms_app_id;		/* 1 */
	char *project_id;		/* 2, 3; NULL in 3: the file's */
	char *category;			/* NULL: none */
	char *payload;			/* "gematik" or "matrix" */
	bool send_badge_counts;
	int64_t time_to_live_s;
	/* Loaded: */
	struct buf secret;
	struct jwt_key *key;		/* NULL until loaded */
	char *key_id;
	char *sub_account;
	char *file_project_id;
};

extern const struct setting hms_account_settings[];

/* What stands in the path for the app or the project. */
const char *hms_account_path_id(const struct hms_account *account);

void *hms_account_open(struct json_object *section, const char *directory,
    struct error *error);
void hms_account_close(void *account);
bool hms_account_load(void *account, struct error *error);
const char *hms_account_credentials(const void *account, size_t i);
enum cause hms_account_describe(const void *account,
    const struct device *device, struct provider_channel *channel);
enum provider_mint hms_account_mint(const void *account, const char *origin,
    int64_t now_s, struct token *token, struct http_request *request,
    struct error *error);
enum provider_mint hms_account_read(const void *account, unsigned int step,
    const struct http_reply *reply, int64_t now_s, struct token *token,
    struct http_request *request, struct error *error);

#endif
