/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulation answers by every row of the providers' tables: each row of
 * those, which this program has by including them, is what one of the
 * simulation's answers comes to.  A row that is added there needs one here.
 */
#include "provider/apns.c"
#include "provider/fcm.c"
#include "provider/hms.c"
#include "provider/webpush-answer.c"

#include "answers.h"
#include "tap.h"

#define COUNT(list) (sizeof (list) / sizeof *(list))

/* An answer as a judge reads it. */
struct given {
	struct http_reply reply;
	struct json_object *body;
};

static void
give(struct given *given, const struct answer *answer)
{
	http_reply_init(&given->reply);
	given->reply.status = answer->status;
	if (answer->body != NULL)
		buf_append_text(&given->reply.body, answer->body);
	given->body = provider_read_json(&given->reply);
}

static void
take_back(struct given *given)
{
	json_object_put(given->body);
	http_reply_free(&given->reply);
}

/* --- which row it comes to ----------------------------------------------- */

static const void *
find_apns(const struct given *given)
{
	return apns_find_answer(given->reply.status, given->body == NULL ?
	    NULL : json_text_member(given->body, "reason"));
}

static const void *
find_fcm(const struct given *given)
{
	struct json_object *error = fcm_error(given->body);

	return fcm_find_answer(given->reply.status, error != NULL,
	    fcm_error_code(fcm_details(error)));
}

/* The pushkey "@", as the simulation puts it in the place of that. */
static const void *
find_hms_of(const struct given *given, int64_t version)
{
	struct device device = {
		.pushkey_json = json_object_new_string("@")
	};
	const struct hms_account account = { .version = version };
	const char *code = json_text_member(given->body, "code");
	const char *words = json_text_member(given->body, "msg");
	const struct hms_answer *answer = hms_answers;

	while (!hms_answer_fits(answer, &account, &device,
	    given->reply.status, code, words))
		answer++;
	json_object_put(device.pushkey_json);
	return answer;
}

static const void *
find_hms(const struct given *given)
{
	return find_hms_of(given, 1);
}

static const void *
find_hms_3(const struct given *given)
{
	return find_hms_of(given, 3);
}

static const void *
find_webpush(const struct given *given)
{
	const struct webpush_answer *answer = webpush_answers;

	while (!webpush_answer_fits(answer, &given->reply, given->body))
		answer++;
	return answer;
}

/* --- the tables ---------------------------------------------------------- */

static bool
is_reached(const char *provider, const void *row,
    const void *(*find)(const struct given *given))
{
	size_t i;
	bool reached = false;

	for (i = 0; i < answers_count() && !reached; i++) {
		const struct answer *answer = answers_at(i);
		struct given given;

		if (strcmp(answer->provider, provider) != 0)
			continue;
		give(&given, answer);
		reached = find(&given) == row;
		take_back(&given);
	}
	return reached;
}

/* Each row, `what` of which it is found by. */
#define TEST_ROWS(rows, what, provider, find) \
	do { \
		size_t at; \
	\
		for (at = 0; at < COUNT(rows); at++) \
			tap_ok(is_reached(provider, what(rows[at]), find), \
			    #rows ", row %zu, \"%s\", is what an answer of " \
			    "the simulation comes to", at, \
			    rows[at].outcome.reason); \
	} while (0)
#define ROW(row) &(row)
#define OUTCOME(row) &(row).outcome

static void
test_hms(void)
{
	size_t i;

	for (i = 0; i < COUNT(hms_answers); i++)
		tap_ok(hms_answers[i].version == 3 ?
		    is_reached("hms-3", &hms_answers[i], find_hms_3) :
		    is_reached("hms", &hms_answers[i], find_hms),
		    "hms_answers, row %zu, \"%s\", is what an answer of the "
		    "simulation comes to", i, hms_answers[i].outcome.reason);
}

int
main(void)
{
	TEST_ROWS(apns_answers, OUTCOME, "apns", find_apns);
	TEST_ROWS(apns_classes, OUTCOME, "apns", find_apns);
	TEST_ROWS(fcm_answers, ROW, "fcm", find_fcm);
	test_hms();
	TEST_ROWS(webpush_answers, ROW, "webpush", find_webpush);
	return tap_done();
}
