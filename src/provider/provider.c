/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/provider.h"

#include <string.h>

#include "base/json-text.h"

#define PROVIDER_ENTRY(name) &provider_##name,

static const struct provider *const providers[] = {
	PROVIDER_LIST(PROVIDER_ENTRY)
	NULL
};

const struct provider *
provider_find(const char *name)
{
	size_t i = 0;

	while (providers[i] != NULL && strcmp(providers[i]->name, name) != 0)
		i++;
	return providers[i];
}

/* A name or an address, an IPv6 one in brackets, and perhaps a port. */
static bool
provider_is_authority(const char *text)
{
	const char *end = text + (*text == '[' ?
	    strspn(text + 1, "0123456789abcdefABCDEF:.") + 1 :
	    strcspn(text, ":/[]"));
	size_t digits;

	if (*text == '[' && (end == text + 1 || *end++ != ']'))
		return false;
	if (end == text)
		return false;
	if (*end == ':') {
		digits = strspn(end + 1, "0123456789");
		if (digits == 0 || digits > 5)
			return false;
		end += 1 + digits;
	}
	return *end == '\0' || *end == '/';
}

bool
provider_check_url(char *url, struct error *error)
{
	size_t length = strlen(url);

	if (strncmp(url, "https://", 8) != 0 ||
	    !provider_is_authority(url + 8) ||
	    strpbrk(url, " ?#@\"<>\\") != NULL) {
		error_set(error, "must be an https:// URL without a query");
		error_prepend_name(error, "url");
		return false;
	}
	while (url[length - 1] == '/')
		url[--length] = '\0';
	return true;
}

const char *
provider_url_host(const char *url)
{
	return url + strlen("https://");
}

bool
provider_check_id(const char *text, const char *setting, struct error *error)
{
	size_t good = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno"
	    "pqrstuvwxyz0123456789");

	if (text[good] == '\0')
		return true;
	error_set(error, "must be letters and digits");
	error_prepend_name(error, setting);
	return false;
}

bool
provider_write_json(struct json_object *object, size_t limit,
    struct buf *buf)
{
	size_t size;
	const char *text = json_object_to_json_string_length(object,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &size);

	buf_reset(buf);
	return text != NULL && size <= limit && buf_append(buf, text, size);
}

struct json_object *
provider_read_json(const struct http_reply *reply)
{
	char reason[JSON_TEXT_REASON_SIZE];
	struct json_object *object = NULL;

	if (!reply->body.overflowed)
		object = json_text_parse(buf_text(&reply->body),
		    reply->body.size, reason);
	if (!json_object_is_type(object, json_type_object)) {
		json_object_put(object);
		object = NULL;
	}
	return object;
}

bool
provider_is_foreign(const struct http_reply *reply, struct json_object *body)
{
	const char *text = buf_text(&reply->body);

	text += strspn(text, " \t\r\n");
	return body == NULL && *text != '\0' &&
	    (*text != '{' || !reply->body.overflowed);
}

const char *
provider_member_text(struct json_object *object, const char *name)
{
	struct json_object *value;
	const char *text = NULL;

	if (json_object_object_get_ex(object, name, &value) &&
	    json_object_is_type(value, json_type_string)) {
		text = json_object_get_string(value);
		if (strlen(text) != (size_t)json_object_get_string_len(value))
			text = NULL;
	}
	return text;
}
