/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_RESULT_H
#define API_RESULT_H

#include <stdbool.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "provider/notification.h"
#include "provider/outcome.h"

/*
 * What the caller is told of one notification: the outcomes of its devices,
 * by the status table of the wire contract.  No I/O.
 */
enum result_status {
	RESULT_SUCCESS,
	RESULT_FAILED,
	RESULT_PARTIAL,
	RESULT_STATUS__MAX
};

enum {
	RESULT_ERROR_SIZE = 256
};

struct result {
	enum result_status status;
	unsigned int devices[VERDICT__MAX];	/* with each verdict */
	/* An array of pushkeys, as they were received, each once; NULL: there
	 * are none. */
	struct json_object *rejected;
	char error[RESULT_ERROR_SIZE];		/* "" if there is none */
};

/* There is an outcome for each device.  The caller frees the result. */
void result_init(struct result *result,
    const struct notification *notification, const struct outcome *outcomes);

void result_free(struct result *result);

/* True if another try repeats nothing and may deliver something. */
bool result_wants_retry(const struct result *result);

/* Appends an element of "results" to the buffer. */
void result_write(const struct result *result, struct json_object *id,
    struct buf *buf);

/* "summary", of so many items with each status; the caller puts it. */
struct json_object *result_summary(
    const unsigned int items[RESULT_STATUS__MAX]);

/* As an answer and the metrics say it. */
const char *result_status_name(enum result_status status);

#endif
