/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACCOUNTS_H
#define ACCOUNTS_H

#include <json-c/json.h>
#include <openssl/evp.h>

#include <stdbool.h>
#include <stddef.h>

#include "accounts-file.h"

/*
 * Who may send to some topics at APNs: by one key of a team, or by a client
 * certificate.
 */
struct apns_account {
	const char *team_id;		/* NULL: by certificate */
	const char *key_id;
	EVP_PKEY *public_key;
	const char *certificate_sha256;	/* NULL: by key */
	struct json_object *topics;	/* an array of strings */
};

/* One service account of a Firebase project. */
struct fcm_account {
	const char *project_id;
	const char *client_email;
	const char *private_key_id;
	EVP_PKEY *public_key;
};

/*
 * Who may send for a project with the tokens of another identity provider
 * (workload identity federation).
 */
struct external_account {
	const char *audience;		/* of the pool's provider */
	const char *subject_token;
	const char *subject_token_type;
	const char *project_id;
	const char *service_account;	/* to impersonate; NULL: none */
};

/* Who the simulator knows; read-only once it is read. */
struct accounts {
	struct json_object *tree;	/* owns all strings and topics */
	struct apns_account *apns;
	size_t apns_count;
	struct fcm_account *fcm;
	size_t fcm_count;
	struct external_account *external;
	size_t external_count;
};

/* Ends the program with words if the file makes no sense. */
struct accounts *
accounts_read(const struct accounts_file *file);

void
accounts_free(struct accounts *accounts);

/* The account of that key and team, or NULL. */
const struct apns_account *
accounts_find_apns(const struct accounts *accounts, const char *key_id,
    const char *team_id);

/*
 * The account of a certificate by its SHA-256 (upper-case hexadecimal with
 * colons, as openssl prints it), or NULL.
 */
const struct apns_account *
accounts_find_certificate(const struct accounts *accounts,
    const char *sha256);

/* The account of that address and key, or NULL. */
const struct fcm_account *
accounts_find_fcm(const struct accounts *accounts, const char *client_email,
    const char *private_key_id);

/* The account of that audience and subject token, or NULL. */
const struct external_account *
accounts_find_external(const struct accounts *accounts, const char *audience,
    const char *subject_token);

bool
accounts_has_fcm_email(const struct accounts *accounts,
    const char *client_email);

bool
accounts_has_fcm_project(const struct accounts *accounts,
    const char *project_id);

bool
apns_account_has_topic(const struct apns_account *account,
    const char *topic);

#endif
