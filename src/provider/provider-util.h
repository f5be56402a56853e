/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_PROVIDER_UTIL_H
#define PROVIDER_PROVIDER_UTIL_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/setting.h"
#include "http/message.h"

/* Helpers that several providers share. */

/*
 * Rows of settings that every provider has: `payload`, whose form plain
 * notifications have, and `send_badge_counts`.  The structure has fields of
 * these names, a char * and a bool.
 */
#define PROVIDER_FORM_SETTINGS(structure) \
	{ SETTING(structure, payload, STRING), .text = "gematik" }, \
	{ SETTING(structure, send_badge_counts, BOOLEAN), .number = true }

/* False with an error about the setting unless it is a form there is. */
bool provider_check_payload(const char *payload, struct error *error);

/* True if it is Matrix clients' form: see matrix.h. */
bool provider_payload_is_matrix(const char *payload);

/*
 * False with an error about the value unless it is one of the names, which
 * end with NULL.
 */
bool provider_check_choice(const char *value, const char *const *names,
    struct error *error);

/*
 * Checks an origin, "https://host[:port][/path]", and cuts off slashes at its
 * end.  False with an error about the value.
 */
bool provider_check_url(char *url, struct error *error);

/* False with an error about the value unless it can be a Google project. */
bool provider_check_project(const char *project_id, struct error *error);

/* The host part of such a URL as a part of a channel's name. */
const char *provider_url_host(const char *url);

/*
 * Serialises `object` into an empty buffer; false if it is longer than
 * `limit` bytes.
 */
bool provider_write_json(struct json_object *object, size_t limit,
    struct buf *buf);

/* The JSON object in a reply's body (the caller puts it), or NULL. */
struct json_object *provider_read_json(const struct http_reply *reply);

/*
 * True if there is a body that does not begin as a JSON object does.  A page,
 * for example: it was not the provider that answered.  What begins as one may
 * be cut short or beyond our reader: a push that was accepted is not sent
 * again for that.
 */
bool provider_is_foreign(const struct http_reply *reply);

#endif
