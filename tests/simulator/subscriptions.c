/* SPDX-License-Identifier: Apache-2.0 */
#include "subscriptions.h"

#include <openssl/rand.h>

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "encoding.h"

struct subscriptions {
	struct json_object *tree;	/* owns the names */
	struct subscription *entries;
	size_t count;
};

/* The bytes of a member in base64url, of one size; false if it is absent. */
static bool
read_bytes(const struct accounts_file *file, struct json_object *entry,
    const char *name, unsigned char *to, size_t size)
{
	const char *encoded = accounts_file_get_string(file, entry, name);
	struct text bytes;

	text_init(&bytes, 1024);
	if (encoded != NULL) {
		if (!encoding_decode_base64url(&bytes, encoded,
		    strlen(encoded)) || bytes.length != size)
			errx(1, "%s: \"%s\" is not %zu bytes in base64url",
			    file->path, name, size);
		memcpy(to, bytes.data, size);
	}
	text_clear(&bytes);
	return encoded != NULL;
}

static void
read_entry(const struct accounts_file *file, struct json_object *entry,
    struct subscription *subscription)
{
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyz0123456789_";
	unsigned char scalar[EC_KEY_SCALAR_SIZE];

	subscription->name = accounts_file_get_string(file, entry, "name");
	if (subscription->name == NULL)
		subscription->name = "";
	if (strspn(subscription->name, letters) != strlen(subscription->name))
		errx(1, "%s: a subscription's name has other characters than "
		    "%s", file->path, letters);
	if (read_bytes(file, entry, "private_key", scalar, sizeof scalar))
		subscription->private_key = ec_key_from_private(scalar,
		    sizeof scalar);
	else
		subscription->private_key = ec_key_generate();
	if (subscription->private_key == NULL)
		errx(1, "%s: a subscription's private key is none of P-256",
		    file->path);
	if (!read_bytes(file, entry, "auth", subscription->auth,
	    sizeof subscription->auth) &&
	    RAND_bytes(subscription->auth, sizeof subscription->auth) != 1)
		errx(1, "no random bytes");
	if (accounts_file_get_string(file, entry, "vapid_public_key_file") !=
	    NULL)
		subscription->vapid_key = accounts_file_need_public_key(file,
		    entry, "vapid_public_key_file");
}

static const struct subscription *
find_name(const struct subscriptions *subscriptions, const char *name,
    size_t length)
{
	const struct subscription *found = NULL;

	for (size_t i = 0; found == NULL && i < subscriptions->count; i++) {
		const struct subscription *entry = &subscriptions->entries[i];

		if (strlen(entry->name) == length &&
		    memcmp(entry->name, name, length) == 0)
			found = entry;
	}
	return found;
}

struct subscriptions *
subscriptions_read(const struct accounts_file *file)
{
	struct subscriptions *subscriptions =
	    memory_new(sizeof *subscriptions);
	struct json_object *list;
	struct json_object *empty = json_object_new_object();
	size_t count;

	list = accounts_file_get_list(file, "webpush", &count);
	subscriptions->tree = json_object_get(file->tree);
	subscriptions->entries = memory_new(
	    (count + 1) * sizeof *subscriptions->entries);
	for (size_t i = 0; i < count; i++)
		read_entry(file, json_object_array_get_idx(list, i),
		    &subscriptions->entries[i]);
	subscriptions->count = count;
	if (find_name(subscriptions, "", 0) == NULL)
		read_entry(file, empty,
		    &subscriptions->entries[subscriptions->count++]);
	json_object_put(empty);
	return subscriptions;
}

void
subscriptions_free(struct subscriptions *subscriptions)
{
	for (size_t i = 0; i < subscriptions->count; i++) {
		EVP_PKEY_free(subscriptions->entries[i].private_key);
		EVP_PKEY_free(subscriptions->entries[i].vapid_key);
	}
	json_object_put(subscriptions->tree);
	free(subscriptions->entries);
	free(subscriptions);
}

const struct subscription *
subscriptions_find(const struct subscriptions *subscriptions,
    const char *token)
{
	const struct subscription *found = find_name(subscriptions, token,
	    strcspn(token, "-"));

	if (found == NULL)
		found = find_name(subscriptions, "", 0);
	return found;
}

static void
print_bytes(FILE *to, const char *what, const char *name, const void *bytes,
    size_t size)
{
	struct text encoded;

	text_init(&encoded, 1024);
	encoding_add_base64url(&encoded, bytes, size);
	fprintf(to, "webpush_%s%s%s=%s\n", what, *name != '\0' ? "_" : "",
	    name, text_string(&encoded));
	text_clear(&encoded);
}

void
subscriptions_print(const struct subscriptions *subscriptions, FILE *to)
{
	for (size_t i = 0; i < subscriptions->count; i++) {
		const struct subscription *entry = &subscriptions->entries[i];
		unsigned char point[EC_KEY_POINT_SIZE];

		ec_key_get_public(entry->private_key, point);
		print_bytes(to, "p256dh", entry->name, point, sizeof point);
		print_bytes(to, "auth", entry->name, entry->auth,
		    sizeof entry->auth);
	}
}
