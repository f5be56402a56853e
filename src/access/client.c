/* SPDX-License-Identifier: Apache-2.0 */
#include "access/client.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/pattern.h"
#include "base/xmalloc.h"

struct client {
	char *name;
	struct setting_strings certificate_sha256;
	struct setting_strings spki_sha256;
	struct setting_strings san_dns;
	struct setting_strings issuer_sha256;
	struct setting_strings addresses;
	struct network *networks;	/* what they say */
	bool vouched;
	int64_t max_requests_in_flight;
	int64_t max_rate_per_minute;
	struct setting_strings apps;
	bool has_apps;
};

struct client_list {
	struct client *clients;
	size_t count;
};

const struct setting client_settings[] = {
	{ SETTING(client, name, STRING), .required = true },
	{ SETTING(client, certificate_sha256, STRINGS) },
	{ SETTING(client, spki_sha256, STRINGS) },
	{ SETTING(client, san_dns, STRINGS) },
	{ SETTING(client, issuer_sha256, STRINGS) },
	{ SETTING(client, vouched, BOOLEAN) },
	{ SETTING(client, addresses, STRINGS) },
	{ SETTING(client, apps, STRINGS) },
	{ SETTING(client, max_requests_in_flight, INTEGER),
	    .minimum = 0, .maximum = 100000 },
	{ SETTING(client, max_rate_per_minute, INTEGER),
	    .minimum = 0, .maximum = 10000000 },
	{ .name = NULL }
};

struct client_list *
client_list_create(void)
{
	return xcalloc(1, sizeof(struct client_list));
}

static void
client_clear(struct client *client)
{
	setting_free(client_settings, client);
	free(client->networks);
}

void
client_list_free(struct client_list *list)
{
	if (list == NULL)
		return;
	while (list->count > 0)
		client_clear(&list->clients[--list->count]);
	free(list->clients);
	free(list);
}

size_t
client_list_count(const struct client_list *list)
{
	return list->count;
}

/*
 * A criterion without values would match no certificate, which can only be a
 * mistake; "apps" may be empty.
 */
static bool
client_check_criterion(struct json_object *section, const char *name,
    const struct setting_strings *values, struct error *error)
{
	if (values->count > 0 ||
	    !json_object_object_get_ex(section, name, NULL))
		return true;
	error_set(error, "must contain at least one value");
	error_prepend_name(error, name);
	return false;
}

static bool
client_normalise_digests(struct setting_strings *digests, const char *name,
    struct error *error)
{
	char digest[CALLER_CERTIFICATE_DIGEST_SIZE];
	size_t i;

	for (i = 0; i < digests->count; i++) {
		if (!caller_certificate_normalise_digest(
			digests->values[i], digest)) {
			error_set(error, "must be a SHA-256 digest: 64 hex "
			    "digits, with or without colons");
			error_prepend_index(error, i);
			error_prepend_name(error, name);
			return false;
		}
		free(digests->values[i]);
		digests->values[i] = xstrdup(digest);
	}
	return true;
}

static bool
client_read_networks(struct client *client, struct error *error)
{
	size_t i;

	client->networks = xcalloc(client->addresses.count,
	    sizeof *client->networks);
	for (i = 0; i < client->addresses.count; i++) {
		if (network_read(&client->networks[i],
		    client->addresses.values[i]))
			continue;
		error_set(error, "must be an address or a network, as in "
		    "\"10.1.0.0/16\" or \"fd00::/8\"");
		error_prepend_index(error, i);
		error_prepend_name(error, "addresses");
		return false;
	}
	return true;
}

bool
client_list_add(struct client_list *list, struct json_object *section,
    struct error *error)
{
	struct client client = { .name = NULL };

	if (!setting_read(client_settings, section, ".", &client, error) ||
	    !client_check_criterion(section, "certificate_sha256",
	    &client.certificate_sha256, error) ||
	    !client_check_criterion(section, "spki_sha256",
	    &client.spki_sha256, error) ||
	    !client_check_criterion(section, "addresses", &client.addresses,
	    error) ||
	    !client_check_criterion(section, "san_dns", &client.san_dns,
	    error) ||
	    !client_check_criterion(section, "issuer_sha256",
	    &client.issuer_sha256, error) ||
	    !client_normalise_digests(&client.certificate_sha256,
	    "certificate_sha256", error) ||
	    !client_normalise_digests(&client.spki_sha256, "spki_sha256",
	    error) ||
	    !client_normalise_digests(&client.issuer_sha256, "issuer_sha256",
	    error) || !client_read_networks(&client, error)) {
		client_clear(&client);
		return false;
	}
	client.has_apps = json_object_object_get_ex(section, "apps", NULL);
	list->clients = xreallocarray(list->clients, list->count + 1,
	    sizeof *list->clients);
	list->clients[list->count++] = client;
	return true;
}

static bool
client_has_value(const struct setting_strings *values, const char *text)
{
	size_t i = 0;

	while (i < values->count && strcasecmp(values->values[i], text) != 0)
		i++;
	return i < values->count;
}

static bool
client_has_name(const struct setting_strings *names,
    const struct caller_certificate *caller)
{
	size_t i = 0;

	while (i < caller->san_dns_count &&
	    !client_has_value(names, caller->san_dns[i]))
		i++;
	return i < caller->san_dns_count;
}

/* True if a certificate is meant at all, of whatever kind. */
static bool
client_takes_certificates(const struct client *client)
{
	return client->certificate_sha256.count > 0 ||
	    client->spki_sha256.count > 0 || client->san_dns.count > 0 ||
	    client->issuer_sha256.count > 0 ||
	    (!client->vouched && client->addresses.count == 0);
}

const struct client *
client_list_find(const struct client_list *list,
    const struct caller_certificate *caller)
{
	size_t i;

	for (i = 0; i < list->count; i++) {
		const struct client *client = &list->clients[i];

		if (client_takes_certificates(client) &&
		    (client->spki_sha256.count == 0 ||
		    client_has_value(&client->spki_sha256,
		    caller->spki_sha256)) &&
		    (client->certificate_sha256.count == 0 ||
		    client_has_value(&client->certificate_sha256,
		    caller->certificate_sha256)) &&
		    (client->issuer_sha256.count == 0 ||
		    client_has_value(&client->issuer_sha256,
		    caller->issuer_sha256)) &&
		    (client->san_dns.count == 0 ||
		    client_has_name(&client->san_dns, caller)))
			return client;
	}
	return NULL;
}

const struct client *
client_list_find_vouched(const struct client_list *list, const char *name)
{
	size_t i = 0;

	while (i < list->count && (!list->clients[i].vouched ||
	    strcmp(list->clients[i].name, name) != 0))
		i++;
	return i < list->count ? &list->clients[i] : NULL;
}

static bool
client_has_address(const struct client *client,
    const struct network_address *address)
{
	size_t i = 0;

	while (i < client->addresses.count &&
	    !network_contains(&client->networks[i], address))
		i++;
	return i < client->addresses.count;
}

const struct client *
client_list_find_address(const struct client_list *list,
    const struct network_address *address)
{
	size_t i = 0;

	while (i < list->count &&
	    !client_has_address(&list->clients[i], address))
		i++;
	return i < list->count ? &list->clients[i] : NULL;
}

const char *
client_name(const struct client *client)
{
	return client->name;
}

struct client_limits
client_limits(const struct client *client)
{
	return (struct client_limits){
		.max_requests_in_flight = client->max_requests_in_flight,
		.max_rate_per_minute = client->max_rate_per_minute
	};
}

bool
client_may_address(const struct client *client, const char *app_id)
{
	size_t i = 0;

	if (!client->has_apps)
		return true;
	while (i < client->apps.count &&
	    !pattern_matches(client->apps.values[i], app_id))
		i++;
	return i < client->apps.count;
}
