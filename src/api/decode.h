/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_DECODE_H
#define API_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "api/schema.h"
#include "provider/notification.h"

/*
 * The body of a request becomes a batch, or one of the API's four errors.
 * Errors have a fixed precedence over the whole request: a batch that is too
 * large, and invalid in one item, is invalid.
 */
enum decode_operation {
	DECODE_NOTIFY,
	DECODE_BATCH,
	DECODE_ENCRYPTED_BATCH,
	/*
	 * A notify on Matrix's path: what anybody in a room can write, and
	 * what only decorates, must not refuse a push (see schema_params).
	 */
	DECODE_MATRIX_NOTIFY,
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
	int64_t max_devices_per_notification;	/* 0: no limit */
	bool any_ciphertext_length;		/* else the API's 1404 */
};

struct decode_error {
	struct schema_violation violation;	/* of INVALID */
	/* Of DUPLICATES; the caller puts it.  Else NULL. */
	struct json_object *duplicate_ids;
};

/* True if the operation takes one notification, and no batch. */
bool decode_is_single(enum decode_operation operation);

/*
 * Decodes the text, which a NUL byte must follow.  The caller frees the batch
 * by batch_free.  A single notify is a batch of one without an id.
 */
enum decode_result decode_request(enum decode_operation operation,
    const char *text, size_t size, const struct decode_limits *limits,
    struct batch **batch, struct decode_error *error);

#endif
