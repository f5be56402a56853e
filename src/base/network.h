/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_NETWORK_H
#define BASE_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/*
 * Addresses of IPv4 and IPv6, and networks of them in CIDR form (RFC 4632,
 * RFC 4291).  An IPv4 address that is written as an IPv6 one (::ffff:a.b.c.d)
 * is the IPv4 address.
 */
enum network_limits {
	NETWORK_ADDRESS_SIZE = 16
};

struct network_address {
	unsigned char bytes[NETWORK_ADDRESS_SIZE];
	size_t size;		/* 4 or 16 */
};

struct network {
	struct network_address address;
	unsigned int prefix;	/* bits */
};

/* A numeric address, without a zone; false if it is none. */
bool network_address_read(struct network_address *address, const char *text);

/*
 * "10.0.0.0/8", "fd00::/8", or an address alone, which is a network of one.
 * False if it is none, or has bits beyond its prefix.
 */
bool network_read(struct network *network, const char *text);

/* That of a socket; false if it is of another family. */
bool network_address_of_socket(struct network_address *address,
    const struct sockaddr *socket);

bool network_contains(const struct network *network,
    const struct network_address *address);

#endif
