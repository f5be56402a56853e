/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_GAUGES_H
#define WORKER_GAUGES_H

#include <stdbool.h>
#include <stdint.h>

#include "delivery/account.h"
#include "delivery/app.h"
#include "state/metrics.h"

/* What a worker says of itself in the metrics. */
struct gauges {
	/* By the generation: */
	struct metrics *metrics;
	struct app_registry *apps;
	const struct account_list *accounts;
	int64_t loaded_s;		/* when its configuration was */
	int64_t requests_limit;
	/* By the worker: */
	bool is_in_force;		/* it is the one on disk */
	unsigned int requests_in_flight;
};

void gauges_report(const struct gauges *gauges);

#endif
