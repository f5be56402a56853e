/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway-fixture.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "config-fixture.h"
#include "fixture.h"
#include "state/metrics-text.h"
#include "tap.h"
#include "worker/conf-text.h"

enum {
	GATEWAY_FIXTURE_EXCHANGES_MAX = 1000,
	GATEWAY_FIXTURE_VARIABLES_MAX = 8
};

static struct {
	struct loop *loop;
	struct generation *generation;
	struct generation *previous;
	struct exchange *exchanges[GATEWAY_FIXTURE_EXCHANGES_MAX];
	size_t exchange_count;
} gateway_fixture;

static struct generation *
gateway_fixture_load(const char *path, struct error *error)
{
	struct conf *conf = conf_load(path, error);

	return conf == NULL ? NULL :
	    generation_create(gateway_fixture.loop, conf, error);
}

void
gateway_fixture_open(const char *settings, fake_http_script_fn script,
    void *arg)
{
	struct error error;

	clock_fake(FAKE_LOOP_START_MS, FAKE_LOOP_START_S);
	provider_script_begin(script, arg);
	gateway_fixture.loop = loop_create();
	gateway_fixture.generation = gateway_fixture_load(
	    config_fixture_write(settings), &error);
	if (gateway_fixture.generation == NULL)
		tap_bail_out("%s", error.words);
}

void
gateway_fixture_close(void)
{
	size_t i;

	for (i = 0; i < gateway_fixture.exchange_count; i++)
		exchange_expire(gateway_fixture.exchanges[i]);
	if (gateway_fixture.previous != NULL)
		generation_expire(gateway_fixture.previous);
	generation_expire(gateway_fixture.generation);
	generation_free(gateway_fixture.previous);
	generation_free(gateway_fixture.generation);
	gateway_fixture.previous = NULL;
	while (gateway_fixture.exchange_count > 0)
		fake_exchange_free(gateway_fixture.exchanges[
		    --gateway_fixture.exchange_count]);
	loop_free(gateway_fixture.loop);
	if (fake_http_counts()->in_flight > 0)
		tap_bail_out("a request outlives the engine");
}

bool
gateway_fixture_reload(const char *settings)
{
	struct error error;
	struct generation *generation;

	if (gateway_fixture.previous != NULL &&
	    !generation_is_idle(gateway_fixture.previous))
		tap_bail_out("there are two generations already");
	generation_free(gateway_fixture.previous);
	gateway_fixture.previous = NULL;
	generation = gateway_fixture_load(config_fixture_rewrite(settings),
	    &error);
	if (generation != NULL && !generation_keeps_apps(generation,
	    gateway_fixture.generation, &error)) {
		generation_free(generation);
		generation = NULL;
	}
	if (generation == NULL)
		return false;
	gateway_fixture.previous = gateway_fixture.generation;
	gateway_fixture.generation = generation;
	return true;
}

struct generation *
gateway_fixture_generation(void)
{
	return gateway_fixture.generation;
}

struct generation *
gateway_fixture_previous(void)
{
	return gateway_fixture.previous;
}

void
gateway_fixture_pass(int64_t ms)
{
	fake_loop_pass(gateway_fixture.loop, ms);
}

int64_t
gateway_fixture_now_ms(void)
{
	return clock_monotonic_ms() - FAKE_LOOP_START_MS;
}

int64_t
gateway_fixture_metric(const char *name)
{
	struct metrics_snapshot *snapshot = metrics_snapshot_take(
	    generation_metrics(gateway_fixture.generation));
	size_t length = strlen(name);
	struct buf text;
	char *line, *rest;
	int64_t sum = 0;

	buf_init(&text, METRICS_TEXT_SIZE);
	metrics_text_write(snapshot, &text);
	metrics_snapshot_free(snapshot);
	for (line = strtok_r(text.data, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (strncmp(line, name, length) == 0 &&
		    (line[length] == '{' || line[length] == ' '))
			sum += strtoll(strrchr(line, ' '), NULL, 10);
	}
	buf_free(&text);
	return sum;
}

struct loop *
gateway_fixture_loop(void)
{
	return gateway_fixture.loop;
}

/* --- requests ------------------------------------------------------------ */

struct exchange *
gateway_fixture_send(const char *path,
    const struct fake_exchange_params *params)
{
	static struct fake_exchange_variable
	    variables[GATEWAY_FIXTURE_EXCHANGES_MAX]
	    [GATEWAY_FIXTURE_VARIABLES_MAX];
	struct fake_exchange_params filled = *params;
	size_t i = gateway_fixture.exchange_count;
	struct exchange *exchange;

	if (i == GATEWAY_FIXTURE_EXCHANGES_MAX)
		tap_bail_out("too many requests");
	variables[i][0] = (struct fake_exchange_variable){
		"REQUEST_METHOD", "POST" };
	variables[i][1] = (struct fake_exchange_variable){
		"SCRIPT_NAME", path };
	variables[i][2] = (struct fake_exchange_variable){
		"CONTENT_TYPE", "application/json" };
	variables[i][3] = (struct fake_exchange_variable){
		"SSL_CLIENT_VERIFY", "SUCCESS" };
	variables[i][4] = (struct fake_exchange_variable){
		"SSL_CLIENT_CERT", config_fixture_certificate };
	filled.loop = gateway_fixture.loop;
	if (filled.variables == NULL)
		filled.variables = variables[i];
	exchange = fake_exchange_create(&filled);
	gateway_fixture.exchanges[gateway_fixture.exchange_count++] = exchange;
	generation_serve(gateway_fixture.generation, exchange);
	return exchange;
}

struct exchange *
gateway_fixture_post(const char *path, const char *body)
{
	return gateway_fixture_send(path,
	    &(struct fake_exchange_params){ .body = body });
}

int64_t
gateway_fixture_when_ms(const struct exchange *exchange, const char *part)
{
	int64_t when_ms = fake_exchange_when_ms(exchange, part);

	return when_ms == -1 ? -1 : when_ms - FAKE_LOOP_START_MS;
}

int64_t
gateway_fixture_end_ms(const struct exchange *exchange)
{
	int64_t end_ms = fake_exchange_end_ms(exchange);

	return end_ms == -1 ? -1 : end_ms - FAKE_LOOP_START_MS;
}

static const char *
gateway_fixture_devices(const char *app_id, unsigned int first,
    size_t devices)
{
	const char *text = "";
	size_t i;

	for (i = 0; i < devices; i++)
		text = fixture_format("%s%s{\"app_id\":\"%s\","
		    "\"pushkey\":\"%08x\"}", text, i == 0 ? "" : ",", app_id,
		    first + (unsigned int)i);
	return text;
}

const char *
gateway_fixture_single(const char *app_id, unsigned int first, size_t devices)
{
	return fixture_format("{\"notification\":{\"event_id\":\"$event\","
	    "\"devices\":[%s]}}", gateway_fixture_devices(app_id, first,
	    devices));
}

const char *
gateway_fixture_batch(const char *app_id, unsigned int first, size_t items,
    size_t devices)
{
	const char *text = "";
	size_t i;

	for (i = 0; i < items; i++)
		text = fixture_format("%s%s{\"id\":\"item-%zu\","
		    "\"notification\":{\"event_id\":\"$event\",\"devices\":"
		    "[%s]}}", text, i == 0 ? "" : ",", i + 1,
		    gateway_fixture_devices(app_id,
		    first + (unsigned int)(i * devices), devices));
	return fixture_format("{\"notifications\":[%s]}", text);
}
