/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_ADDRESS_RULES_H
#define HTTP_ADDRESS_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/network.h"

/*
 * Which addresses may be connected to where somebody else has named the
 * server: public ones.  This is asked with the address itself, when a name has
 * been looked up and before a connection is made, so that neither what a name
 * leads to nor how it is spelled matters.
 *
 * Sources: RFC 6890 and IANA's registries of special-purpose addresses; the
 * metadata services of clouds.
 */
struct address_rules {
	const struct network *allowed;	/* though they are not public */
	size_t count;
};

/*
 * An address that stands for one of IPv4 (mapped, 6to4, NAT64) is judged as
 * that one.
 */
bool address_rules_admit(const struct address_rules *rules,
    const struct network_address *address);

#endif
