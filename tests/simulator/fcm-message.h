/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FCM_MESSAGE_H
#define FCM_MESSAGE_H

#include <json-c/json.h>

#include <stdbool.h>

#include "verdict.h"

/*
 * Checks the body of messages:send as strictly as FCM; false with a verdict
 * of status 400.  `*target` is the registration token or Firebase Installation
 * ID, borrowed from the body, or NULL if none was found.  The body may be
 * NULL: no JSON then.
 */
bool
fcm_message_check(struct json_object *body, const char **target,
    struct verdict *verdict);

/* Of a body that was checked: whether its target is a Firebase Installation
 * ID, and whether it is not to be delivered. */
bool
fcm_message_has_fid(struct json_object *body);

bool
fcm_message_is_test(struct json_object *body);

#endif
