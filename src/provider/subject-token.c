/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/subject-token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json-text.h"
#include "base/network.h"
#include "base/octets.h"
#include "base/secret.h"
#include "base/setting.h"
#include "base/xmalloc.h"
#include "http/url.h"
#include "provider/provider-util.h"

enum {
	SUBJECT_TOKEN_HEADERS_MAX = 16
};

static const struct setting subject_source_settings[] = {
	{ SETTING(subject_source, file, PATH) },
	{ SETTING(subject_source, url, STRING) },
	{ SETTING(subject_source, headers, OBJECT) },
	{ .name = NULL }
};

struct subject_format {
	char *type;
	char *subject_token_field_name;
};

static const struct setting subject_format_settings[] = {
	{ SETTING(subject_format, type, STRING), .text = "text" },
	{ SETTING(subject_format, subject_token_field_name, STRING) },
	{ .name = NULL }
};

/* Sources that Google's own libraries know, too. */
static const char *const subject_unsupported[] = {
	"environment_id", "executable", "certificate", NULL
};

void
subject_source_unload(struct subject_source *source)
{
	json_object_put(source->headers);
	source->headers = NULL;
	free(source->field);
	source->field = NULL;
	setting_free(subject_source_settings, source);
}

/* --- the source ----------------------------------------------------------- */

static bool
subject_host_is_local(const char *host)
{
	static const char *const networks[] = {
		"127.0.0.0/8", "::1", "169.254.0.0/16", "fe80::/10", NULL
	};
	struct network_address address;
	struct network network;
	size_t length = strlen(host), i = 0;
	char text[64];

	if (strcmp(host, "localhost") == 0)
		return true;
	if (length >= sizeof text)
		return false;
	if (host[0] == '[' && length > 1)
		snprintf(text, sizeof text, "%.*s", (int)length - 2, host + 1);
	else
		memcpy(text, host, length + 1);
	if (!network_address_read(&address, text))
		return false;
	while (networks[i] != NULL && !(network_read(&network, networks[i]) &&
	    network_contains(&network, &address)))
		i++;
	return networks[i] != NULL;
}

/* What follows the host may be a secret. */
static bool
subject_check_url(const struct subject_source *source, struct error *error)
{
	struct url url;
	bool good = false;

	if (!url_read(&url, source->url)) {
		error_set(error, "is not a valid URL that can be read in one "
		    "way only");
		error_prepend_name(error, "url");
		return false;
	}
	if (url.user != NULL || url.fragment != NULL)
		error_set(error, "must be a URL without user and fragment");
	else if (strlen(source->url) > MESSAGE_URL_SIZE)
		error_set(error, "is longer than %d bytes", MESSAGE_URL_SIZE);
	else if (strcmp(url.scheme, "https") != 0 &&
	    !(strcmp(url.scheme, "http") == 0 &&
	    subject_host_is_local(url.host)))
		error_set(error, "must be an https:// URL, or an http:// one "
		    "of localhost, a loopback or a link-local address, not "
		    "%.10s://%.100s", url.scheme, url.host);
	else
		good = true;
	if (!good)
		error_prepend_name(error, "url");
	url_free(&url);
	return good;
}

static bool
subject_header_is_good(const char *name, struct json_object *value,
    struct http_request *scratch)
{
	bool good = *name != '\0' && name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUV"
	    "WXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~")] ==
	    '\0' && json_object_is_type(value, json_type_string) &&
	    strlen(json_object_get_string(value)) ==
	    (size_t)json_object_get_string_len(value);

	if (good)
		http_request_append_header(scratch, name, "",
		    json_object_get_string(value));
	return good && http_request_is_complete(scratch);
}

static bool
subject_check_headers(const struct subject_source *source,
    struct error *error)
{
	struct http_request scratch;
	const char *wrong = NULL;

	if (source->headers == NULL)
		return true;
	http_request_init(&scratch);
	json_object_object_foreach(source->headers, name, value) {
		if (wrong == NULL &&
		    !subject_header_is_good(name, value, &scratch))
			wrong = name;
	}
	if (wrong != NULL) {
		error_set(error, "is not a valid HTTP header with a string");
		error_prepend_name(error, wrong);
	} else if (json_object_object_length(source->headers) >
	    SUBJECT_TOKEN_HEADERS_MAX) {
		error_set(error, "are more than %d", SUBJECT_TOKEN_HEADERS_MAX);
		wrong = "";
	}
	if (wrong != NULL)
		error_prepend_name(error, "headers");
	http_request_free(&scratch);
	return wrong == NULL;
}

/* A member of the source that is there and supported, or an error. */
static bool
subject_check_kind(const struct subject_source *source,
    struct json_object *object, struct error *error)
{
	const char *const *name = subject_unsupported;

	while (*name != NULL &&
	    !json_object_object_get_ex(object, *name, NULL))
		name++;
	if (*name != NULL) {
		error_set(error, "is not supported: the source can be a "
		    "\"file\" or a \"url\"");
		error_prepend_name(error, *name);
	} else if ((source->file == NULL) == (source->url == NULL))
		error_set(error, "must have either a \"file\" or a \"url\"");
	return *name == NULL && (source->file == NULL) != (source->url == NULL);
}

static bool
subject_read_format(struct subject_source *source, struct json_object *object,
    struct error *error)
{
	static const char *const types[] = { "text", "json", NULL };
	struct subject_format format = { .type = NULL };
	struct json_object *picked = setting_pick(subject_format_settings,
	    object);
	bool good = setting_read(subject_format_settings, picked, ".", &format,
	    error);

	if (good && !provider_check_choice(format.type, types, error)) {
		error_prepend_name(error, "type");
		good = false;
	} else if (good && strcmp(format.type, "json") == 0) {
		good = format.subject_token_field_name != NULL;
		if (good)
			source->field =
			    xstrdup(format.subject_token_field_name);
		else
			error_set(error, "\"subject_token_field_name\" is "
			    "missing, which json needs");
	}
	if (!good)
		error_prepend_name(error, "format");
	setting_free(subject_format_settings, &format);
	json_object_put(picked);
	return good;
}

static bool
subject_check_format(struct subject_source *source,
    struct json_object *object, struct error *error)
{
	struct json_object *format;
	bool good = true;

	if (!json_object_object_get_ex(object, "format", &format))
		;
	else if (json_object_is_type(format, json_type_object))
		good = subject_read_format(source, format, error);
	else {
		error_set(error, "must be an object");
		error_prepend_name(error, "format");
		good = false;
	}
	return good;
}

bool
subject_source_load(struct subject_source *source,
    struct json_object *object, const char *directory, struct error *error)
{
	struct json_object *picked = setting_pick(subject_source_settings,
	    object);
	bool read, loaded;

	subject_source_unload(source);
	read = setting_read(subject_source_settings, picked, directory, source,
	    error);
	/* It was borrowed. */
	json_object_get(source->headers);
	loaded = read && subject_check_kind(source, object, error) &&
	    (source->url == NULL || subject_check_url(source, error)) &&
	    subject_check_headers(source, error) &&
	    subject_check_format(source, object, error);
	if (!loaded)
		subject_source_unload(source);
	json_object_put(picked);
	return loaded;
}

/* --- the token ------------------------------------------------------------ */

void
subject_source_compose(const struct subject_source *source,
    struct http_request *request)
{
	request->is_get = true;
	buf_append_text(&request->url, source->url);
	if (source->headers == NULL)
		return;
	json_object_object_foreach(source->headers, name, value)
		http_request_append_header(request, name, "",
		    json_object_get_string(value));
}

/* False with an error whose words follow the name of what was read. */
static bool
subject_read_text(const struct subject_source *source, const struct buf *text,
    struct buf *token, struct error *error)
{
	char reason[JSON_TEXT_REASON_SIZE];
	struct json_object *object = NULL;
	const char *found = buf_text(text);
	size_t size = text->size;
	bool good = false;

	if (source->field != NULL) {
		object = json_text_parse(found, size, reason);
		found = json_object_is_type(object, json_type_object) ?
		    json_text_member(object, source->field) : NULL;
		size = found == NULL ? 0 : strlen(found);
	}
	while (size > 0 && strchr(" \t\r\n", found[size - 1]) != NULL)
		size--;
	if (source->field != NULL && found == NULL)
		error_set(error, "is no JSON object with a string \"%.100s\"",
		    source->field);
	else if (size == 0)
		error_set(error, "is empty");
	else if (octets_printable(found, size) != size)
		error_set(error, "is not a token, which is printable");
	else
		good = buf_append(token, found, size);
	json_object_put(object);
	return good;
}

bool
subject_source_read_file(const struct subject_source *source,
    struct buf *token, struct error *error)
{
	struct error why;
	struct buf text;
	bool good;

	buf_init(&text, SUBJECT_TOKEN_SIZE);
	good = secret_read_file(&text, source->file, error);
	if (good && !subject_read_text(source, &text, token, &why)) {
		error_set(error, "%s, for the subject token, %s",
		    source->file, why.words);
		good = false;
	}
	buf_wipe(&text);
	return good;
}

bool
subject_source_read_reply(const struct subject_source *source,
    const struct http_reply *reply, struct buf *token, struct error *error)
{
	struct error why;
	bool good = false;

	if (reply->status != 200)
		error_set(error, "the source of the subject token answered "
		    "%d", reply->status);
	else if (reply->body.overflowed ||
	    reply->body.size > SUBJECT_TOKEN_SIZE)
		error_set(error, "what the source of the subject token "
		    "answered is too long");
	else if (!subject_read_text(source, &reply->body, token, &why))
		error_set(error, "what the source of the subject token "
		    "answered %s", why.words);
	else
		good = true;
	return good;
}
