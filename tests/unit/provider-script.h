/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_SCRIPT_H
#define PROVIDER_SCRIPT_H

#include "fake-http.h"

/*
 * Providers behind the fake engine, for the apps of config-fixture.  The
 * script of a test is asked for the answers to pushes, which are numbered from
 * 1, and with the number 0 for those of the token endpoint, which answers with
 * a token at once if the script says nothing.
 */
void provider_script_begin(fake_http_script_fn script, void *arg);

/* How many pushes were sent, and how often the token endpoint was asked. */
unsigned int provider_script_pushes(void);
unsigned int provider_script_token_requests(void);

/* A script: the answer that is its argument, to everything. */
void provider_script_always(void *arg,
    const struct fake_http_request *request, struct fake_http_answer *answer);

/* The number that is the pushkey of a push, in hex. */
unsigned int provider_script_pushkey(const struct fake_http_request *request);

#endif
