/* SPDX-License-Identifier: Apache-2.0 */
#include "access/client.h"

#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "tap.h"

/*
 * Digests are 64 times a digit, so that a row can name one by it; that of the
 * key is always "c".
 */
static struct caller_certificate
caller_certificate_of(char certificate, char issuer, const char *first,
    const char *second)
{
	struct caller_certificate identity;

	memset(&identity, 0, sizeof identity);
	memset(identity.certificate_sha256, certificate, 64);
	memset(identity.issuer_sha256, issuer, 64);
	memset(identity.spki_sha256, 'c', 64);
	if (first != NULL)
		snprintf(identity.san_dns[identity.san_dns_count++],
		    CALLER_CERTIFICATE_NAME_SIZE, "%s", first);
	if (second != NULL)
		snprintf(identity.san_dns[identity.san_dns_count++],
		    CALLER_CERTIFICATE_NAME_SIZE, "%s", second);
	return identity;
}

/* The text with 64 times the digit in place of "@digit". */
static const char *
expand(const char *text)
{
	const char *at = strchr(text, '@');

	if (at == NULL)
		return text;
	return fixture_format("%.*s%s%s", (int)(at - text), text,
	    fixture_repeat(fixture_format("%c", at[1]), 64), expand(at + 2));
}

static bool
add(struct client_list *list, const char *section, struct error *error)
{
	struct json_object *object = fixture_json(expand(section));
	bool added = client_list_add(list, object, error);

	json_object_put(object);
	return added;
}

static struct client_list *
list_of(const char *section)
{
	struct client_list *list = client_list_create();
	struct error error;

	if (!add(list, section, &error))
		tap_bail_out("%s: %s", section, error.words);
	return list;
}

/* --- which certificate it is --------------------------------------------- */

#define NAMED "{\"name\":\"n\""

/* A client, and a certificate that it matches or does not. */
static const struct {
	const char *section;
	char certificate;
	char issuer;
	const char *first;
	const char *second;
	bool found;
} matches[] = {
	{ NAMED "}", '1', '2', NULL, NULL, true },
	{ NAMED ",\"certificate_sha256\":[\"@1\"]}", '1', '2', NULL, NULL,
	    true },
	{ NAMED ",\"certificate_sha256\":[\"@1\"]}", '3', '2', NULL, NULL,
	    false },
	{ NAMED ",\"certificate_sha256\":[\"@1\"]}", '2', '1', NULL, NULL,
	    false },
	{ NAMED ",\"certificate_sha256\":[\"@1\",\"@3\"]}", '3', '2', NULL,
	    NULL, true },
	{ NAMED ",\"certificate_sha256\":[\"@A\"]}", 'a', '2', NULL, NULL,
	    true },
	{ NAMED ",\"spki_sha256\":[\"@c\"]}", '1', '2', NULL, NULL, true },
	{ NAMED ",\"spki_sha256\":[\"@d\",\"@C\"]}", '1', '2', NULL, NULL,
	    true },
	{ NAMED ",\"spki_sha256\":[\"@1\",\"@2\"]}", '1', '2', NULL, NULL,
	    false },
	{ NAMED ",\"issuer_sha256\":[\"@2\"]}", '1', '2', NULL, NULL, true },
	{ NAMED ",\"issuer_sha256\":[\"@2\"]}", '2', '1', NULL, NULL, false },
	{ NAMED ",\"san_dns\":[\"push.example\"]}", '1', '2', "push.example",
	    NULL, true },
	{ NAMED ",\"san_dns\":[\"push.example\"]}", '1', '2', "other.example",
	    "push.example", true },
	{ NAMED ",\"san_dns\":[\"a.example\",\"push.example\"]}", '1', '2',
	    "push.example", NULL, true },
	{ NAMED ",\"san_dns\":[\"Push.Example\"]}", '1', '2', "pUSH.eXAMPLE",
	    NULL, true },
	{ NAMED ",\"san_dns\":[\"push.example\"]}", '1', '2', NULL, NULL,
	    false },
	{ NAMED ",\"san_dns\":[\"push.example\"]}", '1', '2',
	    "push.example.org", NULL, false },
	{ NAMED ",\"san_dns\":[\"push.example\"]}", '1', '2',
	    "x.push.example", NULL, false },
	{ NAMED ",\"san_dns\":[\"push.example\"]}", '1', '2', "*.example",
	    NULL, false },
	/* Each kind of criterion that is given must be met. */
	{ NAMED ",\"san_dns\":[\"a\"],\"issuer_sha256\":[\"@2\"]}", '1', '2',
	    "a", NULL, true },
	{ NAMED ",\"san_dns\":[\"a\"],\"issuer_sha256\":[\"@2\"]}", '1', '3',
	    "a", NULL, false },
	{ NAMED ",\"san_dns\":[\"a\"],\"issuer_sha256\":[\"@2\"]}", '1', '2',
	    "b", NULL, false },
	{ NAMED ",\"certificate_sha256\":[\"@1\"],\"san_dns\":[\"a\"],"
	    "\"issuer_sha256\":[\"@2\"]}", '1', '2', "a", NULL, true },
	{ NAMED ",\"certificate_sha256\":[\"@1\"],\"san_dns\":[\"a\"],"
	    "\"issuer_sha256\":[\"@2\"]}", '4', '2', "a", NULL, false },
};

static void
check_matches(void)
{
	size_t i;

	for (i = 0; i < sizeof matches / sizeof *matches; i++) {
		struct client_list *list = list_of(matches[i].section);
		struct caller_certificate identity =
		    caller_certificate_of(matches[i].certificate,
			matches[i].issuer, matches[i].first, matches[i].second);
		const struct client *client = client_list_find(list,
		    &identity);

		tap_ok((client != NULL) == matches[i].found,
		    "%s %s certificate %c of issuer %c for %s, %s",
		    matches[i].section, matches[i].found ? "is" : "is not",
		    matches[i].certificate, matches[i].issuer,
		    matches[i].first == NULL ? "nobody" : matches[i].first,
		    matches[i].second == NULL ? "nobody" : matches[i].second);
		client_list_free(list);
	}
}

static void
check_order(void)
{
	struct client_list *list = client_list_create();
	struct caller_certificate identity =
	    caller_certificate_of('1', '2', "a", NULL);
	struct error error;

	tap_ok(client_list_find(list, &identity) == NULL,
	    "without an entry nobody has access");
	add(list, "{\"name\":\"first\",\"san_dns\":[\"b\"]}", &error);
	add(list, "{\"name\":\"second\",\"san_dns\":[\"a\"]}", &error);
	add(list, "{\"name\":\"third\",\"certificate_sha256\":[\"@1\"]}",
	    &error);
	add(list, "{\"name\":\"anybody\"}", &error);
	tap_is_string(client_name(client_list_find(list, &identity)),
	    "second", "the first entry that matches counts");
	identity = caller_certificate_of('7', '2', "z", NULL);
	tap_is_string(client_name(client_list_find(list, &identity)),
	    "anybody", "an entry without a criterion matches everybody");
	client_list_free(list);
	client_list_free(NULL);
}

/* --- by what else it is known -------------------------------------------- */

/*
 * A client, and whether it is the one of certificate 1 of issuer 2 for "a", the
 * one that is vouched for as "n", and the one at 10.1.2.3.
 */
static const struct {
	const char *section;
	bool certified;
	bool vouched;
	bool near;
} kinds[] = {
	{ NAMED "}", true, false, false },
	{ NAMED ",\"vouched\":false}", true, false, false },
	/* Who is known otherwise has no certificate, */
	{ NAMED ",\"vouched\":true}", false, true, false },
	{ NAMED ",\"addresses\":[\"10.1.0.0/16\"]}", false, false, true },
	{ NAMED ",\"vouched\":true,\"addresses\":[\"10.1.2.3\"]}", false,
	    true, true },
	/* but where any one criterion says which. */
	{ NAMED ",\"vouched\":true,\"certificate_sha256\":[\"@1\"]}", true,
	    true, false },
	{ NAMED ",\"vouched\":true,\"spki_sha256\":[\"@c\"]}", true, true,
	    false },
	{ NAMED ",\"vouched\":true,\"san_dns\":[\"a\"]}", true, true,
	    false },
	{ NAMED ",\"vouched\":true,\"issuer_sha256\":[\"@2\"]}", true, true,
	    false },
	{ NAMED ",\"vouched\":true,\"san_dns\":[\"b\"]}", false, true,
	    false },
	{ NAMED ",\"addresses\":[\"10.1.2.3\"],\"san_dns\":[\"a\"]}", true,
	    false, true },
	{ "{\"name\":\"N\",\"vouched\":true}", false, false, false },
	/* Each network counts. */
	{ NAMED ",\"addresses\":[\"10.1.2.3\",\"::1\"]}", false, false,
	    true },
	{ NAMED ",\"addresses\":[\"::1\",\"10.1.2.0/24\"]}", false, false,
	    true },
	{ NAMED ",\"addresses\":[\"::1\",\"11.0.0.0/8\",\"10.1.0.0/16\"]}",
	    false, false, true },
	{ NAMED ",\"addresses\":[\"::1\",\"10.1.2.4\",\"10.2.0.0/16\"]}",
	    false, false, false },
};

static const struct client *
find_address(const struct client_list *list, const char *text)
{
	struct network_address address;

	if (!network_address_read(&address, text))
		tap_bail_out("%s is no address", text);
	return client_list_find_address(list, &address);
}

static void
check_kinds(void)
{
	struct caller_certificate identity =
	    caller_certificate_of('1', '2', "a", NULL);
	size_t i;

	for (i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct client_list *list = list_of(kinds[i].section);

		tap_is_int(client_list_find(list, &identity) != NULL,
		    kinds[i].certified, "%s: by a certificate",
		    kinds[i].section);
		tap_is_int(client_list_find_vouched(list, "n") != NULL,
		    kinds[i].vouched, "%s: by the web server's word",
		    kinds[i].section);
		tap_is_int(find_address(list, "10.1.2.3") != NULL,
		    kinds[i].near, "%s: by its address", kinds[i].section);
		client_list_free(list);
	}
}

/* Which of several clients a name that is vouched for or an address is. */
static const struct {
	const char *vouched;
	const char *address;
	const char *client;
} several[] = {
	{ "first", NULL, "first" },
	{ "second", NULL, NULL },
	{ "third", NULL, "third" },
	{ "fourth", NULL, NULL },
	{ "fifth", NULL, "fifth" },
	{ "FIRST", NULL, NULL },
	{ "firs", NULL, NULL },
	{ "", NULL, NULL },
	{ NULL, "192.0.2.1", "first" },
	{ NULL, "10.1.2.3", "second" },
	{ NULL, "10.2.2.3", "fourth" },
	{ NULL, "fd00::1", "fourth" },
	{ NULL, "fe00::1", NULL },
	{ NULL, "192.0.2.2", NULL },
};

static void
check_several(void)
{
	struct client_list *list = list_of("{\"name\":\"first\","
	    "\"vouched\":true,\"addresses\":[\"192.0.2.1\"]}");
	const struct client *client;
	struct error error;
	size_t i;

	add(list, "{\"name\":\"second\",\"addresses\":[\"10.1.0.0/16\"]}",
	    &error);
	add(list, "{\"name\":\"third\",\"vouched\":true}", &error);
	add(list, "{\"name\":\"fourth\","
	    "\"addresses\":[\"10.0.0.0/8\",\"fd00::/8\"]}", &error);
	add(list, "{\"name\":\"fifth\",\"vouched\":true}", &error);
	tap_is_int((int64_t)client_list_count(list), 5, "there are five");
	for (i = 0; i < sizeof several / sizeof *several; i++) {
		const char *vouched = several[i].vouched;

		client = vouched == NULL ?
		    find_address(list, several[i].address) :
		    client_list_find_vouched(list, vouched);
		tap_is_string(client == NULL ? NULL : client_name(client),
		    several[i].client, "%s \"%s\" is %s",
		    vouched == NULL ? "the address" : "the name",
		    vouched == NULL ? several[i].address : vouched,
		    several[i].client == NULL ? "nobody" : several[i].client);
	}
	client_list_free(list);
}

/* --- how much it may ask for --------------------------------------------- */

static const struct {
	const char *section;
	int64_t requests_in_flight;
	int64_t rate_per_minute;
} limits[] = {
	{ NAMED "}", 0, 0 },
	{ NAMED ",\"max_requests_in_flight\":0,\"max_rate_per_minute\":0}", 0,
	    0 },
	{ NAMED ",\"max_requests_in_flight\":1}", 1, 0 },
	{ NAMED ",\"max_rate_per_minute\":1}", 0, 1 },
	{ NAMED ",\"max_requests_in_flight\":100000}", 100000, 0 },
	{ NAMED ",\"max_rate_per_minute\":10000000}", 0, 10000000 },
};

static void
check_limits(void)
{
	struct caller_certificate identity =
	    caller_certificate_of('1', '2', NULL, NULL);
	size_t i;

	for (i = 0; i < sizeof limits / sizeof *limits; i++) {
		struct client_list *list = list_of(limits[i].section);
		struct client_limits got =
		    client_limits(client_list_find(list, &identity));

		tap_is_int(got.max_requests_in_flight,
		    limits[i].requests_in_flight, "%s: requests in flight",
		    limits[i].section);
		tap_is_int(got.max_rate_per_minute, limits[i].rate_per_minute,
		    "%s: requests per minute", limits[i].section);
		client_list_free(list);
	}
}

/* --- digests as they are written ----------------------------------------- */

static void
check_digests(void)
{
	static const char *const good[] = {
		"00112233445566778899aabbccddeeff"
		"00112233445566778899aabbccddeeff",
		"00112233445566778899AABBCCDDEEFF"
		"00112233445566778899aabbccddeeff",
		"00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"
		"00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF",
	};
	struct caller_certificate identity =
	    caller_certificate_of('1', '2', NULL, NULL);
	size_t i;

	strcpy(identity.certificate_sha256, good[0]);
	for (i = 0; i < sizeof good / sizeof *good; i++) {
		struct client_list *list = list_of(fixture_format("{\"name\":"
		    "\"n\",\"certificate_sha256\":[\"%s\"]}", good[i]));

		tap_ok(client_list_find(list, &identity) != NULL,
		    "the digest as %s", good[i]);
		client_list_free(list);
	}
}

/* --- which apps it may address ------------------------------------------- */

static const struct {
	const char *section;
	const char *app_id;
	bool allowed;
} apps[] = {
	{ NAMED "}", "anything", true },
	{ NAMED "}", "", true },
	{ NAMED ",\"apps\":[]}", "anything", false },
	{ NAMED ",\"apps\":[\"*\"]}", "anything", true },
	{ NAMED ",\"apps\":[\"de.gematik.erezept.*\"]}",
	    "de.gematik.erezept.ios.apns", true },
	{ NAMED ",\"apps\":[\"de.gematik.erezept.*\"]}",
	    "de.gematik.epa.ios.apns", false },
	{ NAMED ",\"apps\":[\"de.gematik.erezept.*\"]}", "DE.gematik.erezept.a",
	    false },
	{ NAMED ",\"apps\":[\"a\",\"b.*\"]}", "b.c", true },
	{ NAMED ",\"apps\":[\"a\",\"b.*\"]}", "a", true },
	{ NAMED ",\"apps\":[\"a\",\"b.*\"]}", "ab", false },
};

static void
check_apps(void)
{
	struct caller_certificate identity =
	    caller_certificate_of('1', '2', NULL, NULL);
	struct client_list *list;
	size_t i;

	for (i = 0; i < sizeof apps / sizeof *apps; i++) {
		list = list_of(apps[i].section);
		tap_is_int(client_may_address(client_list_find(list,
		    &identity), apps[i].app_id), apps[i].allowed,
		    "%s %s address \"%s\"", apps[i].section,
		    apps[i].allowed ? "may" : "may not", apps[i].app_id);
		client_list_free(list);
	}
	list = list_of(NAMED ",\"apps\":[\"*\"]}");
	tap_ok(!client_may_address(client_list_find(list, &identity),
	    fixture_repeat("a", 256)), "nobody may address 256 bytes");
	client_list_free(list);
}

/* --- errors -------------------------------------------------------------- */

static const struct {
	const char *section;
	const char *pointer;
	const char *words;
} errors[] = {
	{ "{}", "", "\"name\" is missing" },
	{ "{\"name\":\"\"}", "/name", "must not be empty" },
	{ "{\"name\":1}", "/name", "must be a string" },
	{ "{\"name\":\"a\\nb\"}", "/name", "control characters" },
	{ NAMED ",\"san_dsn\":[\"a\"]}", "/san_dsn",
	    "unknown setting \"san_dsn\"" },
	{ NAMED ",\"certificate_sha256\":\"@1\"}", "/certificate_sha256",
	    "must be an array of strings" },
	{ NAMED ",\"certificate_sha256\":[]}", "/certificate_sha256",
	    "at least one" },
	{ NAMED ",\"san_dns\":[]}", "/san_dns", "at least one" },
	{ NAMED ",\"spki_sha256\":[]}", "/spki_sha256", "at least one" },
	{ NAMED ",\"addresses\":[]}", "/addresses", "at least one" },
	{ NAMED ",\"spki_sha256\":[\"@1\",\"@g\"]}", "/spki_sha256/1",
	    "SHA-256" },
	{ NAMED ",\"issuer_sha256\":[\"@g\"]}", "/issuer_sha256/0",
	    "SHA-256" },
	{ NAMED ",\"spki_sha256\":1}", "/spki_sha256",
	    "must be an array of strings" },
	{ NAMED ",\"vouched\":1}", "/vouched", "must be true or false" },
	{ NAMED ",\"addresses\":\"::1\"}", "/addresses",
	    "must be an array of strings" },
	{ NAMED ",\"addresses\":[\"here\"]}", "/addresses/0",
	    "must be an address or a network" },
	{ NAMED ",\"addresses\":[\"::1\",\"10.1.0.1/16\"]}", "/addresses/1",
	    "must be an address or a network" },
	{ NAMED ",\"max_requests_in_flight\":-1}", "/max_requests_in_flight",
	    "must be from 0 to 100000" },
	{ NAMED ",\"max_requests_in_flight\":100001}",
	    "/max_requests_in_flight", "must be from 0 to 100000" },
	{ NAMED ",\"max_requests_in_flight\":\"1\"}",
	    "/max_requests_in_flight", "must be an integer" },
	{ NAMED ",\"max_rate_per_minute\":-1}", "/max_rate_per_minute",
	    "must be from 0 to 10000000" },
	{ NAMED ",\"max_rate_per_minute\":10000001}", "/max_rate_per_minute",
	    "must be from 0 to 10000000" },
	{ NAMED ",\"max_rate_per_minute\":true}", "/max_rate_per_minute",
	    "must be an integer" },
	{ NAMED ",\"issuer_sha256\":[]}", "/issuer_sha256", "at least one" },
	{ NAMED ",\"certificate_sha256\":[\"@1\",\"12\"]}",
	    "/certificate_sha256/1", "SHA-256" },
	{ NAMED ",\"certificate_sha256\":[\"@g\"]}",
	    "/certificate_sha256/0", "SHA-256" },
	{ NAMED ",\"certificate_sha256\":[\"@10\"]}",
	    "/certificate_sha256/0", "SHA-256" },
	{ NAMED ",\"issuer_sha256\":[\"@1\",\"@2\",\"\"]}",
	    "/issuer_sha256/2", "must not be empty" },
	{ NAMED ",\"san_dns\":[\"a\",1]}", "/san_dns/1",
	    "must be a string" },
	{ NAMED ",\"apps\":[null]}", "/apps/0", "must be a string" },
	{ NAMED ",\"apps\":null}", "/apps", "must be an array of strings" },
};

static void
check_errors(void)
{
	struct client_list *list = client_list_create();
	struct caller_certificate identity =
	    caller_certificate_of('1', '2', "a", NULL);
	struct error error;
	size_t i;

	for (i = 0; i < sizeof errors / sizeof *errors; i++) {
		tap_ok(!add(list, errors[i].section, &error), "%s is refused",
		    errors[i].section);
		tap_is_string(error.pointer, errors[i].pointer,
		    "%s: the place", errors[i].section);
		tap_contains(error.words, errors[i].words, "%s: the words",
		    errors[i].section);
	}
	tap_ok(client_list_find(list, &identity) == NULL,
	    "none of them gives access");
	tap_is_int((int64_t)client_list_count(list), 0, "nor is it counted");
	client_list_free(list);
}

int
main(void)
{
	check_matches();
	check_order();
	check_kinds();
	check_several();
	check_limits();
	check_digests();
	check_apps();
	check_errors();
	return tap_done();
}
