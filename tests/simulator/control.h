/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROL_H
#define CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verdict.h"

#define CONTROL_EXPIRES_IN_S 3600
#define CONTROL_TOKEN_FLOOR_S 1200

/* The services, in the order in which everything lists them. */
enum service_number {
	SERVICE_APNS,
	SERVICE_FCM,
	SERVICE_OAUTH,
	SERVICE_HMS,
	SERVICE_HMS_OAUTH,
	SERVICE_WEBPUSH_APPLE,
	SERVICE_WEBPUSH_MOZILLA,
	SERVICE_WEBPUSH_GOOGLE,
	SERVICE_WEBPUSH_MICROSOFT,
	SERVICE_UNIFIEDPUSH,
	SERVICE__MAX
};

/* What they are called, everywhere. */
extern const char *const service_names[SERVICE__MAX];

/* An answer for every request. */
struct control_answer {
	bool set;
	int64_t status;
	char *reason;			/* NULL: the status's default */
	int64_t retry_after_s;		/* -1: no such header */
	int64_t timestamp_ms;		/* -1: now */
	int64_t times;			/* -1: for ever; counts down */
	enum body_shape shape;
	char *body;			/* NULL, or for BODY_LITERAL */
};

/* What the control file says of one service; README.md is its reference. */
struct control {
	int64_t latency_ms;
	int64_t max_streams;		/* -1: the service's default */
	int64_t streams_before_auth;	/* -1: the service's default */
	struct control_answer answer;
	int64_t goaway_every;
	int64_t refuse_next;		/* counts down */
	int64_t cut_next;		/* counts down; -1: not given */
	int64_t cut_after_ms;
	int64_t reset_guard;
	int64_t expires_in_s;
	int64_t token_floor_s;
	bool hang;
	bool black_hole;
	bool closed;
	bool cut_connections;
	bool rubbish;
	bool goaway_at_start;
	bool http1;
	bool unrecorded;
	bool token_floor_per_key;
	bool limit_falls;
};

/* A control that asks for nothing; owns nothing. */
void
control_init(struct control *control);

void
control_clear(struct control *control);

/*
 * Reads the control file into one control a service.  A missing file asks
 * for nothing.  If it cannot be read or understood, the words to say so are
 * in `fault` and the controls are as they were.
 */
bool
control_read(struct control controls[SERVICE__MAX], const char *file,
    char *fault, size_t fault_size);

/* The same from the text of a file. */
bool
control_parse(struct control controls[SERVICE__MAX], const char *text,
    char *fault, size_t fault_size);

#endif
