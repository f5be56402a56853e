/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario.h"

#include <string.h>

#include "captured-log.h"
#include "tap.h"

struct scenario_state {
	const struct scenario *scenario;
	struct delivery_fixture_run runs[SCENARIO_REQUESTS_MAX];
};

/* The answer of the last phase that has begun and fits, or NULL. */
static const struct fake_http_answer *
scenario_find_answer(const struct scenario *scenario,
    const struct fake_http_request *sent)
{
	const struct http_request *request = sent->request;
	static const struct scenario_phase none;
	const struct fake_http_answer *answer = NULL;
	bool asks = strstr(buf_text(&request->url), "oauth.test") != NULL;
	size_t i;

	for (i = 0; i < SCENARIO_PHASES_MAX; i++) {
		const struct scenario_phase *phase = &scenario->phases[i];
		const char *part = phase->part == NULL ? "" : phase->part;

		if (memcmp(phase, &none, sizeof none) == 0)
			break;
		if (phase->from_ms <= delivery_fixture_now_ms() &&
		    (phase->worker == 0 || phase->worker == sent->engine) &&
		    (phase->part != NULL || !asks) &&
		    (strstr(buf_text(&request->url), part) != NULL ||
		    strstr(buf_text(&request->body), part) != NULL))
			answer = &phase->answer;
	}
	return answer;
}

static void
scenario_answer(void *arg, const struct fake_http_request *request,
    struct fake_http_answer *answer)
{
	const struct scenario_state *state = arg;
	const struct fake_http_answer *found = scenario_find_answer(
	    state->scenario, request);

	if (found != NULL)
		*answer = *found;
	else if (request->number > 0)
		answer->status = 200;
}

/* Starts the requests at their time; they are in the order of it. */
static void
scenario_run(struct scenario_state *state)
{
	size_t i;

	for (i = 0; i < SCENARIO_REQUESTS_MAX; i++) {
		const struct scenario_request *request =
		    &state->scenario->requests[i];

		if (request->devices == 0)
			continue;
		delivery_fixture_pass(request->at_ms -
		    delivery_fixture_now_ms());
		delivery_fixture_start_in(request->worker, &state->runs[i],
		    request->app_id == NULL ? "ios" : request->app_id,
		    request->items == 0 ? 1 : request->items,
		    request->devices, request->timeout_ms == 0 ?
		    DELIVERY_FIXTURE_TIMEOUT_MS : request->timeout_ms);
	}
	delivery_fixture_pass(SCENARIO_REST_MS);
}

static void
scenario_check_request(const char *name, size_t number,
    const struct scenario_request *request,
    const struct delivery_fixture_run *run)
{
	const struct outcome *first = &run->items[0].first;

	tap_is_int(run->settled_ms, request->settled_ms,
	    "%s: request %zu is settled in time", name, number);
	tap_is_int(run->verdicts[VERDICT_DELIVERED], request->delivered,
	    "%s: request %zu, delivered", name, number);
	tap_is_int(run->verdicts[VERDICT_REJECTED], request->rejected,
	    "%s: request %zu, rejected", name, number);
	tap_is_int(run->verdicts[VERDICT_LATER], request->later,
	    "%s: request %zu, later", name, number);
	tap_is_int(run->verdicts[VERDICT_FAILED], request->failed,
	    "%s: request %zu, failed", name, number);
	if (request->cause != CAUSE_NONE)
		tap_is_int(first->cause, request->cause,
		    "%s: request %zu, the cause (%s)", name, number,
		    first->reason);
}

static void
scenario_check_rest(const struct scenario *scenario)
{
	const char *name = scenario->name;

	tap_is_int(provider_script_pushes(), scenario->sent,
	    "%s: so much is sent", name);
	tap_is_int(provider_script_token_requests(),
	    scenario->token_requests, "%s: tokens are asked for", name);
	tap_is_int(delivery_fixture_metric("push_gateway_attempts_total", ""),
	    scenario->sent, "%s: the attempts that are counted", name);
	tap_is_int(delivery_fixture_metric(
	    "push_gateway_connections_opened_total", ""),
	    scenario->connections, "%s: the connections that are", name);
	tap_is_int(fake_http_counts()->alone, scenario->alone,
	    "%s: those that go alone", name);
	if (scenario->minted > 0)
		tap_is_int(delivery_fixture_metric(
		    "push_gateway_tokens_minted_total", ""),
		    scenario->minted, "%s: tokens are minted", name);
	if (scenario->in_flight_max > 0)
		tap_is_int(fake_http_counts()->in_flight_max,
		    scenario->in_flight_max, "%s: at once in flight", name);
	tap_is_int(delivery_fixture_metric("push_gateway_account_opened_total",
	    ""), scenario->opened, "%s: breakers open", name);
	tap_is_int(delivery_fixture_metric("push_gateway_account_open", ""),
	    scenario->still_open, "%s: the gauge in the end", name);
	if (scenario->logged != NULL)
		tap_is_int(captured_log_count(scenario->logged), 1,
		    "%s: the log says \"%s\" once", name, scenario->logged);
	if (scenario->logged_twice != NULL)
		tap_is_int(captured_log_count(scenario->logged_twice), 2,
		    "%s: the log says \"%s\" twice", name,
		    scenario->logged_twice);
	if (scenario->not_logged != NULL)
		tap_lacks(captured_log_text(), scenario->not_logged,
		    "%s: the log does not say \"%s\"", name,
		    scenario->not_logged);
}

void
scenario_check(const struct scenario *scenario)
{
	struct scenario_state state = { .scenario = scenario };
	size_t i;

	captured_log_begin();
	delivery_fixture_open(scenario->settings == NULL ? "" :
	    scenario->settings, scenario_answer, &state);
	scenario_run(&state);
	for (i = 0; i < SCENARIO_REQUESTS_MAX; i++) {
		if (scenario->requests[i].devices > 0)
			scenario_check_request(scenario->name, i + 1,
			    &scenario->requests[i], &state.runs[i]);
	}
	scenario_check_rest(scenario);
	delivery_fixture_close();
}
