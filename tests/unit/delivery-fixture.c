/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery-fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config-fixture.h"
#include "delivery/account.h"
#include "delivery/host-accounts.h"
#include "provider/token.h"
#include "state/metrics-text.h"
#include "tap.h"
#include "worker/conf-text.h"

/* One worker of the host; they share the state directory. */
struct delivery_fixture_worker {
	struct conf *conf;
	struct http *http;
	struct token_store *store;
	struct metrics *metrics;
	struct host_accounts *host_accounts;
	struct account_list *accounts;
	struct delivery *delivery;	/* NULL: it is not open */
};

static struct {
	const char *path;		/* of the configuration */
	struct loop *loop;
	struct delivery_fixture_worker workers[DELIVERY_FIXTURE_WORKERS_MAX];
	unsigned int pushkeys;		/* given out so far */
	const char *pushkey;		/* of all devices, or NULL */
} delivery_fixture;

static void
delivery_fixture_load(struct delivery_fixture_worker *worker)
{
	struct error error;

	worker->conf = conf_load(delivery_fixture.path, &error);
	if (worker->conf == NULL)
		tap_bail_out("%s", error.words);
	worker->store = token_store_open(worker->conf->state_directory,
	    &error);
	if (worker->store == NULL)
		tap_bail_out("%s", error.words);
}

static void
delivery_fixture_open_worker(struct delivery_fixture_worker *worker)
{
	const char *state_directory;

	delivery_fixture_load(worker);
	state_directory = worker->conf->state_directory;
	worker->http = http_create(delivery_fixture.loop, &worker->conf->http);
	worker->metrics = metrics_open(state_directory);
	worker->host_accounts = host_accounts_open(state_directory);
	worker->accounts = account_list_create(worker->conf->apps,
	    &(struct channel_params){
		.loop = delivery_fixture.loop,
		.http = worker->http,
		.store = worker->store,
		.metrics = worker->metrics,
		.accounts = worker->host_accounts
	});
	worker->delivery = delivery_create(&(struct delivery_params){
		.loop = delivery_fixture.loop,
		.apps = worker->conf->apps,
		.accounts = worker->accounts,
		.state_directory = state_directory,
		.metrics = worker->metrics
	});
}

void
delivery_fixture_open(const char *settings, fake_http_script_fn script,
    void *arg)
{
	clock_fake(FAKE_LOOP_START_MS, FAKE_LOOP_START_S);
	delivery_fixture.path = config_fixture_write(settings);
	delivery_fixture.pushkeys = 0;
	delivery_fixture.pushkey = NULL;
	provider_script_begin(script, arg);
	delivery_fixture.loop = loop_create();
	delivery_fixture_open_worker(&delivery_fixture.workers[0]);
}

static void
delivery_fixture_close_worker(struct delivery_fixture_worker *worker)
{
	delivery_free(worker->delivery);
	account_list_free(worker->accounts);
	http_free(worker->http);
	host_accounts_close(worker->host_accounts);
	metrics_close(worker->metrics);
	token_store_close(worker->store);
	conf_free(worker->conf);
	*worker = (struct delivery_fixture_worker){ .delivery = NULL };
}

void
delivery_fixture_close(void)
{
	size_t i;

	for (i = 0; i < DELIVERY_FIXTURE_WORKERS_MAX; i++)
		if (delivery_fixture.workers[i].delivery != NULL)
			delivery_fixture_close_worker(
			    &delivery_fixture.workers[i]);
	loop_free(delivery_fixture.loop);
	if (fake_http_counts()->in_flight > 0)
		tap_bail_out("a request outlives the engine");
}

struct delivery *
delivery_fixture_delivery(void)
{
	return delivery_fixture.workers[0].delivery;
}

struct loop *
delivery_fixture_loop(void)
{
	return delivery_fixture.loop;
}

void
delivery_fixture_pass(int64_t ms)
{
	fake_loop_pass(delivery_fixture.loop, ms);
}

int64_t
delivery_fixture_now_ms(void)
{
	return clock_monotonic_ms() - FAKE_LOOP_START_MS;
}

int64_t
delivery_fixture_metric(const char *name, const char *part)
{
	size_t length = strlen(name);
	int64_t sum = 0;
	struct metrics_snapshot *snapshot =
	    metrics_snapshot_take(delivery_fixture.workers[0].metrics);
	struct buf text;
	char *line, *rest;

	buf_init(&text, METRICS_TEXT_SIZE);
	metrics_text_write(snapshot, &text);
	metrics_snapshot_free(snapshot);
	buf_append(&text, "", 0);
	for (line = strtok_r(text.data, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (strncmp(line, name, length) == 0 &&
		    (line[length] == '{' || line[length] == ' ') &&
		    strstr(line, part) != NULL)
			sum += strtoll(strrchr(line, ' '), NULL, 10);
	}
	buf_free(&text);
	return sum;
}

/* --- batches ------------------------------------------------------------- */

static struct batch *
delivery_fixture_compose(const char *app_id, size_t items, size_t devices)
{
	static const struct decode_limits limits = {
		.max_batch_size = DELIVERY_FIXTURE_ITEMS_MAX,
		.max_notification_size_kb = 1024
	};
	struct decode_error error;
	struct batch *batch;
	struct buf text;
	size_t i, j;

	buf_init(&text, 16 * 1024 * 1024);
	buf_append_text(&text, "{\"notifications\":[");
	for (i = 0; i < items; i++) {
		buf_append_format(&text, "%s{\"id\":\"item-%zu\","
		    "\"notification\":{\"event_id\":\"$event\",\"devices\":[",
		    i == 0 ? "" : ",", i + 1);
		for (j = 0; j < devices; j++) {
			char number[16];

			snprintf(number, sizeof number, "%08x",
			    ++delivery_fixture.pushkeys);
			buf_append_format(&text, "%s{\"app_id\":\"%s\","
			    "\"pushkey\":\"%s\"}", j == 0 ? "" : ",", app_id,
			    delivery_fixture.pushkey == NULL ? number :
			    delivery_fixture.pushkey);
		}
		buf_append_text(&text, "]}}");
	}
	buf_append_text(&text, "]}");
	if (decode_request(DECODE_BATCH, buf_text(&text), text.size, &limits,
	    &batch, &error) != DECODE_OK)
		tap_bail_out("%s: %s", error.violation.location,
		    error.violation.reason);
	buf_free(&text);
	return batch;
}

void
delivery_fixture_set_pushkey(const char *pushkey)
{
	delivery_fixture.pushkey = pushkey;
}

static void
delivery_fixture_on_settled(void *arg, size_t index,
    const struct outcome *outcomes)
{
	struct delivery_fixture_run *run = arg;
	struct delivery_fixture_item *item = &run->items[index];
	size_t i, count = run->batch->notifications[index].device_count;

	if (item->settled_ms != -1)
		tap_bail_out("item %zu is settled twice", index);
	item->settled_ms = delivery_fixture_now_ms();
	item->place = ++run->settled;
	for (i = 0; i < count; i++) {
		item->verdicts[outcomes[i].verdict]++;
		run->verdicts[outcomes[i].verdict]++;
	}
	if (count > 0)
		item->first = outcomes[0];
	if (run->settled == run->batch->count) {
		run->settled_ms = item->settled_ms;
		batch_free(run->batch);
		run->batch = NULL;
	}
}

static void
delivery_fixture_run_init(struct delivery_fixture_run *run,
    const char *app_id, size_t items, size_t devices)
{
	size_t i;

	*run = (struct delivery_fixture_run){ .settled_ms = -1 };
	for (i = 0; i < items; i++)
		run->items[i].settled_ms = -1;
	run->batch = delivery_fixture_compose(app_id, items, devices);
}

void
delivery_fixture_refuse(struct delivery_fixture_run *run, const char *app_id,
    size_t items, size_t devices)
{
	delivery_fixture_run_init(run, app_id, items, devices);
	delivery_refuse(delivery_fixture_delivery(), run->batch,
	    delivery_fixture_on_settled, run);
}

void
delivery_fixture_start_in(size_t number, struct delivery_fixture_run *run,
    const char *app_id, size_t items, size_t devices, int64_t timeout_ms)
{
	struct delivery_fixture_worker *worker =
	    &delivery_fixture.workers[number];

	if (worker->delivery == NULL)
		delivery_fixture_open_worker(worker);
	delivery_fixture_run_init(run, app_id, items, devices);
	delivery_start(worker->delivery, run->batch, "caller",
	    timeout_ms, delivery_fixture_on_settled, run);
	if (run->settled > 0)
		tap_bail_out("an item is settled from within delivery_start");
}

void
delivery_fixture_start_within(struct delivery_fixture_run *run,
    const char *app_id, size_t items, size_t devices, int64_t timeout_ms)
{
	delivery_fixture_start_in(0, run, app_id, items, devices, timeout_ms);
}

void
delivery_fixture_start(struct delivery_fixture_run *run, const char *app_id,
    size_t items, size_t devices)
{
	delivery_fixture_start_within(run, app_id, items, devices,
	    DELIVERY_FIXTURE_TIMEOUT_MS);
}
