/* SPDX-License-Identifier: Apache-2.0 */
#include "provider-fixture.h"

#include <string.h>

#include "fixture.h"
#include "tap.h"

void *
provider_fixture_open(const struct provider *provider, const char *section,
    struct error *error)
{
	struct json_object *object = fixture_json(section);
	void *account = provider->open(object, fixture_directory(), error);

	json_object_put(object);
	return account;
}

void
provider_fixture_check_section(const struct provider *provider,
    const struct provider_section *row)
{
	struct error error = { .words = "" };
	void *account = provider_fixture_open(provider, row->section, &error);

	tap_ok((account != NULL) == (row->pointer == NULL), "%s is %s",
	    row->section, row->pointer == NULL ? "accepted" : "refused");
	if (account == NULL && row->pointer == NULL)
		tap_note("%s: %s", error.pointer, error.words);
	else if (account == NULL) {
		tap_is_string(error.pointer, row->pointer, "%s: the place",
		    row->section);
		tap_contains(error.words, row->words, "%s: the words",
		    row->section);
	}
	provider->close(account);
}

struct outcome
provider_fixture_judge(const struct provider *provider, const void *account,
    const struct device *device, const struct provider_answer *answer)
{
	size_t size = strlen(answer->body);
	struct outcome outcome;
	struct http_reply reply;

	http_reply_init(&reply);
	reply.status = answer->status;
	reply.retry_after_ms = answer->retry_after_ms;
	buf_append(&reply.body, answer->body, size < reply.body.limit ? size :
	    reply.body.limit);
	reply.body.overflowed = size > reply.body.limit;
	if (answer->type != NULL) {
		buf_append_format(&reply.headers, "Content-Type: %s",
		    answer->type);
		buf_append(&reply.headers, "", 1);
	}
	/* Each member of it is to be set. */
	memset(&outcome, 0x55, sizeof outcome);
	provider->judge(account, device, &reply, &outcome);
	http_reply_free(&reply);
	return outcome;
}

bool
provider_fixture_is_judged(const struct outcome *outcome,
    enum verdict verdict, enum cause cause, enum retry retry,
    const char *name)
{
	bool good = tap_is_int(outcome->verdict, verdict, "%s: the verdict",
	    name);

	good &= tap_is_int(outcome->cause, cause, "%s: the cause", name);
	good &= tap_is_int(outcome->retry, retry, "%s: the retry", name);
	return good;
}
