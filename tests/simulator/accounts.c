/* SPDX-License-Identifier: Apache-2.0 */
#include "accounts.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "accounts-file.h"
#include "text.h"

/* The topics of an account: an array of strings. */
static struct json_object *
read_topics(const struct accounts_file *file, struct json_object *entry)
{
	struct json_object *topics;
	bool good;

	good = json_object_object_get_ex(entry, "topics", &topics) &&
	    json_object_is_type(topics, json_type_array);
	for (size_t i = 0; good && i < json_object_array_length(topics); i++)
		good = json_object_is_type(json_object_array_get_idx(topics,
		    i), json_type_string);
	if (!good)
		errx(1, "%s: an account lacks \"topics\", an array of strings",
		    file->path);
	return topics;
}

static void
read_apns(struct accounts *accounts, const struct accounts_file *file)
{
	struct json_object *list = accounts_file_get_list(file, "apns",
	    &accounts->apns_count);

	accounts->apns = memory_new(
	    (accounts->apns_count + 1) * sizeof *accounts->apns);
	for (size_t i = 0; i < accounts->apns_count; i++) {
		struct json_object *entry = json_object_array_get_idx(list, i);
		struct apns_account *account = &accounts->apns[i];

		account->topics = read_topics(file, entry);
		if (json_object_object_get_ex(entry, "certificate_sha256",
		    NULL)) {
			account->certificate_sha256 =
			    accounts_file_need_string(file, entry,
			    "certificate_sha256");
		} else {
			account->team_id = accounts_file_need_string(file,
			    entry, "team_id");
			account->key_id = accounts_file_need_string(file,
			    entry, "key_id");
			account->public_key = accounts_file_need_public_key(
			    file, entry, "public_key_file");
		}
	}
}

static void
read_fcm(struct accounts *accounts, const struct accounts_file *file)
{
	struct json_object *list = accounts_file_get_list(file, "fcm",
	    &accounts->fcm_count);

	accounts->fcm = memory_new(
	    (accounts->fcm_count + 1) * sizeof *accounts->fcm);
	for (size_t i = 0; i < accounts->fcm_count; i++) {
		struct json_object *entry = json_object_array_get_idx(list, i);
		struct fcm_account *account = &accounts->fcm[i];

		account->project_id = accounts_file_need_string(file, entry,
		    "project_id");
		account->client_email = accounts_file_need_string(file, entry,
		    "client_email");
		account->private_key_id = accounts_file_need_string(file,
		    entry, "private_key_id");
		account->public_key = accounts_file_need_public_key(file,
		    entry, "public_key_file");
	}
}

static void
read_external(struct accounts *accounts, const struct accounts_file *file)
{
	struct json_object *list = accounts_file_get_list(file, "external",
	    &accounts->external_count);

	accounts->external = memory_new(
	    (accounts->external_count + 1) * sizeof *accounts->external);
	for (size_t i = 0; i < accounts->external_count; i++) {
		struct json_object *entry = json_object_array_get_idx(list, i);
		struct external_account *account = &accounts->external[i];

		account->audience = accounts_file_need_string(file, entry,
		    "audience");
		account->subject_token = accounts_file_need_string(file,
		    entry, "subject_token");
		account->subject_token_type = accounts_file_need_string(file,
		    entry, "subject_token_type");
		account->project_id = accounts_file_need_string(file, entry,
		    "project_id");
		account->service_account = accounts_file_get_string(file,
		    entry, "service_account");
	}
}

struct accounts *
accounts_read(const struct accounts_file *file)
{
	struct accounts *accounts = memory_new(sizeof *accounts);

	accounts->tree = json_object_get(file->tree);
	read_apns(accounts, file);
	read_fcm(accounts, file);
	read_external(accounts, file);
	return accounts;
}

void
accounts_free(struct accounts *accounts)
{
	for (size_t i = 0; i < accounts->apns_count; i++)
		EVP_PKEY_free(accounts->apns[i].public_key);
	for (size_t i = 0; i < accounts->fcm_count; i++)
		EVP_PKEY_free(accounts->fcm[i].public_key);
	json_object_put(accounts->tree);
	free(accounts->apns);
	free(accounts->fcm);
	free(accounts->external);
	free(accounts);
}

const struct apns_account *
accounts_find_apns(const struct accounts *accounts, const char *key_id,
    const char *team_id)
{
	const struct apns_account *found = NULL;

	for (size_t i = 0; found == NULL && i < accounts->apns_count; i++) {
		const struct apns_account *account = &accounts->apns[i];

		if (account->team_id != NULL &&
		    strcmp(account->key_id, key_id) == 0 &&
		    strcmp(account->team_id, team_id) == 0)
			found = account;
	}
	return found;
}

const struct apns_account *
accounts_find_certificate(const struct accounts *accounts, const char *sha256)
{
	const struct apns_account *found = NULL;

	for (size_t i = 0; found == NULL && i < accounts->apns_count; i++) {
		const struct apns_account *account = &accounts->apns[i];

		if (account->certificate_sha256 != NULL &&
		    strcmp(account->certificate_sha256, sha256) == 0)
			found = account;
	}
	return found;
}

const struct fcm_account *
accounts_find_fcm(const struct accounts *accounts, const char *client_email,
    const char *private_key_id)
{
	const struct fcm_account *found = NULL;

	for (size_t i = 0; found == NULL && i < accounts->fcm_count; i++) {
		const struct fcm_account *account = &accounts->fcm[i];

		if (strcmp(account->client_email, client_email) == 0 &&
		    strcmp(account->private_key_id, private_key_id) == 0)
			found = account;
	}
	return found;
}

const struct external_account *
accounts_find_external(const struct accounts *accounts, const char *audience,
    const char *subject_token)
{
	const struct external_account *found = NULL;

	for (size_t i = 0; found == NULL && i < accounts->external_count;
	    i++) {
		const struct external_account *account =
		    &accounts->external[i];

		if (strcmp(account->audience, audience) == 0 &&
		    strcmp(account->subject_token, subject_token) == 0)
			found = account;
	}
	return found;
}

bool
accounts_has_fcm_email(const struct accounts *accounts,
    const char *client_email)
{
	bool found = false;

	for (size_t i = 0; !found && i < accounts->fcm_count; i++)
		found = strcmp(accounts->fcm[i].client_email,
		    client_email) == 0;
	return found;
}

bool
accounts_has_fcm_project(const struct accounts *accounts,
    const char *project_id)
{
	bool found = false;

	for (size_t i = 0; !found && i < accounts->fcm_count; i++)
		found = strcmp(accounts->fcm[i].project_id, project_id) == 0;
	for (size_t i = 0; !found && i < accounts->external_count; i++)
		found = strcmp(accounts->external[i].project_id,
		    project_id) == 0;
	return found;
}

bool
apns_account_has_topic(const struct apns_account *account, const char *topic)
{
	size_t count = json_object_array_length(account->topics);
	bool found = false;

	for (size_t i = 0; !found && i < count; i++)
		found = strcmp(json_object_get_string(
		    json_object_array_get_idx(account->topics, i)),
		    topic) == 0;
	return found;
}
