/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VERDICT_H
#define VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#define REASON_SIZE 64

enum body_shape {
	BODY_NORMAL,		/* what the real service sends */
	BODY_HTML,
	BODY_EMPTY,
	BODY_TRUNCATED,		/* JSON that ends in the middle */
	BODY_BIG,		/* the normal body, padded to 1 MiB */
	BODY_LITERAL,		/* what the control file says */
	BODY_GZIP,		/* coded, though nobody asked for it */
	BODY_BROTLI,		/* said to be coded so, and is not */
	BODY_UMLAUT,		/* characters beyond ASCII, in UTF-8 */
	BODY_LATIN1,		/* the same, but no UTF-8 */
};

/* The token that a token endpoint gives. */
enum grant {
	GRANT_NONE,
	GRANT_TOKEN,		/* for an assertion, or client credentials */
	GRANT_EXCHANGE,		/* for a token of somebody else */
	GRANT_IMPERSONATION,	/* of a service account */
};

/* What a service has to say of a request, before it becomes an answer. */
struct verdict {
	unsigned status;
	char reason[REASON_SIZE];	/* APNs reason, FCM errorCode or
					 * status, OAuth error; "" for a
					 * success, which is 2xx */
	char message[512];		/* words of an error, if it has any */
	char field[256];		/* FCM: the field at fault, or "" */
	bool has_error_code;		/* FCM: the reason is an errorCode */
	char detail[REASON_SIZE];	/* Huawei: of the code, or "" */
	int number;			/* web push, Huawei's OAuth: of the
					 * error, or 0 */
	int64_t timestamp_ms;		/* APNs 410; -1: now */
	int64_t retry_after_s;		/* -1: no such header */
	enum body_shape shape;
	const char *literal;		/* for BODY_LITERAL, borrowed */
	enum grant grant;
	const char *granted_project;	/* what the token is for, as in */
	const char *granted_account;	/* struct access_token */
};

/* A verdict of that status, with all else at its defaults. */
void
verdict_init(struct verdict *verdict, unsigned status, const char *reason);

#endif
