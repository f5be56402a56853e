/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_SUBJECT_TOKEN_H
#define PROVIDER_SUBJECT_TOKEN_H

#include <stdbool.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/error.h"
#include "http/message.h"

/*
 * Where the token of another identity provider, which says who this host is,
 * comes from: a file that something else renews, or a URL, as a cloud's
 * metadata service has it (Google, AIP-4117, "credential_source"; Google
 * Cloud, "Configure Workload Identity Federation with other clouds").
 */
struct subject_source {
	char *file;		/* NULL: it has a URL */
	char *url;
	struct json_object *headers;	/* of the request; NULL: none */
	char *field;	/* of a JSON object; NULL: the whole is the token */
};

enum {
	SUBJECT_TOKEN_SIZE = 16384	/* of what is read, at most */
};

/*
 * Reads a "credential_source" into a zeroed or loaded source.  Plain HTTP is
 * for a server of this host or of its link alone, by its address.  A path is
 * relative to the directory.  False with an error about a member.
 */
bool subject_source_load(struct subject_source *source,
    struct json_object *object, const char *directory, struct error *error);
void subject_source_unload(struct subject_source *source);

/* Composes the request for the token; only if the source has a URL. */
void subject_source_compose(const struct subject_source *source,
    struct http_request *request);

/*
 * The token, from the file or from a reply, into an empty buffer, which the
 * caller wipes, even on failure.  False with an error without secrets.
 */
bool subject_source_read_file(const struct subject_source *source,
    struct buf *token, struct error *error);
bool subject_source_read_reply(const struct subject_source *source,
    const struct http_reply *reply, struct buf *token, struct error *error);

#endif
