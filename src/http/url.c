/* SPDX-License-Identifier: Apache-2.0 */
#include "http/url.h"

#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/xmalloc.h"

/* NULL if there is none. */
static char *
url_part(CURLU *handle, CURLUPart part)
{
	char *text = NULL, *copy = NULL;

	if (curl_url_get(handle, part, &text, 0) == CURLUE_OK)
		copy = xstrdup(text);
	curl_free(text);
	return copy;
}

static bool
url_is_spelled_so(CURLU *handle, const char *text)
{
	size_t length = strlen(text);
	char *whole = url_part(handle, CURLUPART_URL);
	bool same = whole != NULL && strncmp(whole, text, length) == 0 &&
	    (whole[length] == '\0' || strcmp(whole + length, "/") == 0);

	free(whole);
	return same;
}

bool
url_read(struct url *url, const char *text)
{
	CURLU *handle = curl_url();
	bool read = handle != NULL && curl_url_set(handle, CURLUPART_URL,
	    text, CURLU_PATH_AS_IS) == CURLUE_OK &&
	    url_is_spelled_so(handle, text);

	if (read)
		*url = (struct url){
			.scheme = url_part(handle, CURLUPART_SCHEME),
			.user = url_part(handle, CURLUPART_USER),
			.password = url_part(handle, CURLUPART_PASSWORD),
			.host = url_part(handle, CURLUPART_HOST),
			.port = url_part(handle, CURLUPART_PORT),
			.path = url_part(handle, CURLUPART_PATH),
			.query = url_part(handle, CURLUPART_QUERY),
			.fragment = url_part(handle, CURLUPART_FRAGMENT)
		};
	curl_url_cleanup(handle);
	return read;
}

void
url_free(struct url *url)
{
	free(url->scheme);
	free(url->user);
	free(url->password);
	free(url->host);
	free(url->port);
	free(url->path);
	free(url->query);
	free(url->fragment);
}
