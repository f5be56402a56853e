/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "access/certificate-summary.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/exit-status.h"
#include "base/log.h"
#include "base/service-manager.h"
#include "cgi/listener.h"
#include "state/metrics-text.h"
#include "worker/check.h"
#include "worker/conf-text.h"
#include "worker/worker.h"

enum {
	MAIN_CERTIFICATE_SIZE = 65536
};

static const char main_usage[] =
    "usage: push-gateway.fcgi [-c FILE] [-m | -t]\n"
    "       push-gateway.fcgi -i CERTIFICATE\n"
    "       push-gateway.fcgi -V\n"
    "\n"
    "A web server starts this program with a FastCGI socket as its standard\n"
    "input, or for one CGI request.\n"
    "\n"
    "  -c FILE         the configuration; else $PUSH_GATEWAY_CONFIG, else\n"
    "                  " SYSCONFDIR "/push-gateway/push-gateway.json\n"
    "  -m              print the metrics of this host's workers in\n"
    "                  Prometheus' text format\n"
    "  -t              test the configuration and the credentials, and exit\n"
    "  -i CERTIFICATE  print a caller's certificate (PEM) as an entry of\n"
    "                  \"clients\"\n"
    "  -V              print the version\n";

static int
main_show_identity(const char *path)
{
	struct certificate_summary summary;
	struct error error;
	struct buf pem, text;
	int status = EXIT_STATUS_CONFIG;

	buf_init(&pem, MAIN_CERTIFICATE_SIZE);
	buf_init(&text, CERTIFICATE_SUMMARY_TEXT_SIZE);
	if (!buf_read_file(&pem, path))
		fprintf(stderr, "%s: cannot be read: %m\n", path);
	else if (!certificate_summary_read(buf_text(&pem), clock_wall_s(),
	    &summary, &error))
		fprintf(stderr, "%s: %s\n", path, error.words);
	else {
		certificate_summary_write(&summary, &text);
		fputs(buf_text(&text), stdout);
		status = EXIT_STATUS_OK;
	}
	buf_free(&pem);
	buf_free(&text);
	return status;
}

/* All or nothing: a reader must not mistake a part for the whole. */
static int
main_print_metrics(const char *path)
{
	struct error error;
	char *directory = conf_state_directory(path, &error);
	struct buf text;
	int status = EXIT_STATUS_CONFIG;

	buf_init(&text, METRICS_TEXT_SIZE);
	if (directory == NULL || !metrics_text_read(directory, &text, &error))
		fprintf(stderr, "%s\n", error.words);
	else if (fputs(buf_text(&text), stdout) == EOF ||
	    fflush(stdout) == EOF) {
		perror("standard output");
		status = EXIT_STATUS_IO;
	} else
		status = EXIT_STATUS_OK;
	buf_free(&text);
	free(directory);
	return status;
}

static int
main_test(const char *path)
{
	struct check check = { .path = path };
	struct error error;
	int status = EXIT_STATUS_CONFIG;

	if (!check_run(&check, &error))
		fprintf(stderr, "%s: %s\n", path, error.words);
	else {
		check_print(&check);
		if (check.faults.error_count == 0)
			status = EXIT_STATUS_OK;
	}
	check_free(&check);
	return status;
}

static int
main_serve(const char *path)
{
	struct error error;
	bool good = worker_run(path, STDIN_FILENO, &error);

	if (!good) {
		log_error("%s", error.words);
		service_manager_notify_status(error.words);
	}
	return good ? EXIT_STATUS_OK : EXIT_STATUS_CONFIG;
}

static const struct option main_options[] = {
	{ .name = "help", .val = 'h' },
	{ .name = "version", .val = 'V' },
	{ .name = NULL }
};

int
main(int argc, char **argv)
{
	const char *path = NULL;
	bool test_only = false, metrics_only = false;
	int option;

	/* Web servers make a CGI program's arguments of the URL's query. */
	if (listener_is_cgi(STDIN_FILENO))
		return main_serve(conf_path(NULL));
	while ((option = getopt_long(argc, argv, "c:i:mtVh", main_options,
	    NULL)) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 'm':
			metrics_only = true;
			break;
		case 't':
			test_only = true;
			break;
		case 'i':
			return main_show_identity(optarg);
		case 'V':
			printf("push-gateway %s\n", VERSION);
			return EXIT_STATUS_OK;
		case 'h':
			fputs(main_usage, stdout);
			return EXIT_STATUS_OK;
		default:
			fputs(main_usage, stderr);
			return EXIT_STATUS_USAGE;
		}
	}
	if (optind != argc || (metrics_only && test_only)) {
		fputs(main_usage, stderr);
		return EXIT_STATUS_USAGE;
	}
	path = conf_path(path);
	if (metrics_only)
		return main_print_metrics(path);
	return test_only ? main_test(path) : main_serve(path);
}
