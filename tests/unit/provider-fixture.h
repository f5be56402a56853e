/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_FIXTURE_H
#define PROVIDER_FIXTURE_H

#include "base/error.h"
#include "provider/provider.h"

/* What the tests of several providers do in the same way. */

/* An app of a provider, as the least of settings makes it. */
struct provider_app {
	const char *provider;
	const char *settings;	/* without braces */
	const char *device;	/* members of a device, beside app_id */
};

/* One of each provider; ends with NULL. */
extern const struct provider_app provider_fixture_apps[];

/*
 * Opens such an app with more settings (",..." or ""), and loads its
 * credentials, which are the fixture's; ends the program if that fails.
 */
void *provider_fixture_load(const struct provider_app *app,
    const char *more);

/* Opens an app by its settings, whose files are the fixture's; or NULL. */
void *provider_fixture_open(const struct provider *provider,
    const char *section, struct error *error);

/* Settings of an app, and what is wrong with them. */
struct provider_section {
	const char *section;
	const char *pointer;	/* NULL: they are accepted */
	const char *words;
};

void provider_fixture_check_section(const struct provider *provider,
    const struct provider_section *row);

/* A provider's answer. */
struct provider_answer {
	int status;
	const char *body;
	const char *type;	/* content-type; NULL: none */
	int64_t retry_after_ms;	/* -1: it names none */
};

/*
 * What the provider makes of it.  A body that is too much is cut off, as the
 * engine does.
 */
struct outcome provider_fixture_judge(const struct provider *provider,
    const void *account, const struct device *device,
    const struct provider_answer *answer);

/* Checks of the outcome of an answer that goes by that name. */
bool provider_fixture_is_judged(const struct outcome *outcome,
    enum verdict verdict, enum cause cause, enum retry retry,
    const char *name);

#endif
