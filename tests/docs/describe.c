/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints what the documents must say of the gateway, from its own tables, so
 * that their tests read no sources.  A line for each, fields between tabs:
 *
 *	setting	SECTION	NAME	TYPE	DEFAULT
 *		SECTION as in push-gateway.json(5); DEFAULT is "required",
 *		"default VALUE", or empty if the table says neither
 *	metric	NAME	TYPE	LABELS	HELP
 *		LABELS separated by commas
 *	phrase	TEXT
 *		why a device was not reached, for callers
 *	exit	NUMBER
 *		of either program
 *	exit-command	NUMBER
 *		of push-gateway alone
 *	provider	NAME
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "access/client.h"
#include "base/exit-status.h"
#include "base/setting.h"
#include "delivery/app.h"
#include "provider/outcome.h"
#include "provider/provider.h"
#include "state/metrics.h"
#include "worker/conf.h"

static const char *const describe_types[] = {
	[SETTING_STRING] = "string",
	[SETTING_PATH] = "path",
	[SETTING_STRINGS] = "array of strings",
	[SETTING_PATHS] = "array of paths",
	[SETTING_INTEGER] = "integer",
	[SETTING_INTEGERS] = "array of integers",
	[SETTING_NUMBER_OR_ANY] = "integer or any",
	[SETTING_BOOLEAN] = "boolean",
	[SETTING_OBJECT] = "object",
	[SETTING_OBJECTS] = "array of objects"
};

static void
describe_setting(const char *section, const struct setting *setting)
{
	printf("setting\t%s\t%s\t%s", section, setting->name,
	    describe_types[setting->type]);
	if (setting->type == SETTING_INTEGER ||
	    setting->type == SETTING_INTEGERS)
		printf(" from %" PRId64 " to %" PRId64, setting->minimum,
		    setting->maximum);
	if (setting->required)
		printf("\trequired\n");
	else if (setting->type == SETTING_NUMBER_OR_ANY ||
	    (setting->type == SETTING_INTEGER &&
	    setting->number >= setting->minimum))
		printf("\tdefault %" PRId64 "\n", setting->number);
	else if (setting->type == SETTING_BOOLEAN)
		printf("\tdefault %s\n", setting->number ? "true" : "false");
	else if (setting->text != NULL)
		printf("\tdefault %s\n", setting->text);
	else
		printf("\t\n");
}

static void
describe_settings(const char *section, const struct setting *settings)
{
	for (; settings->name != NULL; settings++)
		describe_setting(section, settings);
}

/* Each provider's table has what is common to all entries of "apps", too. */
static bool
describe_is_common(const struct setting *setting)
{
	return strcmp(setting->name, "app_id") == 0 ||
	    strcmp(setting->name, "provider") == 0;
}

static void
describe_provider(const struct provider *provider)
{
	const struct setting *setting = provider->settings;

	printf("provider\t%s\n", provider->name);
	for (; setting->name != NULL; setting++)
		describe_setting(describe_is_common(setting) ? "apps" :
		    provider->name, setting);
}

static void
describe_metrics(void)
{
	static const char *const types[] = {
		[METRICS_COUNTER] = "counter",
		[METRICS_GAUGE] = "gauge",
		[METRICS_HISTOGRAM] = "histogram"
	};
	size_t i, j;

	for (i = 0; i < METRICS_NAME__MAX; i++) {
		const struct metrics_info *info = &metrics_infos[i];

		printf("metric\t%s\t%s\t", info->name, types[info->type]);
		for (j = 0; j < METRICS_LABELS &&
		    info->labels[j].name != NULL; j++)
			printf("%s%s", j == 0 ? "" : ",",
			    info->labels[j].name);
		printf("\t%s\n", info->help);
	}
}

static void
describe_phrases(void)
{
	int cause;

	for (cause = CAUSE_NONE + 1; cause < CAUSE__MAX; cause++)
		printf("phrase\t%s\n", cause_phrase((enum cause)cause));
}

#define DESCRIBE_EXIT(name, number) printf("exit\t%d\n", number);
#define DESCRIBE_EXIT_COMMAND(name, number) \
	printf("exit-command\t%d\n", number);
#define DESCRIBE_PROVIDER(name) describe_provider(&provider_##name);

int
main(void)
{
	describe_settings("level", conf_settings);
	describe_settings("log", conf_log_settings);
	describe_settings("clients", client_settings);
	describe_settings("apps", app_settings);
	describe_settings("apps", app_criteria_settings);
	PROVIDER_LIST(DESCRIBE_PROVIDER)
	describe_metrics();
	describe_phrases();
	EXIT_STATUS_LIST(DESCRIBE_EXIT)
	EXIT_STATUS_COMMAND_LIST(DESCRIBE_EXIT_COMMAND)
	return ferror(stdout) || fflush(stdout) == EOF;
}
