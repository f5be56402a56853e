/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACCESS_ADMISSION_H
#define ACCESS_ADMISSION_H

#include <stdbool.h>

#include "access/caller-certificate.h"
#include "access/client.h"
#include "base/buf.h"
#include "base/error.h"

/*
 * Who a request is from, by what the web server says of it.  In this order:
 *
 * - the secret that the web server shares with the workers, where one is
 *   configured: without it nobody is believed;
 * - the name of a client for which the web server vouches, with no
 *   certificate beside it;
 * - a verified certificate;
 * - on Matrix' path, whose callers have no certificates, the address.
 */
struct admission;

struct admission_params {
	const struct client_list *clients;
	const char *secret_file;	/* NULL: there is no secret */
};

/* FastCGI variables, NULL where there are none. */
struct admission_request {
	const char *secret;		/* PUSH_GATEWAY_SECRET */
	const char *vouched_client;	/* PUSH_GATEWAY_CLIENT */
	const char *verify;		/* SSL_CLIENT_VERIFY */
	const char *certificate;	/* SSL_CLIENT_CERT */
	const char *address;		/* REMOTE_ADDR */
	bool is_matrix;			/* it is on Matrix' path */
};

enum admission_refusal {
	ADMISSION_GRANTED,
	ADMISSION_WRONG_SECRET,
	ADMISSION_VOUCHED_WITH_CERTIFICATE,
	ADMISSION_NOT_VOUCHED,		/* no such client, or not so */
	ADMISSION_NOT_VERIFIED,		/* no certificate, or a bad one */
	ADMISSION_UNLISTED,		/* a verified certificate of nobody */
	ADMISSION_REFUSAL__MAX
};

/*
 * Reads the secret of a web server from its file; the caller must wipe it, even
 * on failure.  False with an error if it cannot be read, or is empty.
 */
bool admission_read_secret(struct buf *secret, const char *path,
    struct error *error);

/*
 * Reads the secret.  NULL with an error if it cannot be read.  The clients
 * must outlive it.
 */
struct admission *admission_create(const struct admission_params *params,
    struct error *error);
void admission_free(struct admission *admission);

/* True if the request has the secret, or none is configured. */
bool admission_has_secret(const struct admission *admission,
    const char *secret);

/*
 * The client, or NULL and why.  With ADMISSION_UNLISTED `*certificate` is the
 * caller's, until the next call.
 */
const struct client *admission_find(struct admission *admission,
    const struct admission_request *request,
    enum admission_refusal *refusal,
    const struct caller_certificate **certificate);

/* Why, in words for the log. */
const char *admission_refusal_words(enum admission_refusal refusal);

#endif
