/* SPDX-License-Identifier: Apache-2.0 */
#include "compose.h"

#include <string.h>

#include "tap.h"

enum cause
compose_first(const struct provider *provider, const void *account,
    enum decode_operation operation, const char *text,
    struct http_request *request)
{
	return compose_variant(provider, account, operation, text, 0,
	    request);
}

enum cause
compose_variant(const struct provider *provider, const void *account,
    enum decode_operation operation, const char *text, unsigned int variant,
    struct http_request *request)
{
	static const struct decode_limits limits = {
		.max_batch_size = 100, .max_notification_size_kb = 1024
	};
	struct token token = { .text = COMPOSE_TOKEN };
	struct provider_push push = { .token = &token,
	    .message_id = COMPOSE_MESSAGE_ID, .now_s = COMPOSE_NOW_S,
	    .variant = variant };
	struct decode_error error;
	struct batch *batch;
	enum cause cause;

	http_request_init(request);
	if (decode_request(operation, text, strlen(text), &limits, &batch,
	    &error) != DECODE_OK)
		tap_bail_out("%s: %s in %s", error.violation.location,
		    error.violation.reason, text);
	cause = provider->compose(account, &batch->notifications[0],
	    &batch->notifications[0].devices[0], &push, request);
	batch_free(batch);
	return cause;
}
