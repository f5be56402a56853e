/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/endpoint.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/network.h"
#include "base/pattern.h"
#include "base/xmalloc.h"
#include "http/url.h"

enum {
	ENDPOINT_HOST_SIZE = 254,
	ENDPOINT_PORT = 443
};

bool
endpoint_rules_read(struct endpoint_rules *rules, struct error *error)
{
	size_t i, count = rules->private_networks.count;
	struct network *networks = xcalloc(count, sizeof *networks);

	rules->addresses = (struct address_rules){
		.allowed = networks, .count = count
	};
	for (i = 0; i < count; i++) {
		if (!network_read(&networks[i],
		    rules->private_networks.values[i])) {
			error_set(error, "must be a network, such as "
			    "192.168.0.0/16 or fd00::/8");
			error_prepend_index(error, i);
			error_prepend_name(error, "allow_private");
			return false;
		}
	}
	return true;
}

void
endpoint_rules_free(struct endpoint_rules *rules)
{
	free((void *)(uintptr_t)rules->addresses.allowed);
	rules->addresses = (struct address_rules){ .count = 0 };
}

/* In lower case; false unless it is a name or an address. */
static bool
endpoint_read_host(const char *text, char host[ENDPOINT_HOST_SIZE])
{
	bool is_literal = *text == '[';
	size_t length = strlen(text), i;

	if (length == 0 || length >= ENDPOINT_HOST_SIZE)
		return false;
	for (i = 0; i <= length; i++)
		host[i] = (char)tolower((unsigned char)text[i]);
	return is_literal || host[strspn(host,
	    "abcdefghijklmnopqrstuvwxyz0123456789-._")] == '\0';
}

/* An address in place of a name is judged at once. */
static bool
endpoint_admits_address(const struct endpoint_rules *rules, const char *host)
{
	char text[ENDPOINT_HOST_SIZE];
	struct network_address address;
	bool is_literal = *host == '[';

	snprintf(text, sizeof text, "%s", host + is_literal);
	if (is_literal)
		text[strcspn(text, "]")] = '\0';
	return network_address_read(&address, text) ?
	    address_rules_admit(&rules->addresses, &address) : !is_literal;
}

static bool
endpoint_admits_host(const struct endpoint_rules *rules, const char *host)
{
	size_t i = 0;

	while (i < rules->hosts.count &&
	    !pattern_matches(rules->hosts.values[i], host))
		i++;
	return rules->hosts.count == 0 || i < rules->hosts.count;
}

static bool
endpoint_admits_port(const struct endpoint_rules *rules, long port)
{
	size_t i = 0;

	if (rules->ports.count == 0)
		return port == ENDPOINT_PORT;
	while (i < rules->ports.count && rules->ports.values[i] != port)
		i++;
	return i < rules->ports.count;
}

static bool
endpoint_judge(const struct endpoint_rules *rules, const struct url *url,
    char origin[PROVIDER_ORIGIN_SIZE])
{
	char host[ENDPOINT_HOST_SIZE];
	long port = url->port == NULL ? ENDPOINT_PORT : atol(url->port);

	if (strcmp(url->scheme, "https") != 0 || url->user != NULL ||
	    url->password != NULL || url->fragment != NULL ||
	    url->host == NULL || !endpoint_read_host(url->host, host) ||
	    !endpoint_admits_address(rules, host) ||
	    !endpoint_admits_host(rules, host) ||
	    !endpoint_admits_port(rules, port))
		return false;
	if (port == ENDPOINT_PORT)
		snprintf(origin, PROVIDER_ORIGIN_SIZE, "https://%s", host);
	else
		snprintf(origin, PROVIDER_ORIGIN_SIZE, "https://%s:%ld", host,
		    port);
	return true;
}

bool
endpoint_read(const struct endpoint_rules *rules, const char *text,
    size_t size, char origin[PROVIDER_ORIGIN_SIZE])
{
	bool admitted = false;
	struct url url;
	size_t i = 0;

	while (i < size && text[i] > 0x20 && text[i] < 0x7f)
		i++;
	if (i == size && size <= ENDPOINT_SIZE && url_read(&url, text)) {
		admitted = endpoint_judge(rules, &url, origin);
		url_free(&url);
	}
	return admitted;
}
