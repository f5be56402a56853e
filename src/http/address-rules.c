/* SPDX-License-Identifier: Apache-2.0 */
#include "http/address-rules.h"

#include <string.h>

static const char *const address_rules_refused[] = {
	"0.0.0.0/8",		/* this network */
	"10.0.0.0/8",		/* private */
	"100.64.0.0/10",	/* of carriers; a cloud's metadata */
	"127.0.0.0/8",		/* loopback */
	"168.63.129.16",	/* a cloud's metadata */
	"169.254.0.0/16",	/* link-local; clouds' metadata */
	"172.16.0.0/12",	/* private */
	"192.0.0.0/24",		/* protocols; a cloud's metadata */
	"192.0.2.0/24",		/* documentation */
	"192.88.99.0/24",	/* 6to4 relays */
	"192.168.0.0/16",	/* private */
	"198.18.0.0/15",	/* benchmarks */
	"198.51.100.0/24",	/* documentation */
	"203.0.113.0/24",	/* documentation */
	"224.0.0.0/4",		/* multicast */
	"240.0.0.0/4",		/* reserved, broadcast */
	"2001::/23",		/* protocols, Teredo */
	"2001:db8::/32",	/* documentation */
	"3fff::/20",		/* documentation */
	NULL
};

/* Networks whose addresses have one of IPv4 in them. */
static const struct {
	const char *network;
	size_t offset;
} address_rules_translated[] = {
	{ "64:ff9b::/96", 12 },	/* NAT64 */
	{ "2002::/16", 2 },	/* 6to4 */
};

static bool
address_rules_is_in(const char *text, const struct network_address *address)
{
	struct network network;

	return network_read(&network, text) &&
	    network_contains(&network, address);
}

static void
address_rules_translate(struct network_address *address)
{
	const size_t count = sizeof address_rules_translated /
	    sizeof *address_rules_translated;
	size_t i = 0;

	while (i < count && !address_rules_is_in(
	    address_rules_translated[i].network, address))
		i++;
	if (i < count) {
		memmove(address->bytes, address->bytes +
		    address_rules_translated[i].offset, 4);
		address->size = 4;
	}
}

static bool
address_rules_is_public(const struct network_address *address)
{
	size_t i = 0;

	while (address_rules_refused[i] != NULL &&
	    !address_rules_is_in(address_rules_refused[i], address))
		i++;
	/* Of IPv6, 2000::/3 is all that is global unicast. */
	return address_rules_refused[i] == NULL &&
	    (address->size == 4 || address_rules_is_in("2000::/3", address));
}

bool
address_rules_admit(const struct address_rules *rules,
    const struct network_address *address)
{
	struct network_address real = *address;
	bool admitted;
	size_t i;

	address_rules_translate(&real);
	admitted = address_rules_is_public(&real);
	for (i = 0; !admitted && i < rules->count; i++)
		admitted = network_contains(&rules->allowed[i], &real);
	return admitted;
}
