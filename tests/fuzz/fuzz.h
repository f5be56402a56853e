/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "provider/notification.h"

/*
 * What the targets share.  A target is a file that defines the function which
 * libFuzzer calls with one input after another; it ends the program where
 * something that must hold does not.  Without libFuzzer, fuzz-main.c calls it
 * with the files of a directory.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program with these words if it does not hold. */
void fuzz_require(bool holds, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * A copy for the caller to free, followed by a NUL byte and by nothing else,
 * so that a sanitizer sees what reads on.
 */
char *fuzz_text(const void *data, size_t size);

/* Requires a string that ends within its array and is UTF-8. */
void fuzz_require_text(const char *text, size_t size, const char *name);

/*
 * JSON as RFC 8259 says, by a reader that shares nothing with the gateway's
 * nor with json-c: what the two say must agree.
 */
struct fuzz_json {
	bool good;		/* false too if `depth` is over the limit */
	bool is_null;		/* null and nothing else */
	bool has_nul_in_name;	/* U+0000 in the name of a member */
	bool has_wide_integer;	/* outside of -2^63 to 2^64 - 1 */
	unsigned int depth;	/* reached, or the first that was too deep */
	size_t values;		/* brackets that open, and commas */
};

enum {
	FUZZ_JSON_DEPTH_MAX = 512
};

struct fuzz_json fuzz_json_check(const char *text, size_t size);

/*
 * The size of a text that is JSON in the form that the API measures: UTF-8, no
 * white space, no escape that is not needed.
 */
size_t fuzz_json_compact_size(const char *text, size_t size);

/* The value in the form that the API measures; owned by the value. */
const char *fuzz_json_text(struct json_object *value, size_t *size);

/*
 * Composes a request to each provider for each device, and requires that it
 * is one which the provider can take, and holds nothing but what it may.
 */
void fuzz_compose_check(const struct batch *batch);

#endif
