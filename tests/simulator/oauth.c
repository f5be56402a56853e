/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "encoding.h"

#define FORM "application/x-www-form-urlencoded"

void
oauth_refuse(struct verdict *verdict, const char *error,
    const char *description)
{
	verdict_init(verdict, 400, error);
	string_copy(verdict->message, sizeof verdict->message, description);
}

bool
oauth_is_form(const struct request *request, struct verdict *verdict)
{
	const char *type = request_get_header(request, "content-type");
	bool good;

	good = type != NULL && strncasecmp(type, FORM, strlen(FORM)) == 0 &&
	    (type[strlen(FORM)] == '\0' || type[strlen(FORM)] == ';');
	if (!good)
		oauth_refuse(verdict, "invalid_request",
		    "The body must be of type " FORM);
	return good;
}

bool
oauth_read_field(const struct request *request, const char *name,
    struct text *value, struct verdict *verdict)
{
	bool found = encoding_decode_form_field(value,
	    text_string(&request->body), name);

	if (!found) {
		oauth_refuse(verdict, "invalid_request", "");
		snprintf(verdict->message, sizeof verdict->message,
		    "Required parameter is missing: %s", name);
	}
	return found;
}

void
oauth_add_time(struct json_object *body, const char *name, int64_t at_s)
{
	time_t at = (time_t)at_s;
	struct tm parts;
	char text[32];

	gmtime_r(&at, &parts);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
	json_object_object_add(body, name, json_object_new_string(text));
}
