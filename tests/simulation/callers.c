/* SPDX-License-Identifier: Apache-2.0 */
#include "callers.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/xmalloc.h"
#include "bodies.h"
#include "config-fixture.h"
#include "dice.h"
#include "fake-exchange.h"

enum {
	CALLERS_BODY_SIZE = 64 * 1024 * 1024,
	CALLERS_SMALL = 4,
	CALLERS_VARIABLES = 6
};

/* What is wrong with a request, if anything. */
enum callers_fault {
	FAULT_NONE,
	FAULT_NO_JSON,
	FAULT_NO_DEVICES,
	FAULT_SAME_IDS,
	FAULT_ODD,
	FAULT_ODD_TIME,
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
	enum bodies_fault body;
} callers_faults[FAULT__MAX] = {
	[FAULT_NONE] = { 955, LEDGER_SERVED, BODIES_EMPTY },
	[FAULT_NO_JSON] = { 5, LEDGER_BAD_REQUEST, BODIES_NO_JSON },
	[FAULT_NO_DEVICES] = { 5, LEDGER_BAD_REQUEST, BODIES_NO_DEVICES },
	[FAULT_SAME_IDS] = { 5, LEDGER_BAD_REQUEST, BODIES_SAME_IDS },
	[FAULT_ODD] = { 5, LEDGER_BAD_REQUEST, BODIES_ODD },
	[FAULT_ODD_TIME] = { 5, LEDGER_BAD_REQUEST, BODIES_ODD_TIME },
	[FAULT_TOO_LARGE] = { 1, LEDGER_TOO_LARGE, BODIES_TOO_LARGE },
	[FAULT_CUT] = { 7, LEDGER_BAD_REQUEST, BODIES_EMPTY },
	[FAULT_NEVER] = { 5, LEDGER_BAD_REQUEST, BODIES_EMPTY },
	[FAULT_NO_CERTIFICATE] = { 5, LEDGER_UNAUTHORISED, BODIES_EMPTY },
	[FAULT_PATH] = { 5, LEDGER_NOT_FOUND, BODIES_EMPTY },
	[FAULT_METHOD] = { 2, LEDGER_WRONG_METHOD, BODIES_EMPTY },
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
	struct exchange *exchange;
	struct fake_exchange_variable variables[CALLERS_VARIABLES];
	struct buf body;
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
	request->unserved = !fake_exchange_is_answered(caller->exchange);
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
caller_send(struct caller *caller, enum bodies_operation operation,
    bool narrow, enum callers_fault fault)
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
	caller_set(caller, 0, "REQUEST_METHOD", fault == FAULT_METHOD ?
	    callers_operations[operation].wrong_method : "POST");
	caller_set(caller, 1, "SCRIPT_NAME", fault == FAULT_PATH ?
	    callers_operations[operation].wrong_path :
	    callers_operations[operation].path);
	caller_set(caller, 2, "CONTENT_TYPE", "application/json");
	caller_set(caller, 3, "SSL_CLIENT_VERIFY",
	    fault == FAULT_NO_CERTIFICATE ? "NONE" : "SUCCESS");
	callers->ledger->requests[caller->request].narrow = narrow;
	caller_set(caller, 4, "SSL_CLIENT_CERT", narrow ?
	    config_fixture_narrow_certificate : config_fixture_certificate);
	callers->ledger->requests[caller->request].body_ms =
	    ledger_now_ms() + params.body_after_ms;
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
		request->began_ms = request->body_ms;
	gateway_serve(callers->gateway, request->generation,
	    caller->exchange);
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
	operation = (enum bodies_operation)dice_weigh(dice, operations,
	    BODIES_OPERATION__MAX);
	caller->callers = callers;
	buf_init(&caller->body, CALLERS_BODY_SIZE);
	devices = callers_compose(callers, caller, operation, narrow, fault);
	request = &callers->ledger->requests[caller->request];
	request->refusal = callers_faults[fault].refusal;
	request->small = devices <= CALLERS_SMALL;
	request->generation = gateway_choose(callers->gateway,
	    dice_below(dice, (unsigned int)gateway_workers(callers->gateway)));
	TAILQ_INSERT_TAIL(&callers->waiting, caller, entry);
	caller_send(caller, operation, narrow, fault);
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
		if (ledger_now_ms() < request->body_ms) {
			request->refusal = LEDGER_EXPIRED;
			request->began_ms = LEDGER_NONE;
			exchange_expire(caller->exchange);
		}
	}
}
