/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "config-fixture.h"
#include "dice.h"
#include "events.h"
#include "fixture.h"
#include "state/metrics-text.h"
#include "tap.h"
#include "worker/conf-text.h"
#include "worker/generation.h"

enum {
	GATEWAY_TICK_MS = 1000,
	GATEWAY_PLACES = 512,		/* more than ever come */
	GATEWAY_MEMORY_MB = 256,	/* likewise */
	/* As a worker that is told to end. */
	GATEWAY_GRACE_MS = 2000
};

/* Beside those of the fixture. */
#define GATEWAY_APPS \
    ",{\"app_id\":\"ios-matrix\",\"provider\":\"apns\"," \
    "\"payload\":\"matrix\",\"url\":\"https://apns.test\"," \
    "\"key_file\":\"one.p8\",\"key_id\":\"ABC1234567\"," \
    "\"team_id\":\"TEAM123456\"}," \
    "{\"app_id\":\"huawei\",\"provider\":\"hms\",\"version\":1," \
    "\"url\":\"https://hms.test\",\"token_url\":" \
    "\"https://hms-oauth.test/token\",\"client_id\":\"gateway\"," \
    "\"client_secret_file\":\"hms.secret\",\"hms_app_id\":\"7\"}," \
    "{\"app_id\":\"huawei-3\",\"provider\":\"hms\",\"version\":3," \
    "\"url\":\"https://hms-3.test\"," \
    "\"service_account_file\":\"hms-3.json\"}," \
    "{\"app_id\":\"web\",\"provider\":\"webpush\"," \
    "\"vapid_key_file\":\"one.p8\"," \
    "\"subject\":\"mailto:push@example.net\"}," \
    "{\"app_id\":\"unified\",\"provider\":\"unifiedpush\"}"

struct gateway_generation {
	struct generation *generation;	/* NULL: it is over */
	struct gateway_settings settings;
	size_t worker;
	int64_t expires_ms;		/* LEDGER_NONE: it need not */
};

struct gateway {
	struct loop *loop;
	struct dice dice;
	int64_t end_ms;
	struct gateway_limits limits;
	char *narrow;			/* what the client is limited to */
	unsigned int change_chance;	/* of a reload, for each tick */
	unsigned int end_chance;
	unsigned int crash_chance;
	struct dice crash_dice;		/* others throw as they do without */
	struct gateway_hooks hooks;
	struct gateway_generation generations[GATEWAY_GENERATIONS_MAX];
	size_t count;
	size_t current[GATEWAY_WORKERS_MAX];
	size_t workers;
	struct loop_timer *tick;
};

static void
gateway_throw_settings(struct dice *dice, struct gateway_settings *settings)
{
	static const int64_t failures[] = { 0, 1, 2, 5, 5, 5, 20 };

	settings->request_timeout_ms = dice_chance(dice, 600) ? 8000 :
	    dice_between(dice, 300, 12000);
	settings->max_batch_size = dice_chance(dice, 800) ? 100 :
	    dice_between(dice, 1, 100);
	settings->max_connections = dice_magnitude(dice, 1, 8);
	settings->breaker_failures = failures[dice_below(dice,
	    sizeof failures / sizeof *failures)];
	settings->breaker_pause_s = dice_magnitude(dice, 1, 60);
	settings->reject_guard = dice_chance(dice, 800);
}

/* Makes a generation; the first one makes the state directory, too. */
static size_t
gateway_load(struct gateway *gateway, size_t worker)
{
	struct gateway_generation *made =
	    &gateway->generations[gateway->count];
	struct gateway_settings *settings = &made->settings;
	struct error error;
	struct conf *conf;
	char *members;

	if (gateway->count == GATEWAY_GENERATIONS_MAX)
		tap_bail_out("too many generations");
	gateway_throw_settings(&gateway->dice, settings);
	members = xasprintf("\"request_timeout_ms\":%" PRId64 ","
	    "\"max_batch_size\":%" PRId64 ",\"max_connections\":%" PRId64 ","
	    "\"breaker_failures\":%" PRId64 ",\"breaker_pause_s\":%" PRId64
	    ",\"reject_guard\":%s,\"max_rate_per_minute\":%" PRId64
	    ",\"max_request_size_kb\":256,\"max_requests_in_flight\":%"
	    PRId64 ",\"max_memory_in_flight_mb\":%" PRId64 ",",
	    settings->request_timeout_ms, settings->max_batch_size,
	    settings->max_connections, settings->breaker_failures,
	    settings->breaker_pause_s,
	    settings->reject_guard ? "true" : "false",
	    gateway->limits.rate_per_minute, gateway->limits.places > 0 ?
	    gateway->limits.places : GATEWAY_PLACES,
	    gateway->limits.memory_mb > 0 ? gateway->limits.memory_mb :
	    GATEWAY_MEMORY_MB);
	conf = conf_load(gateway->count == 0 ? config_fixture_write(members) :
	    config_fixture_rewrite(members), &error);
	free(members);
	if (conf != NULL)
		made->generation = generation_create(gateway->loop, conf,
		    &error);
	if (made->generation == NULL)
		tap_bail_out("%s", error.words);
	made->worker = worker;
	made->expires_ms = LEDGER_NONE;
	return gateway->count++;
}

/* A worker reads its configuration, or a new one takes its place. */
static void
gateway_replace(struct gateway *gateway, size_t worker, bool ends)
{
	size_t old = gateway->current[worker];
	struct gateway_generation *previous = &gateway->generations[old];
	size_t made = gateway_load(gateway, worker);

	events_note(ends ? EVENT_WORKER_ENDS : EVENT_RELOAD);
	if (!ends && previous->generation != NULL &&
	    !generation_is_idle(previous->generation))
		events_note(EVENT_RELOAD_UNDER_WAY);
	gateway->current[worker] = made;
	gateway->hooks.began(gateway->hooks.arg, made,
	    ends ? (size_t)LEDGER_NONE : old);
	if (ends)
		previous->expires_ms = ledger_now_ms() +
		    previous->settings.request_timeout_ms + GATEWAY_GRACE_MS;
}

/* --- a crash -------------------------------------------------------------- */

/* What the host knows of its accounts: a copy, or the file from a copy. */
static void
gateway_copy_accounts(struct buf *copy, bool back)
{
	char *path = xasprintf("%s/accounts",
	    config_fixture_state_directory());
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct stat status;
	ssize_t done = -1;

	if (fd != -1 && !back && fstat(fd, &status) == 0) {
		copy->size = (size_t)status.st_size;
		copy->data = xmalloc(copy->size);
		done = pread(fd, copy->data, copy->size, 0);
	} else if (fd != -1 && back)
		done = pwrite(fd, copy->data, copy->size, 0);
	if (done != (ssize_t)copy->size)
		tap_bail_out("cannot copy %s", path);
	close(fd);
	free(path);
}

/*
 * A worker is killed: all that it has under way is over at once, but what it
 * gives back at that has never been given back, as the probe of a breaker.
 */
static void
gateway_crash(struct gateway *gateway, size_t worker)
{
	struct buf accounts = { .data = NULL };
	size_t i;

	events_note(EVENT_WORKER_KILLED);
	gateway_copy_accounts(&accounts, false);
	for (i = 0; i < gateway->count; i++) {
		struct gateway_generation *dead = &gateway->generations[i];

		if (dead->generation == NULL || dead->worker != worker)
			continue;
		gateway->hooks.expires(gateway->hooks.arg, i);
		generation_expire(dead->generation);
		dead->expires_ms = ledger_now_ms();
	}
	gateway_copy_accounts(&accounts, true);
	free(accounts.data);
	gateway->hooks.crashed(gateway->hooks.arg);
}

/* --- time passes ---------------------------------------------------------- */

static bool
gateway_is_current(const struct gateway *gateway, size_t generation)
{
	size_t i = 0;

	while (i < gateway->workers && gateway->current[i] != generation)
		i++;
	return i < gateway->workers;
}

/* Frees those that nobody needs any more. */
static void
gateway_tidy(struct gateway *gateway)
{
	size_t i;

	for (i = 0; i < gateway->count; i++) {
		struct gateway_generation *old = &gateway->generations[i];

		if (old->generation == NULL || gateway_is_current(gateway, i))
			continue;
		if (old->expires_ms != LEDGER_NONE &&
		    ledger_now_ms() >= old->expires_ms) {
			gateway->hooks.expires(gateway->hooks.arg, i);
			generation_expire(old->generation);
		}
		if (generation_is_idle(old->generation)) {
			generation_free(old->generation);
			old->generation = NULL;
		}
	}
}

static void
gateway_on_tick(void *arg)
{
	struct gateway *gateway = arg;
	size_t i;

	gateway_tidy(gateway);
	for (i = 0; i < gateway->workers &&
	    ledger_now_ms() < gateway->end_ms &&
	    gateway->count < GATEWAY_GENERATIONS_MAX - 10; i++) {
		if (dice_chance(&gateway->dice, gateway->change_chance))
			gateway_replace(gateway, i, false);
		else if (dice_chance(&gateway->dice, gateway->end_chance))
			gateway_replace(gateway, i, true);
		else if (dice_chance(&gateway->crash_dice,
		    gateway->crash_chance)) {
			gateway_crash(gateway, i);
			gateway_replace(gateway, i, true);
		}
	}
	loop_timer_start(gateway->tick, GATEWAY_TICK_MS);
}

/* What the apps beside those of the fixture need. */
static void
gateway_write_files(void)
{
	struct json_object *account = fixture_json("{\"project_id\":\"p3\","
	    "\"key_id\":\"k3\",\"sub_account\":\"s3\"}");

	json_object_object_add(account, "private_key",
	    json_object_new_string(fixture_pem(
	    fixture_key(FIXTURE_KEY_RSA_2048), NULL)));
	fixture_file("hms-3.json", json_object_to_json_string(account));
	json_object_put(account);
	fixture_file("hms.secret", "secret");
}

static void
gateway_throw_limits(struct gateway *gateway, uint64_t seed)
{
	struct gateway_limits *limits = &gateway->limits;
	struct dice *dice = &gateway->dice, places_dice, memory_dice;

	if (dice_chance(dice, 250))
		limits->rate_per_minute = dice_magnitude(dice, 30, 3000);
	if (dice_chance(dice, 200))
		limits->narrow_rate_per_minute = dice_magnitude(dice, 5, 600);
	if (dice_chance(dice, 200))
		limits->narrow_in_flight = dice_magnitude(dice, 1, 5);
	dice_init(&places_dice, seed, 7);
	if (dice_chance(&places_dice, 250))
		limits->places = dice_magnitude(&places_dice, 1, 24);
	dice_init(&memory_dice, seed, 9);
	if (dice_chance(&memory_dice, 200))
		limits->memory_mb = 1;
	gateway->narrow = xasprintf(",\"max_rate_per_minute\":%" PRId64
	    ",\"max_requests_in_flight\":%" PRId64,
	    limits->narrow_rate_per_minute, limits->narrow_in_flight);
	config_fixture_set_narrow(gateway->narrow);
}

struct gateway *
gateway_create(struct loop *loop, uint64_t seed, int64_t end_ms,
    const struct gateway_hooks *hooks)
{
	struct gateway *gateway = xcalloc(1, sizeof *gateway);
	size_t i;

	gateway->loop = loop;
	gateway->end_ms = end_ms;
	gateway->hooks = *hooks;
	dice_init(&gateway->dice, seed, 3);
	gateway->workers = (size_t)dice_magnitude(&gateway->dice, 1,
	    GATEWAY_WORKERS_MAX);
	/* At most some ten of each in all. */
	gateway->change_chance = dice_below(&gateway->dice,
	    (unsigned int)(20 * 1000000 / end_ms) + 2);
	gateway->end_chance = dice_below(&gateway->dice,
	    (unsigned int)(10 * 1000000 / end_ms) + 2);
	dice_init(&gateway->crash_dice, seed, 5);
	if (dice_chance(&gateway->crash_dice, 300))
		gateway->crash_chance = dice_below(&gateway->crash_dice,
		    (unsigned int)(20 * 1000000 / end_ms) + 2);
	gateway_write_files();
	config_fixture_set_apps(GATEWAY_APPS);
	gateway_throw_limits(gateway, seed);
	for (i = 0; i < gateway->workers; i++) {
		gateway->current[i] = gateway_load(gateway, i);
		gateway->hooks.began(gateway->hooks.arg, gateway->current[i],
		    (size_t)LEDGER_NONE);
	}
	gateway->tick = loop_timer_create(loop, gateway_on_tick, gateway);
	loop_timer_start(gateway->tick, GATEWAY_TICK_MS);
	return gateway;
}

void
gateway_free(struct gateway *gateway)
{
	size_t i;

	for (i = 0; i < gateway->count; i++)
		generation_free(gateway->generations[i].generation);
	loop_timer_free(gateway->tick);
	free(gateway->narrow);
	free(gateway);
}

size_t
gateway_choose(struct gateway *gateway, size_t worker)
{
	return gateway->current[worker];
}

void
gateway_serve(struct gateway *gateway, size_t generation,
    struct exchange *exchange)
{
	generation_serve(gateway->generations[generation].generation,
	    exchange);
}

const struct gateway_settings *
gateway_settings(const struct gateway *gateway, size_t generation)
{
	return &gateway->generations[generation].settings;
}

const struct gateway_limits *
gateway_limits(const struct gateway *gateway)
{
	return &gateway->limits;
}

bool
gateway_is_narrow(const struct gateway *gateway)
{
	return gateway->limits.places > 0 || gateway->limits.memory_mb > 0;
}

size_t
gateway_workers(const struct gateway *gateway)
{
	return gateway->workers;
}

bool
gateway_is_idle(const struct gateway *gateway)
{
	size_t i;

	for (i = 0; i < gateway->count; i++) {
		const struct generation *generation =
		    gateway->generations[i].generation;

		if (generation != NULL && !generation_is_idle(generation))
			return false;
	}
	return true;
}

char *
gateway_metrics(const struct gateway *gateway)
{
	const struct generation *generation =
	    gateway->generations[gateway->current[0]].generation;
	struct metrics_snapshot *snapshot = metrics_snapshot_take(
	    generation_metrics(generation));
	struct buf text;

	buf_init(&text, METRICS_TEXT_SIZE);
	metrics_text_write(snapshot, &text);
	metrics_snapshot_free(snapshot);
	return text.data == NULL ? xstrdup("") : text.data;
}
