/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/tls-watch.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "crypto/certificate-file.h"
#include "delivery/expiry.h"

enum {
	TLS_WATCH_LOOK_MS = 60 * 1000
};

struct tls_watch {
	const struct setting_strings *paths;
	struct metrics *metrics;
	struct loop_timer *timer;
	int *logged;		/* what was said last of each */
};

int
tls_watch_look(const char *path, int64_t now_s, int64_t *ends_s,
    struct error *error)
{
	struct certificate_file file;
	char date[DATE_SIZE];
	const char *what;
	int days;

	*ends_s = 0;
	if (!certificate_file_read(&file, path, error))
		return TLS_WATCH_UNREADABLE;
	*ends_s = file.ends_s;
	days = file.ends_s == 0 ? TLS_WATCH_GOOD :
	    expiry_days(file.ends_s - now_s);
	date_format_utc(file.ends_s, date);
	what = file.ends_by_crl ? "a CRL" : "a certificate";
	if (days == 0)
		error_set(error, "%s contains %s that ended at %s", path, what,
		    date);
	else if (days > 0)
		error_set(error, "%s contains %s that ends in less than %d "
		    "day%s, at %s", path, what, days, days == 1 ? "" : "s",
		    date);
	return days;
}

/* A file that was renewed is no news, however soon it ends again. */
static bool
tls_watch_is_worse(int days, int before)
{
	return days != TLS_WATCH_GOOD && days != before &&
	    (days == TLS_WATCH_UNREADABLE || before < 0 || days < before);
}

static void
tls_watch_on_timer(void *arg)
{
	struct tls_watch *watch = arg;
	size_t i;

	for (i = 0; i < watch->paths->count; i++) {
		const char *path = watch->paths->values[i];
		struct error error;
		int64_t ends_s;
		bool is_worse;
		int days = tls_watch_look(path, clock_wall_s(), &ends_s,
		    &error);

		if (ends_s != 0)
			metrics_set(watch->metrics, METRICS_TLS_EXPIRY,
			    ends_s, &(struct metrics_labels){ .file = path });
		is_worse = tls_watch_is_worse(days, watch->logged[i]);
		watch->logged[i] = days;
		if (!is_worse)
			continue;
		if (days == 0)
			log_error("tls_watch: %s", error.words);
		else
			log_warn("tls_watch: %s", error.words);
	}
	loop_timer_start(watch->timer, TLS_WATCH_LOOK_MS);
}

struct tls_watch *
tls_watch_create(struct loop *loop, const struct setting_strings *paths,
    struct metrics *metrics)
{
	struct tls_watch *watch = xcalloc(1, sizeof *watch);
	size_t i;

	watch->paths = paths;
	watch->metrics = metrics;
	watch->logged = xcalloc(paths->count, sizeof *watch->logged);
	for (i = 0; i < paths->count; i++)
		watch->logged[i] = TLS_WATCH_GOOD;
	watch->timer = loop_timer_create(loop, tls_watch_on_timer, watch);
	if (paths->count > 0)
		loop_timer_start(watch->timer, 0);
	return watch;
}

void
tls_watch_free(struct tls_watch *watch)
{
	if (watch == NULL)
		return;
	loop_timer_free(watch->timer);
	free(watch->logged);
	free(watch);
}
