/* SPDX-License-Identifier: Apache-2.0 */
#ifndef METRICS_FIXTURE_H
#define METRICS_FIXTURE_H

#include <stdint.h>

/* For tests of metrics: directories, and what is read of them. */

/* A directory that is not there yet; belongs to the fixture. */
const char *directory_new(void);

/* What a reader of the directory sees; belongs to the fixture. */
const char *read_text(const char *directory);

/* The number behind the start of a line; -1 if there is no such line. */
int64_t value_of(const char *text, const char *series);

#endif
