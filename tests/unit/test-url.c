/* SPDX-License-Identifier: Apache-2.0 */
#include "http/url.h"

#include <string.h>

#include "tap.h"

static const struct {
	const char *text;
	const char *scheme;
	const char *host;
	const char *path;
	const char *port;	/* NULL where there is none, as what follows */
	const char *query;
	const char *fragment;
	const char *user;
	const char *password;
} urls[] = {
	{ .text = "https://h", .scheme = "https", .host = "h", .path = "/" },
	{ .text = "https://h/", .scheme = "https", .host = "h", .path = "/" },
	{ .text = "https://h:443", .scheme = "https", .host = "h",
	    .port = "443", .path = "/" },
	{ .text = "http://proxy.example:3128", .scheme = "http",
	    .host = "proxy.example", .port = "3128", .path = "/" },
	{ .text = "https://h/a/b/?q=1&r#f", .scheme = "https", .host = "h",
	    .path = "/a/b/", .query = "q=1&r", .fragment = "f" },
	{ .text = "https://h/../x/./y", .scheme = "https", .host = "h",
	    .path = "/../x/./y" },
	{ .text = "https://u:p@h/", .scheme = "https", .host = "h",
	    .path = "/", .user = "u", .password = "p" },
	{ .text = "https://u@h/", .scheme = "https", .host = "h",
	    .path = "/", .user = "u" },
	{ .text = "https://h\\@evil/", .scheme = "https", .host = "evil",
	    .path = "/", .user = "h\\" },
	{ .text = "https://[2001:db8::7]:8443/x", .scheme = "https",
	    .host = "[2001:db8::7]", .port = "8443", .path = "/x" },
	{ .text = "https://192.0.2.7/", .scheme = "https",
	    .host = "192.0.2.7", .path = "/" },
};

static const char *const refused[] = {
	/* Other spellings of an address. */
	"https://0x7f.1/",
	"https://2130706433/",
	"https://127.1/",
	"https://0177.0.0.1/",
	"https://[0:0:0:0:0:0:0:1]/",
	/* What has other readings. */
	"https:h",
	"https:/h",
	"https:///h",
	"HTTPS://h/",
	"https://h:",
	"https://h:0443/",
	"https://h?",
	"https://h?q",
	"https://h/?",
	"https://h#f",
	"https://h%2e/",
	"https://h\\.evil/",
	/* None at all. */
	"",
	"h",
	"//h",
	"https://",
	"https://:443",
	"https://h:port",
	"https://h:65536",
	"https://::1",
	"https://[::1",
	"https://[]",
	"https://[h]",
	"https://h]",
	"https://h h",
	"https://h/a b",
	" https://h",
	"https://h\n",
	"https://h/\x01",
};

/* NULL is equal to NULL. */
static void
check_part(const char *text, const char *name, const char *got,
    const char *expected)
{
	tap_is_string(got == NULL ? "none" : got,
	    expected == NULL ? "none" : expected, "%s: the %s", text, name);
}

static void
check_url(size_t i)
{
	const char *text = urls[i].text;
	struct url url;

	if (!tap_ok(url_read(&url, text), "\"%s\" is a URL", text))
		return;
	check_part(text, "scheme", url.scheme, urls[i].scheme);
	check_part(text, "host", url.host, urls[i].host);
	check_part(text, "port", url.port, urls[i].port);
	check_part(text, "path", url.path, urls[i].path);
	check_part(text, "query", url.query, urls[i].query);
	check_part(text, "fragment", url.fragment, urls[i].fragment);
	check_part(text, "user", url.user, urls[i].user);
	check_part(text, "password", url.password, urls[i].password);
	url_free(&url);
}

static void
check_refused(size_t i)
{
	struct url url;
	bool read = url_read(&url, refused[i]);

	tap_ok(!read, "\"%s\" is refused", refused[i]);
	if (read)
		url_free(&url);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof urls / sizeof *urls; i++)
		check_url(i);
	for (i = 0; i < sizeof refused / sizeof *refused; i++)
		check_refused(i);
	return tap_done();
}
