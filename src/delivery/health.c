/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/health.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"

enum {
	HEALTH_LOG_MS = 10000,
	HEALTH_SILENCE_MS = 4000
};

struct health {
	struct health_params params;
	struct breaker breaker;
	struct health_lines own;
	struct health_lines *lines;	/* its own, or the account's */
	bool logged;			/* that the breaker is open */
	enum cause cause;
	uint64_t failed_connection;	/* the latest that was counted, or 0 */
	int64_t answered_ms;
	unsigned int in_flight;
	int64_t in_flight_since_ms;	/* or since the last one answered */
	struct loop_timer *silence;
};

static void health_on_silence(void *arg);

struct health *
health_create(const struct health_params *params)
{
	struct health *health = xcalloc(1, sizeof *health);
	size_t i;

	health->params = *params;
	breaker_init(&health->breaker, &params->breaker);
	health->lines = params->shared == NULL ? &health->own :
	    params->shared;
	for (i = 0; i < HEALTH_LINE__MAX; i++) {
		health->lines->limits[i].burst = 1;
		health->lines->limits[i].interval_ms = HEALTH_LOG_MS;
	}
	health->silence = loop_timer_create(params->loop, health_on_silence,
	    health);
	return health;
}

static void
health_show_open(const struct health *health, bool open)
{
	if (health->params.shared == NULL)
		metrics_set(health->params.metrics, METRICS_ACCOUNT_OPEN,
		    open, health->params.labels);
}

void
health_free(struct health *health)
{
	if (health == NULL)
		return;
	/* One of a previous configuration may be open, and nobody close it. */
	if (health->breaker.state != BREAKER_CLOSED)
		health_show_open(health, false);
	loop_timer_free(health->silence);
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

bool
health_admits(struct health *health, bool *probe)
{
	return breaker_admits(&health->breaker, clock_monotonic_ms(), probe);
}

void
health_abandon_probe(struct health *health)
{
	breaker_abandon(&health->breaker);
}

void
health_succeed(struct health *health)
{
	health->answered_ms = clock_monotonic_ms();
	if (!breaker_success(&health->breaker))
		return;
	if (health->logged)
		log_info("%s: recovered", health->params.name);
	health->logged = false;
	health_show_open(health, false);
	loop_timer_start(health->silence, HEALTH_SILENCE_MS);
}

/* Says that the breaker is open, and why; with `opened` as of now. */
__attribute__((format(printf, 3, 4)))
static void
health_report_open(struct health *health, bool opened, const char *format, ...)
{
	char why[256];
	va_list ap;

	if (opened) {
		metrics_add(health->params.metrics, METRICS_ACCOUNT_OPENED, 1,
		    health->params.labels);
		permits_recall(health->params.permits);
		http_pool_abort_waiting(health->params.pool);
	}
	/* Now and then again: another worker may have taken it back. */
	health_show_open(health, true);
	/* One that opens and closes all the time must not flood the log. */
	if (health->logged || health->params.shared != NULL)
		return;
	va_start(ap, format);
	vsnprintf(why, sizeof why, format, ap);
	va_end(ap);
	health->logged = health_log(health, HEALTH_BREAKER,
	    "circuit breaker open: %s; next probe in %" PRId64 " s", why,
	    health->params.breaker.pause_ms / 1000);
}

void
health_fail(struct health *health, enum cause cause, uint64_t connection)
{
	bool opened;

	if (connection != 0 && connection == health->failed_connection)
		return;
	health->failed_connection = connection;
	opened = breaker_failure(&health->breaker, clock_monotonic_ms());
	health->cause = cause;
	if (health->breaker.state != BREAKER_CLOSED)
		health_report_open(health, opened, "%s, %u consecutive "
		    "failures", cause_phrase(cause), health->breaker.failures);
}

static bool
health_has_backlog(const struct health *health)
{
	return health->breaker.state == BREAKER_CLOSED &&
	    health->breaker.params.failures > 0 &&
	    health->in_flight >= health->breaker.params.failures;
}

static void
health_on_silence(void *arg)
{
	struct health *health = arg;
	int64_t now_ms = clock_monotonic_ms();
	int64_t left_ms = health->in_flight_since_ms + HEALTH_SILENCE_MS -
	    now_ms;

	if (!health_has_backlog(health))
		return;
	if (left_ms > 0)
		loop_timer_start(health->silence, left_ms);
	else {
		health->cause = CAUSE_DEADLINE;
		health_report_open(health,
		    breaker_trip(&health->breaker, now_ms), "no response for "
		    "%d s, %u requests in flight", HEALTH_SILENCE_MS / 1000,
		    health->in_flight);
	}
}

void
health_begin_call(struct health *health)
{
	if (health->in_flight++ == 0)
		health->in_flight_since_ms = clock_monotonic_ms();
	if (health->in_flight == health->breaker.params.failures)
		loop_timer_start(health->silence, HEALTH_SILENCE_MS);
}

void
health_end_call(struct health *health, bool answered)
{
	health->in_flight--;
	if (answered)
		health->in_flight_since_ms = clock_monotonic_ms();
}

enum cause
health_cause(const struct health *health)
{
	return health->cause;
}

int64_t
health_answered_ms(const struct health *health)
{
	return health->answered_ms;
}
