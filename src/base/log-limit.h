/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_LOG_LIMIT_H
#define BASE_LOG_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Keeps one kind of log line from flooding the log: at most `burst` of them
 * are admitted, and as many again `interval_ms` after the first of those.
 */
struct log_limit {
	unsigned int burst;
	int64_t interval_ms;	/* 0: never again */
	/* Zeroed at first: */
	unsigned int admitted;	/* since then: */
	int64_t since_ms;
};

/* True if such a line may be written now, which counts as one. */
bool log_limit_admits(struct log_limit *limit);

#endif
