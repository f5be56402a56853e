/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine sets of a request, and asks of it. */
#define CURL_DISABLE_TYPECHECK
#include "fake-curl-easy.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "tap.h"

/* These are macros, for checks by the compiler. */
#undef curl_easy_setopt
#undef curl_easy_getinfo

enum fake_option_kind {
	FAKE_OPTION_TEXT,	/* libcurl copies it */
	FAKE_OPTION_POINTER,
	FAKE_OPTION_FUNCTION,
	FAKE_OPTION_FLAG,
	FAKE_OPTION_NUMBER,
	FAKE_OPTION_SECONDS	/* kept in milliseconds */
};

/* Other options make no difference in a network that is not there. */
static const struct fake_option {
	CURLoption option;
	enum fake_option_kind kind;
	size_t offset;		/* in struct fake_easy */
} fake_options[] = {
#define OPTION(name, kind, member) \
	{ CURLOPT_##name, FAKE_OPTION_##kind, \
	    offsetof(struct fake_easy, member) }
	OPTION(URL, TEXT, url),
	OPTION(REQUEST_TARGET, TEXT, target),
	OPTION(POSTFIELDS, POINTER, body),
	OPTION(HTTPGET, FLAG, is_get),
	OPTION(HTTPHEADER, POINTER, headers),
	OPTION(PROTOCOLS_STR, POINTER, protocols),
	OPTION(PROXY, POINTER, proxy),
	OPTION(DNS_SHUFFLE_ADDRESSES, FLAG, shuffles),
	OPTION(DNS_CACHE_TIMEOUT, NUMBER, lookup_lasts_s),
	OPTION(WRITEFUNCTION, FUNCTION, write_fn),
	OPTION(WRITEDATA, POINTER, write_arg),
	OPTION(RESOLVER_START_FUNCTION, FUNCTION, lookup_fn),
	OPTION(RESOLVER_START_DATA, POINTER, lookup_arg),
	OPTION(OPENSOCKETFUNCTION, FUNCTION, open_fn),
	OPTION(OPENSOCKETDATA, POINTER, open_arg),
	OPTION(PREREQFUNCTION, FUNCTION, request_fn),
	OPTION(PREREQDATA, POINTER, request_arg),
	OPTION(PRIVATE, POINTER, private),
	OPTION(ERRORBUFFER, POINTER, words),
	OPTION(TIMEOUT_MS, NUMBER, timeout_ms),
	OPTION(MAXAGE_CONN, SECONDS, idle_ms),
	OPTION(MAXLIFETIME_CONN, SECONDS, age_ms),
#undef OPTION
};

static const struct fake_option *
fake_option_find(CURLoption option)
{
	size_t i, count = sizeof fake_options / sizeof *fake_options;

	for (i = 0; i < count && fake_options[i].option != option; i++)
		;
	return i < count ? &fake_options[i] : NULL;
}

static void
fake_option_set(const struct fake_option *option, struct fake_easy *easy,
    va_list ap)
{
	void *member = (char *)easy + option->offset;
	const char *text;
	const void *pointer;
	void (*function)(void);

	switch (option->kind) {
	case FAKE_OPTION_TEXT:
		text = va_arg(ap, const char *);
		snprintf(member, MESSAGE_URL_SIZE, "%s",
		    text == NULL ? "" : text);
		break;
	case FAKE_OPTION_POINTER:
		pointer = va_arg(ap, const void *);
		memcpy(member, &pointer, sizeof pointer);
		break;
	case FAKE_OPTION_FUNCTION:
		function = va_arg(ap, void (*)(void));
		memcpy(member, &function, sizeof function);
		break;
	case FAKE_OPTION_FLAG:
		*(bool *)member = va_arg(ap, long) != 0;
		break;
	case FAKE_OPTION_NUMBER:
		*(int64_t *)member = va_arg(ap, long);
		break;
	case FAKE_OPTION_SECONDS:
		*(int64_t *)member = va_arg(ap, long) * INT64_C(1000);
		break;
	}
}

CURLcode
curl_easy_setopt(CURL *handle, CURLoption option, ...)
{
	const struct fake_option *found = fake_option_find(option);
	struct fake_easy *easy = handle;
	va_list ap;

	va_start(ap, option);
	if (found != NULL)
		fake_option_set(found, easy, ap);
	if (option == CURLOPT_POSTFIELDS)
		easy->is_get = false;
	va_end(ap);
	return CURLE_OK;
}

CURLcode
curl_easy_getinfo(CURL *handle, CURLINFO info, ...)
{
	const struct fake_easy *easy = handle;
	const struct fake_curl_answer *answer = &easy->answer;
	va_list ap;

	va_start(ap, info);
	switch ((int)info) {
	case CURLINFO_RESPONSE_CODE:
		*va_arg(ap, long *) = answer->status;
		break;
	case CURLINFO_HTTP_VERSION:
		*va_arg(ap, long *) = answer->version != 0 ?
		    answer->version : (long)CURL_HTTP_VERSION_2_0;
		break;
	case CURLINFO_NUM_CONNECTS:
		*va_arg(ap, long *) = (long)easy->connects;
		break;
	case CURLINFO_RETRY_AFTER:
		*va_arg(ap, curl_off_t *) = answer->retry_after_s;
		break;
	case CURLINFO_PRETRANSFER_TIME_T:
		*va_arg(ap, curl_off_t *) = answer->unsent ||
		    easy->number == 0 ? 0 : 1;
		break;
	case CURLINFO_PRIVATE:
		*va_arg(ap, void **) = easy->private;
		break;
	default:
		tap_bail_out("the fake network does not know info %d",
		    (int)info);
	}
	va_end(ap);
	return CURLE_OK;
}
