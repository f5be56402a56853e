/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_FCM_OPTIONS_H
#define PROVIDER_FCM_OPTIONS_H

#include <stdbool.h>

#include <json-c/json.h>

#include "base/error.h"

/*
 * What an operator adds to each message of an app at FCM: the setting
 * `fcm_options`, of the blocks `android`, `apns` and `fcm_options` of a
 * message (Firebase, "REST Resource: projects.messages").
 */

/*
 * False with an error if there is a block or a member that may not be set, or
 * one of a wrong type.  NULL is good.
 */
bool fcm_options_check(struct json_object *options, struct error *error);

/*
 * Adds the blocks to a message, which has an `android` block already; the
 * operator's time to live takes the place of that.  NULL adds nothing.
 */
void fcm_options_apply(struct json_object *options,
    struct json_object *message);

#endif
