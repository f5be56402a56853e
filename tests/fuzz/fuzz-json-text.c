/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of JSON against RFC 8259.  The whole input is the text: it is
 * accepted if and only if another reader accepts it and it stays within the
 * gateway's limits, and what it becomes is read again as the same.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/json-text.h"

static void
check_again(struct json_object *value, size_t text_size)
{
	char reason[JSON_TEXT_REASON_SIZE];
	size_t size, again_size;
	const char *written = fuzz_json_text(value, &size);
	char *text = fuzz_text(written, size);
	struct json_object *again = json_text_parse(text, size, reason);

	fuzz_require(size <= text_size, "serialising makes nothing longer");
	fuzz_require(again != NULL, "what was read is read again: %s", text);
	fuzz_require(json_object_equal(value, again) == 1,
	    "what is read again is equal: %s", text);
	written = fuzz_json_text(again, &again_size);
	fuzz_require(size == again_size && memcmp(text, written, size) == 0,
	    "what is read again is written alike: %s", text);
	json_object_put(again);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_json found = fuzz_json_check((const char *)data, size);
	bool expected = found.good && found.depth <= JSON_TEXT_DEPTH_MAX &&
	    found.values <= JSON_TEXT_VALUES_MAX && !found.is_null &&
	    !found.has_nul_in_name;
	char reason[JSON_TEXT_REASON_SIZE];
	char *text = fuzz_text(data, size);
	struct json_object *value;

	memset(reason, 'x', sizeof reason);
	value = json_text_parse(text, size, reason);
	fuzz_require_text(reason, sizeof reason, "the reason");
	/* Of integers over 64 bits, json-c's versions think differently. */
	fuzz_require((value != NULL) == expected || found.has_wide_integer,
	    "%s, as RFC 8259 says: %s", expected ? "accepted" : "refused",
	    reason);
	fuzz_require((value != NULL) == (reason[0] == '\0'),
	    "a reason if and only if it is refused");
	if (value != NULL)
		check_again(value, size);
	json_object_put(value);
	free(text);
	return 0;
}
