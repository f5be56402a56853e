/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/xmalloc.h"
#include "fake-loop.h"

static const char *const ledger_ends[] = {
	[LEDGER_PENDING] = "pending",
	[LEDGER_ANSWERED] = "answered",
	[LEDGER_BROKEN] = "broken",
	[LEDGER_UNSENT] = "unsent",
	[LEDGER_REFUSED] = "refused",
	[LEDGER_CANCELLED] = "cancelled",
};

void
ledger_init(struct ledger *ledger)
{
	memset(ledger, 0, sizeof *ledger);
}

void
ledger_free(struct ledger *ledger)
{
	free(ledger->devices);
	free(ledger->items);
	free(ledger->requests);
	free(ledger->tokens);
	memset(ledger, 0, sizeof *ledger);
}

/* Makes room for one more, twice as much each time. */
static void *
ledger_grow(void *array, size_t count, size_t *size, size_t element)
{
	if (count == *size) {
		*size = 2 * count + 64;
		array = xreallocarray(array, *size, element);
	}
	memset((char *)array + count * element, 0, element);
	return array;
}

struct ledger_request *
ledger_add_request(struct ledger *ledger)
{
	struct ledger_request *request;

	ledger->requests = ledger_grow(ledger->requests,
	    ledger->request_count, &ledger->request_size, sizeof *request);
	request = &ledger->requests[ledger->request_count++];
	request->first_item = ledger->item_count;
	request->began_ms = request->end_ms = LEDGER_NONE;
	return request;
}

struct ledger_item *
ledger_add_item(struct ledger *ledger)
{
	struct ledger_item *item;

	ledger->items = ledger_grow(ledger->items, ledger->item_count,
	    &ledger->item_size, sizeof *item);
	item = &ledger->items[ledger->item_count++];
	item->request = ledger->request_count - 1;
	item->first_device = ledger->device_count;
	ledger->requests[item->request].item_count++;
	return item;
}

struct ledger_device *
ledger_add_device(struct ledger *ledger)
{
	struct ledger_device *device;

	ledger->devices = ledger_grow(ledger->devices, ledger->device_count,
	    &ledger->device_size, sizeof *device);
	device = &ledger->devices[ledger->device_count];
	device->item = ledger->item_count - 1;
	device->pushkey = ledger->device_count++;
	ledger->items[device->item].device_count++;
	return device;
}

struct ledger_token *
ledger_add_token(struct ledger *ledger)
{
	struct ledger_token *token;

	ledger->tokens = ledger_grow(ledger->tokens, ledger->token_count,
	    &ledger->token_size, sizeof *token);
	token = &ledger->tokens[ledger->token_count++];
	token->refused_ms = LEDGER_NONE;
	return token;
}

int64_t
ledger_now_ms(void)
{
	return clock_monotonic_ms() - FAKE_LOOP_START_MS;
}

void
ledger_blame(struct ledger *ledger, const char *format, ...)
{
	va_list ap;
	size_t used;

	if (ledger->words[0] != '\0')
		return;
	used = (size_t)snprintf(ledger->words, sizeof ledger->words,
	    "at %" PRId64 " ms: ", ledger_now_ms());
	va_start(ap, format);
	vsnprintf(ledger->words + used, sizeof ledger->words - used, format,
	    ap);
	va_end(ap);
}

static char *
ledger_describe(const struct ledger *ledger, size_t index)
{
	const struct ledger_device *device = &ledger->devices[index];
	const struct ledger_item *item = &ledger->items[device->item];
	const struct ledger_request *request =
	    &ledger->requests[item->request];
	struct buf text;
	unsigned int i;

	buf_init(&text, 65536);
	buf_append_format(&text, "  device %zu (pushkey %zu, app %u, %u refusals) "
	    "of item %zu of request %zu, generation %zu: body at %" PRId64
	    " ms, timeout %" PRId64 " ms, answered at %" PRId64 " ms\n", index,
	    device->pushkey, device->app, device->refusals,
	    device->item - request->first_item,
	    item->request, request->generation, request->began_ms,
	    request->timeout_ms, request->end_ms);
	for (i = 0; i < device->attempt_count; i++) {
		const struct ledger_attempt *attempt = &device->attempts[i];
		const char *body = attempt->answer == NULL ||
		    attempt->answer->body == NULL ? "" :
		    attempt->answer->body;

		buf_append_format(&text, "    sent at %" PRId64 " ms, %s at %"
		    PRId64 " ms%s: %d %.60s\n", attempt->sent_ms,
		    ledger_ends[attempt->end], attempt->ended_ms,
		    attempt->accepted ? ", accepted" : "",
		    attempt->answer == NULL ? 0 : attempt->answer->status,
		    body);
	}
	return text.data == NULL ? xstrdup("") : text.data;
}

void
ledger_blame_device(struct ledger *ledger, size_t device, const char *format,
    ...)
{
	char words[256], *history;
	va_list ap;

	if (ledger->words[0] != '\0')
		return;
	va_start(ap, format);
	vsnprintf(words, sizeof words, format, ap);
	va_end(ap);
	history = ledger_describe(ledger, device);
	ledger_blame(ledger, "%s\n%s", words, history);
	free(history);
}
