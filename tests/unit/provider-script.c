/* SPDX-License-Identifier: Apache-2.0 */
#include "provider-script.h"

#include <stdio.h>
#include <string.h>

#include "config-fixture.h"
#include "tap.h"

static struct {
	fake_http_script_fn script;
	void *arg;
	unsigned int token_requests;
} provider_script;

static void
provider_script_answer(void *arg, const struct fake_http_request *request,
    struct fake_http_answer *answer)
{
	static const struct fake_http_answer token = {
		.status = 200,
		.body = "{\"access_token\":\"ya29\",\"expires_in\":3600,"
		    "\"token_type\":\"Bearer\"}"
	};
	struct fake_http_request counted = *request;
	bool asks = strcmp(buf_text(&request->request->url),
	    CONFIG_FIXTURE_TOKEN_URL) == 0;

	(void)arg;
	if (asks) {
		provider_script.token_requests++;
		counted.number = 0;
	} else
		counted.number -= provider_script.token_requests;
	if (provider_script.script != NULL)
		provider_script.script(provider_script.arg, &counted, answer);
	else if (!asks)
		answer->after_ms = FAKE_HTTP_NEVER;
	if (asks && answer->status == 0 &&
	    answer->failure == HTTP_FAILURE_NONE &&
	    answer->after_ms != FAKE_HTTP_NEVER)
		*answer = token;
}

void
provider_script_begin(fake_http_script_fn script, void *arg)
{
	provider_script.script = script;
	provider_script.arg = arg;
	provider_script.token_requests = 0;
	fake_http_begin(provider_script_answer, NULL);
}

unsigned int
provider_script_pushes(void)
{
	return fake_http_counts()->sent - provider_script.token_requests;
}

unsigned int
provider_script_token_requests(void)
{
	return provider_script.token_requests;
}

void
provider_script_always(void *arg, const struct fake_http_request *request,
    struct fake_http_answer *answer)
{
	const struct fake_http_answer *always = arg;

	(void)request;
	*answer = *always;
}

unsigned int
provider_script_pushkey(const struct fake_http_request *request)
{
	const char *url = buf_text(&request->request->url);
	const char *text = strstr(url, "/3/device/");
	const char *token = strstr(buf_text(&request->request->body),
	    "\"token\":\"");
	unsigned int number = 0;

	if (sscanf(text != NULL ? text + strlen("/3/device/") :
	    token != NULL ? token + strlen("\"token\":\"") : "", "%x",
	    &number) != 1)
		tap_bail_out("a push to %s without a pushkey", url);
	return number;
}
