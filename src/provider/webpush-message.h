/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_WEBPUSH_MESSAGE_H
#define PROVIDER_WEBPUSH_MESSAGE_H

#include <stdbool.h>

#include "crypto/aes128gcm.h"
#include "http/message.h"
#include "provider/notification.h"
#include "provider/provider.h"
#include "provider/webpush-account.h"

/*
 * Messages of Web Push: for whom they are encrypted, and what is in them.  No
 * I/O.
 */

/*
 * The subscription of its two parts, each in Base64 or Base64url: "p256dh" and
 * "auth".  False if they are none.
 */
bool webpush_message_read_keys(struct json_object *p256dh,
    struct json_object *auth, struct aes128gcm_subscription *subscription);

/* The member of the pusher's data, or NULL. */
struct json_object *webpush_message_data(const struct device *device,
    const char *name);

/* See struct provider. */
void webpush_message_consider(const struct webpush_account *account,
    const struct notification *notification, const struct device *device,
    struct provider_advice *advice);

/*
 * What all requests have: the URL, how long the message is kept, how urgent it
 * is, and which one before it it replaces.
 */
void webpush_message_address(const struct webpush_account *account,
    const char *endpoint, const struct notification *notification,
    const struct device *device, struct http_request *request);

/*
 * The message, encrypted, with as much detail as fits, and our credentials:
 * with variant 1 those of the former key.
 */
enum cause webpush_message_compose(const struct webpush_account *account,
    const struct aes128gcm_subscription *subscription,
    const struct notification *notification, const struct device *device,
    const struct provider_push *push, struct http_request *request);

#endif
