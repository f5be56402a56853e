/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_GOOGLE_CREDENTIALS_H
#define PROVIDER_GOOGLE_CREDENTIALS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "crypto/keyed-hash.h"
#include "http/message.h"
#include "provider/external-account.h"
#include "provider/provider.h"
#include "provider/service-account.h"
#include "provider/token.h"

/*
 * Credentials at Google, as a file of JSON has them, of the type
 * "service_account" (a key) or "external_account" (none).
 */
struct google_credentials {
	struct service_account account;		/* key is NULL: it is not */
	struct external_account external;	/* audience is NULL: nor that */
};

enum { GOOGLE_FINGERPRINT_SIZE = 17 };

/*
 * Reads the file into zeroed or loaded credentials.  False with an error that
 * names the file; nothing is loaded then.
 */
bool google_credentials_load(struct google_credentials *credentials,
    const char *path, struct error *error);
void google_credentials_unload(struct google_credentials *credentials);

/* NULL if the file tells none; a service account's always does. */
const char *google_credentials_project(
    const struct google_credentials *credentials);
/* Of a sovereign cloud, or googleapis.com. */
const char *google_credentials_universe(
    const struct google_credentials *credentials);

/* 16 hex digits that tell these from others; a part of a file's name. */
void google_credentials_fingerprint(
    const struct google_credentials *credentials,
    char hex[GOOGLE_FINGERPRINT_SIZE]);

/*
 * A key for another purpose, `label`, the same wherever these credentials are.
 * It is a secret only if there is a key: see jwt_key_derive and
 * external_account_derive.
 */
void google_credentials_derive(const struct google_credentials *credentials,
    const char *label, unsigned char key[KEYED_HASH_SIZE]);

/* See struct provider. */
enum provider_mint google_credentials_mint(
    const struct google_credentials *credentials, const char *scope,
    int64_t now_s, struct http_request *request, struct error *error);
enum provider_mint google_credentials_read(
    const struct google_credentials *credentials, const char *scope,
    unsigned int step, const struct http_reply *reply, int64_t now_s,
    struct token *token, struct http_request *request, struct error *error);
/* NULL: none. */
const char *google_credentials_mint_file(
    const struct google_credentials *credentials);

#endif
