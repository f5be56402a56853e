/* SPDX-License-Identifier: Apache-2.0 */
#include "accounts.h"

#include <openssl/pem.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define PATH_LENGTH_MAX 4096

static const char *
need_string(const char *file, struct json_object *entry, const char *name)
{
	struct json_object *value;

	if (!json_object_object_get_ex(entry, name, &value) ||
	    !json_object_is_type(value, json_type_string))
		errx(1, "%s: an account lacks the string \"%s\"", file, name);
	return json_object_get_string(value);
}

/* Relative paths are relative to the accounts file. */
static EVP_PKEY *
read_public_key(const char *file, struct json_object *entry)
{
	const char *name = need_string(file, entry, "public_key_file");
	const char *slash = strrchr(file, '/');
	struct text path;
	EVP_PKEY *key = NULL;
	FILE *stream;

	text_init(&path, PATH_LENGTH_MAX);
	if (name[0] != '/' && slash != NULL)
		text_add(&path, file, (size_t)(slash - file) + 1);
	text_add_string(&path, name);
	stream = fopen(text_string(&path), "r");
	if (stream == NULL)
		err(1, "%s", text_string(&path));
	key = PEM_read_PUBKEY(stream, NULL, NULL, NULL);
	if (key == NULL)
		errx(1, "%s: no public key in PEM", text_string(&path));
	fclose(stream);
	text_clear(&path);
	return key;
}

/* The named array of the file, whose entries are all objects. */
static struct json_object *
find_list(const char *file, struct json_object *tree, const char *name,
    size_t *count)
{
	struct json_object *list = NULL;

	*count = 0;
	if (json_object_object_get_ex(tree, name, &list)) {
		if (!json_object_is_type(list, json_type_array))
			errx(1, "%s: \"%s\" is no array", file, name);
		*count = json_object_array_length(list);
	}
	for (size_t i = 0; i < *count; i++) {
		if (!json_object_is_type(json_object_array_get_idx(list, i),
		    json_type_object))
			errx(1, "%s: \"%s\" holds no objects", file, name);
	}
	return list;
}

/* The topics of an account: an array of strings. */
static struct json_object *
read_topics(const char *file, struct json_object *entry)
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
		    file);
	return topics;
}

static void
read_apns(struct accounts *accounts, const char *file)
{
	struct json_object *list = find_list(file, accounts->tree, "apns",
	    &accounts->apns_count);

	accounts->apns = memory_new(
	    (accounts->apns_count + 1) * sizeof *accounts->apns);
	for (size_t i = 0; i < accounts->apns_count; i++) {
		struct json_object *entry = json_object_array_get_idx(list, i);
		struct apns_account *account = &accounts->apns[i];

		account->topics = read_topics(file, entry);
		if (json_object_object_get_ex(entry, "certificate_sha256",
		    NULL)) {
			account->certificate_sha256 = need_string(file, entry,
			    "certificate_sha256");
		} else {
			account->team_id = need_string(file, entry, "team_id");
			account->key_id = need_string(file, entry, "key_id");
			account->public_key = read_public_key(file, entry);
		}
	}
}

static void
read_fcm(struct accounts *accounts, const char *file)
{
	struct json_object *list = find_list(file, accounts->tree, "fcm",
	    &accounts->fcm_count);

	accounts->fcm = memory_new(
	    (accounts->fcm_count + 1) * sizeof *accounts->fcm);
	for (size_t i = 0; i < accounts->fcm_count; i++) {
		struct json_object *entry = json_object_array_get_idx(list, i);
		struct fcm_account *account = &accounts->fcm[i];

		account->project_id = need_string(file, entry, "project_id");
		account->client_email = need_string(file, entry,
		    "client_email");
		account->private_key_id = need_string(file, entry,
		    "private_key_id");
		account->public_key = read_public_key(file, entry);
	}
}

struct accounts *
accounts_read(const char *file)
{
	struct accounts *accounts = memory_new(sizeof *accounts);

	accounts->tree = json_object_from_file(file);
	if (!json_object_is_type(accounts->tree, json_type_object))
		errx(1, "%s: no JSON object: %s", file,
		    json_util_get_last_err() != NULL
		    ? json_util_get_last_err() : "another type");
	read_apns(accounts, file);
	read_fcm(accounts, file);
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
