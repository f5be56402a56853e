/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACCESS_CERTIFICATE_SUMMARY_H
#define ACCESS_CERTIFICATE_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "access/caller-certificate.h"
#include "base/buf.h"
#include "base/error.h"

/*
 * What an operator wants to know of a certificate before listing it in
 * "clients": how it is told from others, whose it is, how long it lasts, and
 * what will keep it out all the same.
 */
enum certificate_summary_limits {
	CERTIFICATE_SUMMARY_SUBJECT_SIZE = 512,
	CERTIFICATE_SUMMARY_TIME_SIZE = 24,
	CERTIFICATE_SUMMARY_WARNINGS_MAX = 8,
	/* What certificate_summary_write may take. */
	CERTIFICATE_SUMMARY_TEXT_SIZE = 262144
};

struct certificate_summary {
	struct caller_certificate identity;
	/* RFC 4514, in UTF-8, without control characters; it may be cut. */
	char subject[CERTIFICATE_SUMMARY_SUBJECT_SIZE];
	char not_after[CERTIFICATE_SUMMARY_TIME_SIZE];	/* RFC 3339 */
	/* Sentences without a full stop. */
	const char *warnings[CERTIFICATE_SUMMARY_WARNINGS_MAX];
	size_t warning_count;
};

/*
 * Reads the text of a PEM file, of which the first certificate counts.  False
 * with an error if there is none.
 */
bool certificate_summary_read(const char *pem, int64_t now_s,
    struct certificate_summary *summary, struct error *error);

/* Appends it as an entry of "clients", with comments before it. */
void certificate_summary_write(const struct certificate_summary *summary,
    struct buf *text);

/* The same for machines; the caller puts it. */
struct json_object *certificate_summary_json(
    const struct certificate_summary *summary);

#endif
