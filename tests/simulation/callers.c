/* SPDX-License-Identifier: Apache-2.0 */
#include "callers.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/xmalloc.h"
#include "config-fixture.h"
#include "dice.h"
#include "fake-exchange.h"

enum {
	CALLERS_BODY_SIZE = 64 * 1024 * 1024,
	CALLERS_TOO_LARGE = 257 * 1024,	/* one more than is allowed */
	CALLERS_CIPHERTEXT = 1404,
	CALLERS_SMALL = 4,
	CALLERS_VARIABLES = 6
};

static const struct {
	const char *app_id;
	unsigned int weight;
	unsigned int account;
	bool narrow;		/* may be addressed by "narrow" */
	bool unknown;
	bool lost;
} callers_apps[CALLERS_APPS] = {
	{ .app_id = "ios", .weight = 350, .account = NETWORK_APNS,
	    .narrow = true },
	{ .app_id = "ios-twin", .weight = 100, .account = NETWORK_APNS,
	    .narrow = true },
	{ .app_id = "ios-other", .weight = 150,
	    .account = NETWORK_APNS_OTHER, .narrow = true },
	{ .app_id = "android", .weight = 370, .account = NETWORK_FCM },
	{ .app_id = "lost", .weight = 15, .lost = true },
	{ .app_id = "unknown", .weight = 15, .unknown = true },
};

/* What is wrong with a request, if anything. */
enum callers_fault {
	FAULT_NONE,
	FAULT_NO_JSON,
	FAULT_NO_DEVICES,
	FAULT_SAME_IDS,
	FAULT_TOO_LARGE,
	FAULT_CUT,
	FAULT_NEVER,		/* the body does not come: in its own time cut */
	FAULT_NO_CERTIFICATE,
	FAULT_PATH,
	FAULT_METHOD,
	FAULT__MAX
};

static const struct {
	unsigned int weight;
	enum ledger_refusal refusal;
} callers_faults[FAULT__MAX] = {
	[FAULT_NONE] = { 960, LEDGER_SERVED },
	[FAULT_NO_JSON] = { 5, LEDGER_BAD_REQUEST },
	[FAULT_NO_DEVICES] = { 5, LEDGER_BAD_REQUEST },
	[FAULT_SAME_IDS] = { 5, LEDGER_BAD_REQUEST },
	[FAULT_TOO_LARGE] = { 1, LEDGER_TOO_LARGE },
	[FAULT_CUT] = { 7, LEDGER_BAD_REQUEST },
	[FAULT_NEVER] = { 5, LEDGER_BAD_REQUEST },
	[FAULT_NO_CERTIFICATE] = { 5, LEDGER_UNAUTHORISED },
	[FAULT_PATH] = { 5, LEDGER_NOT_FOUND },
	[FAULT_METHOD] = { 2, LEDGER_WRONG_METHOD },
};

static const struct {
	const char *path;
	unsigned int weight;
	bool encrypted;
	bool single;
} callers_operations[] = {
	{ "/push/v1/notify", 500, false, true },
	{ "/push/v1/notify/batch", 300, false, false },
	{ "/push/v1/notifyEncrypted/batch", 200, true, false },
};

enum {
	CALLERS_OPERATIONS = sizeof callers_operations /
	    sizeof *callers_operations
};

/* A request that is under way. */
struct caller {
	TAILQ_ENTRY(caller) entry;
	struct callers *callers;
	size_t request;
	struct exchange *exchange;
	struct fake_exchange_variable variables[CALLERS_VARIABLES];
	struct buf body;
	int64_t body_ms;		/* when it is there */
	bool served;
};

TAILQ_HEAD(caller_list, caller);

struct callers {
	struct loop *loop;
	struct ledger *ledger;
	struct gateway *gateway;
	struct oracle *oracle;
	struct dice dice;
	int64_t end_ms;
	unsigned int devices;		/* in all */
	unsigned int narrow_chance;
	struct loop_timer *timer;	/* the next request */
	struct caller_list waiting;	/* for their answers */
	struct caller_list answered;	/* to be freed */
	struct loop_timer *reaper;
};

/* --- bodies -------------------------------------------------------------- */

static void
callers_add_device(struct callers *callers, struct buf *body, bool narrow)
{
	unsigned int weights[CALLERS_APPS];
	const struct ledger_item *item;
	struct ledger_device *device;
	size_t i;

	for (i = 0; i < CALLERS_APPS; i++)
		weights[i] = callers_apps[i].weight;
	device = ledger_add_device(callers->ledger);
	item = &callers->ledger->items[device->item];
	device->app = (unsigned int)dice_weigh(&callers->dice, weights,
	    CALLERS_APPS);
	device->account = callers_apps[device->app].account;
	device->lost = callers_apps[device->app].lost;
	device->unreachable = callers_apps[device->app].unknown ||
	    (narrow && !callers_apps[device->app].narrow);
	/* The pushkey of the one before, under an app of another account. */
	if (item->device_count > 1 && dice_chance(&callers->dice, 20) &&
	    device[-1].account != device->account &&
	    device[-1].pushkey == item->first_device + item->device_count - 2)
		device->pushkey = device[-1].pushkey;
	buf_append_format(body, "%s{\"app_id\":\"%s\",\"pushkey\":\""
	    CALLERS_PUSHKEY "\"}", body->data[body->size - 1] == '}' ? "," :
	    "", callers_apps[device->app].app_id, device->pushkey);
}

static void
callers_add_plain(struct callers *callers, struct buf *body, size_t devices,
    bool narrow)
{
	size_t i;

	buf_append_text(body, "{\"event_id\":\"$event\",\"room_id\":\"!room\","
	    "\"type\":\"m.room.message\",\"sender\":\"@a:test\","
	    "\"content\":{\"msgtype\":\"m.text\",\"body\":\"Gr\u00fc\u00dfe\"},"
	    "\"counts\":{\"unread\":2},");
	if (dice_chance(&callers->dice, 300))
		buf_append_text(body, "\"prio\":\"low\",");
	buf_append_text(body, "\"devices\":[");
	for (i = 0; i < devices; i++)
		callers_add_device(callers, body, narrow);
	buf_append_text(body, "]}");
}

static void
callers_add_encrypted(struct callers *callers, struct buf *body, bool narrow)
{
	static char ciphertext[CALLERS_CIPHERTEXT + 1];

	memset(ciphertext, 'c', CALLERS_CIPHERTEXT);
	buf_append_format(body, "{\"ciphertext\":\"%s\","
	    "\"time_message_encrypted\":\"2026-11\",\"key_identifier\":"
	    "\"key\",\"prio\":\"high\",\"device\":", ciphertext);
	callers_add_device(callers, body, narrow);
	buf_append_text(body, "}");
}

static void
callers_add_batch(struct callers *callers, struct buf *body, size_t items,
    size_t devices, bool encrypted, bool narrow)
{
	size_t i;

	buf_append_text(body, "{\"notifications\":[");
	for (i = 0; i < items; i++) {
		ledger_add_item(callers->ledger);
		buf_append_format(body, "%s{\"id\":\"" CALLERS_ID
		    "\",\"notification\":", i == 0 ? "" : ",", i);
		if (encrypted)
			callers_add_encrypted(callers, body, narrow);
		else
			callers_add_plain(callers, body, devices > 0 ?
			    (size_t)dice_magnitude(&callers->dice, 0,
			    (int64_t)devices) : 0, narrow);
		buf_append_text(body, "}");
	}
	buf_append_text(body, "]}");
}

/* A body that is wrong; nothing of it is in the ledger. */
static void
callers_write_fault(struct callers *callers, struct buf *body,
    enum callers_fault fault)
{
	char *filling;

	(void)callers;
	buf_reset(body);
	switch (fault) {
	case FAULT_NO_JSON:
		buf_append_text(body, "{\"notification\":");
		break;
	case FAULT_NO_DEVICES:
		buf_append_text(body, "{\"notification\":{},"
		    "\"notifications\":[]}");
		break;
	case FAULT_SAME_IDS:
		buf_append_text(body, "{\"notification\":[],\"notifications\":"
		    "[{\"id\":\"a\",\"notification\":{\"devices\":[]}},"
		    "{\"id\":\"a\",\"notification\":{\"devices\":[]}}]}");
		break;
	case FAULT_TOO_LARGE:
		filling = xcalloc(CALLERS_TOO_LARGE + 1, 1);
		memset(filling, ' ', CALLERS_TOO_LARGE);
		buf_append(body, filling, CALLERS_TOO_LARGE);
		free(filling);
		break;
	default:
		buf_append_text(body, "{}");
		break;
	}
}

/* --- requests ------------------------------------------------------------ */

static void
caller_free(struct caller *caller)
{
	fake_exchange_free(caller->exchange);
	buf_free(&caller->body);
	free(caller);
}

static void
callers_on_reaper(void *arg)
{
	struct callers *callers = arg;
	struct caller *caller;

	while ((caller = TAILQ_FIRST(&callers->answered)) != NULL) {
		TAILQ_REMOVE(&callers->answered, caller, entry);
		caller_free(caller);
	}
}

/* The answer has ended. */
static void
caller_on_finished(void *arg)
{
	struct caller *caller = arg;
	struct callers *callers = caller->callers;
	struct ledger_request *request =
	    &callers->ledger->requests[caller->request];
	const char *body = fake_exchange_body(caller->exchange);

	if (request->end_ms != LEDGER_NONE)
		ledger_blame(callers->ledger, "request %zu ends twice",
		    caller->request);
	request->end_ms = ledger_now_ms();
	request->gone = fake_exchange_is_gone(caller->exchange);
	oracle_check_answer(callers->oracle, caller->request,
	    fake_exchange_status(caller->exchange), body == NULL ? "" : body);
	TAILQ_REMOVE(&callers->waiting, caller, entry);
	TAILQ_INSERT_TAIL(&callers->answered, caller, entry);
	loop_timer_start(callers->reaper, 0);
}

static void
caller_set(struct caller *caller, size_t i, const char *name,
    const char *value)
{
	caller->variables[i] = (struct fake_exchange_variable){ name, value };
}

/* How a request comes in, with what is wrong about it. */
static void
caller_send(struct caller *caller, const char *path, bool narrow,
    enum callers_fault fault)
{
	struct callers *callers = caller->callers;
	struct dice *dice = &callers->dice;
	struct fake_exchange_params params = {
		.loop = callers->loop,
		.variables = caller->variables,
		.body = buf_text(&caller->body),
		.body_is_cut = fault == FAULT_CUT || fault == FAULT_NEVER,
		.finished = caller_on_finished,
		.arg = caller
	};

	if (dice_chance(dice, 100))
		params.body_after_ms = dice_magnitude(dice, 1, 6000);
	if (fault == FAULT_NEVER)
		params.body_after_ms = 60000;
	if (dice_chance(dice, 20))
		params.gone_after_ms = dice_magnitude(dice, 1, 9000);
	/* Never at the same time: which comes first is nobody's rule. */
	if (params.gone_after_ms == params.body_after_ms)
		params.gone_after_ms += params.gone_after_ms > 0;
	callers->ledger->requests[caller->request].abandoned =
	    params.gone_after_ms > 0 &&
	    params.gone_after_ms < params.body_after_ms;
	caller_set(caller, 0, "REQUEST_METHOD", fault == FAULT_METHOD ? "GET" :
	    "POST");
	caller_set(caller, 1, "SCRIPT_NAME", fault == FAULT_PATH ?
	    "/push/v2/notify" : path);
	caller_set(caller, 2, "CONTENT_TYPE", "application/json");
	caller_set(caller, 3, "SSL_CLIENT_VERIFY",
	    fault == FAULT_NO_CERTIFICATE ? "NONE" : "SUCCESS");
	callers->ledger->requests[caller->request].narrow = narrow;
	caller_set(caller, 4, "SSL_CLIENT_CERT", narrow ?
	    config_fixture_narrow_certificate : config_fixture_certificate);
	caller->body_ms = ledger_now_ms() + params.body_after_ms;
	caller->exchange = fake_exchange_create(&params);
}

/* A request whose body is on its way begins when that is there. */
static void
caller_begin(struct caller *caller)
{
	struct callers *callers = caller->callers;
	struct ledger_request *request =
	    &callers->ledger->requests[caller->request];
	const struct gateway_settings *settings = gateway_settings(
	    callers->gateway, request->generation);

	request->timeout_ms = settings->request_timeout_ms;
	if (request->refusal == LEDGER_SERVED &&
	    request->item_count > (size_t)settings->max_batch_size)
		request->refusal = LEDGER_BAD_REQUEST;
	if (request->refusal == LEDGER_SERVED)
		request->began_ms = caller->body_ms;
	gateway_serve(callers->gateway, request->generation,
	    caller->exchange);
}

static size_t
callers_compose(struct callers *callers, struct caller *caller,
    size_t operation, bool narrow)
{
	struct dice *dice = &callers->dice;
	struct ledger_request *request = ledger_add_request(callers->ledger);
	size_t before = callers->ledger->device_count;
	int64_t most = dice_chance(dice, 30) ? 60 : 4;

	request->single = callers_operations[operation].single;
	if (request->single) {
		ledger_add_item(callers->ledger);
		buf_append_text(&caller->body, "{\"notification\":");
		callers_add_plain(callers, &caller->body,
		    (size_t)dice_magnitude(dice, 0, most), narrow);
		buf_append_text(&caller->body, "}");
	} else
		callers_add_batch(callers, &caller->body,
		    (size_t)dice_magnitude(dice, 1, 100), (size_t)most,
		    callers_operations[operation].encrypted, narrow);
	return callers->ledger->device_count - before;
}

static size_t
callers_send(struct callers *callers)
{
	unsigned int weights[FAULT__MAX], operations[CALLERS_OPERATIONS];
	struct dice *dice = &callers->dice;
	struct caller *caller = xcalloc(1, sizeof *caller);
	bool narrow = dice_chance(dice, callers->narrow_chance);
	struct ledger_request *request;
	enum callers_fault fault;
	size_t i, operation, devices = 0;

	for (i = 0; i < FAULT__MAX; i++)
		weights[i] = callers_faults[i].weight;
	for (i = 0; i < CALLERS_OPERATIONS; i++)
		operations[i] = callers_operations[i].weight;
	fault = (enum callers_fault)dice_weigh(dice, weights, FAULT__MAX);
	operation = dice_weigh(dice, operations, CALLERS_OPERATIONS);
	caller->callers = callers;
	buf_init(&caller->body, CALLERS_BODY_SIZE);
	if (fault == FAULT_NONE)
		devices = callers_compose(callers, caller, operation, narrow);
	else {
		ledger_add_request(callers->ledger);
		callers_write_fault(callers, &caller->body, fault);
	}
	caller->request = callers->ledger->request_count - 1;
	request = &callers->ledger->requests[caller->request];
	request->refusal = callers_faults[fault].refusal;
	request->small = devices <= CALLERS_SMALL;
	request->generation = gateway_choose(callers->gateway,
	    dice_below(dice, (unsigned int)gateway_workers(callers->gateway)));
	TAILQ_INSERT_TAIL(&callers->waiting, caller, entry);
	caller_send(caller, callers_operations[operation].path, narrow, fault);
	caller_begin(caller);
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
	while (dice_chance(&callers->dice, 150));
	if (ledger_now_ms() < callers->end_ms)
		loop_timer_start(callers->timer, dice_between(&callers->dice,
		    0, 2 * (int64_t)devices * callers->end_ms /
		    callers->devices));
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
	callers->narrow_chance = dice_below(&callers->dice, 100);
	TAILQ_INIT(&callers->waiting);
	TAILQ_INIT(&callers->answered);
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
	    TAILQ_EMPTY(&callers->waiting);
}

void
callers_on_expires(void *arg, size_t generation)
{
	struct callers *callers = arg;
	struct caller *caller, *next;

	for (caller = TAILQ_FIRST(&callers->waiting); caller != NULL;
	     caller = next) {
		struct ledger_request *request =
		    &callers->ledger->requests[caller->request];

		next = TAILQ_NEXT(caller, entry);
		if (request->generation != generation)
			continue;
		request->expired = true;
		if (ledger_now_ms() < caller->body_ms) {
			request->refusal = LEDGER_EXPIRED;
			request->began_ms = LEDGER_NONE;
			exchange_expire(caller->exchange);
		}
	}
}
