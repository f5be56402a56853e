/* SPDX-License-Identifier: Apache-2.0 */
#include "config-fixture.h"

#include <unistd.h>

#include "fixture.h"
#include "tap.h"

#define CONFIG_FIXTURE_APNS(app_id, host, key_file) \
    "{\"app_id\":\"" app_id "\",\"provider\":\"apns\"," \
    "\"url\":\"https://" host "\",\"key_file\":\"" key_file "\"," \
    "\"key_id\":\"ABC1234567\",\"team_id\":\"TEAM123456\"}"

const char config_fixture_certificate[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBgzCCASmgAwIBAgIUWrK8NzX5YJ12jwMp7K0hgm7o9mEwCgYIKoZIzj0EAwIw\n"
    "FjEUMBIGA1UEAwwLY2FsbGVyLnRlc3QwIBcNMjYxMTI5MTQwMzM1WhgPMjEyNjEx\n"
    "MDUxNDAzMzVaMBYxFDASBgNVBAMMC2NhbGxlci50ZXN0MFkwEwYHKoZIzj0CAQYI\n"
    "KoZIzj0DAQcDQgAEnPH0bnq/jd6zkdVzKb6ZdFCwdqR8NhZr9Ixs/mL1kFG9xunV\n"
    "VF9btUb0Qmu/Kpq2X03atzCCRBVWVwe9ynWVrKNTMFEwHQYDVR0OBBYEFJYmLTP1\n"
    "cCc58w1tW4OtICqlea37MB8GA1UdIwQYMBaAFJYmLTP1cCc58w1tW4OtICqlea37\n"
    "MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAOt+89JO1RFDDnXM\n"
    "1d96vxS4O8kEFdWki41aloQ2J3L6AiAaorHFZqhgAj+ZawX/kRneJIx52Jg/lfHD\n"
    "SFVOWQKWHw==\n"
    "-----END CERTIFICATE-----\n";

const char config_fixture_narrow_certificate[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBgjCCASmgAwIBAgIUM8antNT86PkDdkovZE+KVTEVVHkwCgYIKoZIzj0EAwIw\n"
    "FjEUMBIGA1UEAwwLbmFycm93LnRlc3QwIBcNMjYxMTI5MTQyNzA4WhgPMjEyNjEx\n"
    "MDUxNDI3MDhaMBYxFDASBgNVBAMMC25hcnJvdy50ZXN0MFkwEwYHKoZIzj0CAQYI\n"
    "KoZIzj0DAQcDQgAE9T5NnLKZ5Zgh48PtEop+KY0p6mYoWz2nBGT7x4s0wZzbgRMQ\n"
    "eTM43GH56YvGJn8mZDU3jiyyo8p+pCMKeVfSuKNTMFEwHQYDVR0OBBYEFACcVPdH\n"
    "v9BlbWefqv97uLp+QwvZMB8GA1UdIwQYMBaAFACcVPdHv9BlbWefqv97uLp+QwvZ\n"
    "MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgDF4iCpEhTzK90nv8\n"
    "CDaYz1xnZ3kiWTAcUTXM2l+6FN8CIFBLq1bkN7MRNl8M2UlgY09sMQeadUsXtjAb\n"
    "agvEPPfU\n"
    "-----END CERTIFICATE-----\n";

static unsigned int config_fixture_states;
static const char *config_fixture_apps = "";
static const char *config_fixture_narrow = "";
static const char *config_fixture_caller = "";

static void
config_fixture_write_files(void)
{
	static const struct {
		const char *name;
		const char *value;
	} members[] = {
		{ "type", "service_account" },
		{ "project_id", "project" },
		{ "client_email", "gateway@project.test" },
		{ "private_key_id", "key" },
		{ "token_uri", CONFIG_FIXTURE_TOKEN_URL },
	};
	EVP_PKEY *other = fixture_key_create(FIXTURE_KEY_P256);
	struct json_object *account = json_object_new_object();
	size_t i;

	for (i = 0; i < sizeof members / sizeof *members; i++)
		json_object_object_add(account, members[i].name,
		    json_object_new_string(members[i].value));
	json_object_object_add(account, "private_key",
	    json_object_new_string(fixture_pem(
	    fixture_key(FIXTURE_KEY_RSA_2048), NULL)));
	fixture_file("account.json", json_object_to_json_string(account));
	fixture_file("one.p8",
	    fixture_pem(fixture_key(FIXTURE_KEY_P256), NULL));
	fixture_file("other.p8", fixture_pem(other, NULL));
	json_object_put(account);
	EVP_PKEY_free(other);
}

const char *
config_fixture_state_directory(void)
{
	return fixture_path(fixture_format("state-%ld-%u", (long)getpid(),
	    config_fixture_states));
}

void
config_fixture_set_apps(const char *apps)
{
	config_fixture_apps = apps;
}

void
config_fixture_set_narrow(const char *members)
{
	config_fixture_narrow = members;
}

void
config_fixture_set_caller(const char *members)
{
	config_fixture_caller = members;
}

const char *
config_fixture_rewrite(const char *settings)
{
	return fixture_file("gateway.json", fixture_format(
	    "{%s\"state_directory\":\"%s\",\"clients\":[{\"name\":"
	    "\"narrow\",\"certificate_sha256\":[\"8f573fa9f12f44d382a34cdb"
	    "76a64a8e7a6f2c5cea80a9ad970a22362a7cc34e\"],\"apps\":[\"ios*\"]%s},"
	    "{\"name\":\"caller\"%s}],"
	    "\"apps\":["
	    CONFIG_FIXTURE_APNS("ios", "apns.test", "one.p8") ","
	    CONFIG_FIXTURE_APNS("ios-twin", "apns.test", "one.p8") ","
	    CONFIG_FIXTURE_APNS("ios-other", "other.test", "other.p8") ","
	    CONFIG_FIXTURE_APNS("lost", "lost.test", "lost.p8") ","
	    "{\"app_id\":\"android\",\"provider\":\"fcm\","
	    "\"url\":\"https://fcm.test\","
	    "\"service_account_file\":\"account.json\"}%s]}", settings,
	    config_fixture_state_directory(), config_fixture_narrow,
	    config_fixture_caller,
	    config_fixture_apps));
}

const char *
config_fixture_write(const char *settings)
{
	if (config_fixture_states++ == 0)
		config_fixture_write_files();
	return config_fixture_rewrite(settings);
}

void
config_fixture_find_lost_key(void)
{
	fixture_file("lost.p8",
	    fixture_pem(fixture_key(FIXTURE_KEY_P256), NULL));
}

void
config_fixture_lose_key(void)
{
	if (unlink(fixture_path("lost.p8")) == -1)
		tap_bail_out("cannot remove a key: %m");
}
