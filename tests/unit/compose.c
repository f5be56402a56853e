/* SPDX-License-Identifier: Apache-2.0 */
#include "compose.h"

#include <string.h>

#include "tap.h"

struct batch *
compose_decode(enum decode_operation operation, const char *text)
{
	static const struct decode_limits limits = {
		.max_batch_size = 100, .max_notification_size_kb = 1024
	};
	struct decode_error error;
	struct batch *batch;

	if (decode_request(operation, text, strlen(text), &limits, &batch,
	    &error) != DECODE_OK)
		tap_bail_out("%s: %s in %s", error.violation.location,
		    error.violation.reason, text);
	return batch;
}

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
	return compose_push(provider, account, operation, text,
	    &(struct provider_push){ .variant = variant }, request);
}

enum cause
compose_push(const struct provider *provider, const void *account,
    enum decode_operation operation, const char *text,
    const struct provider_push *push, struct http_request *request)
{
	static const struct token token = { .text = COMPOSE_TOKEN };
	struct batch *batch = compose_decode(operation, text);
	struct provider_push whole = *push;
	enum cause cause;

	if (whole.token == NULL)
		whole.token = &token;
	whole.message_id = COMPOSE_MESSAGE_ID;
	whole.now_s = COMPOSE_NOW_S;
	http_request_init(request);
	cause = provider->compose(account, &batch->notifications[0],
	    &batch->notifications[0].devices[0], &whole, request);
	batch_free(batch);
	return cause;
}
