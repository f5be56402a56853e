/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNTRIED_H
#define UNTRIED_H

#include <stdbool.h>
#include <stdint.h>

/* Whether nobody of those who come is sent to an account, in milliseconds. */
struct untried {
	int64_t first_ms;		/* who came and was not; or -1 */
	int64_t latest_ms;
	int64_t sent_ms;		/* the latest that was; or -1 */
};

void untried_init(struct untried *untried);

void untried_note_sent(struct untried *untried, int64_t now_ms);

/*
 * Notes one who came then and was not sent; true if that has long been so.
 * Those who come while another waits for a token, or for its answer, show
 * nothing, nor does a time in which nobody comes.
 */
bool untried_is_long(struct untried *untried, int64_t began_ms);

#endif
