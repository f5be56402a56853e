/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor: what the same messages cost a program that does nothing else.
 *
 *	bench-floor URL CA HEADERS BODY COUNT AT-ONCE WARM-UP GROUPS
 *
 * posts the file BODY with the lines of the file HEADERS over HTTP/2, on as
 * few connections as there is need for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
	    (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, target->headers);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, target->body);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE,
	    (long)target->body_size);
}

static struct curl_slist *
read_headers(const char *path)
{
	struct curl_slist *list = NULL;
	size_t size;
	char *content = bench_read_file(path, &size);
	char *rest = content;
	char *line;

	while ((line = strsep(&rest, "\n")) != NULL) {
		if (*line != '\0')
			list = curl_slist_append(list, line);
	}
	free(content);
	return list;
}

int
main(int argc, char **argv)
{
	struct target target = { .arguments = argv };
	struct bench_transfers transfers = {
		.prepare = prepare,
		.argument = &target,
		.good_status = 200,
		.multiplexed = 10,
	};
	int status;

	if (argc != 9) {
		fprintf(stderr, "usage: bench-floor URL CA HEADERS BODY "
		    "COUNT AT-ONCE WARM-UP GROUPS\n");
		return 64;
	}
	target.headers = read_headers(argv[3]);
	target.body = bench_read_file(argv[4], &target.body_size);
	transfers.count = strtoul(argv[5], NULL, 10);
	transfers.at_once = strtoul(argv[6], NULL, 10);
	transfers.warm_up = strtoul(argv[7], NULL, 10);
	transfers.groups = argv[8];
	status = bench_run(&transfers);
	curl_slist_free_all(target.headers);
	free((char *)(uintptr_t)target.body);
	return status;
}
