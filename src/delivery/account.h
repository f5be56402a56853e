/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DELIVERY_ACCOUNT_H
#define DELIVERY_ACCOUNT_H

#include <stdbool.h>

#include "delivery/app.h"
#include "delivery/channel.h"

/*
 * Accounts with providers, found by the credentials of apps: apps with the
 * same credentials share one, with its channel, or, where devices name
 * servers, with its channels.  Where such apps have different settings, those
 * of the first one count.  Two accounts share nothing: Apple, for one, binds a
 * connection to a team.
 */
struct account_list;
struct account;

/*
 * Reads the credentials of all apps; what cannot be read is logged.  The
 * registry and what the params name must outlive the list.
 */
struct account_list *account_list_create(struct app_registry *apps,
    const struct channel_params *params);

/* Cancels what its channels have under way; see channel_free. */
void account_list_free(struct account_list *list);

/*
 * The account of an app, or NULL while its credentials cannot be read.  That
 * is tried again here, once a second at most, and logged.
 */
struct account *account_open(struct account_list *list, const struct app *app);

/*
 * False with an error if an app has the account of another one, whose
 * credentials are loaded as its own are, but another max_rate_per_minute: the
 * account has only one.  The error's pointer is relative to the app.
 */
bool account_rates_agree(const struct app *app, const struct app *other,
    struct error *error);

/* The same of all apps whose credentials have been read. */
bool account_list_rates_agree(const struct account_list *list,
    struct app_registry *apps, struct error *error);

/* True if its credentials have been read. */
bool account_is_open(const struct account_list *list, const struct app *app);

/* ... and have not expired. */
bool account_is_usable(const struct account_list *list, const struct app *app);

/*
 * The channel to send to a device of an app of the account, which must be
 * given back.  NULL with the cause: CAUSE_GATEWAY_OVERLOADED while too many
 * servers that devices name are in use, else nothing may ever be sent to it.
 */
struct channel *account_take_channel(struct account_list *list,
    struct account *account, const struct app *app,
    const struct device *device, enum cause *cause);
void account_give_back(struct account_list *list,
    const struct channel *channel);

/* Sets the gauges of all accounts. */
void account_list_report(const struct account_list *list,
    struct metrics *metrics);

#endif
