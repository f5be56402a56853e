/* SPDX-License-Identifier: Apache-2.0 */
/* Which addresses may be connected to: the first and the last of each range,
 * and their neighbours. */
#include "http/address-rules.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "tap.h"

static const char *const public_ones[] = {
	"1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255",
	"100.128.0.0", "126.255.255.255", "128.0.0.0", "168.63.129.15",
	"168.63.129.17", "169.253.255.255", "169.255.0.0", "172.15.255.255",
	"172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.3.0",
	"192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0",
	"198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0",
	"203.0.112.255", "203.0.114.0", "223.255.255.255", "8.8.8.8",
	"2000::", "2001:200::1", "2001:4860:4860::8888", "2001:db7:ffff::1",
	"2001:db9::", "2003::1", "3fff:1000::", "2a00:1450::1",
	"::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1",
};

static const char *const refused_ones[] = {
	"0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255",
	"100.64.0.0", "100.127.255.255", "100.100.100.200", "127.0.0.1",
	"127.255.255.255", "168.63.129.16", "169.254.0.0",
	"169.254.169.254", "169.254.255.255", "172.16.0.0",
	"172.31.255.255", "192.0.0.0", "192.0.0.192", "192.0.0.255",
	"192.0.2.0", "192.0.2.255", "192.88.99.0", "192.88.99.255",
	"192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255",
	"198.51.100.0", "198.51.100.255", "203.0.113.0", "203.0.113.255",
	"224.0.0.0", "239.255.255.255", "240.0.0.0", "255.255.255.255",
	"::", "::1", "::7f00:1", "::8.8.8.8", "100::1", "64:ff9b:1::808:808",
	"1fff:ffff::1", "2001::1", "2001:0:808:808::1", "2001:1ff::1",
	"2001:db8::", "2001:db8:ffff::1", "3fff::", "3fff:fff::1", "4000::",
	"fc00::1", "fd00:ec2::254", "fd20:ce::254", "fe80::1", "fec0::1",
	"ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
	"64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b::10.20.30.40",
	"2002:7f00:1::1",
	"2002:c0a8:101::1",
};

/* Of private ones, what is allowed by name. */
static const struct {
	const char *address;
	bool admitted;
} allowed[] = {
	{ "192.168.7.1", true },
	{ "192.168.8.1", false },
	{ "::ffff:192.168.7.1", true },
	{ "64:ff9b::192.168.7.1", true },
	{ "2002:c0a8:701::1", true },
	{ "fd12::1", true },
	{ "fe80::1", false },
	{ "127.0.0.1", false },
	{ "8.8.8.8", true },
};

static bool
admits(const struct address_rules *rules, const char *text)
{
	struct network_address address;

	if (!network_address_read(&address, text))
		tap_bail_out("%s is no address", text);
	return address_rules_admit(rules, &address);
}

/* As libcurl gives them. */
static void
check_sockets(void)
{
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr other = { .sa_family = AF_UNIX };
	struct network_address address;

	inet_pton(AF_INET, "127.0.0.1", &four.sin_addr);
	inet_pton(AF_INET6, "::ffff:10.0.0.1", &six.sin6_addr);
	tap_ok(network_address_of_socket(&address, (struct sockaddr *)&four) &&
	    address.size == 4 && address.bytes[0] == 127,
	    "a socket's address of IPv4 is read");
	tap_ok(network_address_of_socket(&address, (struct sockaddr *)&six) &&
	    address.size == 4 && address.bytes[0] == 10,
	    "one of IPv6 that is mapped is one of IPv4");
	tap_ok(!network_address_of_socket(&address, &other),
	    "one of another family is none");
}

int
main(void)
{
	const struct address_rules none = { .count = 0 };
	struct network networks[2];
	const struct address_rules some = { .allowed = networks, .count = 2 };
	size_t i;

	network_read(&networks[0], "192.168.7.0/24");
	network_read(&networks[1], "fd00::/8");
	for (i = 0; i < sizeof public_ones / sizeof *public_ones; i++)
		tap_ok(admits(&none, public_ones[i]), "%s is public",
		    public_ones[i]);
	for (i = 0; i < sizeof refused_ones / sizeof *refused_ones; i++)
		tap_ok(!admits(&none, refused_ones[i]), "%s is not",
		    refused_ones[i]);
	for (i = 0; i < sizeof allowed / sizeof *allowed; i++)
		tap_ok(admits(&some, allowed[i].address) ==
		    allowed[i].admitted, "%s is %s", allowed[i].address,
		    allowed[i].admitted ? "allowed" : "not allowed");
	check_sockets();
	return tap_done();
}
