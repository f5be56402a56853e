/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/rejections.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "delivery/rejection-guard.h"
#include "provider/hint.h"
#include "state/shared-table.h"

enum {
	REJECTIONS_LOG_MS = 60000,
	REJECTIONS_ROWS = 2048,
	REJECTIONS_CLIENT_SIZE = 200,	/* a longer name is cut */
	REJECTIONS_VERSION = 1
};

#define REJECTIONS_FILE "rejections"

/* Kinds of rows, and their numbers. */
enum rejections_row {
	REJECTIONS_APP,
	REJECTIONS_GUARD
};
enum rejections_number {
	REJECTIONS_DELIVERED = 0,	/* of an app: a magic number, or not */
	REJECTIONS_WORD = 0,		/* of a guard */
	REJECTIONS_LOGGED_MS = 1	/* of both: when, monotonic */
};

/* What no accident writes. */
#define REJECTIONS_HAS_DELIVERED UINT64_C(0x9d1c6f0a5be83427)

struct rejections {
	struct shared_table *table;
	struct metrics *metrics;
};

struct rejections *
rejections_create(const char *state_directory, struct metrics *metrics)
{
	struct rejections *rejections = xcalloc(1, sizeof *rejections);

	rejections->metrics = metrics;
	rejections->table = shared_table_open(&(struct shared_table_params){
		.directory = state_directory,
		.file = REJECTIONS_FILE,
		.layout = REJECTIONS_VERSION,
		.rows = REJECTIONS_ROWS
	});
	return rejections;
}

void
rejections_free(struct rejections *rejections)
{
	if (rejections == NULL)
		return;
	shared_table_close(rejections->table);
	free(rejections);
}

/*
 * The row of an app, and with a client of its guard, or NULL.  The text is the
 * app as the configuration has it, then the client.
 */
static struct shared_row *
rejections_find(struct rejections *rejections, const struct app *app,
    const char *client)
{
	char text[SHARED_TABLE_TEXT_SIZE];
	uint64_t hash = app->text_hash;
	size_t size = strnlen(app->app_id, sizeof text - sizeof hash -
	    REJECTIONS_CLIENT_SIZE);

	memcpy(text, &hash, sizeof hash);
	memcpy(text + sizeof hash, app->app_id, size);
	size += sizeof hash;
	if (client != NULL) {
		size_t length = strnlen(client, REJECTIONS_CLIENT_SIZE - 1);

		text[size++] = '\0';
		memcpy(text + size, client, length);
		size += length;
	}
	return shared_table_find(rejections->table,
	    client == NULL ? REJECTIONS_APP : REJECTIONS_GUARD, text, size);
}

/* True if the log may be written to, for this row. */
static bool
rejections_may_log(struct shared_row *row)
{
	int64_t now_ms = clock_monotonic_ms(), logged_ms;

	if (row == NULL)
		return false;
	logged_ms = (int64_t)atomic_load(&row->values[REJECTIONS_LOGGED_MS]);
	/* One of before the host was started says nothing. */
	if (logged_ms != 0 && logged_ms <= now_ms &&
	    now_ms - logged_ms < REJECTIONS_LOG_MS)
		return false;
	atomic_store(&row->values[REJECTIONS_LOGGED_MS], (uint64_t)now_ms);
	return true;
}

static void
rejections_withhold(struct rejections *rejections, const struct app *app,
    struct outcome *outcome, enum cause cause)
{
	outcome->verdict = VERDICT_FAILED;
	outcome->cause = cause;
	metrics_add(rejections->metrics, METRICS_GUARDED, 1,
	    &(struct metrics_labels){ .app = app->app_id });
}

/* --- the first delivery -------------------------------------------------- */

static bool
rejections_has_delivered(const struct shared_row *row)
{
	return row != NULL && atomic_load(&row->values[REJECTIONS_DELIVERED]) ==
	    REJECTIONS_HAS_DELIVERED;
}

/* Notes a delivery; true if the app has had one, now or before. */
static bool
rejections_note_delivery(struct rejections *rejections, const struct app *app,
    bool delivered)
{
	struct shared_row *row = rejections_find(rejections, app, NULL);

	if (delivered && row != NULL && !rejections_has_delivered(row))
		atomic_store(&row->values[REJECTIONS_DELIVERED],
		    REJECTIONS_HAS_DELIVERED);
	return rejections_has_delivered(row);
}

static void
rejections_log_unproven(struct rejections *rejections, const struct app *app,
    const struct outcome *outcome)
{
	const char *hint = hint_find(outcome->reason);

	if (rejections_may_log(rejections_find(rejections, app, NULL)))
		log_error("app %s: a pushkey was rejected (%s) before "
		    "anything was delivered for this app: check its settings. "
		    "%s%sUntil the provider accepts a notification for it, "
		    "such pushkeys are reported as failed",
		    app->app_id, outcome->reason, hint == NULL ? "" : hint,
		    hint == NULL ? "" : ". ");
}

/* --- the guard ----------------------------------------------------------- */

/* True if the guard of any client of this app is up. */
static bool
rejections_has_raised(struct rejections *rejections, const struct app *app)
{
	uint64_t hash = app->text_hash;
	struct shared_row row;
	bool raised = false;
	size_t i;

	for (i = 0; i < REJECTIONS_ROWS && !raised; i++)
		raised = shared_table_copy(rejections->table, i, &row) &&
		    row.kind == REJECTIONS_GUARD && row.size > sizeof hash &&
		    memcmp(row.text, &hash, sizeof hash) == 0 &&
		    rejection_guard_is_raised(row.values[REJECTIONS_WORD]);
	return raised;
}

static void
rejections_show(struct rejections *rejections, const struct app *app,
    bool raised)
{
	metrics_set(rejections->metrics, METRICS_DEAD_SHARE_ALARM, raised,
	    &(struct metrics_labels){ .app = app->app_id });
}

/* Notes an answer; the guard's word then.  Without a row it is 0. */
static uint64_t
rejections_note_answer(struct rejections *rejections, const struct app *app,
    struct shared_row *row, bool suspicious)
{
	uint64_t before, after;

	if (row == NULL)
		return 0;
	before = atomic_load(&row->values[REJECTIONS_WORD]);
	do
		after = rejection_guard_note(before, suspicious);
	while (!atomic_compare_exchange_weak(&row->values[REJECTIONS_WORD],
	    &before, after));
	if (rejection_guard_is_raised(after) !=
	    rejection_guard_is_raised(before))
		rejections_show(rejections, app,
		    rejections_has_raised(rejections, app));
	return after;
}

static void
rejections_log_raised(struct rejections *rejections, const struct app *app,
    const char *client, uint64_t word, const struct outcome *outcome)
{
	if (!rejections_may_log(rejections_find(rejections, app, client)))
		return;
	/* Again: a new configuration may have taken it back. */
	rejections_show(rejections, app, true);
	log_error("app %s: %u of the last %d pushkeys of client %s were "
	    "rejected (%s): check the settings of this app, and whether the "
	    "client sends pushkeys of another one%s", app->app_id,
	    rejection_guard_suspicious(word),
	    REJECTION_GUARD_WINDOW, client, outcome->reason,
	    app->settings.reject_guard ?
	    ". Until this ends, such pushkeys are reported as failed" : "");
}

void
rejections_judge(struct rejections *rejections, const struct app *app,
    const char *client, struct outcome *outcome)
{
	bool delivered = outcome->verdict == VERDICT_DELIVERED;
	struct shared_row *row;
	bool proven;
	uint64_t word;

	if (!delivered && outcome->verdict != VERDICT_REJECTED)
		return;
	proven = rejections_note_delivery(rejections, app, delivered);
	row = rejections_find(rejections, app, client);
	word = rejections_note_answer(rejections, app, row,
	    outcome->suspicious);
	if (!outcome->suspicious)
		return;
	if (rejection_guard_is_raised(word))
		rejections_log_raised(rejections, app, client, word, outcome);
	if (!app->settings.reject_guard)
		return;
	if (!proven) {
		rejections_log_unproven(rejections, app, outcome);
		rejections_withhold(rejections, app, outcome, CAUSE_UNPROVEN);
	} else if (row == NULL || rejection_guard_is_raised(word))
		rejections_withhold(rejections, app, outcome, CAUSE_GUARDED);
}
