/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/provider-util.h"

#include <string.h>

#include "base/json-text.h"
#include "http/url.h"

bool
provider_check_url(char *text, struct error *error)
{
	size_t length = strlen(text);
	struct url url;
	bool good = false;

	if (url_read(&url, text)) {
		good = strcmp(url.scheme, "https") == 0 && url.user == NULL &&
		    url.query == NULL && url.fragment == NULL;
		url_free(&url);
	}
	if (!good)
		error_set(error, "must be an https:// URL without a query");
	while (good && text[length - 1] == '/')
		text[--length] = '\0';
	return good;
}

bool
provider_check_project(const char *project_id, struct error *error)
{
	bool good = *project_id != '\0' && project_id[strspn(project_id,
	    "abcdefghijklmnopqrstuvwxyz0123456789-.:")] == '\0';

	if (!good)
		error_set(error, "is not a project id");
	return good;
}

const char *
provider_url_host(const char *url)
{
	return url + strlen("https://");
}

bool
provider_check_choice(const char *value, const char *const *names,
    struct error *error)
{
	struct buf list;
	size_t i;
	bool good;

	buf_init(&list, sizeof error->words);
	for (i = 0; names[i] != NULL && strcmp(names[i], value) != 0; i++)
		buf_append_format(&list, "%s%s", i == 0 ? "" :
		    names[i + 1] == NULL ? " or " : ", ", names[i]);
	good = names[i] != NULL;
	if (!good)
		error_set(error, "must be %s", buf_text(&list));
	buf_free(&list);
	return good;
}

static const char *const provider_payloads[] = { "gematik", "matrix", NULL };

bool
provider_check_payload(const char *payload, struct error *error)
{
	bool good = provider_check_choice(payload, provider_payloads, error);

	if (!good)
		error_prepend_name(error, "payload");
	return good;
}

bool
provider_payload_is_matrix(const char *payload)
{
	return strcmp(payload, "matrix") == 0;
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
provider_is_foreign(const struct http_reply *reply)
{
	const char *text = buf_text(&reply->body);

	text += strspn(text, " \t\r\n");
	return *text != '\0' && *text != '{';
}
