/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_CURL_EASY_H
#define FAKE_CURL_EASY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <curl/curl.h>

#include "fake-curl.h"
#include "http/message.h"

struct fake_multi;

/* A request: what a CURL is. */
struct fake_easy {
	TAILQ_ENTRY(fake_easy) entry;
	struct fake_multi *multi;	/* NULL: in none */
	char url[MESSAGE_URL_SIZE];
	char target[MESSAGE_URL_SIZE];	/* "": the URL's */
	const char *body;
	const struct curl_slist *headers;
	const char *protocols;
	const char *proxy;
	bool shuffles;
	int64_t lookup_lasts_s;
	bool is_get;
	curl_write_callback write_fn;
	void *write_arg;
	curl_resolver_start_callback lookup_fn;
	void *lookup_arg;
	curl_opensocket_callback open_fn;
	void *open_arg;
	curl_prereq_callback request_fn;
	void *request_arg;
	void *private;
	char *words;
	int64_t timeout_ms;
	int64_t idle_ms;
	int64_t age_ms;
	unsigned int number;		/* 0: not sent yet */
	unsigned int connects;
	int64_t end_ms;			/* -1: never */
	struct fake_curl_answer answer;
	bool is_ended;
};

#endif
