/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/health.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "delivery/host-breaker.h"

enum {
	HEALTH_LOG_MS = 10000,
	HEALTH_SILENCE_MS = 4000,
	/* How often calls in flight are looked at, at least. */
	HEALTH_LOOK_MS = 1000,
	/* A shorter wait says nothing about the other side. */
	HEALTH_PATIENCE_MS = 500,
	/* By so much a busy worker may be late to end a probe. */
	HEALTH_LATE_MS = 1000
};

struct health {
	struct health_params params;
	struct breaker own;
	int64_t own_opened_ms;
	struct host_breaker host;
	bool noticed;			/* that the host's is open */
	struct health_lines own_lines;
	struct health_lines *lines;	/* its own, or the account's */
	bool logged;			/* that its own breaker is open */
	bool shown;			/* in the metrics: open */
	enum cause cause;
	uint64_t failed_connection;	/* the latest that was counted, or 0 */
	int64_t answered_ms;		/* to this worker */
	TAILQ_HEAD(, health_push) calls;	/* the oldest first */
	unsigned int in_flight;
	/* Since when as many as open the breaker are in flight, and none was
	 * answered. */
	int64_t backlog_since_ms;
	struct loop_timer *look;
	bool looking;			/* the timer is on */
};

static void health_on_look(void *arg);

struct health *
health_create(const struct health_params *params)
{
	struct health *health = xcalloc(1, sizeof *health);
	size_t i;

	health->params = *params;
	TAILQ_INIT(&health->calls);
	breaker_init(&health->own, &params->breaker);
	host_breaker_init(&health->host, &(struct host_breaker_params){
		.accounts = params->accounts,
		.name = params->name,
		.failures = params->breaker.failures,
		.pause_ms = params->breaker.pause_ms
	});
	health->lines = params->shared == NULL ? &health->own_lines :
	    params->shared;
	for (i = 0; i < HEALTH_LINE__MAX; i++) {
		health->lines->limits[i].burst = 1;
		health->lines->limits[i].interval_ms = HEALTH_LOG_MS;
	}
	health->look = loop_timer_create(params->loop, health_on_look, health);
	return health;
}

/* --- what is said of it -------------------------------------------------- */

/* Of the host's breaker, or if that is not shared of its own. */
static bool
health_is_open(struct health *health)
{
	return host_breaker_is_shared(&health->host) ?
	    host_breaker_is_open(&health->host, clock_monotonic_ms()) :
	    health->own.state != BREAKER_CLOSED;
}

void
health_show(struct health *health)
{
	bool is_open = health_is_open(health);

	/* Of its own breaker a worker that sees none open says nothing: another
	 * may have one. */
	if (health->params.shared == NULL && (is_open || health->shown ||
	    host_breaker_is_shared(&health->host)))
		metrics_set(health->params.metrics, METRICS_ACCOUNT_OPEN,
		    is_open, health->params.labels);
	health->shown = is_open;
}

void
health_free(struct health *health)
{
	if (health == NULL)
		return;
	/* One of a previous configuration may be open, and nobody close it. */
	if (health->own.state != BREAKER_CLOSED) {
		breaker_success(&health->own);
		health_show(health);
	}
	loop_timer_free(health->look);
	free(health);
}

bool
health_log(struct health *health, enum health_line line, const char *format,
    ...)
{
	bool admitted = log_limit_admits(&health->lines->limits[line]);
	char words[512];
	va_list ap;

	if (admitted) {
		va_start(ap, format);
		vsnprintf(words, sizeof words, format, ap);
		va_end(ap);
		log_error("%s: %s", health->params.name, words);
	}
	return admitted;
}

/* One that opens and closes all the time must not flood the log. */
static void
health_log_open(struct health *health, const char *why, bool is_own)
{
	if (is_own ? health->logged :
	    !host_breaker_note_logged(&health->host, true))
		return;
	if (health_log(health, HEALTH_BREAKER, "circuit breaker open%s: %s; "
	    "next probe in %" PRId64 " s", is_own &&
	    host_breaker_is_shared(&health->host) ? " in this worker" : "",
	    why, health->params.breaker.pause_ms / 1000))
		health->logged = is_own;
	else if (!is_own)
		host_breaker_note_logged(&health->host, false);
}

static void
health_log_closed(struct health *health)
{
	bool logged = host_breaker_note_logged(&health->host, false);

	if (logged || health->logged)
		log_info("%s: recovered", health->params.name);
	health->logged = false;
}

/* --- whether anything is tried ------------------------------------------- */

static void
health_end_waiting(struct health *health)
{
	health->noticed = true;
	permits_recall(health->params.permits);
	http_pool_abort_waiting(health->params.pool);
}

/* What this worker does once the host's breaker is open, or closed. */
static void
health_follow(struct health *health, bool is_open)
{
	int64_t now_ms = clock_monotonic_ms();

	if (is_open && !health->noticed)
		health_end_waiting(health);
	health->noticed = is_open;
	if (!is_open && health->own.state != BREAKER_CLOSED &&
	    host_breaker_recovered_ms(&health->host, now_ms) >=
	    health->own_opened_ms)
		breaker_success(&health->own);
}

bool
health_is_probe(const struct health_push *push)
{
	return push->is_own_probe || push->host_probe != 0;
}

bool
health_admits(struct health *health, struct health_push *push,
    int64_t deadline_ms)
{
	int64_t now_ms = clock_monotonic_ms();
	enum host_breaker_state state = HOST_BREAKER_PROBE;
	bool admitted = true;

	if (!health_is_probe(push))
		state = host_breaker_ask(&health->host, now_ms, deadline_ms +
		    HEALTH_LATE_MS, &push->host_probe);
	if (state != HOST_BREAKER_PROBE)
		health_follow(health, state == HOST_BREAKER_OPEN);
	if (state == HOST_BREAKER_OPEN)
		admitted = false;
	else if (state == HOST_BREAKER_CLOSED)
		admitted = breaker_admits(&health->own, now_ms,
		    &push->is_own_probe);
	return admitted;
}

void
health_leave(struct health *health, struct health_push *push)
{
	if (push->is_own_probe)
		breaker_abandon(&health->own);
	if (push->host_probe != 0)
		host_breaker_abandon(&health->host, clock_monotonic_ms(),
		    push->host_probe);
}

/* --- answers and failures ------------------------------------------------ */

void
health_succeed(struct health *health, struct health_push *push)
{
	int64_t now_ms = clock_monotonic_ms();
	bool closed = host_breaker_succeed(&health->host, now_ms);

	health->answered_ms = now_ms;
	closed = breaker_success(&health->own) || closed;
	push->is_own_probe = false;
	push->host_probe = 0;
	if (!closed)
		return;
	health_follow(health, false);
	health_log_closed(health);
	health_show(health);
}

/* What has happened to a breaker. */
static void
health_report(struct health *health, bool own_opened, bool host_opened,
    const char *why)
{
	bool is_shared = host_breaker_is_shared(&health->host);
	bool is_open = health_is_open(health);

	if (own_opened)
		health->own_opened_ms = clock_monotonic_ms();
	if (own_opened || host_opened)
		health_end_waiting(health);
	if (is_shared ? host_opened : own_opened)
		metrics_add(health->params.metrics, METRICS_ACCOUNT_OPENED, 1,
		    health->params.labels);
	/* Again: a new configuration may have taken it back. */
	if (is_open)
		health_show(health);
	if ((is_open || own_opened) && health->params.shared == NULL)
		health_log_open(health, why, !is_shared || !is_open);
}

/* A failure for its own breaker, the host's, or both. */
static void
health_count(struct health *health, struct health_push *push,
    enum cause cause, bool own, bool host)
{
	int64_t now_ms = clock_monotonic_ms();
	bool own_opened = own && breaker_failure(&health->own, now_ms);
	bool host_opened = host && host_breaker_fail(&health->host, now_ms,
	    push->host_probe, cause);
	char why[256];

	health->cause = cause;
	if (own)
		push->is_own_probe = false;
	if (host)
		push->host_probe = 0;
	if (health->own.state == BREAKER_CLOSED && !health_is_open(health))
		return;
	/* So many at least; those of others are not counted here. */
	snprintf(why, sizeof why, "%s, %u consecutive failures",
	    cause_phrase(cause), health->own.params.failures);
	health_report(health, own_opened, host_opened, why);
}

/*
 * True if the host counts the push already: it was silent for too long.  A
 * probe has its time until it is over.
 */
static bool
health_is_counted(const struct health_push *push, int64_t answered_ms)
{
	return push->host_probe == 0 && push->silent_ms > answered_ms;
}

void
health_fail(struct health *health, struct health_push *push,
    enum cause cause, uint64_t connection)
{
	int64_t answered_ms = host_breaker_answered_ms(&health->host,
	    clock_monotonic_ms());

	if (connection != 0 && connection == health->failed_connection)
		return;
	health->failed_connection = connection;
	health_count(health, push, cause, true,
	    !health_is_counted(push, answered_ms));
}

void
health_give_up(struct health *health, struct health_push *push,
    enum cause cause, int64_t since_ms)
{
	int64_t now_ms = clock_monotonic_ms();
	int64_t answered_ms = host_breaker_answered_ms(&health->host, now_ms);

	if (now_ms - since_ms >= HEALTH_PATIENCE_MS)
		health_count(health, push, cause,
		    health->answered_ms <= since_ms,
		    answered_ms <= since_ms &&
		    !health_is_counted(push, answered_ms));
}

enum cause
health_cause(struct health *health)
{
	unsigned int cause = host_breaker_cause(&health->host);

	return cause > CAUSE_NONE && cause < CAUSE__MAX &&
	    health_is_open(health) ? (enum cause)cause : health->cause;
}

/* --- silence ------------------------------------------------------------- */

static bool
health_has_backlog(const struct health *health)
{
	return health->own.state == BREAKER_CLOSED &&
	    health->in_flight >= health->own.params.failures;
}

/* How long until this worker has waited for too long. */
static int64_t
health_look_at_own(const struct health *health, int64_t now_ms)
{
	return health_has_backlog(health) ?
	    health->backlog_since_ms + HEALTH_SILENCE_MS - now_ms :
	    HEALTH_LOOK_MS;
}

/*
 * Each call that is in flight for long, with no answer to anybody on the host
 * meanwhile, is a failure for the host's breaker, once: other workers may have
 * others.  Returns how long until the next one is; `*opened` if that opened it.
 */
static int64_t
health_look_at_host(struct health *health, int64_t now_ms, bool *opened)
{
	int64_t answered_ms = host_breaker_answered_ms(&health->host, now_ms);
	int64_t left_ms = HEALTH_LOOK_MS;
	struct health_push *push;

	TAILQ_FOREACH(push, &health->calls, entry) {
		if (push->host_probe != 0 ||
		    health_is_counted(push, answered_ms))
			continue;
		left_ms = (push->since_ms > answered_ms ? push->since_ms :
		    answered_ms) + HEALTH_SILENCE_MS - now_ms;
		if (left_ms > 0)
			break;
		left_ms = HEALTH_LOOK_MS;
		push->silent_ms = now_ms;
		*opened = host_breaker_fail(&health->host, now_ms, 0,
		    CAUSE_DEADLINE) || *opened;
	}
	return left_ms;
}

static void
health_start_looking(struct health *health, int64_t left_ms)
{
	health->looking = true;
	loop_timer_start(health->look, left_ms < HEALTH_LOOK_MS ? left_ms :
	    HEALTH_LOOK_MS);
}

static void
health_on_look(void *arg)
{
	struct health *health = arg;
	int64_t now_ms = clock_monotonic_ms();
	int64_t own_ms = health_look_at_own(health, now_ms), host_ms;
	bool own_opened = false, host_opened = false;
	char why[256];

	host_ms = health_look_at_host(health, now_ms, &host_opened);
	if (own_ms <= 0)
		own_opened = breaker_trip(&health->own, now_ms);
	if (own_opened || host_opened) {
		health->cause = CAUSE_DEADLINE;
		snprintf(why, sizeof why, "no response for %d s, %u requests "
		    "in flight", HEALTH_SILENCE_MS / 1000, health->in_flight);
		health_report(health, own_opened, host_opened, why);
	} else
		health_follow(health, host_breaker_is_open(&health->host,
		    now_ms));
	health_start_looking(health, own_ms > 0 && own_ms < host_ms ? own_ms :
	    host_ms);
}

void
health_begin_call(struct health *health, struct health_push *push)
{
	push->since_ms = clock_monotonic_ms();
	push->silent_ms = 0;
	TAILQ_INSERT_TAIL(&health->calls, push, entry);
	if (++health->in_flight == health->own.params.failures)
		health->backlog_since_ms = push->since_ms;
	if (!health->looking && health->own.params.failures > 0)
		health_start_looking(health, HEALTH_LOOK_MS);
}

void
health_end_call(struct health *health, struct health_push *push,
    bool answered)
{
	TAILQ_REMOVE(&health->calls, push, entry);
	if (answered)
		health->backlog_since_ms = clock_monotonic_ms();
	if (--health->in_flight == 0) {
		health->looking = false;
		loop_timer_stop(health->look);
	}
}
