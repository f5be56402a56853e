/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_RANDOM_H
#define FAKE_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

/*
 * getrandom(2) for tests that always run in the same way: a program that is
 * linked with this has it in the place of the C library's, for the libraries
 * that it uses, too.  Never link it into anything else.
 */

/*
 * From now on the bytes follow from the seed.  With 0, as at first, they are
 * all zero: pauses are as short as they can be.
 */
void fake_random_seed(uint64_t seed);

/* There are none yet, as while a machine starts: who would not wait fails. */
void fake_random_fail(bool fails);

#endif
