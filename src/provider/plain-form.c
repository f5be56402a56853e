/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/plain-form.h"

#include <string.h>

#include "provider/matrix.h"

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

/* What was said, without the same as HTML. */
static void
plain_form_add_content(struct json_object *form, struct json_object *content)
{
	struct json_object *copy = json_object_new_object();

	json_object_object_foreach(content, name, value) {
		if (strcmp(name, "formatted_body") != 0)
			json_object_object_add(copy, name,
			    json_object_get(value));
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
