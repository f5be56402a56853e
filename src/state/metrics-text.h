/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATE_METRICS_TEXT_H
#define STATE_METRICS_TEXT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"
#include "state/metrics.h"

enum metrics_text_limits {
	/* What the text of a full table may take. */
	METRICS_TEXT_SIZE = 64 * 1024 * 1024
};

/* Appends all series in Prometheus' text format 0.0.4. */
void metrics_text_write(const struct metrics_snapshot *snapshot,
    struct buf *text);

/* The same of a state directory; false with an error, as metrics_snapshot_read
 * has it. */
bool metrics_text_read(const char *directory, struct buf *text,
    struct error *error);

#endif
