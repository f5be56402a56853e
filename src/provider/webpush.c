/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Web Push, to browsers: the pushkey is the key that messages are encrypted
 * for, and the pusher's data have the endpoint and the secret that go with it.
 */
#include "provider/provider.h"

#include <string.h>

#include "provider/webpush-account.h"
#include "provider/webpush-answer.h"
#include "provider/webpush-message.h"

static enum cause
webpush_describe(const void *arg, const struct device *device,
    struct provider_channel *channel)
{
	struct json_object *endpoint;

	if (device == NULL)
		return webpush_account_describe(arg, NULL, 0, channel);
	endpoint = webpush_message_data(device, "endpoint");
	return json_object_is_type(endpoint, json_type_string) ?
	    webpush_account_describe(arg, json_object_get_string(endpoint),
	    (size_t)json_object_get_string_len(endpoint), channel) :
	    CAUSE_PUSHKEY_MALFORMED;
}

static void
webpush_consider(const void *arg, const struct notification *notification,
    const struct device *device, struct provider_advice *advice)
{
	webpush_message_consider(arg, notification, device, advice);
}

static enum cause
webpush_compose(const void *arg, const struct notification *notification,
    const struct device *device, const struct provider_push *push,
    struct http_request *request)
{
	struct aes128gcm_subscription subscription;
	struct provider_channel channel;
	enum cause cause = webpush_describe(arg, device, &channel);

	if (cause == CAUSE_NONE && !webpush_message_read_keys(
	    device->pushkey_json, webpush_message_data(device, "auth"),
	    &subscription))
		cause = CAUSE_PUSHKEY_MALFORMED;
	if (cause == CAUSE_NONE) {
		webpush_message_address(arg, json_object_get_string(
		    webpush_message_data(device, "endpoint")), notification,
		    device, request);
		cause = webpush_message_compose(arg, &subscription,
		    notification, device, push, request);
	}
	return cause;
}

static void
webpush_judge(const void *arg, const struct device *device,
    const struct http_reply *reply, struct outcome *outcome)
{
	(void)arg;
	(void)device;
	webpush_answer_judge(reply, outcome);
}

const struct provider provider_webpush = {
	.name = "webpush",
	.settings = webpush_account_settings,
	.open = webpush_account_open,
	.close = webpush_account_close,
	.load = webpush_account_load,
	.credentials = webpush_account_credentials,
	.check_proxied = webpush_account_check_proxied,
	.describe = webpush_describe,
	.mint = webpush_account_mint,
	.consider = webpush_consider,
	.compose = webpush_compose,
	.judge = webpush_judge
};
