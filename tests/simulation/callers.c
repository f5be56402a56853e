/* SPDX-License-Identifier: Apache-2.0 */
#include "callers.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/xmalloc.h"
#include "bodies.h"
#include "config-fixture.h"
#include "dice.h"
#include "events.h"
#include "limits.h"
#include "taken.h"
#include "webserver.h"

enum {
	CALLERS_BODY_SIZE = 64 * 1024 * 1024,
	CALLERS_SMALL = 4,
	CALLERS_VARIABLES = 8,
	CALLERS_PIECES_MAX = 5,
	CALLERS_CROWD_CHANCE = 150,
	/* Longer than anybody waits. */
	CALLERS_NEVER_MS = 600000
};

static const struct {
	unsigned int weight;
	enum ledger_refusal refusal;
	enum bodies_fault body;
	bool at_once;			/* its body is not waited for */
} callers_faults[FAULT__MAX] = {
	[FAULT_NONE] = { 955, LEDGER_SERVED, BODIES_EMPTY, false },
	[FAULT_NO_JSON] = { 5, LEDGER_BAD_REQUEST, BODIES_NO_JSON, false },
	[FAULT_NO_DEVICES] = { 5, LEDGER_BAD_REQUEST, BODIES_NO_DEVICES,
	    false },
	[FAULT_SAME_IDS] = { 5, LEDGER_BAD_REQUEST, BODIES_SAME_IDS, false },
	[FAULT_ODD] = { 5, LEDGER_BAD_REQUEST, BODIES_ODD, false },
	[FAULT_ODD_TIME] = { 5, LEDGER_BAD_REQUEST, BODIES_ODD_TIME, false },
	[FAULT_TOO_LARGE] = { 1, LEDGER_TOO_LARGE, BODIES_TOO_LARGE, true },
	[FAULT_CUT] = { 7, LEDGER_BAD_REQUEST, BODIES_EMPTY, false },
	[FAULT_NEVER] = { 5, LEDGER_BAD_REQUEST, BODIES_EMPTY, false },
	[FAULT_NO_CERTIFICATE] = { 5, LEDGER_UNAUTHORISED, BODIES_EMPTY,
	    true },
	[FAULT_PATH] = { 5, LEDGER_NOT_FOUND, BODIES_EMPTY, true },
	[FAULT_METHOD] = { 2, LEDGER_WRONG_METHOD, BODIES_EMPTY, true },
};

static const struct {
	const char *path;
	const char *wrong_path;
	const char *wrong_method;
	unsigned int weight;
	bool single;
} callers_operations[BODIES_OPERATION__MAX] = {
	[BODIES_NOTIFY] = { "/push/v1/notify", "/push/v2/notify", "GET", 300,
	    true },
	/* GET says that it is there. */
	[BODIES_MATRIX_NOTIFY] = { "/_matrix/push/v1/notify",
	    "/_matrix/push/v2/notify", "PUT", 250, true },
	[BODIES_BATCH] = { "/push/v1/notify/batch", "/push/v1/notify/batches",
	    "HEAD", 280, false },
	[BODIES_ENCRYPTED_BATCH] = { "/push/v1/notifyEncrypted/batch",
	    "/push/v1/notifyEncrypted", "DELETE", 170, false },
};

/* A request that is under way. */
struct caller {
	TAILQ_ENTRY(caller) entry;
	struct callers *callers;
	size_t request;
	struct webserver *webserver;
	char *variables[CALLERS_VARIABLES];	/* the last one is NULL */
	struct buf body;
	enum callers_fault fault;
	size_t worker;
	int64_t body_after_ms;
	unsigned int pieces;		/* that it comes in */
	int64_t gone_after_ms;
	bool lingers;			/* its web server, for the worker */
};

TAILQ_HEAD(caller_list, caller);

struct callers {
	struct loop *loop;
	struct ledger *ledger;
	struct gateway *gateway;
	struct oracle *oracle;
	struct dice dice;
	struct dice pace_dice;		/* how fast web servers are */
	int64_t end_ms;
	unsigned int devices;		/* in all */
	unsigned int narrow_chance;
	unsigned int crowd_chance;	/* that one more comes at once */
	unsigned int slow_chance;
	unsigned int stop_chance;	/* of a slow one */
	unsigned int gone_chance;
	struct loop_timer *timer;	/* the next request */
	struct caller_list open;	/* their connections are */
	struct caller_list closed;	/* to be freed */
	struct loop_timer *reaper;
};

/* --- the end of a request ------------------------------------------------ */

static void
caller_free(struct caller *caller)
{
	size_t i;

	webserver_free(caller->webserver);
	for (i = 0; i < CALLERS_VARIABLES; i++)
		free(caller->variables[i]);
	buf_free(&caller->body);
	free(caller);
}

static void
callers_on_reaper(void *arg)
{
	struct callers *callers = arg;
	struct caller *caller;

	while ((caller = TAILQ_FIRST(&callers->closed)) != NULL) {
		TAILQ_REMOVE(&callers->closed, caller, entry);
		caller_free(caller);
	}
}

static struct ledger_request *
caller_request(const struct caller *caller)
{
	return &caller->callers->ledger->requests[caller->request];
}

/* Who goes away before the answer has ended. */
static void
caller_note_finish(const struct caller *caller,
    const struct ledger_request *request)
{
	if (request->gone && request->unserved &&
	    request->refusal == LEDGER_SERVED)
		events_note(EVENT_GONE_UNSERVED);
	else if (request->gone)
		events_note(ledger_now_ms() <= request->body_ms ?
		    EVENT_GONE_BEFORE_BODY : EVENT_GONE_BEFORE_ANSWER);
	if (request->expired)
		events_note(request->refusal == LEDGER_EXPIRED ?
		    EVENT_EXPIRED_BODY : EVENT_EXPIRED);
	else if (request->refusal == LEDGER_SERVED && request->end_ms >=
	    request->began_ms + request->timeout_ms)
		events_note(EVENT_DEADLINE);
	if (webserver_is_lost(caller->webserver))
		events_note(EVENT_LOST_BEFORE_ANSWER);
}

/* How what it takes comes to an end. */
static void
caller_note_close(const struct caller *caller,
    const struct webserver_taken *taken, const struct ledger_request *request)
{
	if (taken->is_whole && taken->stalled_ms > 0)
		events_note(EVENT_STALLED);
	else if (!taken->is_whole && taken->is_gone && !request->gone)
		events_note(EVENT_GONE_IN_ANSWER);
	else if (!taken->is_whole && !taken->is_gone)
		events_note(taken->stalled_ms >= WEBSERVER_IO_TIMEOUT_MS ?
		    EVENT_STALLED_TOO_LONG : EVENT_TOO_SLOW);
	if (taken->is_whole && caller->lingers)
		events_note(EVENT_WORKER_CLOSES);
}

/* The gateway has ended its answer, which may still be on its way. */
static void
caller_on_finished(void *arg)
{
	struct caller *caller = arg;
	struct callers *callers = caller->callers;
	struct ledger_request *request = caller_request(caller);

	request->end_ms = ledger_now_ms();
	request->gone = webserver_is_gone(caller->webserver);
	request->unserved = !webserver_is_answered(caller->webserver);
	caller_note_finish(caller, request);
	oracle_check_request(callers->oracle, caller->request);
}

/* What has come of the answer has come. */
static void
caller_on_closed(void *arg)
{
	struct caller *caller = arg;
	struct callers *callers = caller->callers;
	struct webserver_taken taken;

	webserver_take(caller->webserver, &taken);
	caller_note_close(caller, &taken, caller_request(caller));
	taken_check(callers->ledger, caller->request, &taken);
	oracle_check_answer(callers->oracle, caller->request, taken.status,
	    taken.body, taken.is_whole);
	TAILQ_REMOVE(&callers->open, caller, entry);
	TAILQ_INSERT_TAIL(&callers->closed, caller, entry);
	loop_timer_start(callers->reaper, 0);
}

/* --- the body ------------------------------------------------------------ */

/* When the worker gives up a body that comes like that; or LEDGER_NONE. */
static int64_t
caller_find_cut(const struct caller *caller, int64_t timeout_ms)
{
	int64_t pause_ms = caller->body_after_ms / caller->pieces;
	int64_t cut_ms = LEDGER_NONE;

	if (caller->body_after_ms > timeout_ms)
		cut_ms = timeout_ms;
	if (pause_ms > WEBSERVER_IO_TIMEOUT_MS &&
	    timeout_ms > WEBSERVER_IO_TIMEOUT_MS)
		cut_ms = WEBSERVER_IO_TIMEOUT_MS;
	return cut_ms;
}

/* Nothing happens at the same time: which comes first is nobody's rule. */
static void
caller_part_times(struct caller *caller, int64_t timeout_ms)
{
	caller->body_after_ms -= caller->body_after_ms % caller->pieces;
	while (caller->body_after_ms > 0 &&
	    (caller->body_after_ms == timeout_ms ||
	    caller->body_after_ms == caller->gone_after_ms ||
	    caller->body_after_ms / caller->pieces ==
	    WEBSERVER_IO_TIMEOUT_MS)) {
		caller->pieces = 1;
		caller->body_after_ms++;
	}
}

/* The request begins when its body is there, unless that does not come. */
static void
caller_plan_body(struct caller *caller)
{
	struct ledger_request *request = caller_request(caller);
	int64_t cut_ms;
	/* One that never comes is late, or cut. */
	bool is_cut = caller->fault == FAULT_CUT ||
	    caller->fault == FAULT_NEVER;

	caller_part_times(caller, request->timeout_ms);
	cut_ms = caller_find_cut(caller, request->timeout_ms);
	if (caller->gone_after_ms > 0 &&
	    caller->gone_after_ms < caller->body_after_ms &&
	    (cut_ms == LEDGER_NONE || caller->gone_after_ms < cut_ms))
		cut_ms = caller->gone_after_ms;
	request->body_ms = request->came_ms + (cut_ms == LEDGER_NONE ?
	    caller->body_after_ms : cut_ms);
	if (cut_ms != LEDGER_NONE && !callers_faults[caller->fault].at_once)
		request->refusal = LEDGER_BAD_REQUEST;
	if (cut_ms != LEDGER_NONE && cut_ms != caller->gone_after_ms)
		events_note(EVENT_BODY_GIVEN_UP);
	else if (caller->body_after_ms > 0)
		events_note(caller->pieces > 1 ? EVENT_BODY_IN_PIECES :
		    EVENT_BODY_LATE);
	if (request->refusal == LEDGER_SERVED)
		request->began_ms = request->body_ms;
	webserver_send_body(caller->webserver, buf_text(&caller->body),
	    caller->body_after_ms, caller->pieces, is_cut);
}

static void
caller_on_read(void *arg)
{
	struct caller *caller = arg;

	oracle_note_read(caller->callers->oracle, caller->request);
}

static void
caller_on_served(void *arg)
{
	caller_request(arg)->served_ms = ledger_now_ms();
}

/* A worker serves it by the configuration that it has now. */
static void
caller_on_arrived(void *arg, struct exchange *exchange)
{
	struct caller *caller = arg;
	struct gateway *gateway = caller->callers->gateway;
	struct ledger_request *request = caller_request(caller);
	const struct gateway_settings *settings;

	request->generation = gateway_choose(gateway, caller->worker);
	settings = gateway_settings(gateway, request->generation);
	request->timeout_ms = settings->request_timeout_ms;
	if (request->refusal == LEDGER_SERVED &&
	    request->item_count > (size_t)settings->max_batch_size)
		request->refusal = LEDGER_BAD_REQUEST;
	caller_plan_body(caller);
	gateway_serve(gateway, request->generation, exchange);
}

/* --- requests ------------------------------------------------------------ */

/* How a web server takes the answer, if it is a slow one. */
static void
callers_throw_pace(struct callers *callers, struct webserver_pace *pace)
{
	struct dice *dice = &callers->pace_dice;

	pace->lingers = dice_chance(dice, 50);
	if (!dice_chance(dice, callers->slow_chance))
		return;
	pace->room = (size_t)dice_magnitude(dice, 1, 8192);
	pace->piece = (size_t)dice_magnitude(dice, 1, 4096);
	pace->every_ms = dice_magnitude(dice, 1, 3000);
	if (!dice_chance(dice, callers->stop_chance))
		return;
	/* In the middle of an answer, if that takes long. */
	if (dice_chance(dice, 500))
		pace->room = (size_t)dice_magnitude(dice, 1, 512);
	pace->stops_after = (size_t)dice_magnitude(dice, 0, 2048);
	pace->stops_ms = dice_chance(dice, 500) ? CALLERS_NEVER_MS :
	    dice_magnitude(dice, 100, 12000);
}

static void
caller_set_variables(struct caller *caller,
    enum bodies_operation operation, bool narrow)
{
	const char *method = caller->fault == FAULT_METHOD ?
	    callers_operations[operation].wrong_method : "POST";
	const char *path = caller->fault == FAULT_PATH ?
	    callers_operations[operation].wrong_path :
	    callers_operations[operation].path;
	size_t i = 0;

	caller->variables[i++] = xasprintf("REQUEST_METHOD=%s", method);
	caller->variables[i++] = xasprintf("SCRIPT_NAME=%s", path);
	caller->variables[i++] = xstrdup("CONTENT_TYPE=application/json");
	/* One that is too large is told so at once if it says so. */
	if (callers_faults[caller->fault].at_once ||
	    dice_chance(&caller->callers->pace_dice, 900))
		caller->variables[i++] = xasprintf("CONTENT_LENGTH=%zu",
		    caller->body.size);
	caller->variables[i++] = xstrdup("HTTP_X_REQUEST_ID=the-request");
	caller->variables[i++] = xasprintf("SSL_CLIENT_VERIFY=%s",
	    caller->fault == FAULT_NO_CERTIFICATE ? "NONE" : "SUCCESS");
	caller->variables[i++] = xasprintf("SSL_CLIENT_CERT=%s", narrow ?
	    config_fixture_narrow_certificate : config_fixture_certificate);
}

/* How a request comes in, with what is wrong about it. */
static void
caller_send(struct caller *caller, enum bodies_operation operation,
    bool narrow)
{
	struct callers *callers = caller->callers;
	struct dice *dice = &callers->dice;
	struct webserver_params params = {
		.loop = callers->loop,
		.arrived = caller_on_arrived,
		.read = caller_on_read,
		.served = caller_on_served,
		.finished = caller_on_finished,
		.closed = caller_on_closed,
		.arg = caller
	};
	/* One that is late would keep others' from being read. */
	bool is_narrow = gateway_is_narrow(callers->gateway);

	caller_request(caller)->came_ms = ledger_now_ms();
	caller->pieces = 1;
	if (dice_chance(dice, 100) && !is_narrow) {
		caller->body_after_ms = dice_magnitude(dice, 1, 6000);
		caller->pieces = (unsigned int)dice_between(
		    &callers->pace_dice, 1, CALLERS_PIECES_MAX);
	}
	if (caller->fault == FAULT_NEVER && !is_narrow) {
		caller->body_after_ms = CALLERS_NEVER_MS;
		caller->pieces = 1;
	}
	if (dice_chance(dice, callers->gone_chance))
		caller->gone_after_ms = dice_magnitude(dice, 1, 9000);
	params.gone_after_ms = caller->gone_after_ms;
	callers_throw_pace(callers, &params.pace);
	caller->lingers = params.pace.lingers;
	caller_request(caller)->narrow = narrow;
	caller_set_variables(caller, operation, narrow);
	params.variables = (const char *const *)caller->variables;
	caller->webserver = webserver_create(&params);
}

/* Writes the body, and returns how many devices it names. */
static size_t
callers_compose(struct callers *callers, struct caller *caller,
    enum bodies_operation operation, bool narrow, enum callers_fault fault)
{
	struct ledger_request *request = ledger_add_request(callers->ledger);
	size_t before = callers->ledger->device_count;
	struct bodies bodies = {
		.ledger = callers->ledger,
		.dice = &callers->dice,
		.text = &caller->body,
		.narrow = narrow
	};

	caller->request = callers->ledger->request_count - 1;
	request->single = callers_operations[operation].single;
	if (fault == FAULT_NONE)
		bodies_write(&bodies, operation);
	else
		bodies_write_fault(&bodies, operation,
		    callers_faults[fault].body);
	return callers->ledger->device_count - before;
}

static size_t
callers_send(struct callers *callers)
{
	unsigned int weights[FAULT__MAX], operations[BODIES_OPERATION__MAX];
	struct dice *dice = &callers->dice;
	struct caller *caller = xcalloc(1, sizeof *caller);
	bool narrow = dice_chance(dice, callers->narrow_chance);
	struct ledger_request *request;
	enum bodies_operation operation;
	enum callers_fault fault;
	size_t i, devices;

	for (i = 0; i < FAULT__MAX; i++)
		weights[i] = callers_faults[i].weight;
	for (i = 0; i < BODIES_OPERATION__MAX; i++)
		operations[i] = callers_operations[i].weight;
	fault = (enum callers_fault)dice_weigh(dice, weights, FAULT__MAX);
	events_note((enum event)(EVENT_FAULT + fault));
	operation = (enum bodies_operation)dice_weigh(dice, operations,
	    BODIES_OPERATION__MAX);
	caller->callers = callers;
	buf_init(&caller->body, CALLERS_BODY_SIZE);
	devices = callers_compose(callers, caller, operation, narrow, fault);
	request = &callers->ledger->requests[caller->request];
	request->refusal = callers_faults[fault].refusal;
	request->small = devices <= CALLERS_SMALL;
	request->memory = limits_estimate(buf_text(&caller->body));
	request->generation = (size_t)LEDGER_NONE;
	request->unread = true;
	caller->fault = fault;
	caller->worker = dice_below(dice,
	    (unsigned int)gateway_workers(callers->gateway));
	TAILQ_INSERT_TAIL(&callers->open, caller, entry);
	caller_send(caller, operation, narrow);
	return devices;
}

/* --- arrivals ------------------------------------------------------------ */

/* The more devices one has, the longer until the next; crowds at times. */
static void
callers_on_timer(void *arg)
{
	struct callers *callers = arg;
	size_t devices = 1;

	do
		devices += callers_send(callers);
	while (dice_chance(&callers->dice, callers->crowd_chance));
	if (ledger_now_ms() < callers->end_ms)
		loop_timer_start(callers->timer, dice_between(&callers->dice,
		    0, 2 * (int64_t)devices * callers->end_ms /
		    callers->devices));
}

/*
 * There are more of the narrow client's where that has limits; in some of these
 * worlds hardly any others, and they come in crowds.
 */
static void
callers_throw_narrow(struct callers *callers, uint64_t seed)
{
	const struct gateway_limits *limits =
	    gateway_limits(callers->gateway);
	struct dice dice;

	callers->narrow_chance = dice_below(&callers->dice, 100);
	callers->crowd_chance = CALLERS_CROWD_CHANCE;
	if (limits->narrow_rate_per_minute == 0 &&
	    limits->narrow_in_flight == 0)
		return;
	callers->narrow_chance += dice_below(&callers->pace_dice, 400);
	dice_init(&dice, seed, 8);
	if (dice_chance(&dice, 400)) {
		callers->narrow_chance = 900;
		callers->crowd_chance = 400 + dice_below(&dice, 500);
	}
}

/* In some worlds web servers are slow, stop, or go away. */
static void
callers_throw_impatience(struct callers *callers)
{
	struct dice *dice = &callers->pace_dice;

	callers->slow_chance = dice_chance(dice, 600) ?
	    dice_below(dice, 600) : 0;
	callers->stop_chance = 200 + dice_below(dice, 600);
	callers->gone_chance = dice_chance(dice, 200) ||
	    gateway_is_narrow(callers->gateway) ? 100 : 20;
}

struct callers *
callers_create(struct loop *loop, struct ledger *ledger,
    struct gateway *gateway, struct oracle *oracle, uint64_t seed,
    int64_t end_ms, unsigned int devices)
{
	struct callers *callers = xcalloc(1, sizeof *callers);

	callers->loop = loop;
	callers->ledger = ledger;
	callers->gateway = gateway;
	callers->oracle = oracle;
	callers->end_ms = end_ms;
	callers->devices = devices;
	dice_init(&callers->dice, seed, 4);
	dice_init(&callers->pace_dice, seed, 6);
	callers_throw_narrow(callers, seed);
	callers_throw_impatience(callers);
	TAILQ_INIT(&callers->open);
	TAILQ_INIT(&callers->closed);
	callers->timer = loop_timer_create(loop, callers_on_timer, callers);
	callers->reaper = loop_timer_create(loop, callers_on_reaper, callers);
	loop_timer_start(callers->timer, 0);
	return callers;
}

void
callers_free(struct callers *callers)
{
	callers_on_reaper(callers);
	loop_timer_free(callers->timer);
	loop_timer_free(callers->reaper);
	free(callers);
}

bool
callers_are_done(const struct callers *callers)
{
	return ledger_now_ms() >= callers->end_ms &&
	    TAILQ_EMPTY(&callers->open);
}

void
callers_on_expires(void *arg, size_t generation)
{
	struct callers *callers = arg;
	struct caller *caller;

	TAILQ_FOREACH(caller, &callers->open, entry) {
		struct ledger_request *request = caller_request(caller);

		if (request->generation != generation ||
		    request->end_ms != LEDGER_NONE)
			continue;
		request->expired = true;
		if (ledger_now_ms() < request->body_ms) {
			request->refusal = LEDGER_EXPIRED;
			request->began_ms = LEDGER_NONE;
			webserver_expire(caller->webserver);
		}
	}
}
