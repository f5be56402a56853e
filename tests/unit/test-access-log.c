/* SPDX-License-Identifier: Apache-2.0 */
/* The line of each request in the log. */
#include "api/access-log.h"

#include "base/log.h"
#include "captured-log.h"
#include "fake-loop.h"
#include "tap.h"

static const struct {
	const char *name;
	struct access_log_entry entry;
	const char *text;
	const char *json;	/* a part of the object */
} rows[] = {
	{ "what was served", { .operation = "notify", .client = "caller",
	    .status = 200, .items = 7, .devices = {
	    [VERDICT_DELIVERED] = 1, [VERDICT_REJECTED] = 2,
	    [VERDICT_LATER] = 3, [VERDICT_FAILED] = 4 }, .duration_ms = 5 },
	    "notify by caller: 200 items=7 delivered=1 rejected=2 later=3 "
	    "failed=4 ms=5",
	    "\"operation\":\"notify\",\"client\":\"caller\",\"status\":200,"
	    "\"items\":7,\"delivered\":1,\"rejected\":2,\"later\":3,"
	    "\"failed\":4,\"ms\":5" },
	{ "a refusal, and where", { .operation = "notify", .client = "caller",
	    .status = 400, .reason = "is required", .location = "/a/b" },
	    "notify by caller: 400: /a/b is required",
	    "\"operation\":\"notify\",\"status\":400,\"reason\":"
	    "\"is required\",\"client\":\"caller\"" },
	{ "a refusal of all", { .operation = "notify", .client = "caller",
	    .status = 400, .reason = "must be an object", .location = "" },
	    "notify by caller: 400: must be an object",
	    "\"reason\":\"must be an object\",\"client\":\"caller\"" },
	{ "a refusal before", { .operation = "notify", .client = "caller",
	    .status = 503, .reason = "overloaded" },
	    "notify by caller: 503: overloaded",
	    "\"reason\":\"overloaded\",\"client\":\"caller\"" },
	{ "one of nobody", { .operation = "none", .status = 404,
	    .reason = "path /x" }, "refused: 404: path /x",
	    "\"operation\":\"none\",\"status\":404,\"reason\":"
	    "\"path /x\"}" },
};

static void
check_row(size_t i)
{
	log_open(&(struct log_params){ .level = LOG_LEVEL_INFO });
	captured_log_begin();
	access_log_write(&rows[i].entry);
	tap_is_int(captured_log_count(rows[i].text), 1, "%s: %s",
	    rows[i].name, rows[i].text);
	log_open(&(struct log_params){ .level = LOG_LEVEL_INFO,
	    .json = true });
	captured_log_begin();
	access_log_write(&rows[i].entry);
	tap_contains(captured_log_text(), rows[i].json, "%s: its members",
	    rows[i].name);
}

/* Whoever can connect must not fill a disk. */
static void
check_burst(void)
{
	static const struct access_log_entry nobody = { .operation = "none",
	    .status = 404, .reason = "a path" };
	static const struct access_log_entry caller = { .operation = "none",
	    .client = "caller", .status = 404, .reason = "a way" };
	struct loop *loop = loop_create();
	size_t i;

	fake_loop_pass(loop, 5000);
	captured_log_begin();
	for (i = 0; i < 30; i++) {
		access_log_write(&nobody);
		access_log_write(&caller);
	}
	tap_is_int(captured_log_count("a path"), 20,
	    "of nobody's requests 20 are logged in a second");
	tap_is_int(captured_log_count("a way"), 30, "of a caller's all");
	fake_loop_pass(loop, 999);
	access_log_write(&nobody);
	tap_is_int(captured_log_count("a path"), 20, "not one more");
	fake_loop_pass(loop, 1);
	access_log_write(&nobody);
	tap_is_int(captured_log_count("a path"), 21, "until it is over");
	loop_free(loop);
}

int
main(void)
{
	size_t i;

	clock_fake(FAKE_LOOP_START_MS, FAKE_LOOP_START_S);
	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		check_row(i);
	log_open(&(struct log_params){ .level = LOG_LEVEL_INFO });
	check_burst();
	return tap_done();
}
