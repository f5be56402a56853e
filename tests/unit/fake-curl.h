/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_CURL_H
#define FAKE_CURL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

/*
 * The network for tests of the HTTP engine: what it uses of libcurl, without
 * sockets, and with answers by a script.  A program that is linked with this
 * has it in the place of libcurl's functions of the same names; it needs the
 * fake loop.
 *
 * As the engine has it, each multi handle is one connection at a time.  It is
 * opened by the first request, and opened anew after it was cut or when it was
 * idle or old for longer than the request allows; meanwhile others wait.
 *
 * It does what libcurl does by itself, as far as its callbacks let it: it
 * repeats a request that was refused, or that got no byte over a connection
 * which it did not open; and it opens another connection beside one that takes
 * no more requests.
 */
enum {
	FAKE_CURL_NEVER = -1
};

struct fake_curl_request {
	unsigned int number;		/* 1 is the first */
	unsigned int connection;	/* of all that were opened, from 1 */
	bool opens;			/* this one opens it */
	unsigned int in_flight;		/* on it, with this one */
	bool is_get;			/* else it is a POST */
	const char *url;		/* with the target */
	const char *target;		/* "": none was given apart */
	const char *body;		/* NULL: none */
	const struct curl_slist *headers;
	const char *protocols;		/* that may be used */
	const char *proxy;		/* "": none */
	bool shuffles;			/* the addresses of a name */
	int64_t lookup_lasts_s;		/* without a connection */
};

/* All zero: nothing at all, at once, over HTTP/2. */
struct fake_curl_answer {
	int64_t after_ms;		/* or FAKE_CURL_NEVER: it hangs */
	CURLcode code;
	bool unsent;			/* it failed before it was sent */
	bool wordless;			/* it fails without words */
	bool refused;			/* the stream was: code is ignored */
	bool cuts;			/* and with it all on its connection */
	long status;
	long version;			/* 0: CURL_HTTP_VERSION_2_0 */
	curl_off_t retry_after_s;
	const char *body;		/* NULL: an empty one */
	size_t body_size;		/* 0: up to the NUL byte */
};

/* What the network is asked and told; each may be NULL. */
struct fake_curl_hooks {
	/* A request goes out: fills the answer, which is all zero.  Without
	 * this each request hangs. */
	void (*sent)(void *arg, const struct fake_curl_request *request,
	    struct fake_curl_answer *answer);
	/* It is over as it was filled, or cut, or has had its own time. */
	void (*ended)(void *arg, unsigned int number, CURLcode code);
	/* It ended before that. */
	void (*cancelled)(void *arg, unsigned int number);
	void *arg;
};

/* Forgets all counts. */
void fake_curl_begin(const struct fake_curl_hooks *hooks);

/* Cuts a connection: what is in flight on it gets no answer. */
void fake_curl_cut(unsigned int connection);

/* It takes no more requests: it is going away, and finishes what is on it. */
void fake_curl_go_away(unsigned int connection);

/*
 * What names lead to from now on: addresses of IPv4, tried one after the
 * other until one may be connected to.  Ends with NULL, and is kept.
 */
void fake_curl_set_addresses(const char *const *addresses);

/* From now on connections have at most so many requests; 0: any number. */
void fake_curl_set_streams(unsigned int streams);

struct fake_curl_counts {
	unsigned int sent;
	unsigned int opened;		/* connections */
	unsigned int stopped;		/* requests, by a callback */
	unsigned int in_flight;
	unsigned int in_flight_max;
	unsigned int easy_handles;	/* that are not cleaned up */
	unsigned int multi_handles;
};

const struct fake_curl_counts *fake_curl_counts(void);

#endif
