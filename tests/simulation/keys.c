/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys are read once in a world, however many generations have the same ones:
 * else most of its time went into that.  This is crypto/jwt with three functions
 * under other names, called by those of their names here; nothing but their
 * time is different.  (The linker's --wrap does not hold between objects that
 * are optimized together.)
 */
#define jwt_key_read keys_read
#define jwt_key_free keys_free
#define jwt_key_fingerprint keys_fingerprint
#include "crypto/jwt.c"
#undef jwt_key_read
#undef jwt_key_free
#undef jwt_key_fingerprint

#include "base/hash.h"

enum {
	KEYS_MAX = 16,
	KEYS_FINGERPRINT_SIZE = 17
};

struct keys_entry {
	uint64_t hash;		/* of the text, and how it is used */
	struct jwt_key *key;
	char fingerprint[KEYS_FINGERPRINT_SIZE];
};

static struct keys_entry keys[KEYS_MAX];
static size_t keys_count;

struct jwt_key *jwt_key_read(enum jwt_algorithm algorithm, const char *pem,
    size_t size, struct error *error);
void jwt_key_free(struct jwt_key *key);
void jwt_key_fingerprint(const struct jwt_key *key, char hex[17]);

static struct keys_entry *
keys_find(const struct jwt_key *key)
{
	size_t i = 0;

	while (i < keys_count && keys[i].key != key)
		i++;
	return i < keys_count ? &keys[i] : NULL;
}

struct jwt_key *
jwt_key_read(enum jwt_algorithm algorithm, const char *pem, size_t size,
    struct error *error)
{
	uint64_t hash = hash_add(hash_add(HASH_START, &algorithm,
	    sizeof algorithm), pem, size);
	struct jwt_key *key;
	size_t i = 0;

	while (i < keys_count && keys[i].hash != hash)
		i++;
	if (i < keys_count)
		return keys[i].key;
	key = keys_read(algorithm, pem, size, error);
	if (key != NULL && keys_count < KEYS_MAX)
		keys[keys_count++] = (struct keys_entry){
			.hash = hash, .key = key
		};
	return key;
}

void
jwt_key_free(struct jwt_key *key)
{
	if (keys_find(key) == NULL)
		keys_free(key);
}

void
jwt_key_fingerprint(const struct jwt_key *key, char hex[17])
{
	struct keys_entry *entry = keys_find(key);

	if (entry == NULL)
		keys_fingerprint(key, hex);
	else {
		if (entry->fingerprint[0] == '\0')
			keys_fingerprint(key, entry->fingerprint);
		memcpy(hex, entry->fingerprint, sizeof entry->fingerprint);
	}
}
