/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACCESS_CLIENT_H
#define ACCESS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access/caller-certificate.h"
#include "base/error.h"
#include "base/network.h"
#include "base/setting.h"

/*
 * Which callers are admitted, and which apps each may address.  A trusted
 * chain is not enough: any customer of the same CA has one.
 */
struct client_list;
struct client;

/* The table of an entry of "clients". */
extern const struct setting client_settings[];

struct client_list *client_list_create(void);
void client_list_free(struct client_list *list);
size_t client_list_count(const struct client_list *list);

/*
 * Adds an entry of "clients".  False with an error.  A certificate matches if
 * it meets each kind of criterion that the entry gives, by one of its values.
 * An entry without any is for every verified certificate, unless it is known
 * by the web server's word ("vouched") or by addresses: then it is for none.
 */
bool client_list_add(struct client_list *list, struct json_object *section,
    struct error *error);

/* The first entry that the certificate matches, or NULL: no access. */
const struct client *client_list_find(const struct client_list *list,
    const struct caller_certificate *caller);

/* The entry of that name for which a web server may vouch, or NULL. */
const struct client *client_list_find_vouched(const struct client_list *list,
    const char *name);

/* The first entry whose addresses hold this one, or NULL. */
const struct client *client_list_find_address(const struct client_list *list,
    const struct network_address *address);

const char *client_name(const struct client *client);

/* How much of a worker's work it may ask for; 0: no limit. */
struct client_limits {
	int64_t max_requests_in_flight;
	int64_t max_rate_per_minute;
};

struct client_limits client_limits(const struct client *client);

/* An entry without "apps" may address all. */
bool client_may_address(const struct client *client, const char *app_id);

#endif
