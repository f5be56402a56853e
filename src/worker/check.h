/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_CHECK_H
#define WORKER_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/fault.h"

/*
 * Everything that will bite an operator, in one run: what keeps a worker from
 * starting with a configuration or an app of it from delivering, which are
 * errors, and what will do so later or is of no use, which are warnings.  No
 * provider is asked, and nothing is changed.
 *
 * What can be seen depends on the user: root becomes the workers' user if he
 * can be told from the owner of the state directory.
 */
struct check {
	const char *path;		/* of the configuration; borrowed */
	const char *user;		/* to become; NULL: see above */
	/* Filled: */
	struct fault_list faults;	/* sorted */
	size_t client_count;
	size_t app_count;
	char *run_as;			/* the user's name */
	bool is_root;			/* rights were no matter */
};

/*
 * Checks a configuration.  False with an error, and nothing was checked, if
 * this cannot be done as that user.  Always call check_free.
 */
bool check_run(struct check *check, struct error *error);
void check_free(struct check *check);

/*
 * Writes what was found to standard error, for people, and on standard output
 * that all is well.
 */
void check_print(const struct check *check);

/* The same, and sums up in any case. */
void check_print_summary(const struct check *check);

#endif
