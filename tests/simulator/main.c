/* SPDX-License-Identifier: Apache-2.0 */
/* push-simulator: plays the push services that phones have, for tests. */
#include <openssl/err.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connection.h"
#include "control-watch.h"
#include "listener.h"
#include "record.h"

#define REFRESH_MS 5

struct options {
	const char *certificate;
	const char *key;
	const char *accounts;
	const char *control;
	const char *record;
	const char *ready;
	const char *listen;
	unsigned ports[SERVICE__MAX];
	bool keep;
};

static const struct service *const services[SERVICE__MAX] = {
	[SERVICE_APNS] = &service_apns,
	[SERVICE_FCM] = &service_fcm,
	[SERVICE_OAUTH] = &service_oauth,
	[SERVICE_HMS] = &service_hms,
	[SERVICE_HMS_OAUTH] = &service_hms_oauth,
	[SERVICE_WEBPUSH_APPLE] = &service_webpush_apple,
	[SERVICE_WEBPUSH_MOZILLA] = &service_webpush_mozilla,
	[SERVICE_WEBPUSH_GOOGLE] = &service_webpush_google,
	[SERVICE_WEBPUSH_MICROSOFT] = &service_webpush_microsoft,
	[SERVICE_UNIFIEDPUSH] = &service_unifiedpush,
};

static void
print_usage(FILE *to)
{
	fputs("usage: push-simulator --certificate FILE --key FILE "
	    "--accounts FILE\n"
	    "\t[--control FILE] [--record FILE] [--ready FILE] [--keep]\n"
	    "\t[--listen ADDRESS] [--SERVICE-port N]...\n", to);
}

static unsigned
read_port(const char *text)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	if (*text == '\0' || *end != '\0' || port > 65535)
		errx(64, "%s is no port", text);
	return (unsigned)port;
}

#define FIRST_PORT_OPTION 256	/* beyond all letters */

static const struct option plain_options[] = {
	{ "certificate", required_argument, NULL, 'c' },
	{ "key", required_argument, NULL, 'k' },
	{ "accounts", required_argument, NULL, 'a' },
	{ "control", required_argument, NULL, 'C' },
	{ "record", required_argument, NULL, 'r' },
	{ "ready", required_argument, NULL, 'R' },
	{ "listen", required_argument, NULL, 'l' },
	{ "keep", no_argument, NULL, 'K' },
	{ "help", no_argument, NULL, 'h' },
};

#define PLAIN_OPTIONS (sizeof plain_options / sizeof plain_options[0])

/* The options' table: those above, one for each service's port, an end. */
static void
make_table(struct option table[PLAIN_OPTIONS + SERVICE__MAX + 1])
{
	static char names[SERVICE__MAX][64];
	struct option *port = table + PLAIN_OPTIONS;

	memcpy(table, plain_options, sizeof plain_options);
	memset(port, 0, (SERVICE__MAX + 1) * sizeof *port);
	for (int i = 0; i < SERVICE__MAX; i++) {
		snprintf(names[i], sizeof names[i], "%s-port",
		    service_names[i]);
		for (char *c = names[i]; *c != '\0'; c++)
			*c = *c == '_' ? '-' : *c;
		port[i].name = names[i];
		port[i].has_arg = required_argument;
		port[i].val = FIRST_PORT_OPTION + i;
	}
}

static void
read_options(struct options *options, int argc, char **argv)
{
	struct option table[PLAIN_OPTIONS + SERVICE__MAX + 1];
	int letter;

	make_table(table);
	while ((letter = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (letter) {
		case 'c': options->certificate = optarg; break;
		case 'k': options->key = optarg; break;
		case 'a': options->accounts = optarg; break;
		case 'C': options->control = optarg; break;
		case 'r': options->record = optarg; break;
		case 'R': options->ready = optarg; break;
		case 'l': options->listen = optarg; break;
		case 'K': options->keep = true; break;
		case 'h': print_usage(stdout); exit(0);
		default:
			if (letter < FIRST_PORT_OPTION) {
				print_usage(stderr);
				exit(64);
			}
			options->ports[letter - FIRST_PORT_OPTION] =
			    read_port(optarg);
		}
	}
	if (optind != argc || options->certificate == NULL ||
	    options->key == NULL || options->accounts == NULL) {
		print_usage(stderr);
		exit(64);
	}
}

/* Where HTTP/2 is all there is, who offers no ALPN gets the same alert. */
static int
on_client_hello(SSL *ssl, int *alert, void *argument)
{
	const struct connection *connection = SSL_get_app_data(ssl);
	const unsigned char *extension;
	size_t length;
	int result = SSL_CLIENT_HELLO_SUCCESS;

	(void)argument;
	if (!connection->endpoint->service->speaks_http1 &&
	    SSL_client_hello_get0_ext(ssl,
	    TLSEXT_TYPE_application_layer_protocol_negotiation, &extension,
	    &length) != 1) {
		*alert = SSL_AD_NO_APPLICATION_PROTOCOL;
		result = SSL_CLIENT_HELLO_ERROR;
	}
	return result;
}

static int
on_alpn(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_length,
    const unsigned char *offered, unsigned offered_length, void *argument)
{
	static const unsigned char names[] = "\x02h2\x08http/1.1";
	const struct endpoint *endpoint =
	    ((const struct connection *)SSL_get_app_data(ssl))->endpoint;
	const unsigned char *ours = names;
	unsigned length = 3;
	unsigned char *found;

	(void)argument;
	if (endpoint->service->speaks_http1)
		length = sizeof names - 1;
	if (endpoint->service->speaks_http1 && endpoint->control.http1) {
		ours += 3;
		length -= 3;
	}
	if (SSL_select_next_proto(&found, chosen_length, ours, length,
	    offered, offered_length) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*chosen = found;
	return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *
make_tls(const struct options *options)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

	if (tls == NULL ||
	    SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_use_certificate_chain_file(tls,
	    options->certificate) != 1 ||
	    SSL_CTX_use_PrivateKey_file(tls, options->key,
	    SSL_FILETYPE_PEM) != 1) {
		ERR_print_errors_fp(stderr);
		errx(1, "cannot use %s with %s", options->certificate,
		    options->key);
	}
	SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	/* Without it no session of a client with a certificate is resumed. */
	SSL_CTX_set_session_id_context(tls, (const unsigned char *)"push", 4);
	SSL_CTX_set_client_hello_cb(tls, on_client_hello, NULL);
	SSL_CTX_set_alpn_select_cb(tls, on_alpn, NULL);
	return tls;
}

/* Under its name only when it is whole, so that it can be waited for. */
static void
write_ready(const struct world *world, const char *file)
{
	struct text temporary;
	FILE *stream;

	text_init(&temporary, 4096);
	text_add_format(&temporary, "%s.%ld", file, (long)getpid());
	stream = fopen(text_string(&temporary), "w");
	if (stream == NULL)
		err(1, "%s", text_string(&temporary));
	for (unsigned i = 0; i < SERVICE__MAX; i++)
		fprintf(stream, "%s_port=%u\n",
		    world->endpoints[i].name, world->endpoints[i].port);
	subscriptions_print(world->context.subscriptions, stream);
	fprintf(stream, "pid=%ld\n", (long)getpid());
	if (fclose(stream) != 0 || rename(text_string(&temporary), file) != 0)
		err(1, "%s", file);
	text_clear(&temporary);
}

static void
on_leave(evutil_socket_t number, short what, void *argument)
{
	struct world *world = argument;

	(void)number;
	(void)what;
	event_base_loopbreak(world->base);
}

static void
on_count(evutil_socket_t number, short what, void *argument)
{
	struct json_object *line = record_count(argument);

	(void)number;
	(void)what;
	fprintf(stderr, "%s\n", json_object_to_json_string_ext(line,
	    JSON_C_TO_STRING_PLAIN));
	json_object_put(line);
}

static void
on_refresh(evutil_socket_t fd, short what, void *argument)
{
	(void)fd;
	(void)what;
	control_watch_refresh(argument);
}

/* Signals, and the timer that sees a new control file when nobody calls. */
static void
run(struct world *world)
{
	struct timeval interval = { .tv_usec = REFRESH_MS * 1000 };
	struct event *events[] = {
		evsignal_new(world->base, SIGTERM, on_leave, world),
		evsignal_new(world->base, SIGINT, on_leave, world),
		evsignal_new(world->base, SIGUSR1, on_count, world),
		event_new(world->base, -1, EV_PERSIST, on_refresh, world),
	};
	size_t count = sizeof events / sizeof events[0];

	for (size_t i = 0; i < count; i++) {
		if (i < count - 1)
			event_add(events[i], NULL);
		else if (world->control_file != NULL)
			event_add(events[i], &interval);
	}
	event_base_dispatch(world->base);
	for (size_t i = 0; i < count; i++)
		event_free(events[i]);
}

static void
make_context(struct service_context *context, const char *accounts)
{
	struct accounts_file file;

	accounts_file_read(&file, accounts);
	context->accounts = accounts_read(&file);
	context->provider_tokens = provider_tokens_new(context->accounts);
	context->access_tokens = access_tokens_new("ya29.sim-", "");
	context->hms_accounts = hms_accounts_read(&file);
	/* Huawei's have what JSON and forms must escape. */
	context->hms_tokens = access_tokens_new("DAEC/sim+", "=");
	context->hms_expires_in_s = CONTROL_EXPIRES_IN_S;
	context->subscriptions = subscriptions_read(&file);
	context->vapid_cache = vapid_cache_new();
	context->expires_in_s = CONTROL_EXPIRES_IN_S;
	context->token_floor_s = CONTROL_TOKEN_FLOOR_S;
	context->collapsed = json_object_new_object();
	json_object_put(file.tree);
}

static void
free_context(struct service_context *context)
{
	provider_tokens_free(context->provider_tokens);
	access_tokens_free(context->access_tokens);
	access_tokens_free(context->hms_tokens);
	hms_accounts_free(
	    (struct hms_accounts *)(uintptr_t)context->hms_accounts);
	json_object_put(context->collapsed);
	vapid_cache_free(context->vapid_cache);
	subscriptions_free(
	    (struct subscriptions *)(uintptr_t)context->subscriptions);
	accounts_free((struct accounts *)(uintptr_t)context->accounts);
}

static void
start(struct world *world, const struct options *options)
{
	world->base = event_base_new();
	world->tls = make_tls(options);
	make_context(&world->context, options->accounts);
	world->scripted = json_object_new_object();
	world->record_fd = -1;
	world->control_file = options->control;
	world->refresh = control_watch_refresh;
	if (options->record != NULL) {
		world->record_fd = open(options->record,
		    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
		if (world->record_fd < 0)
			err(1, "%s", options->record);
	}
	for (unsigned i = 0; i < SERVICE__MAX; i++) {
		struct endpoint *endpoint = &world->endpoints[i];

		endpoint->world = world;
		endpoint->name = service_names[i];
		endpoint->service = services[i];
		control_init(&endpoint->control);
		TAILQ_INIT(&endpoint->connections);
	}
	control_watch_refresh(world);
	for (unsigned i = 0; i < SERVICE__MAX; i++)
		listener_open(&world->endpoints[i], options->listen,
		    options->ports[i]);
	world->context.oauth_port = world->endpoints[SERVICE_OAUTH].port;
	world->context.hms_oauth_port =
	    world->endpoints[SERVICE_HMS_OAUTH].port;
	if (options->ready != NULL)
		write_ready(world, options->ready);
}

static void
finish(struct world *world)
{
	for (unsigned i = 0; i < SERVICE__MAX; i++) {
		listener_close(&world->endpoints[i]);
		connection_close_all(&world->endpoints[i]);
		control_clear(&world->endpoints[i].control);
	}
	free_context(&world->context);
	json_object_put(world->scripted);
	if (world->record_fd >= 0)
		close(world->record_fd);
	SSL_CTX_free(world->tls);
	event_base_free(world->base);
}

int
main(int argc, char **argv)
{
	struct options options = { .listen = "127.0.0.1" };
	struct world world = { .record_fd = -1 };
	struct rlimit files;
	pid_t parent = getppid();

	read_options(&options, argc, argv);
	if (!options.keep) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			return 0;
	}
	signal(SIGPIPE, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	start(&world, &options);
	run(&world);
	finish(&world);
	return 0;
}
