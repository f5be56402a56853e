/* SPDX-License-Identifier: Apache-2.0 */
#include "base/network.h"

#include "tap.h"

static const struct {
	const char *network;
	const char *address;	/* NULL: the network is none */
	bool contained;
} rows[] = {
	{ "10.0.0.0/8", "10.255.255.255", true },
	{ "10.0.0.0/8", "11.0.0.0", false },
	{ "10.1.2.3", "10.1.2.3", true },
	{ "10.1.2.3", "10.1.2.4", false },
	{ "0.0.0.0/0", "255.255.255.255", true },
	{ "0.0.0.0/0", "::1", false },
	{ "192.168.4.0/22", "192.168.7.255", true },
	{ "192.168.4.0/22", "192.168.8.0", false },
	{ "fd00::/8", "fdff::1", true },
	{ "fd00::/8", "fe80::1", false },
	{ "::/0", "2001:db8::1", true },
	{ "::/0", "127.0.0.1", false },
	{ "::1", "::1", true },
	{ "127.0.0.0/8", "::ffff:127.0.0.1", true },
	{ "::ffff:127.0.0.0/104", "127.0.0.1", true },
	{ "::ffff:127.0.0.1", "127.0.0.1", true },
	{ "2001:db8::/127", "2001:db8::1", true },
	{ "2001:db8::/127", "2001:db8::2", false },
	{ "10.0.0.1/8", NULL, false },
	{ "10.0.0.0/33", NULL, false },
	{ "10.0.0.0/08", NULL, false },
	{ "10.0.0.0/", NULL, false },
	{ "10.0.0.0/-1", NULL, false },
	{ "10.0.0.0/8x", NULL, false },
	{ "10.0.0/8", NULL, false },
	{ "fd00::/129", NULL, false },
	{ "fe80::1%eth0", NULL, false },
	{ "::ffff:1.2.3.4/64", NULL, false },
	{ "localhost", NULL, false },
	{ "", NULL, false },
	{ "/8", NULL, false },
	{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc", NULL,
	    false },
};

int
main(void)
{
	struct network_address address;
	struct network network;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool good = network_read(&network, rows[i].network);

		tap_ok(good == (rows[i].address != NULL), "\"%s\" is %s",
		    rows[i].network,
		    rows[i].address != NULL ? "a network" : "none");
		if (!good || rows[i].address == NULL)
			continue;
		tap_ok(network_address_read(&address, rows[i].address) &&
		    network_contains(&network, &address) == rows[i].contained,
		    "%s is %s in it", rows[i].address,
		    rows[i].contained ? "" : "not");
	}
	tap_ok(!network_address_read(&address, "1.2.3") &&
	    !network_address_read(&address, "0x7f.1") &&
	    !network_address_read(&address, "2130706433"),
	    "odd spellings are no addresses");
	return tap_done();
}
