/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_OUTCOME_H
#define PROVIDER_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What became of a notification to one device: the verdict that the caller
 * learns, its cause, and what may be tried before it is final.  No I/O.
 */
enum verdict {
	VERDICT_DELIVERED,	/* the provider accepted it */
	VERDICT_REJECTED,	/* the pushkey is dead */
	VERDICT_LATER,		/* temporary: a later try may work */
	VERDICT_FAILED,		/* this message will never go */
	VERDICT__MAX
};

enum cause {
	CAUSE_NONE,
	CAUSE_PUSHKEY_DEAD,
	CAUSE_PUSHKEY_RENEWED,
	CAUSE_PUSHKEY_MALFORMED,
	CAUSE_ENDPOINT_REFUSED,	/* a server that may not be called */
	CAUSE_UNPROVEN,
	CAUSE_GUARDED,
	CAUSE_APP_UNKNOWN,
	CAUSE_APP_FORBIDDEN,
	CAUSE_TOO_LONG,
	CAUSE_REFUSED,
	CAUSE_CREDENTIALS,
	CAUSE_NO_CREDENTIALS,	/* the provider was not asked */
	CAUSE_OVERLOADED,
	CAUSE_RATE,		/* of the operator's own limit */
	CAUSE_UNREACHABLE,
	CAUSE_DEADLINE,
	CAUSE_GATEWAY_OVERLOADED,	/* nothing was sent */
	CAUSE__MAX
};

/* What may be tried within the same request. */
enum retry {
	RETRY_NEVER,
	RETRY_AT_ONCE,		/* on a fresh connection */
	RETRY_ONCE,		/* the same, but only one time */
	RETRY_BACKOFF,		/* after Retry-After, else after a pause */
	RETRY_AFTER_ONLY,		/* after Retry-After, else not */
	RETRY_TOKEN,		/* one time, with another token */
	RETRY_FORMER_TOKEN,	/* the same, with the one before */
	/* At once, as the next variant of the request (struct provider_push);
	 * if there is none, the verdict stands. */
	RETRY_VARIANT
};

struct outcome {
	enum verdict verdict;
	enum cause cause;
	enum retry retry;
	bool fresh_connection;	/* do not reuse the connection */
	/*
	 * A rejection that a wrong setting of ours (environment, topic,
	 * project, provider) would bring upon every device at once.  Only
	 * with VERDICT_REJECTED.
	 */
	bool suspicious;
	/* Although the status says that the server failed, it is well. */
	bool server_is_well;
	/* -1 if the provider named no time; of no meaning in a table. */
	int64_t retry_after_ms;
	const char *reason;	/* a fixed word for logs; never NULL */
};

/* The verdict in logs and metrics. */
const char *verdict_name(enum verdict verdict);

/*
 * The phrase for callers: short, fixed, never empty.  doc/API.md lists them;
 * a test compares.
 */
const char *cause_phrase(enum cause cause);

#endif
