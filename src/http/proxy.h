/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_PROXY_H
#define HTTP_PROXY_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

/*
 * The HTTP proxy on the way to the providers, and our credentials for it (RFC
 * 7617, Basic).
 */
struct proxy {
	char *url;		/* NULL: none */
	char *credentials_file;	/* NULL: none */
	/* By proxy_load: */
	struct buf credentials;
	const char *user;	/* in there; NULL: none */
	const char *password;
};

/* False with an error, whose pointer is the setting's name. */
bool proxy_check(const struct proxy *proxy, struct error *error);

/*
 * Reads "user:password" from the file, if there is one.  False with an error,
 * which contains no secret.
 */
bool proxy_load(struct proxy *proxy, struct error *error);

/* Frees what is in it, and overwrites the credentials. */
void proxy_free(struct proxy *proxy);

#endif
