/* SPDX-License-Identifier: Apache-2.0 */
#include "http/proxy.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

bool
proxy_check(const struct proxy *proxy, struct fault *fault)
{
	const char *url = proxy->url == NULL ? "" : proxy->url;
	size_t length = strlen("http://");
	bool good = false;

	if (*url == '\0' && proxy->credentials_file != NULL) {
		fault_set(fault, "is for a \"proxy\", and there is none");
		fault_prepend_name(fault, "proxy_credentials_file");
	} else if (strchr(url, '@') != NULL) {
		fault_set(fault, "must not hold a password: put user:password "
		    "into a file that \"proxy_credentials_file\" names");
		fault_prepend_name(fault, "proxy");
	} else if (*url != '\0' && (strncmp(url, "http://", length) != 0 ||
	    strchr(":", url[length]) != NULL ||
	    strpbrk(url + length, "/?#\"<>\\ ") != NULL)) {
		fault_set(fault, "must be http://host:port");
		fault_prepend_name(fault, "proxy");
	} else
		good = true;
	return good;
}

bool
proxy_load(struct proxy *proxy, struct fault *fault)
{
	struct buf *credentials = &proxy->credentials;
	struct fault why;
	char *colon;
	bool good = false;

	if (proxy->credentials_file == NULL)
		return true;
	buf_wipe(credentials);
	buf_init(credentials, SECRET_SIZE);
	if (!secret_read(credentials, proxy->credentials_file, &why))
		fault_set(fault, "proxy_credentials_file: %.400s", why.words);
	else if (credentials->size == 0 ||
	    (colon = strchr(credentials->data, ':')) == NULL)
		fault_set(fault, "proxy_credentials_file: %s must hold "
		    "user:password", proxy->credentials_file);
	else {
		*colon = '\0';
		proxy->user = credentials->data;
		proxy->password = colon + 1;
		good = true;
	}
	return good;
}

void
proxy_free(struct proxy *proxy)
{
	buf_wipe(&proxy->credentials);
	free(proxy->credentials_file);
	free(proxy->url);
}
