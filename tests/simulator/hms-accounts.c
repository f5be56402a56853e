/* SPDX-License-Identifier: Apache-2.0 */
#include "hms-accounts.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

struct hms_accounts {
	struct json_object *tree;	/* owns all strings */
	struct hms_account *entries;
	size_t count;
};

static void
read_entry(const struct accounts_file *file, struct json_object *entry,
    struct hms_account *account)
{
	account->app_id = accounts_file_need_string(file, entry, "app_id");
	account->project_id = accounts_file_need_string(file, entry,
	    "project_id");
	account->client_id = accounts_file_get_string(file, entry,
	    "client_id");
	if (account->client_id != NULL)
		account->client_secret = accounts_file_need_string(file,
		    entry, "client_secret");
	account->key_id = accounts_file_get_string(file, entry, "key_id");
	if (account->key_id != NULL) {
		account->sub_account = accounts_file_need_string(file, entry,
		    "sub_account");
		account->public_key = accounts_file_need_public_key(file,
		    entry, "public_key_file");
	}
}

struct hms_accounts *
hms_accounts_read(const struct accounts_file *file)
{
	struct hms_accounts *accounts = memory_new(sizeof *accounts);
	struct json_object *list = accounts_file_get_list(file, "hms",
	    &accounts->count);

	accounts->tree = json_object_get(file->tree);
	accounts->entries = memory_new(
	    (accounts->count + 1) * sizeof *accounts->entries);
	for (size_t i = 0; i < accounts->count; i++)
		read_entry(file, json_object_array_get_idx(list, i),
		    &accounts->entries[i]);
	return accounts;
}

void
hms_accounts_free(struct hms_accounts *accounts)
{
	for (size_t i = 0; i < accounts->count; i++)
		EVP_PKEY_free(accounts->entries[i].public_key);
	json_object_put(accounts->tree);
	free(accounts->entries);
	free(accounts);
}

/* The account whose member at that place in the struct is the value. */
static const struct hms_account *
find(const struct hms_accounts *accounts, size_t offset, const char *value)
{
	const struct hms_account *found = NULL;

	for (size_t i = 0; found == NULL && i < accounts->count; i++) {
		const struct hms_account *account = &accounts->entries[i];
		const char *const *member = (const void *)
		    ((const char *)account + offset);

		if (*member != NULL && strcmp(*member, value) == 0)
			found = account;
	}
	return found;
}

const struct hms_account *
hms_accounts_find_client(const struct hms_accounts *accounts,
    const char *client_id)
{
	return find(accounts, offsetof(struct hms_account, client_id),
	    client_id);
}

const struct hms_account *
hms_accounts_find_app(const struct hms_accounts *accounts, const char *app_id)
{
	return find(accounts, offsetof(struct hms_account, app_id), app_id);
}

const struct hms_account *
hms_accounts_find_key(const struct hms_accounts *accounts, const char *key_id)
{
	return find(accounts, offsetof(struct hms_account, key_id), key_id);
}
