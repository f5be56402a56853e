/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_DECODE_H
#define API_DECODE_H

#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "api/schema.h"
#include "provider/notification.h"

/*
 * The body of a request becomes a batch, or one of the API's four errors.
 * The rank is over the whole request: a batch that is too large and wrong in
 * one item is wrong.
 */
enum decode_operation {
	DECODE_NOTIFY,
	DECODE_BATCH,
	DECODE_ENCRYPTED_BATCH,
	DECODE_OPERATION__MAX
};

enum decode_result {
	DECODE_OK,
	DECODE_INVALID,
	DECODE_TOO_MANY,
	DECODE_DUPLICATES,
	DECODE_TOO_LARGE
};

struct decode_limits {
	int64_t max_batch_size;
	int64_t max_notification_size_kb;	/* each of a batch */
};

struct decode_error {
	struct schema_violation violation;	/* of INVALID */
	/* Of DUPLICATES, and then the caller's to put; else NULL. */
	struct json_object *duplicate_ids;
};

/*
 * Decodes the text, which a NUL byte must follow.  The batch is the caller's,
 * by batch_free; a single notify is a batch of one without an id.
 */
enum decode_result decode_request(enum decode_operation operation,
    const char *text, size_t size, const struct decode_limits *limits,
    struct batch **batch, struct decode_error *error);

#endif
