/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "verdict.h"

/* What the words of a pushkey ask for; README.md is their reference. */
struct script {
	unsigned status;		/* 0: the ordinary answer */
	char reason[REASON_SIZE];	/* "": the status's default */
	char code[REASON_SIZE];		/* eight digits, or "" */
	char detail[REASON_SIZE];	/* of the code, or "" */
	bool hang;
	bool cut;
	bool refuse;
	bool reset;
	bool goaway;
	bool broken;
	int64_t streams;		/* 0: the limit stays */
	int64_t slow_ms;		/* 0: at once */
	int64_t once;			/* 0: for ever */
	int64_t timestamp_ms;		/* -1: now */
	int64_t retry_after_s;		/* -1: no such header */
	enum body_shape shape;
};

/* Reads the words of a pushkey; those that mean nothing are passed over. */
void
script_parse(struct script *script, const char *pushkey);

#endif
