/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DELIVERY_PUSH_H
#define DELIVERY_PUSH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/encoding.h"
#include "delivery/app.h"
#include "delivery/attempt.h"
#include "delivery/channel.h"
#include "provider/notification.h"
#include "provider/outcome.h"

/*
 * One notification on its way to one device: it waits for a token, for its
 * permit, for the answer or for the next attempt, at most one of them at a
 * time, until it is settled.
 */
struct push_params {
	struct loop *loop;
	struct metrics *metrics;	/* NULL: none */
	const struct notification *notification;
	const struct device *device;
	const struct app *app;
	struct channel *channel;
	struct permit_holder *holder;	/* of that channel's permits */
	int64_t deadline_ms;
	/* Called once.  The push may be ended there. */
	void (*settled)(void *arg, const struct outcome *outcome);
	void *arg;
};

/* In the owner's memory; what is in it is the push's own business. */
struct push {
	struct push_params params;
	struct attempt attempt;
	char message_id[ENCODING_UUID_SIZE];
	unsigned int token_serial;
	struct outcome refusal;		/* of the last variant */
	struct token_wait *wait;
	struct permit permit;
	struct http_call *call;
	int64_t since_ms;		/* of the wait or the call */
	struct health_push health;	/* what the channel's knows of it */
	bool alone;		/* it may be what breaks connections */
	struct loop_timer *pause;	/* NULL before the first retry */
	bool starting;			/* push_start is at work */
	struct outcome outcome;		/* that it found, if it settled */
	struct loop_timer *settled;	/* NULL unless it did */
};

/* What the params name must outlive the push. */
void push_start(struct push *push, const struct push_params *params);

/* The deadline has passed, which is a failure if nothing was answered. */
void push_expire(struct push *push);

/* Drops what is under way.  Each push that was started must be ended. */
void push_end(struct push *push);

/* How many attempts were made. */
unsigned int push_attempts(const struct push *push);

#endif
