/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_MATRIX_ALERT_H
#define PROVIDER_MATRIX_ALERT_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#include "provider/notification.h"

/*
 * What a phone shows of an event of Matrix: a key into the app's own
 * translations, and what stands in them.
 */
enum matrix_alert_limits {
	MATRIX_ALERT_ARGUMENTS = 3
};

struct matrix_alert_text {
	const char *text;
	size_t size;
};

struct matrix_alert {
	const char *loc_key;
	struct matrix_alert_text arguments[MATRIX_ALERT_ARGUMENTS];
	size_t count;
};

/*
 * The alert for the kind of event, which borrows from the notification; false
 * if that kind has none.  Without `content` it does not say what was said.
 */
bool matrix_alert_read(const struct notification *notification, bool content,
    struct matrix_alert *alert);

/*
 * The array of arguments, cut so that what JSON writes between the brackets
 * takes `room` bytes at most.
 */
struct json_object *matrix_alert_arguments(const struct matrix_alert *alert,
    size_t room);

#endif
