/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_TLS_WATCH_H
#define WORKER_TLS_WATCH_H

#include <stdint.h>

#include "base/error.h"
#include "base/loop.h"
#include "base/setting.h"
#include "state/metrics.h"

/*
 * Files of the web server that let nobody in once they have ended, its
 * certificate and revocation lists: the log warns at the start, and as fewer
 * than 30, 7 and 1 days are left, once each; an error follows at the end.  The
 * time is a metric, too.  A file that cannot be read is a warning.
 */
struct tls_watch;

/* What it is given must outlive it. */
struct tls_watch *tls_watch_create(struct loop *loop,
    const struct setting_strings *paths, struct metrics *metrics);
void tls_watch_free(struct tls_watch *watch);

enum tls_watch_limits {
	TLS_WATCH_GOOD = -1,		/* for more than 30 days */
	TLS_WATCH_UNREADABLE = -2
};

/*
 * Looks at such a file: in how many days, at most, the first thing in it ends,
 * as expiry_days says it, or TLS_WATCH_UNREADABLE; the words are the warning.
 * `*ends_s` is when, 0 if that is not known or never.
 */
int tls_watch_look(const char *path, int64_t now_s, int64_t *ends_s,
    struct error *error);

#endif
