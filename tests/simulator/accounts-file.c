/* SPDX-License-Identifier: Apache-2.0 */
#include "accounts-file.h"

#include <openssl/pem.h>

#include <err.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

#define PATH_LENGTH_MAX 4096

void
accounts_file_read(struct accounts_file *file, const char *path)
{
	file->path = path;
	file->tree = json_object_from_file(path);
	if (!json_object_is_type(file->tree, json_type_object))
		errx(1, "%s: no JSON object: %s", path,
		    json_util_get_last_err() != NULL
		    ? json_util_get_last_err() : "another type");
}

struct json_object *
accounts_file_get_list(const struct accounts_file *file, const char *name,
    size_t *count)
{
	struct json_object *list = NULL;

	*count = 0;
	if (json_object_object_get_ex(file->tree, name, &list)) {
		if (!json_object_is_type(list, json_type_array))
			errx(1, "%s: \"%s\" is no array", file->path, name);
		*count = json_object_array_length(list);
	}
	for (size_t i = 0; i < *count; i++) {
		if (!json_object_is_type(json_object_array_get_idx(list, i),
		    json_type_object))
			errx(1, "%s: \"%s\" holds no objects", file->path,
			    name);
	}
	return list;
}

const char *
accounts_file_get_string(const struct accounts_file *file,
    struct json_object *entry, const char *name)
{
	struct json_object *value = NULL;

	if (json_object_object_get_ex(entry, name, &value) &&
	    !json_object_is_type(value, json_type_string))
		errx(1, "%s: \"%s\" of an account is no string", file->path,
		    name);
	return json_object_get_string(value);
}

const char *
accounts_file_need_string(const struct accounts_file *file,
    struct json_object *entry, const char *name)
{
	const char *string = accounts_file_get_string(file, entry, name);

	if (string == NULL)
		errx(1, "%s: an account lacks the string \"%s\"", file->path,
		    name);
	return string;
}

EVP_PKEY *
accounts_file_need_public_key(const struct accounts_file *file,
    struct json_object *entry, const char *name)
{
	const char *key_file = accounts_file_need_string(file, entry, name);
	const char *slash = strrchr(file->path, '/');
	struct text path;
	EVP_PKEY *key = NULL;
	FILE *stream;

	text_init(&path, PATH_LENGTH_MAX);
	if (key_file[0] != '/' && slash != NULL)
		text_add(&path, file->path, (size_t)(slash - file->path) + 1);
	text_add_string(&path, key_file);
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
