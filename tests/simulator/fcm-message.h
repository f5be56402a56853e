/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FCM_MESSAGE_H
#define FCM_MESSAGE_H

#include <json-c/json.h>

#include <stdbool.h>

#include "verdict.h"

/*
 * Checks the body of messages:send as strictly as FCM; false with a verdict
 * of status 400.  `*token` is the registration token, borrowed from the body,
 * or NULL if none was found.  The body may be NULL: no JSON then.
 */
bool
fcm_message_check(struct json_object *body, const char **token,
    struct verdict *verdict);

#endif
