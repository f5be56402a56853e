/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/conf.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "crypto/certificate-file.h"

/* The file as it is written; conf_fill makes a conf of it. */
struct conf_file {
	char *state_directory;
	int64_t request_timeout_ms;
	int64_t max_request_size_kb;
	int64_t max_notification_size_kb;
	int64_t max_batch_size;
	int64_t max_devices_per_notification;
	int64_t max_requests_in_flight;
	int64_t ciphertext_length;	/* 0: any */
	int64_t max_memory_in_flight_mb;
	bool sandbox;
	char *fastcgi_secret_file;
	bool allow_tcp_without_secret;
	char *proxy;
	char *proxy_credentials_file;
	char *ca_file;
	struct setting_strings tls_watch;
	struct json_object *log;
	struct json_object *clients;
	struct json_object *apps;
};

struct conf_log {
	char *level;
	char *to;
	char *format;
};

#define CONF_INTEGER(field, least, most, fallback) { \
    SETTING(conf_file, field, INTEGER), .minimum = least, .maximum = most, \
    .number = fallback }

#define CONF_STATE_DIRECTORY { SETTING(conf_file, state_directory, PATH), \
    .is_public = true, .text = RUNSTATEDIR "/push-gateway" }

const struct setting conf_settings[] = {
	CONF_STATE_DIRECTORY,
	CONF_INTEGER(request_timeout_ms, 100, 600000, 8000),
	CONF_INTEGER(max_request_size_kb, 1, 65536, 1024),
	CONF_INTEGER(max_notification_size_kb, 1, 65536, 64),
	CONF_INTEGER(max_batch_size, 1, 10000, 100),
	CONF_INTEGER(max_devices_per_notification, 1, 100000, 1000),
	CONF_INTEGER(max_requests_in_flight, 1, 100000, 512),
	{ SETTING(conf_file, ciphertext_length, NUMBER_OR_ANY),
	    .number = 1404 },
	CONF_INTEGER(max_memory_in_flight_mb, 1, 65536, 256),
	{ SETTING(conf_file, sandbox, BOOLEAN), .number = true },
	{ SETTING(conf_file, fastcgi_secret_file, PATH) },
	{ SETTING(conf_file, allow_tcp_without_secret, BOOLEAN) },
	{ SETTING(conf_file, proxy, STRING) },
	{ SETTING(conf_file, proxy_credentials_file, PATH) },
	{ SETTING(conf_file, ca_file, PATH), .is_public = true },
	{ SETTING(conf_file, tls_watch, PATHS) },
	{ SETTING(conf_file, log, OBJECT) },
	{ SETTING(conf_file, clients, OBJECTS), .required = true },
	{ SETTING(conf_file, apps, OBJECTS), .required = true },
	{ .name = NULL }
};

/* For those who want to know no more. */
static const struct setting conf_state_settings[] = {
	CONF_STATE_DIRECTORY,
	{ .name = NULL }
};

const struct setting conf_log_settings[] = {
	{ SETTING(conf_log, level, STRING), .text = "info" },
	{ SETTING(conf_log, to, STRING), .text = "stderr" },
	{ SETTING(conf_log, format, STRING), .text = "text" },
	{ .name = NULL }
};

static bool
conf_read_log(struct json_object *section, struct log_params *params,
    struct error *error)
{
	struct conf_log log = { .level = NULL };
	bool good = false;

	params->level = LOG_LEVEL_INFO;
	if (section == NULL)
		return true;
	if (!setting_read(conf_log_settings, section, ".", &log, error))
		;
	else if ((params->level = log_level_find(log.level)) ==
	    LOG_LEVEL__MAX) {
		error_set(error, "must be error, warn, info or debug");
		error_prepend_name(error, "level");
	} else if (strcmp(log.to, "stderr") != 0 &&
	    strcmp(log.to, "syslog") != 0) {
		error_set(error, "must be stderr or syslog");
		error_prepend_name(error, "to");
	} else if (strcmp(log.format, "text") != 0 &&
	    strcmp(log.format, "json") != 0) {
		error_set(error, "must be text or json");
		error_prepend_name(error, "format");
	} else
		good = true;
	params->json = good && strcmp(log.format, "json") == 0;
	params->to_syslog = good && strcmp(log.to, "syslog") == 0;
	setting_free(conf_log_settings, &log);
	if (!good)
		error_prepend_name(error, "log");
	return good;
}

static bool
conf_read_clients(struct json_object *sections, struct client_list *clients,
    struct error *error)
{
	size_t i;

	for (i = 0; i < json_object_array_length(sections); i++) {
		if (!client_list_add(clients,
		    json_object_array_get_idx(sections, i), error)) {
			error_prepend_index(error, i);
			error_prepend_name(error, "clients");
			return false;
		}
	}
	return true;
}

static bool
conf_read_apps(struct json_object *sections, const char *directory,
    struct app_registry *apps, struct error *error)
{
	size_t i;

	for (i = 0; i < json_object_array_length(sections); i++) {
		if (!app_registry_add(apps,
		    json_object_array_get_idx(sections, i), directory,
		    error)) {
			error_prepend_index(error, i);
			error_prepend_name(error, "apps");
			return false;
		}
	}
	return true;
}

/* Through a proxy nobody sees which addresses are called. */
static bool
conf_check_proxied(const struct conf *conf, struct error *error)
{
	const struct app *app;
	size_t i;

	if (conf->proxy.url == NULL)
		return true;
	for (i = 0; (app = app_registry_at(conf->apps, i)) != NULL; i++) {
		if (app->provider->check_proxied != NULL &&
		    !app->provider->check_proxied(app->account, error)) {
			error_prepend_index(error, i);
			error_prepend_name(error, "apps");
			return false;
		}
	}
	return true;
}

/* Takes over the strings of the file. */
static void
conf_fill(struct conf *conf, struct conf_file *file)
{
	conf->state_directory = file->state_directory;
	conf->request_timeout_ms = file->request_timeout_ms;
	conf->max_request_size_kb = file->max_request_size_kb;
	conf->max_requests_in_flight = file->max_requests_in_flight;
	conf->max_memory_in_flight_mb = file->max_memory_in_flight_mb;
	conf->sandbox = file->sandbox;
	conf->fastcgi_secret_file = file->fastcgi_secret_file;
	conf->allow_tcp_without_secret = file->allow_tcp_without_secret;
	conf->limits.max_batch_size = file->max_batch_size;
	conf->limits.max_devices_per_notification =
	    file->max_devices_per_notification;
	conf->limits.max_notification_size_kb = file->max_notification_size_kb;
	conf->limits.any_ciphertext_length = file->ciphertext_length == 0;
	conf->ca_file = file->ca_file;
	conf->tls_watch = file->tls_watch;
	conf->proxy.url = file->proxy;
	conf->proxy.credentials_file = file->proxy_credentials_file;
	conf->http.ca_file = conf->ca_file;
	buf_init(&conf->cas, CERTIFICATE_FILE_SIZE);
	conf->http.proxy = &conf->proxy;
}

struct conf *
conf_read(struct json_object *object, const char *directory,
    struct error *error)
{
	struct conf *conf = xcalloc(1, sizeof *conf);
	struct conf_file file = { .log = NULL };
	struct json_object *own = setting_omit(app_settings, object);
	bool read = setting_read(conf_settings, own, directory, &file, error);

	conf_fill(conf, &file);
	conf->clients = client_list_create();
	conf->apps = app_registry_create();
	if (!read || !proxy_check(&conf->proxy, error) ||
	    !app_registry_set_defaults(conf->apps, object, error) ||
	    !conf_read_log(file.log, &conf->log, error) ||
	    !conf_read_clients(file.clients, conf->clients, error) ||
	    !conf_read_apps(file.apps, directory, conf->apps, error) ||
	    !conf_check_proxied(conf, error)) {
		conf_free(conf);
		conf = NULL;
	}
	json_object_put(own);
	return conf;
}

const char *
conf_path(const char *option)
{
	const char *path = option;

	if (path == NULL)
		path = getenv("PUSH_GATEWAY_CONFIG");
	if (path == NULL || *path == '\0')
		path = SYSCONFDIR "/push-gateway/push-gateway.json";
	return path;
}

char *
conf_read_state_directory(struct json_object *object, const char *directory,
    struct error *error)
{
	struct conf_file file = { .state_directory = NULL };
	struct json_object *own = setting_pick(conf_state_settings, object);

	if (!setting_read(conf_state_settings, own, directory, &file, error)) {
		setting_free(conf_state_settings, &file);
		file.state_directory = NULL;
	}
	json_object_put(own);
	return file.state_directory;
}

bool
conf_load_cas(struct conf *conf, struct error *error)
{
	struct certificate_file file;
	bool good = conf->ca_file == NULL;

	if (good)
		return true;
	conf->http.cas = NULL;
	buf_reset(&conf->cas);
	if (!buf_read_file(&conf->cas, conf->ca_file))
		error_set(error, "cannot read %s: %m", conf->ca_file);
	else if (certificate_file_parse(&file, &conf->cas, conf->ca_file,
	    error)) {
		good = file.certificates > 0;
		if (!good)
			error_set(error, "%s contains no certificate in PEM",
			    conf->ca_file);
	}
	if (good)
		conf->http.cas = &conf->cas;
	else
		error_prepend_name(error, "ca_file");
	return good;
}

const char *
conf_files(const struct conf *conf, size_t i)
{
	const char *path = NULL;
	struct app *app;
	size_t k, n;

	if (conf->ca_file != NULL && i-- == 0)
		return conf->ca_file;
	if (conf->proxy.credentials_file != NULL && i-- == 0)
		return conf->proxy.credentials_file;
	if (conf->fastcgi_secret_file != NULL && i-- == 0)
		return conf->fastcgi_secret_file;
	for (k = 0; (app = app_registry_at(conf->apps, k)) != NULL; k++) {
		for (n = 0; (path = app->provider->credentials(app->account,
		    n)) != NULL; n++) {
			if (i-- == 0)
				return path;
		}
	}
	return NULL;
}

const char *
conf_mint_files(const struct conf *conf, size_t i)
{
	const char *path = NULL;
	struct app *app;
	size_t k, n;

	for (k = 0; (app = app_registry_at(conf->apps, k)) != NULL; k++) {
		for (n = 0; app->provider->mint_files != NULL &&
		    (path = app->provider->mint_files(app->account, n)) != NULL;
		    n++) {
			if (i-- == 0)
				return path;
		}
	}
	return NULL;
}

void
conf_free(struct conf *conf)
{
	if (conf == NULL)
		return;
	client_list_free(conf->clients);
	app_registry_free(conf->apps);
	free(conf->state_directory);
	free(conf->ca_file);
	buf_free(&conf->cas);
	free(conf->fastcgi_secret_file);
	while (conf->tls_watch.count > 0)
		free(conf->tls_watch.values[--conf->tls_watch.count]);
	free(conf->tls_watch.values);
	proxy_free(&conf->proxy);
	free(conf);
}
