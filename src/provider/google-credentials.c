/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/google-credentials.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/json-text.h"
#include "base/secret.h"
#include "base/setting.h"
#include "base/xmalloc.h"

enum {
	GOOGLE_CREDENTIALS_FILE_SIZE = 65536
};

void
google_credentials_unload(struct google_credentials *credentials)
{
	service_account_unload(&credentials->account);
	external_account_unload(&credentials->external);
}

static bool
google_credentials_have_key(const struct google_credentials *credentials)
{
	return credentials->account.key != NULL;
}

/* --- the file ------------------------------------------------------------- */

/* The caller frees it. */
static char *
google_credentials_directory(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? xstrdup(".") :
	    xasprintf("%.*s", (int)(slash - path), path);
}

/* Google's console has several files to download. */
static bool
google_credentials_take(struct google_credentials *credentials,
    struct json_object *object, const char *path, struct error *error)
{
	const char *type = json_text_member(object, "type");
	char *directory = google_credentials_directory(path);
	bool good = false;

	if (type == NULL && json_object_object_get_ex(object, "project_info",
	    NULL))
		error_set(error, "is the google-services.json of an app, not "
		    "a service account");
	else if (type == NULL || strcmp(type, "service_account") == 0)
		good = service_account_load(&credentials->account, object,
		    error);
	else if (strcmp(type, "external_account") == 0)
		good = external_account_load(&credentials->external, object,
		    directory, error);
	else
		error_set(error, "is of the type %.40s, not service_account "
		    "or external_account", type);
	free(directory);
	return good;
}

/* An error of the file, which may be about one of its members. */
static void
google_credentials_set_error(const char *path, const struct error *why,
    struct error *error)
{
	if (why->pointer[0] == '\0')
		error_set(error, "%s: %.400s", path, why->words);
	else
		error_set(error, "%s: \"%s\" %.400s", path, why->pointer + 1,
		    why->words);
}

bool
google_credentials_load(struct google_credentials *credentials,
    const char *path, struct error *error)
{
	struct json_object *object = NULL;
	struct error why;
	struct buf text;
	size_t offset;
	bool loaded = false;

	google_credentials_unload(credentials);
	buf_init(&text, GOOGLE_CREDENTIALS_FILE_SIZE);
	if (!secret_read_file(&text, path, error))
		;
	else if (strstr(buf_text(&text), "-----BEGIN") != NULL &&
	    strchr(buf_text(&text), '{') == NULL)
		error_set(error, "%s: is a private key or a certificate in "
		    "PEM, not a service account, which is JSON", path);
	else if ((object = setting_parse(buf_text(&text), text.size, &offset,
	    &why)) == NULL ||
	    !google_credentials_take(credentials, object, path, &why))
		google_credentials_set_error(path, &why, error);
	else
		loaded = true;
	json_object_put(object);
	buf_wipe(&text);
	return loaded;
}

/* --- who it is ------------------------------------------------------------ */

const char *
google_credentials_project(const struct google_credentials *credentials)
{
	return google_credentials_have_key(credentials) ?
	    credentials->account.project_id : credentials->external.project_id;
}

const char *
google_credentials_universe(const struct google_credentials *credentials)
{
	return google_credentials_have_key(credentials) ?
	    credentials->account.universe_domain :
	    credentials->external.universe_domain;
}

void
google_credentials_fingerprint(const struct google_credentials *credentials,
    char hex[GOOGLE_FINGERPRINT_SIZE])
{
	if (google_credentials_have_key(credentials))
		jwt_key_fingerprint(credentials->account.key, hex);
	else
		snprintf(hex, GOOGLE_FINGERPRINT_SIZE, "%016" PRIx64,
		    external_account_hash(&credentials->external));
}

void
google_credentials_derive(const struct google_credentials *credentials,
    const char *label, unsigned char key[KEYED_HASH_SIZE])
{
	if (google_credentials_have_key(credentials))
		jwt_key_derive(credentials->account.key, label, key);
	else
		external_account_derive(&credentials->external, label, key);
}

/* --- tokens --------------------------------------------------------------- */

enum provider_mint
google_credentials_mint(const struct google_credentials *credentials,
    const char *scope, int64_t now_s, struct http_request *request,
    struct error *error)
{
	if (!google_credentials_have_key(credentials))
		return external_account_mint(&credentials->external, scope,
		    request, error);
	return service_account_compose(&credentials->account, scope, now_s,
	    request, error) ? PROVIDER_MINT_ASK : PROVIDER_MINT_FAILED;
}

enum provider_mint
google_credentials_read(const struct google_credentials *credentials,
    const char *scope, unsigned int step, const struct http_reply *reply,
    int64_t now_s, struct token *token, struct http_request *request,
    struct error *error)
{
	if (!google_credentials_have_key(credentials))
		return external_account_read(&credentials->external, scope,
		    step, reply, now_s, token, request, error);
	return service_account_read(reply, now_s, token, error) ?
	    PROVIDER_MINT_DONE : PROVIDER_MINT_FAILED;
}

const char *
google_credentials_mint_file(const struct google_credentials *credentials)
{
	return credentials->external.source.file;
}
