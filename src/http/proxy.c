/* SPDX-License-Identifier: Apache-2.0 */
#include "http/proxy.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "http/url.h"

static bool
proxy_is_origin(const char *text)
{
	struct url url;
	bool good = false;

	if (url_read(&url, text)) {
		good = strcmp(url.scheme, "http") == 0 &&
		    strcmp(url.path, "/") == 0 && url.query == NULL &&
		    url.fragment == NULL;
		url_free(&url);
	}
	return good;
}

bool
proxy_check(const struct proxy *proxy, struct error *error)
{
	bool good = false;

	if (proxy->url == NULL && proxy->credentials_file != NULL) {
		error_set(error, "has no effect without \"proxy\"");
		error_prepend_name(error, "proxy_credentials_file");
	} else if (proxy->url != NULL && strchr(proxy->url, '@') != NULL) {
		error_set(error, "must not contain a password: put "
		    "user:password into a file that "
		    "\"proxy_credentials_file\" names");
		error_prepend_name(error, "proxy");
	} else if (proxy->url != NULL && !proxy_is_origin(proxy->url)) {
		error_set(error, "must be http://host:port");
		error_prepend_name(error, "proxy");
	} else
		good = true;
	return good;
}

bool
proxy_load(struct proxy *proxy, struct error *error)
{
	struct buf *credentials = &proxy->credentials;
	char *colon;
	bool good = false;

	if (proxy->credentials_file == NULL)
		return true;
	buf_wipe(credentials);
	buf_init(credentials, SECRET_SIZE);
	if (!secret_read(credentials, proxy->credentials_file, error))
		;
	else if (credentials->size == 0 ||
	    (colon = strchr(credentials->data, ':')) == NULL)
		error_set(error, "%s must contain user:password",
		    proxy->credentials_file);
	else {
		*colon = '\0';
		proxy->user = credentials->data;
		proxy->password = colon + 1;
		good = true;
	}
	if (!good)
		error_prepend_name(error, "proxy_credentials_file");
	return good;
}

void
proxy_free(struct proxy *proxy)
{
	buf_wipe(&proxy->credentials);
	free(proxy->credentials_file);
	free(proxy->url);
}
