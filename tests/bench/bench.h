/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_H
#define BENCH_H

#include <curl/curl.h>

#include <stddef.h>
#include <stdint.h>

/*
 * A driver of transfers on an event loop, so that a thousand of them cost no
 * more each than ten: the same one measures the gateway and the floor.
 */

struct bench_times {
	double *first_ms;	/* to the first byte of the body */
	double *all_ms;
	size_t count;
};

struct bench_transfers {
	/* What the caller sets: */
	size_t count;		/* to be measured */
	size_t warm_up;		/* to be made before, and not measured */
	size_t at_once;
	const char *groups;	/* "NAME=PID,PID NAME=…": whose CPU and memory
				 * to print; may be "" */
	void (*prepare)(CURL *easy, void *argument);
	void *argument;
	long good_status;
	long multiplexed;	/* connections to a host; 0: one each */
};

/*
 * Makes them all and prints a line of JSON.  Every answer must have the good
 * status and the size of the first one.  Returns the
 * program's status.
 */
int
bench_run(const struct bench_transfers *transfers);

/* A file's content with a NUL, or the end of the program. */
char *
bench_read_file(const char *path, size_t *size);

#endif
