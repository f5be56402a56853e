/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/plain-form.h"

#include <string.h>

#include "base/buf.h"
#include "provider/matrix.h"

enum {
	PLAIN_FORM_BODY_MAX = 1000,	/* characters, as Sygnal has it */
	PLAIN_FORM_CIPHERTEXT_MAX = 2000
};

static void
plain_form_add_texts(struct json_object *form,
    const struct notification *notification, enum notification_detail detail)
{
	size_t i;

	for (i = 0; i < NOTIFICATION_TEXT__MAX; i++) {
		if (notification->texts[i] != NULL &&
		    detail <= notification_texts[i].last)
			json_object_object_add(form,
			    notification_texts[i].name,
			    json_object_get(notification->texts[i]));
	}
}

static void
plain_form_add_counts(struct json_object *form,
    const struct notification *notification)
{
	if (notification->unread >= 0)
		json_object_object_add(form, "unread",
		    json_object_new_int64(notification->unread));
	if (notification->missed_calls >= 0)
		json_object_object_add(form, "missed_calls",
		    json_object_new_int64(notification->missed_calls));
}

struct json_object *
plain_form_make(const struct notification *notification,
    enum notification_detail detail, bool with_counts)
{
	struct json_object *form = json_object_new_object();

	plain_form_add_texts(form, notification, detail);
	if (notification->kind == NOTIFICATION_PLAIN) {
		json_object_object_add(form, "prio", json_object_new_string(
		    notification_prio(notification)));
		if (with_counts)
			plain_form_add_counts(form, notification);
		if (notification->content != NULL &&
		    detail == NOTIFICATION_FULL)
			json_object_object_add(form, "content",
			    json_object_get(notification->content));
	}
	return form;
}

/* Where the n-th character begins, from 0, or the end. */
static size_t
plain_form_offset(const char *text, size_t size, size_t n)
{
	size_t i = 0;

	for (; i < size; i++) {
		if (((unsigned char)text[i] & 0xc0) != 0x80 && n-- == 0)
			break;
	}
	return i;
}

/* A body, of which an ellipsis stands for what is too much. */
static struct json_object *
plain_form_cut(struct json_object *body)
{
	const char *text = json_object_get_string(body);
	size_t size = (size_t)json_object_get_string_len(body);
	struct json_object *cut;
	struct buf buf;

	if (!json_object_is_type(body, json_type_string) ||
	    plain_form_offset(text, size, PLAIN_FORM_BODY_MAX) == size)
		return json_object_get(body);
	buf_init(&buf, size + strlen("\xe2\x80\xa6"));
	buf_append(&buf, text, plain_form_offset(text, size,
	    PLAIN_FORM_BODY_MAX - 1));
	buf_append_text(&buf, "\xe2\x80\xa6");
	cut = json_object_new_string_len(buf_text(&buf), (int)buf.size);
	buf_free(&buf);
	return cut;
}

/* What was said, without the same as HTML, and no more than is shown. */
static void
plain_form_add_content(struct json_object *form, struct json_object *content)
{
	struct json_object *copy = json_object_new_object();

	json_object_object_foreach(content, name, value) {
		if (strcmp(name, "formatted_body") == 0 ||
		    (strcmp(name, "ciphertext") == 0 &&
		    json_object_is_type(value, json_type_string) &&
		    json_object_get_string_len(value) >
		    PLAIN_FORM_CIPHERTEXT_MAX))
			continue;
		json_object_object_add(copy, name, strcmp(name, "body") == 0 ?
		    plain_form_cut(value) : json_object_get(value));
	}
	json_object_object_add(form, "content", copy);
}

struct json_object *
plain_form_make_matrix(const struct notification *notification,
    const struct device *device, enum notification_detail detail,
    bool with_counts)
{
	struct json_object *base = matrix_default_payload(device);
	struct json_object *form = NULL;

	if (base != NULL && detail < NOTIFICATION_WITHOUT_NAMES)
		json_object_deep_copy(base, &form, NULL);
	if (form == NULL)
		form = json_object_new_object();
	plain_form_add_texts(form, notification, detail);
	if (notification->membership != NULL)
		json_object_object_add(form, "membership",
		    json_object_get(notification->membership));
	if (notification->user_is_target)
		json_object_object_add(form, "user_is_target",
		    json_object_new_boolean(true));
	if (with_counts)
		plain_form_add_counts(form, notification);
	if (notification->content != NULL && detail == NOTIFICATION_FULL)
		plain_form_add_content(form, notification->content);
	return form;
}
