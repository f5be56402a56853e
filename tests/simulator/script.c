/* SPDX-License-Identifier: Apache-2.0 */
#include "script.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define WORD_SIZE REASON_SIZE

enum word_kind {
	WORD_FLAG,		/* the word alone */
	WORD_NUMBER,		/* the word and digits */
	WORD_ONCE,		/* the word and perhaps digits */
	WORD_SHAPE,		/* the word alone, a body's shape */
};

static const struct word {
	const char *name;
	enum word_kind kind;
	size_t offset;
	enum body_shape shape;
} words[] = {
	{ .name = "hang", .kind = WORD_FLAG,
	    .offset = offsetof(struct script, hang) },
	{ .name = "cut", .kind = WORD_FLAG,
	    .offset = offsetof(struct script, cut) },
	{ .name = "refuse", .kind = WORD_FLAG,
	    .offset = offsetof(struct script, refuse) },
	{ .name = "reset", .kind = WORD_FLAG,
	    .offset = offsetof(struct script, reset) },
	{ .name = "goaway", .kind = WORD_FLAG,
	    .offset = offsetof(struct script, goaway) },
	{ .name = "broken", .kind = WORD_FLAG,
	    .offset = offsetof(struct script, broken) },
	{ .name = "streams", .kind = WORD_NUMBER,
	    .offset = offsetof(struct script, streams) },
	{ .name = "slow", .kind = WORD_NUMBER,
	    .offset = offsetof(struct script, slow_ms) },
	{ .name = "ts", .kind = WORD_NUMBER,
	    .offset = offsetof(struct script, timestamp_ms) },
	{ .name = "retry", .kind = WORD_NUMBER,
	    .offset = offsetof(struct script, retry_after_s) },
	{ .name = "once", .kind = WORD_ONCE,
	    .offset = offsetof(struct script, once) },
	{ .name = "html", .kind = WORD_SHAPE, .shape = BODY_HTML },
	{ .name = "empty", .kind = WORD_SHAPE, .shape = BODY_EMPTY },
	{ .name = "truncated", .kind = WORD_SHAPE, .shape = BODY_TRUNCATED },
	{ .name = "big", .kind = WORD_SHAPE, .shape = BODY_BIG },
	{ .name = "gzip", .kind = WORD_SHAPE, .shape = BODY_GZIP },
	{ .name = "br", .kind = WORD_SHAPE, .shape = BODY_BROTLI },
	{ .name = "umlaut", .kind = WORD_SHAPE, .shape = BODY_UMLAUT },
	{ .name = "latin1", .kind = WORD_SHAPE, .shape = BODY_LATIN1 },
};

/* The digits that follow a word's name, or -1 if that is not what follows. */
static int64_t
read_digits(const char *digits)
{
	size_t length = strspn(digits, "0123456789");
	int64_t number = -1;

	if (length > 0 && length <= 15 && digits[length] == '\0')
		number = strtoll(digits, NULL, 10);
	return number;
}

/* Does what the word says; false if it is not this table's word. */
static bool
apply_word(struct script *script, const struct word *word, const char *text)
{
	size_t length = strlen(word->name);
	void *member = (char *)script + word->offset;
	const char *rest = text + length;
	int64_t number;
	bool done = false;

	if (strncmp(text, word->name, length) == 0) {
		number = read_digits(rest);
		if (word->kind == WORD_FLAG && *rest == '\0') {
			*(bool *)member = true;
			done = true;
		} else if (word->kind == WORD_SHAPE && *rest == '\0') {
			script->shape = word->shape;
			done = true;
		} else if (word->kind == WORD_ONCE && *rest == '\0') {
			*(int64_t *)member = 1;
			done = true;
		} else if (word->kind != WORD_FLAG &&
		    word->kind != WORD_SHAPE && number >= 0) {
			*(int64_t *)member = number;
			done = true;
		}
	}
	return done;
}

/* 200 to 599; a hundred and something cannot be a final answer. */
static bool
apply_status(struct script *script, const char *text)
{
	int64_t number = strlen(text) == 3 ? read_digits(text) : -1;
	bool done = number >= 200 && number <= 599;

	if (done)
		script->status = (unsigned)number;
	return done;
}

/* Eight digits that begin with an 8. */
static bool
apply_code(struct script *script, const char *text)
{
	bool done = strlen(text) == 8 && text[0] == '8' &&
	    read_digits(text) >= 0;

	if (done)
		string_copy(script->code, sizeof script->code, text);
	return done;
}

/* What a word that means nothing by itself says of the one before it. */
static void
apply_name(struct script *script, const char *text, bool after_status,
    bool after_code)
{
	if (!isalpha((unsigned char)text[0]))
		return;
	if (after_status)
		string_copy(script->reason, sizeof script->reason, text);
	else if (after_code)
		string_copy(script->detail, sizeof script->detail, text);
}

void
script_parse(struct script *script, const char *pushkey)
{
	bool after_status = false;
	bool after_code = false;

	memset(script, 0, sizeof *script);
	script->timestamp_ms = -1;
	script->retry_after_s = -1;
	for (const char *at = pushkey; at != NULL;) {
		char text[WORD_SIZE];
		size_t length = strcspn(at, "-");
		bool known = length >= sizeof text;

		if (!known) {
			memcpy(text, at, length);
			text[length] = '\0';
		}
		for (size_t i = 0; !known &&
		    i < sizeof words / sizeof words[0]; i++)
			known = apply_word(script, &words[i], text);
		if (!known && apply_status(script, text)) {
			after_status = true;
			after_code = false;
		} else if (!known && apply_code(script, text)) {
			after_status = false;
			after_code = true;
		} else {
			if (!known)
				apply_name(script, text, after_status,
				    after_code);
			after_status = false;
			after_code = false;
		}
		at = at[length] == '-' ? at + length + 1 : NULL;
	}
}
