/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DELIVERY_ATTEMPT_H
#define DELIVERY_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "http/message.h"
#include "provider/outcome.h"

/*
 * Whether one more attempt is made for a device within the request, and when.
 * Pure functions: time and randomness are passed in.
 */
enum attempt_limits {
	ATTEMPT_MAX = 3,
	ATTEMPT_PAUSE_MS = 200,		/* doubles; plus up to as much */
	ATTEMPT_LEAST_MS = 500		/* time that a response needs */
};

/* What has been tried for one device; zeroed before the first attempt. */
struct attempt {
	unsigned int count;	/* attempts that are over */
	bool repeated;		/* once after an unknown outcome */
	bool renewed;		/* once with another token */
	unsigned int variant;	/* of the request, for the next attempt */
};

enum attempt_step {
	ATTEMPT_SETTLE,
	ATTEMPT_AGAIN,
	ATTEMPT_RENEW		/* at once, with another token or the former */
};

/* The outcome of a request that got no response. */
void attempt_judge_failure(enum http_failure failure,
    struct outcome *outcome);

/*
 * Notes that an attempt ended with this outcome and says what is next.  With
 * ATTEMPT_AGAIN `*pause_ms` is set.  `remaining_ms` is left until the
 * deadline; `dice` is any number.
 */
enum attempt_step attempt_decide(struct attempt *attempt,
    const struct outcome *outcome, int64_t remaining_ms, uint32_t dice,
    int64_t *pause_ms);

#endif
