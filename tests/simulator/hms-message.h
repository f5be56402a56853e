/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HMS_MESSAGE_H
#define HMS_MESSAGE_H

#include <json-c/json.h>

#include <stdbool.h>
#include <stddef.h>

/* Why a body of messages:send is refused. */
struct hms_message_fault {
	const char *code;		/* a literal */
	char words[256];		/* beside those of the code, or "" */
};

/*
 * Checks the body as strictly as Push Kit, of versions 1 and 2 or of version
 * 3 with its header push-type (NULL: there is none).  `size` is that of the
 * whole body, which may be NULL: no JSON then.  `*token` is the first one,
 * borrowed from the body, or NULL.
 */
bool
hms_message_check(struct json_object *body, size_t size, const char **token,
    struct hms_message_fault *fault);

bool
hms_message_check_v3(struct json_object *body, size_t size,
    const char *push_type, const char **token,
    struct hms_message_fault *fault);

#endif
