/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_ENDPOINT_H
#define PROVIDER_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/setting.h"
#include "http/address-rules.h"
#include "provider/provider.h"

/*
 * Endpoints: URLs that a device's app was given by its push service, and that
 * come to us as somebody's word.  Which of them may be called is judged here as
 * far as the text says it; where its name leads to is judged when it is
 * connected to (http/address-rules.h).  No I/O.
 */
enum endpoint_limits {
	ENDPOINT_SIZE = 1000
};

struct endpoint_rules {
	/* Patterns of hosts, as of app_ids; none: every host. */
	struct setting_strings hosts;
	struct setting_integers ports;	/* none: 443 */
	struct setting_strings private_networks;
	/* By endpoint_rules_read, of those networks: */
	struct address_rules addresses;
};

/* False with an error about a setting. */
bool endpoint_rules_read(struct endpoint_rules *rules, struct error *error);

/* Frees what that has made; the settings are their owner's. */
void endpoint_rules_free(struct endpoint_rules *rules);

/*
 * The origin of an endpoint that may be called: https, no user, no fragment, a
 * host and a port by the rules, and spelled as libcurl spells it, so that
 * there is one reading of it.  False if it may not be called.
 */
bool endpoint_read(const struct endpoint_rules *rules, const char *text,
    size_t size, char origin[PROVIDER_ORIGIN_SIZE]);

#endif
