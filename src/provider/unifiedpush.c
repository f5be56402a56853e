/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UnifiedPush: the pushkey is the endpoint, at a server of the person's choice.
 * With the keys of a subscription in the pusher's data it is Web Push; without
 * them it is what Matrix push gateways say, which old distributors pass on.
 */
#include "provider/provider.h"

#include <string.h>

#include "provider/provider-util.h"
#include "provider/webpush-account.h"
#include "provider/webpush-answer.h"
#include "provider/webpush-message.h"

enum { UNIFIEDPUSH_BODY_SIZE = 4096 };

static enum cause
unifiedpush_describe(const void *arg, const struct device *device,
    struct provider_channel *channel)
{
	return device == NULL ?
	    webpush_account_describe(arg, NULL, 0, channel) :
	    webpush_account_describe(arg, device->pushkey,
	    device->pushkey_size, channel);
}

static void
unifiedpush_consider(const void *arg,
    const struct notification *notification, const struct device *device,
    struct provider_advice *advice)
{
	webpush_message_consider(arg, notification, device, advice);
}

static void
unifiedpush_add_counts(struct json_object *form,
    const struct notification *notification)
{
	struct json_object *counts = json_object_new_object();

	if (notification->unread >= 0)
		json_object_object_add(counts, "unread",
		    json_object_new_int64(notification->unread));
	if (notification->missed_calls >= 0)
		json_object_object_add(counts, "missed_calls",
		    json_object_new_int64(notification->missed_calls));
	if (json_object_object_length(counts) > 0)
		json_object_object_add(form, "counts",
		    json_object_get(counts));
	json_object_put(counts);
}

/* What a distributor may read, and nothing that is said in the room. */
static struct json_object *
unifiedpush_form(const struct webpush_account *account,
    const struct notification *notification)
{
	static const enum notification_text texts[] = {
		NOTIFICATION_EVENT_ID, NOTIFICATION_ROOM_ID
	};
	struct json_object *root = json_object_new_object();
	struct json_object *form = json_object_new_object();
	size_t i;

	for (i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (notification->texts[texts[i]] != NULL)
			json_object_object_add(form,
			    notification_texts[texts[i]].name,
			    json_object_get(notification->texts[texts[i]]));
	}
	if (account->send_badge_counts)
		unifiedpush_add_counts(form, notification);
	json_object_object_add(form, "prio", json_object_new_string(
	    notification_prio(notification)));
	json_object_object_add(form, "devices", json_object_new_array());
	json_object_object_add(root, "notification", form);
	return root;
}

static enum cause
unifiedpush_compose_plain(const struct webpush_account *account,
    const struct notification *notification,
    const struct provider_push *push, struct http_request *request)
{
	struct json_object *form;
	bool fits;

	/* Its text is for the app alone, and there is no key to keep it so. */
	if (notification->kind == NOTIFICATION_ENCRYPTED)
		return CAUSE_PUSHKEY_MALFORMED;
	form = unifiedpush_form(account, notification);
	fits = provider_write_json(form, UNIFIEDPUSH_BODY_SIZE,
	    &request->body);
	json_object_put(form);
	http_request_add_header(request, "content-type", "application/json");
	return fits && push->variant == 0 &&
	    http_request_is_complete(request) ? CAUSE_NONE : CAUSE_TOO_LONG;
}

static enum cause
unifiedpush_compose(const void *arg, const struct notification *notification,
    const struct device *device, const struct provider_push *push,
    struct http_request *request)
{
	struct json_object *p256dh = webpush_message_data(device, "p256dh");
	struct json_object *auth = webpush_message_data(device, "auth");
	bool has_keys = p256dh != NULL || auth != NULL;
	struct aes128gcm_subscription subscription;
	struct provider_channel channel;
	enum cause cause = unifiedpush_describe(arg, device, &channel);

	if (cause != CAUSE_NONE)
		return cause;
	if (has_keys && !webpush_message_read_keys(p256dh, auth,
	    &subscription))
		return CAUSE_PUSHKEY_MALFORMED;
	webpush_message_address(arg, device->pushkey, notification, device,
	    request);
	return has_keys ? webpush_message_compose(arg, &subscription,
	    notification, device, push, request) :
	    unifiedpush_compose_plain(arg, notification, push, request);
}

static void
unifiedpush_judge(const void *arg, const struct device *device,
    const struct http_reply *reply, struct outcome *outcome)
{
	(void)arg;
	(void)device;
	webpush_answer_judge(reply, outcome);
}

const struct provider provider_unifiedpush = {
	.name = "unifiedpush",
	.settings = webpush_account_unifiedpush_settings,
	.open = webpush_account_open_unifiedpush,
	.close = webpush_account_close,
	.load = webpush_account_load,
	.credentials = webpush_account_credentials,
	.check_proxied = webpush_account_check_proxied,
	.describe = unifiedpush_describe,
	.mint = webpush_account_mint,
	.consider = unifiedpush_consider,
	.compose = unifiedpush_compose,
	.judge = unifiedpush_judge
};
