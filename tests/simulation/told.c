/* SPDX-License-Identifier: Apache-2.0 */
#include "told.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/xmalloc.h"
#include "bodies.h"

/* --- what a device comes to ---------------------------------------------- */

/* What is told of it once its request had its turn. */
static unsigned int
told_served(const struct ledger_device *device)
{
	const struct ledger_attempt *last;

	if (device->unreachable)
		return MEANS_FAILED;
	if (device->unwanted)
		return device->late ? MEANS_DELIVERED | MEANS_LATER :
		    MEANS_DELIVERED;
	/* That is found out when it is its turn. */
	if (device->malformed)
		return MEANS_LATER | MEANS_FAILED;
	if (device->attempt_count == 0)
		return MEANS_LATER;
	last = &device->attempts[device->attempt_count - 1];
	if (last->end != LEDGER_ANSWERED)
		return MEANS_LATER;
	if (last->guarded)
		return MEANS_FAILED;
	/* A shorter one may not have had its turn. */
	return last->answer->retry == ANSWERS_SHORTER ?
	    MEANS_LATER | MEANS_FAILED : last->answer->meaning;
}

/* What may be told of it, by what the provider did. */
unsigned int
told_meaning(const struct ledger_device *device)
{
	return told_served(device) | (device->held ? MEANS_LATER : 0);
}

/* --- what an item comes to ----------------------------------------------- */

/* How many devices of an item come to each. */
struct told_tally {
	unsigned int delivered;
	unsigned int rejected;
	unsigned int later;
	unsigned int failed;
};

static bool
told_is_listed(struct json_object *rejected,
    const struct ledger_device *device)
{
	char text[BODIES_PUSHKEY_SIZE];
	size_t i;

	bodies_name_pushkey(device, text);
	for (i = 0; i < json_object_array_length(rejected); i++) {
		if (strcmp(json_object_get_string(
		    json_object_array_get_idx(rejected, i)), text) == 0)
			return true;
	}
	return false;
}

/* True if another device with the same pushkey may be alive. */
static bool
told_may_live(const struct ledger *ledger, const struct ledger_item *item,
    size_t index)
{
	const struct ledger_device *devices = ledger->devices;
	size_t i;

	for (i = 0; i < item->device_count; i++) {
		size_t other = item->first_device + i;

		if (other != index &&
		    devices[other].pushkey == devices[index].pushkey &&
		    told_meaning(&devices[other]) != MEANS_REJECTED)
			return true;
	}
	return false;
}

/* What is told of a device, with `either` where several things are right. */
static unsigned int
told_told(const struct ledger *ledger, const struct ledger_item *item,
    size_t index, unsigned int either)
{
	unsigned int meaning = told_meaning(&ledger->devices[index]);

	if (meaning == MEANS_REJECTED && told_may_live(ledger, item, index))
		meaning = MEANS_FAILED;
	if ((meaning & (meaning - 1)) != 0)
		meaning = either == MEANS_LATER ? MEANS_LATER :
		    meaning & ~(unsigned int)MEANS_LATER;
	return meaning;
}

static void
told_tally(const struct ledger *ledger, const struct ledger_item *item,
    unsigned int either, struct told_tally *tally)
{
	size_t i;

	memset(tally, 0, sizeof *tally);
	for (i = 0; i < item->device_count; i++) {
		unsigned int told = told_told(ledger, item,
		    item->first_device + i, either);

		tally->delivered += told == MEANS_DELIVERED;
		tally->rejected += told == MEANS_REJECTED;
		tally->later += told == MEANS_LATER;
		tally->failed += told == MEANS_FAILED;
	}
}

/* The table of the wire contract, and whether there is an error. */
static const char *
told_status(const struct told_tally *tally, bool *error)
{
	const char *status = "failed";

	*error = true;
	if (tally->delivered == 0 && tally->rejected + tally->later +
	    tally->failed == 0) {
		status = "success";
		*error = false;
	} else if (tally->delivered > 0 && tally->rejected > 0) {
		status = "partial";
		*error = tally->later + tally->failed > 0;
	} else if (tally->delivered > 0 && tally->later == 0 &&
	    tally->failed > 0)
		status = "partial";
	else if (tally->delivered > 0 && tally->later == 0) {
		status = "success";
		*error = false;
	}
	return status;
}

/* The list of rejected pushkeys: those that it must have, and no other. */
static void
told_check_rejected(struct ledger *ledger, const struct ledger_item *item,
    struct json_object *rejected)
{
	size_t i, listed = 0;

	for (i = 0; i < item->device_count; i++) {
		size_t index = item->first_device + i, j;
		const struct ledger_device *device =
		    &ledger->devices[index];
		bool dead = told_told(ledger, item, index,
		    MEANS_LATER) == MEANS_REJECTED;
		bool first = true;

		for (j = 0; j < i; j++)
			first = first && ledger->devices[
			    item->first_device + j].pushkey != device->pushkey;
		if (dead != told_is_listed(rejected, device) &&
		    (dead || first))
			ledger_blame_device(ledger, index, dead ? "a rejection is "
			    "not told" : "a false rejection");
		listed += dead && first;
	}
	if (json_object_array_length(rejected) != listed)
		ledger_blame(ledger, "a list of %zu rejected pushkeys "
		    "in place of %zu", json_object_array_length(rejected),
		    listed);
}

static void
told_check_result(struct ledger *ledger, const struct ledger_item *item,
    struct json_object *result)
{
	static const unsigned int either[] = { MEANS_LATER, MEANS_FAILED };
	const char *status = json_object_get_string(
	    json_object_object_get(result, "status"));
	struct json_object *rejected = json_object_object_get(result,
	    "rejected");
	struct told_tally tally;
	bool fits = false, error;
	size_t i;

	if (status == NULL ||
	    !json_object_is_type(rejected, json_type_array)) {
		ledger_blame(ledger, "a result in a wrong form");
		return;
	}
	told_check_rejected(ledger, item, rejected);
	for (i = 0; i < 2; i++) {
		told_tally(ledger, item, either[i], &tally);
		fits = fits || (strcmp(told_status(&tally, &error),
		    status) == 0 && error == json_object_object_get_ex(result,
		    "error", NULL));
	}
	if (!fits)
		ledger_blame_device(ledger, item->first_device,
		    "told \"%s\" of %u delivered, %u rejected, %u later, %u "
		    "failed", status, tally.delivered, tally.rejected,
		    tally.later, tally.failed);
}

/* --- what a request comes to --------------------------------------------- */

static void
told_check_summary(struct ledger *ledger, struct json_object *results,
    struct json_object *summary)
{
	static const struct {
		const char *status;
		const char *name;
	} rows[] = {
		{ "success", "successful" },
		{ "failed", "failed" },
		{ "partial", "partial" },
	};
	size_t i, j, total = json_object_array_length(results);

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t count = 0;

		for (j = 0; j < total; j++)
			count += strcmp(json_object_get_string(
			    json_object_object_get(json_object_array_get_idx(
			    results, j), "status")), rows[i].status) == 0;
		if (json_object_get_int64(json_object_object_get(summary,
		    rows[i].name)) != count)
			ledger_blame(ledger, "the summary is wrong");
	}
	if (json_object_get_int64(json_object_object_get(summary, "total")) !=
	    (int64_t)total)
		ledger_blame(ledger, "the summary has a wrong total");
}

/* One that stands in that place. */
static void
told_check_place(struct ledger *ledger, const struct ledger_request *request,
    size_t place, struct json_object *result)
{
	const char *given = json_object_get_string(
	    json_object_object_get(result, "id"));
	char id[32];

	snprintf(id, sizeof id, BODIES_ID, place);
	if (given == NULL || strcmp(given, id) != 0)
		ledger_blame(ledger, "result %zu is not in its place", place);
	told_check_result(ledger, &ledger->items[request->first_item + place],
	    result);
}

static void
told_check_batch(struct ledger *ledger,
    const struct ledger_request *request, int status,
    struct json_object *answer)
{
	struct json_object *results = json_object_object_get(answer,
	    "results");
	size_t i;

	if (status != 200 || !json_object_is_type(results, json_type_array) ||
	    json_object_array_length(results) != request->item_count) {
		ledger_blame(ledger, "a batch of %zu answered by %d, "
		    "%zu results", request->item_count, status,
		    json_object_is_type(results, json_type_array) ?
		    json_object_array_length(results) : 0);
		return;
	}
	for (i = 0; i < request->item_count; i++)
		told_check_place(ledger, request, i,
		    json_object_array_get_idx(results, i));
	told_check_summary(ledger, results,
	    json_object_object_get(answer, "summary"));
}

static void
told_check_single(struct ledger *ledger,
    const struct ledger_request *request, int status,
    struct json_object *answer)
{
	const struct ledger_item *item =
	    &ledger->items[request->first_item];
	struct json_object *rejected = json_object_object_get(answer,
	    "rejected");
	struct told_tally all_later, all_failed;
	bool may_be_503, may_be_200;

	told_tally(ledger, item, MEANS_LATER, &all_later);
	told_tally(ledger, item, MEANS_FAILED, &all_failed);
	may_be_503 = all_later.delivered == 0 && all_later.later > 0;
	may_be_200 = all_failed.delivered > 0 || all_failed.later == 0;
	if (!(status == 503 && may_be_503) && !(status == 200 && may_be_200))
		ledger_blame_device(ledger, item->first_device,
		    "a single notify answered by %d: %u delivered, %u "
		    "rejected, %u later, %u failed", status,
		    all_later.delivered, all_later.rejected, all_later.later,
		    all_later.failed);
	else if (status == 200 && !json_object_is_type(rejected,
	    json_type_array))
		ledger_blame(ledger, "an answer in a wrong form");
	else if (status == 200)
		told_check_rejected(ledger, item, rejected);
}

void
told_check(struct ledger *ledger, size_t index, int status, const char *body)
{
	const struct ledger_request *request = &ledger->requests[index];
	struct json_object *answer = json_tokener_parse(body);

	if (answer == NULL)
		ledger_blame(ledger, "request %zu: the answer is no JSON: "
		    "%.200s", index, body);
	else if (request->single)
		told_check_single(ledger, request, status, answer);
	else
		told_check_batch(ledger, request, status, answer);
	json_object_put(answer);
}

/* After its first line each result has a line of its own. */
void
told_check_part(struct ledger *ledger, size_t index, const char *body)
{
	const struct ledger_request *request = &ledger->requests[index];
	const char *line = strchr(body, '\n'), *end;
	size_t i;

	for (i = 0; !request->single && line != NULL &&
	    i < request->item_count; i++, line = end) {
		struct json_object *result;
		char *text;

		line += 1 + (line[1] == ',');
		if ((end = strchr(line, '\n')) == NULL)
			break;
		text = xasprintf("%.*s", (int)(end - line), line);
		if ((result = json_tokener_parse(text)) == NULL)
			ledger_blame(ledger, "request %zu: a line that is no "
			    "JSON: %.200s", index, text);
		else
			told_check_place(ledger, request, i, result);
		json_object_put(result);
		free(text);
	}
}
