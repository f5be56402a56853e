/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACCOUNTS_FILE_H
#define ACCOUNTS_FILE_H

#include <json-c/json.h>
#include <openssl/evp.h>

#include <stddef.h>

/*
 * The accounts file as it is read, once, at start.  Whatever is wrong with it
 * ends the program with words that name the file.
 */
struct accounts_file {
	const char *path;
	struct json_object *tree;	/* an object */
};

/* The caller frees the tree. */
void
accounts_file_read(struct accounts_file *file, const char *path);

/*
 * The array under a name, whose entries are all objects, and their number;
 * NULL and 0 if there is no such member.
 */
struct json_object *
accounts_file_get_list(const struct accounts_file *file, const char *name,
    size_t *count);

/* A string that must be there; it lives as long as the tree. */
const char *
accounts_file_need_string(const struct accounts_file *file,
    struct json_object *entry, const char *name);

/* A string, or NULL if there is no such member. */
const char *
accounts_file_get_string(const struct accounts_file *file,
    struct json_object *entry, const char *name);

/*
 * The public key in the PEM file that a member names; a relative path is
 * relative to the accounts file.  The caller frees it.
 */
EVP_PKEY *
accounts_file_need_public_key(const struct accounts_file *file,
    struct json_object *entry, const char *name);

#endif
