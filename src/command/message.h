/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMAND_MESSAGE_H
#define COMMAND_MESSAGE_H

#include <json-c/json.h>

#include "base/error.h"
#include "provider/notification.h"

/*
 * One notification to one device, decoded as a caller's would be.
 *
 * Takes over `notification`, an object of the API without its devices; it is
 * an encrypted one if it has a ciphertext.  The caller frees the batch by
 * batch_free.  `data` is the pusher's, an object, or NULL.  NULL with an error
 * if the API does not allow it.
 */
struct batch *message_make(struct json_object *notification,
    const char *app_id, const char *pushkey, struct json_object *data,
    struct error *error);

#endif
