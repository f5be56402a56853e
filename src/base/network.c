/* SPDX-License-Identifier: Apache-2.0 */
#include "base/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static const unsigned char network_mapped[12] = {
	[10] = 0xff, [11] = 0xff
};

/* An IPv4 address behind ::ffff: becomes one of 4 bytes. */
static bool
network_address_unmap(struct network_address *address)
{
	if (address->size != 16 || memcmp(address->bytes, network_mapped,
	    sizeof network_mapped) != 0)
		return false;
	memmove(address->bytes, address->bytes + sizeof network_mapped, 4);
	address->size = 4;
	return true;
}

bool
network_address_read(struct network_address *address, const char *text)
{
	memset(address, 0, sizeof *address);
	if (inet_pton(AF_INET, text, address->bytes) == 1)
		address->size = 4;
	else if (inet_pton(AF_INET6, text, address->bytes) == 1)
		address->size = 16;
	network_address_unmap(address);
	return address->size != 0;
}

bool
network_address_of_socket(struct network_address *address,
    const struct sockaddr *socket)
{
	const struct sockaddr_in *four = (const void *)socket;
	const struct sockaddr_in6 *six = (const void *)socket;

	memset(address, 0, sizeof *address);
	if (socket->sa_family == AF_INET) {
		memcpy(address->bytes, &four->sin_addr, 4);
		address->size = 4;
	} else if (socket->sa_family == AF_INET6) {
		memcpy(address->bytes, &six->sin6_addr, 16);
		address->size = 16;
	}
	network_address_unmap(address);
	return address->size != 0;
}

/* One to three digits that say no more than `limit`. */
static bool
network_read_prefix(const char *text, unsigned int limit,
    unsigned int *prefix)
{
	size_t length = strspn(text, "0123456789");

	if (length < 1 || length > 3 || text[length] != '\0')
		return false;
	*prefix = (unsigned int)atoi(text);
	return *prefix <= limit && (text[0] != '0' || length == 1);
}

static bool
network_bit(const struct network_address *address, unsigned int bit)
{
	return (address->bytes[bit / 8] >> (7 - bit % 8) & 1) != 0;
}

bool
network_read(struct network *network, const char *text)
{
	char address[INET6_ADDRSTRLEN + 1];
	size_t length = strcspn(text, "/");
	unsigned int bits, bit;

	if (length >= sizeof address)
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	if (!network_address_read(&network->address, address))
		return false;
	bits = 8 * (unsigned int)network->address.size;
	network->prefix = bits;
	/* A prefix counts the bits of what is written. */
	if (text[length] == '/' && bits == 32 && strchr(address, ':') != NULL) {
		if (!network_read_prefix(text + length + 1, 128,
		    &network->prefix) || network->prefix < 96)
			return false;
		network->prefix -= 96;
	} else if (text[length] == '/' &&
	    !network_read_prefix(text + length + 1, bits, &network->prefix))
		return false;
	for (bit = network->prefix; bit < bits; bit++) {
		if (network_bit(&network->address, bit))
			return false;
	}
	return true;
}

bool
network_contains(const struct network *network,
    const struct network_address *address)
{
	unsigned int bit;

	if (network->address.size != address->size)
		return false;
	for (bit = 0; bit < network->prefix; bit++) {
		if (network_bit(&network->address, bit) !=
		    network_bit(address, bit))
			return false;
	}
	return true;
}
