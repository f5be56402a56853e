/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_CONF_H
#define WORKER_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "access/client.h"
#include "api/decode.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"
#include "base/setting.h"
#include "delivery/app.h"
#include "http/http.h"
#include "http/proxy.h"

/*
 * The whole configuration: one JSON file, comments allowed, unknown settings
 * refused.  It holds the parameters of each module, ready to pass on; no
 * module below sees it.
 */
struct conf {
	char *state_directory;
	int64_t request_timeout_ms;
	int64_t max_request_size_kb;
	int64_t max_requests_in_flight;
	int64_t max_memory_in_flight_mb;
	bool sandbox;			/* the worker is to enter it */
	char *fastcgi_secret_file;	/* NULL: there is no secret */
	bool allow_tcp_without_secret;
	struct decode_limits limits;
	struct log_params log;
	struct http_params http;	/* it borrows the next two */
	char *ca_file;
	struct buf cas;		/* what it contains, once it was read */
	struct setting_strings tls_watch;	/* paths */
	struct proxy proxy;
	struct client_list *clients;
	struct app_registry *apps;
};

/* The tables of the top level, which has those of app_settings, too, and of
 * "log". */
extern const struct setting conf_settings[];
extern const struct setting conf_log_settings[];

/*
 * The configuration's path: what an option names (NULL: nothing), else
 * $PUSH_GATEWAY_CONFIG, else where configure said.
 */
const char *conf_path(const char *option);

/*
 * Makes one of what a file holds; relative paths are relative to `directory`.
 * NULL with an error.  No credentials are read yet.
 */
struct conf *conf_read(struct json_object *object, const char *directory,
    struct error *error);

/*
 * The state directory that a file names, which the caller frees, whatever
 * mistakes are elsewhere in it.  NULL with an error if it does not say so much.
 */
char *conf_read_state_directory(struct json_object *object,
    const char *directory, struct error *error);

/*
 * Reads the ca_file, so that the engine need not: it may be lost while a worker
 * runs.  False with an error if there is one that contains no certificate.
 */
bool conf_load_cas(struct conf *conf, struct error *error);

/*
 * The i-th file beside the configuration itself that it names and a worker
 * reads, some of them more than once; NULL after the last.
 */
const char *conf_files(const struct conf *conf, size_t i);

/*
 * The i-th of the files that are read anew for each token, or NULL after the
 * last: once the apps' credentials are loaded.
 */
const char *conf_mint_files(const struct conf *conf, size_t i);

void conf_free(struct conf *conf);

#endif
