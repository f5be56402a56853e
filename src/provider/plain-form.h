/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_PLAIN_FORM_H
#define PROVIDER_PLAIN_FORM_H

#include <stdbool.h>

#include <json-c/json.h>

#include "provider/notification.h"

/*
 * A notification as one JSON object, for providers that carry any text: its
 * texts by the names of the API, and of a plain one `prio`, `unread`,
 * `missed_calls` and `content` as an object.  An encrypted one has its texts
 * alone.  The caller puts it.
 */
struct json_object *plain_form_make(const struct notification *notification,
    enum notification_detail detail, bool with_counts);

/*
 * A plain one as Matrix clients expect it over Web Push, which is Sygnal's
 * form: over the pusher's default_payload, with `membership` and
 * `user_is_target`, without `prio`, and what is false or empty left out; of its
 * content the body is cut to 1000 characters.
 */
struct json_object *plain_form_make_matrix(
    const struct notification *notification, const struct device *device,
    enum notification_detail detail, bool with_counts);

#endif
