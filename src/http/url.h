/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_URL_H
#define HTTP_URL_H

#include <stdbool.h>

/*
 * A URL, taken apart by libcurl itself: what is judged here is what it would
 * connect to.
 */
struct url {
	char *scheme;		/* in lower case */
	char *user;		/* NULL: none; so with what follows */
	char *password;
	char *host;		/* an IPv6 address in brackets */
	char *port;
	char *path;		/* at least "/" */
	char *query;
	char *fragment;
};

/*
 * False if it is no URL, or not spelled as libcurl spells it (but for a "/"
 * that may be missing at its end): one that has several readings, such as
 * https:///host, https://0x7f.1/ or https://host:0443/.  url_free must be
 * called on true only.
 */
bool url_read(struct url *url, const char *text);
void url_free(struct url *url);

#endif
