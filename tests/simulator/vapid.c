/* SPDX-License-Identifier: Apache-2.0 */
#include "vapid.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "encoding.h"
#include "jwt-verify.h"

#define CACHE_MAX 256
#define LIFE_MAX_S 86400
#define VALUE_MAX 8192
#define DOMAIN_SIZE 256

struct vapid {
	char *value;			/* the header's; NULL: free */
	char *key_text;
	EVP_PKEY *key;
	struct json_object *claims;
};

struct vapid_cache {
	struct vapid entries[CACHE_MAX];
	size_t next;			/* the entry to be given up next */
};

struct vapid_cache *
vapid_cache_new(void)
{
	return memory_new(sizeof(struct vapid_cache));
}

static void
clear_entry(struct vapid *entry)
{
	free(entry->value);
	free(entry->key_text);
	EVP_PKEY_free(entry->key);
	json_object_put(entry->claims);
	memset(entry, 0, sizeof *entry);
}

void
vapid_cache_free(struct vapid_cache *cache)
{
	for (size_t i = 0; i < CACHE_MAX; i++)
		clear_entry(&cache->entries[i]);
	free(cache);
}

/* The value of a parameter of the header, each of which is there once. */
static char *
find_parameter(const char *parameters, const char *name)
{
	char *found = NULL;
	unsigned count = 0;

	for (const char *at = parameters; *at != '\0';) {
		size_t length;

		at += strspn(at, " \t");
		length = strcspn(at, ",");
		if (strncmp(at, name, strlen(name)) == 0 &&
		    at[strlen(name)] == '=') {
			free(found);
			found = memory_copy_string(at + strlen(name) + 1);
			found[strcspn(found, ", \t")] = '\0';
			count++;
		}
		at += length + (at[length] == ',' ? 1 : 0);
	}
	if (count != 1) {
		free(found);
		found = NULL;
	}
	return found;
}

static EVP_PKEY *
read_key(const char *encoded)
{
	EVP_PKEY *key = NULL;
	struct text point;

	text_init(&point, 256);
	if (encoding_decode_base64url(&point, encoded, strlen(encoded)))
		key = ec_key_from_public(point.data, point.length);
	text_clear(&point);
	return key;
}

/* The claims, if the key signed them. */
static struct json_object *
read_claims(const char *token, EVP_PKEY *key)
{
	struct json_object *claims = NULL;
	const char *type = NULL;
	struct jwt jwt;

	if (jwt_parse(&jwt, token)) {
		type = jwt_get_string(jwt.header, "typ");
		if ((type == NULL || strcasecmp(type, "JWT") == 0) &&
		    jwt_is_signed_by(&jwt, "ES256", key))
			claims = json_object_get(jwt.claims);
	}
	jwt_clear(&jwt);
	return claims;
}

static enum vapid_fault
verify(struct vapid_cache *cache, const char *value,
    const struct vapid **vapid)
{
	enum vapid_fault fault = VAPID_MALFORMED;
	struct vapid fresh = { .value = NULL };
	char *token = NULL;

	if (strncasecmp(value, "vapid ", 6) == 0 &&
	    strlen(value) <= VALUE_MAX) {
		token = find_parameter(value + 6, "t");
		fresh.key_text = find_parameter(value + 6, "k");
	}
	if (token != NULL && fresh.key_text != NULL) {
		fault = VAPID_BAD_KEY;
		fresh.key = read_key(fresh.key_text);
	}
	if (fresh.key != NULL) {
		fault = VAPID_BAD_TOKEN;
		fresh.claims = read_claims(token, fresh.key);
	}
	if (fresh.claims != NULL) {
		fault = VAPID_GOOD;
		fresh.value = memory_copy_string(value);
		clear_entry(&cache->entries[cache->next]);
		cache->entries[cache->next] = fresh;
		*vapid = &cache->entries[cache->next];
		cache->next = (cache->next + 1) % CACHE_MAX;
	} else {
		clear_entry(&fresh);
	}
	free(token);
	return fault;
}

/* RFC 8292, 2.1: a mailto: or https: URI, without what ends one in a text. */
static bool
is_subject_good(const char *subject)
{
	bool good = subject != NULL && strpbrk(subject, " <>\"\t") == NULL;

	if (good && strncmp(subject, "mailto:", 7) == 0)
		good = strchr(subject, '@') != NULL &&
		    strchr(subject, '@')[1] != '\0';
	else if (good)
		good = strncmp(subject, "https://", 8) == 0 &&
		    subject[8] != '\0' && subject[8] != '/';
	return good;
}

static enum vapid_fault
check_claims(const struct vapid *vapid, const char *origin, int64_t now_s)
{
	const char *audience = jwt_get_string(vapid->claims, "aud");
	struct json_object *expiry;
	enum vapid_fault fault = VAPID_GOOD;
	int64_t expires_s = 0;

	if (json_object_object_get_ex(vapid->claims, "exp", &expiry) &&
	    json_object_is_type(expiry, json_type_int))
		expires_s = json_object_get_int64(expiry);
	if (audience == NULL || strcmp(audience, origin) != 0)
		fault = VAPID_BAD_AUDIENCE;
	else if (expires_s <= now_s || expires_s > now_s + LIFE_MAX_S)
		fault = VAPID_BAD_EXPIRY;
	else if (!is_subject_good(jwt_get_string(vapid->claims, "sub")))
		fault = VAPID_BAD_SUBJECT;
	return fault;
}

enum vapid_fault
vapid_check(struct vapid_cache *cache, const char *value, const char *origin,
    int64_t now_s, const struct vapid **vapid)
{
	enum vapid_fault fault = VAPID_GOOD;

	*vapid = NULL;
	for (size_t i = 0; value != NULL && *vapid == NULL && i < CACHE_MAX;
	    i++) {
		if (cache->entries[i].value != NULL &&
		    strcmp(cache->entries[i].value, value) == 0)
			*vapid = &cache->entries[i];
	}
	if (value == NULL)
		fault = VAPID_MISSING;
	else if (*vapid == NULL)
		fault = verify(cache, value, vapid);
	if (fault == VAPID_GOOD)
		fault = check_claims(*vapid, origin, now_s);
	return fault;
}

/* The last label of a name says that it is for no public host. */
static bool
is_private_name(const char *domain)
{
	static const char *const labels[] = {
		"localhost", "local", "invalid", "internal", "lan", NULL,
	};
	const char *dot = strrchr(domain, '.');
	bool found = dot == NULL || dot[1] == '\0';

	for (size_t i = 0; !found && labels[i] != NULL; i++)
		found = strcasecmp(dot + 1, labels[i]) == 0;
	return found;
}

bool
vapid_has_public_subject(const struct vapid *vapid)
{
	const char *subject = jwt_get_string(vapid->claims, "sub");
	const char *start;
	char domain[DOMAIN_SIZE];

	if (strncmp(subject, "mailto:", 7) == 0)
		start = strrchr(subject, '@') + 1;
	else
		start = subject + 8;
	string_copy(domain, sizeof domain, start);
	domain[strcspn(domain, "/?#:")] = '\0';
	return !is_private_name(domain);
}

bool
vapid_is_signed_by(const struct vapid *vapid, const EVP_PKEY *key)
{
	return EVP_PKEY_eq(vapid->key, key) == 1;
}

struct json_object *
vapid_describe(const struct vapid *vapid)
{
	static const char *const names[] = { "aud", "exp", "sub", NULL };
	struct json_object *description = json_object_new_object();
	struct json_object *claim;

	for (size_t i = 0; names[i] != NULL; i++) {
		if (json_object_object_get_ex(vapid->claims, names[i],
		    &claim))
			json_object_object_add(description, names[i],
			    json_object_get(claim));
	}
	json_object_object_add(description, "key",
	    json_object_new_string(vapid->key_text));
	return description;
}
