/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_EXTERNAL_ACCOUNT_H
#define PROVIDER_EXTERNAL_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/error.h"
#include "crypto/keyed-hash.h"
#include "http/message.h"
#include "provider/provider.h"
#include "provider/subject-token.h"
#include "provider/token.h"

/*
 * An account at Google without a key, "external_account": workload identity
 * federation.  The token of another identity provider is exchanged for an
 * access token (RFC 8693) at Google's Security Token Service, and that one,
 * where a service account is to be impersonated, for one of that account
 * (IAM, projects.serviceAccounts.generateAccessToken).
 *
 * Sources: Google, AIP-4117; Google Cloud, "Configure Workload Identity
 * Federation with other identity providers".  No I/O but reading the subject
 * token from its file.
 */
struct external_account {
	char *audience;		/* NULL while nothing is loaded */
	char *subject_token_type;
	char *token_url;
	char *service_account_impersonation_url;	/* NULL: of none */
	int64_t token_lifetime_seconds;	/* of the service account's */
	char *project_id;	/* NULL: the file tells none */
	char *quota_project_id;
	char *universe_domain;
	struct subject_source source;
};

/*
 * Reads what the file holds into a zeroed or loaded account; other members are
 * ignored.  The path of a subject token is relative to the directory.  False
 * with an error about a member; nothing is loaded then.
 */
bool external_account_load(struct external_account *account,
    struct json_object *object, const char *directory, struct error *error);
void external_account_unload(struct external_account *account);

/*
 * A hash that tells accounts apart: by all that a token depends on, without
 * anything secret.
 */
uint64_t external_account_hash(const struct external_account *account);

/*
 * A key for another purpose, `label`.  There is no secret that all hosts of a
 * gateway share: subject tokens differ between hosts and are short-lived.  So
 * it is made of the audience and of the impersonated account, which stay the
 * same and are in the file of every host.  It is the same on all of them, but
 * who knows these, as Google does, can derive it, and find what was hashed with
 * it by trying.
 */
void external_account_derive(const struct external_account *account,
    const char *label, unsigned char key[KEYED_HASH_SIZE]);

/* See struct provider: the token is one for that scope. */
enum provider_mint external_account_mint(
    const struct external_account *account, const char *scope,
    struct http_request *request, struct error *error);
enum provider_mint external_account_read(
    const struct external_account *account, const char *scope,
    unsigned int step, const struct http_reply *reply, int64_t now_s,
    struct token *token, struct http_request *request, struct error *error);

#endif
