/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/origins.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/hash.h"
#include "base/xmalloc.h"

enum { ORIGINS_BUCKETS = 256 };

struct origin {
	LIST_ENTRY(origin) bucket_entry;
	TAILQ_ENTRY(origin) unused_entry;	/* only while it has no users */
	uint64_t hash;
	size_t users;
	struct channel *channel;
};

struct origins {
	size_t limit;
	size_t count;
	LIST_HEAD(, origin) buckets[ORIGINS_BUCKETS];
	TAILQ_HEAD(, origin) unused;
};

struct origins *
origins_create(size_t limit)
{
	struct origins *origins = xcalloc(1, sizeof *origins);

	origins->limit = limit;
	TAILQ_INIT(&origins->unused);
	return origins;
}

static void
origins_drop(struct origins *origins, struct origin *origin)
{
	LIST_REMOVE(origin, bucket_entry);
	if (origin->users == 0)
		TAILQ_REMOVE(&origins->unused, origin, unused_entry);
	origins->count--;
	channel_free(origin->channel);
	free(origin);
}

void
origins_free(struct origins *origins)
{
	struct origin *origin;
	size_t i;

	if (origins == NULL)
		return;
	for (i = 0; i < ORIGINS_BUCKETS; i++) {
		while ((origin = LIST_FIRST(&origins->buckets[i])) != NULL)
			origins_drop(origins, origin);
	}
	free(origins);
}

/* With the account's name: its keys and its rules are the channel's. */
static uint64_t
origins_hash(const char *name, const char *text)
{
	return hash_add(hash_add(HASH_START, name, strlen(name) + 1), text,
	    strlen(text));
}

static struct origin *
origins_find(struct origins *origins, uint64_t hash, const char *name,
    const char *text)
{
	struct origin *origin;

	LIST_FOREACH(origin, &origins->buckets[hash % ORIGINS_BUCKETS],
	    bucket_entry) {
		if (origin->hash == hash &&
		    strcmp(origin->channel->name, name) == 0 &&
		    strcmp(origin->channel->origin, text) == 0)
			break;
	}
	return origin;
}

static struct origin *
origins_add(struct origins *origins, uint64_t hash,
    const struct channel_params *params, const struct app *app,
    const struct provider_channel *described)
{
	struct origin *origin = xcalloc(1, sizeof *origin);

	origin->hash = hash;
	origin->channel = channel_create(params, app, described);
	LIST_INSERT_HEAD(&origins->buckets[hash % ORIGINS_BUCKETS], origin,
	    bucket_entry);
	TAILQ_INSERT_TAIL(&origins->unused, origin, unused_entry);
	origins->count++;
	return origin;
}

struct channel *
origins_take(struct origins *origins, const struct channel_params *params,
    const struct app *app, const struct provider_channel *described)
{
	uint64_t hash = origins_hash(described->name, described->origin);
	struct origin *origin = origins_find(origins, hash, described->name,
	    described->origin);

	if (origin == NULL && origins->count >= origins->limit &&
	    !TAILQ_EMPTY(&origins->unused))
		origins_drop(origins, TAILQ_FIRST(&origins->unused));
	if (origin == NULL && origins->count < origins->limit)
		origin = origins_add(origins, hash, params, app, described);
	if (origin != NULL && origin->users++ == 0)
		TAILQ_REMOVE(&origins->unused, origin, unused_entry);
	return origin == NULL ? NULL : origin->channel;
}

void
origins_give_back(struct origins *origins, const struct channel *channel)
{
	struct origin *origin = origins_find(origins,
	    origins_hash(channel->name, channel->origin), channel->name,
	    channel->origin);

	if (--origin->users == 0)
		TAILQ_INSERT_TAIL(&origins->unused, origin, unused_entry);
}

void
origins_measure(const struct origins *origins, const char *name,
    struct channel_gauges *gauges)
{
	const struct origin *origin;
	size_t i;

	for (i = 0; i < ORIGINS_BUCKETS; i++) {
		LIST_FOREACH(origin, &origins->buckets[i], bucket_entry) {
			if (strcmp(origin->channel->name, name) == 0)
				channel_measure(origin->channel, gauges);
		}
	}
}
