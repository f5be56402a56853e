/* SPDX-License-Identifier: Apache-2.0 */
#include "external-fixture.h"

#include "fixture.h"
#include "provider-fixture.h"
#include "provider/provider.h"
#include "tap.h"

void
external_fixture_write(const char *changes)
{
	fixture_file("external.json", fixture_json_with("{\"type\":"
	    "\"external_account\",\"audience\":\"" EXTERNAL_AUDIENCE "\","
	    "\"subject_token_type\":\"urn:ietf:params:oauth:token-type:jwt\","
	    "\"token_url\":\"https://sts.example/v1/token\",\"token_info_url\":"
	    "\"https://sts.example/v1/introspect\","
	    "\"credential_source\":{\"file\":\"subject\"}}", changes));
}

void *
external_fixture_open(const char *section)
{
	struct error error;
	void *account = provider_fixture_open(provider_find("fcm"), section,
	    &error);

	if (account == NULL)
		tap_bail_out("%s: %s", section, error.words);
	return account;
}

void *
external_fixture_load(const char *section, const char *changes)
{
	void *account = external_fixture_open(section);
	struct error error;

	external_fixture_write(changes);
	if (!provider_find("fcm")->load(account, &error))
		tap_bail_out("%s: %s", changes, error.words);
	return account;
}
