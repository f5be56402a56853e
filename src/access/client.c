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
	struct setting_strings san_dns;
	struct setting_strings issuer_sha256;
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
	{ SETTING(client, san_dns, STRINGS) },
	{ SETTING(client, issuer_sha256, STRINGS) },
	{ SETTING(client, apps, STRINGS) },
	{ .name = NULL }
};

struct client_list *
client_list_create(void)
{
	return xcalloc(1, sizeof(struct client_list));
}

void
client_list_free(struct client_list *list)
{
	if (list == NULL)
		return;
	while (list->count > 0)
		setting_free(client_settings, &list->clients[--list->count]);
	free(list->clients);
	free(list);
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

bool
client_list_add(struct client_list *list, struct json_object *section,
    struct error *error)
{
	struct client client = { .name = NULL };

	if (!setting_read(client_settings, section, ".", &client, error) ||
	    !client_check_criterion(section, "certificate_sha256",
	    &client.certificate_sha256, error) ||
	    !client_check_criterion(section, "san_dns", &client.san_dns,
	    error) ||
	    !client_check_criterion(section, "issuer_sha256",
	    &client.issuer_sha256, error) ||
	    !client_normalise_digests(&client.certificate_sha256,
	    "certificate_sha256", error) ||
	    !client_normalise_digests(&client.issuer_sha256, "issuer_sha256",
	    error)) {
		setting_free(client_settings, &client);
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

const struct client *
client_list_find(const struct client_list *list,
    const struct caller_certificate *caller)
{
	size_t i;

	for (i = 0; i < list->count; i++) {
		const struct client *client = &list->clients[i];

		if ((client->certificate_sha256.count == 0 ||
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

const char *
client_name(const struct client *client)
{
	return client->name;
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
