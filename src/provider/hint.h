/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_HINT_H
#define PROVIDER_HINT_H

/*
 * What an operator can do about a reason, the fixed word of an outcome or a
 * token endpoint's error; NULL: nothing more can be said.
 */
const char *hint_find(const char *reason);

/* The same of words that end with such a reason. */
const char *hint_find_at_end(const char *words);

#endif
