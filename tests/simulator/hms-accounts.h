/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HMS_ACCOUNTS_H
#define HMS_ACCOUNTS_H

#include <openssl/evp.h>

#include "accounts-file.h"

/* An app at Huawei, and who may send to it.  All but the ids may be NULL. */
struct hms_account {
	const char *app_id;
	const char *project_id;
	const char *client_id;		/* OAuth: versions 1 and 2 */
	const char *client_secret;
	const char *key_id;		/* service account: version 3 */
	const char *sub_account;
	EVP_PKEY *public_key;
};

struct hms_accounts;

/* Reads the member "hms". */
struct hms_accounts *
hms_accounts_read(const struct accounts_file *file);

void
hms_accounts_free(struct hms_accounts *accounts);

/* Each finds an account, or NULL. */
const struct hms_account *
hms_accounts_find_client(const struct hms_accounts *accounts,
    const char *client_id);

const struct hms_account *
hms_accounts_find_app(const struct hms_accounts *accounts,
    const char *app_id);

const struct hms_account *
hms_accounts_find_key(const struct hms_accounts *accounts,
    const char *key_id);

#endif
