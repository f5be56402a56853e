/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts load on a gateway as a caller would, and says how it fared:
 *
 *	bench-load URL CA CERTIFICATE KEY BODY COUNT AT-ONCE WARM-UP GROUPS
 *
 * posts the file BODY so many times, so many at once, over HTTP/1.1
 * connections that are kept; see bench.h for the rest.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

struct target {
	char **arguments;
	const char *body;
	size_t body_size;
	struct curl_slist *headers;
};

static void
prepare(CURL *easy, void *argument)
{
	const struct target *target = argument;

	curl_easy_setopt(easy, CURLOPT_URL, target->arguments[1]);
	curl_easy_setopt(easy, CURLOPT_CAINFO, target->arguments[2]);
	curl_easy_setopt(easy, CURLOPT_SSLCERT, target->arguments[3]);
	curl_easy_setopt(easy, CURLOPT_SSLKEY, target->arguments[4]);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
	    (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, target->headers);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, target->body);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE,
	    (long)target->body_size);
}

int
main(int argc, char **argv)
{
	struct target target = { .arguments = argv };
	struct bench_transfers transfers = {
		.prepare = prepare,
		.argument = &target,
		.good_status = 200,
	};
	int status;

	if (argc != 10) {
		fprintf(stderr, "usage: bench-load URL CA CERTIFICATE KEY "
		    "BODY COUNT AT-ONCE WARM-UP GROUPS\n");
		return 64;
	}
	target.body = bench_read_file(argv[5], &target.body_size);
	target.headers = curl_slist_append(
	    curl_slist_append(NULL, "Content-Type: application/json"),
	    "Expect:");
	transfers.count = strtoul(argv[6], NULL, 10);
	transfers.at_once = strtoul(argv[7], NULL, 10);
	transfers.warm_up = strtoul(argv[8], NULL, 10);
	transfers.groups = argv[9];
	status = bench_run(&transfers);
	curl_slist_free_all(target.headers);
	free((char *)(uintptr_t)target.body);
	return status;
}
