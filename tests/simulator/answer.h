/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANSWER_H
#define ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"
#include "verdict.h"

#define ANSWER_HEADERS_MAX 8
#define ANSWER_BODY_MAX ((size_t)1 << 20)

/* What is done with a request. */
enum answer_act {
	ANSWER_SEND,
	ANSWER_HANG,		/* nothing, ever */
	ANSWER_CUT,		/* TCP reset of the connection */
	ANSWER_REFUSE,		/* RST_STREAM, REFUSED_STREAM */
	ANSWER_RESET,		/* RST_STREAM, INTERNAL_ERROR */
};

struct answer_header {
	const char *name;	/* a literal */
	char value[128];
};

struct answer {
	enum answer_act act;
	unsigned delay_ms;
	bool goaway;		/* a GOAWAY goes with it */
	bool broken;		/* half the body, then RST_STREAM */
	unsigned streams;	/* the connection's limit from now on; 0: as
				 * it is */
	unsigned status;
	const char *content_type;	/* a literal; sent if there is a body */
	const char *content_encoding;	/* the same, or NULL */
	struct answer_header headers[ANSWER_HEADERS_MAX];
	size_t header_count;
	struct text body;
};

void
answer_init(struct answer *answer);

void
answer_clear(struct answer *answer);

/* Drops what is over ANSWER_HEADERS_MAX; the name must be a literal. */
void
answer_add_header(struct answer *answer, const char *name,
    const char *value);

/* Gives the normal body the shape that the verdict asks for. */
void
answer_shape_body(struct answer *answer, const struct verdict *verdict);

#endif
