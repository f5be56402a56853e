/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CAPTURED_LOG_H
#define CAPTURED_LOG_H

/*
 * What the log said: from captured_log_begin on, all that goes to standard
 * error is kept here and not shown.
 */
void captured_log_begin(void);

/* All since the last captured_log_begin; valid until the next call. */
const char *captured_log_text(void);

/* In how many of its lines `part` stands. */
unsigned int captured_log_count(const char *part);

#endif
