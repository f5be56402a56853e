/* SPDX-License-Identifier: Apache-2.0 */
/* Which endpoints may be called, by what their text says. */
#include "provider/endpoint.h"

#include <string.h>

#include "fixture.h"
#include "tap.h"

static const char *const listed[] = { "fcm.googleapis.com", "*.push.apple.com" };
static int64_t ports[] = { 443, 8443 };
static const char *const private_networks[] = { "192.168.0.0/16", "fd00::/8" };

enum { HAS_HOSTS = 1, HAS_PORTS = 2, HAS_PRIVATE = 4 };

static const struct {
	const char *endpoint;
	unsigned int rules;
	const char *origin;	/* NULL: it is refused */
} rows[] = {
	/* As push services write them. */
	{ "https://fcm.googleapis.com/fcm/send/dG9r:APA91b-_x", 0,
	    "https://fcm.googleapis.com" },
	{ "https://updates.push.services.mozilla.com/wpush/v2/gAAAA-_w==", 0,
	    "https://updates.push.services.mozilla.com" },
	{ "https://web.push.apple.com/QGuQyavXutnMH", 0,
	    "https://web.push.apple.com" },
	{ "https://wns2-par02p.notify.windows.com/w/?token=BQYAA%2bZ%2f%3d",
	    0, "https://wns2-par02p.notify.windows.com" },
	{ "https://ntfy.example/upAbc123?up=1", 0, "https://ntfy.example" },
	{ "https://push.example", 0, "https://push.example" },
	{ "https://Push.Example/x", 0, "https://push.example" },
	{ "https://x/y", 0, "https://x" },
	{ "https://push.example/!~", 0, "https://push.example" },
	{ "https://push.example:443/x", 0, "https://push.example" },
	{ "https://8.8.8.8/x", 0, "https://8.8.8.8" },
	{ "https://[2001:4860:4860::8888]/x", 0,
	    "https://[2001:4860:4860::8888]" },
	/* Other schemes, or none. */
	{ "http://push.example/x", 0, NULL },
	{ "ftp://push.example/x", 0, NULL },
	{ "file:///etc/passwd", 0, NULL },
	{ "push.example/x", 0, NULL },
	{ "//push.example/x", 0, NULL },
	{ "https:push.example/x", 0, NULL },
	{ "https:///push.example/x", 0, NULL },
	{ "", 0, NULL },
	/* More than one reading. */
	{ "https://user@push.example/x", 0, NULL },
	{ "https://user:password@push.example/x", 0, NULL },
	{ "https://@push.example/x", 0, NULL },
	{ "https://push.example#@other.example/x", 0, NULL },
	{ "https://push.example/x#fragment", 0, NULL },
	{ "https://push.example\\@other.example/x", 0, NULL },
	{ "https://push.example/x y", 0, NULL },
	{ "https://push.example/x\ty", 0, NULL },
	{ "https://push.example/x\x7f", 0, NULL },
	{ "https://push.example/\r\nHost: other.example", 0, NULL },
	{ " https://push.example/x", 0, NULL },
	{ "https://push.ex\xc3\xa4mple/x", 0, NULL },
	{ "https://push%2eexample/x", 0, NULL },
	/* Addresses. */
	{ "https://127.0.0.1/x", 0, NULL },
	{ "https://2130706433/x", 0, NULL },
	{ "https://0x7f.1/x", 0, NULL },
	{ "https://0x7f000001/x", 0, NULL },
	{ "https://0177.0.0.1/x", 0, NULL },
	{ "https://127.1/x", 0, NULL },
	{ "https://134744072/x", 0, NULL },
	{ "https://[::1]/x", 0, NULL },
	{ "https://[::ffff:127.0.0.1]/x", 0, NULL },
	{ "https://[::ffff:7f00:1]/x", 0, NULL },
	{ "https://[64:ff9b::127.0.0.1]/x", 0, NULL },
	{ "https://[fe80::1]/x", 0, NULL },
	{ "https://[fe80::1%25eth0]/x", 0, NULL },
	{ "https://169.254.169.254/latest/meta-data/", 0, NULL },
	{ "https://192.168.1.1/x", 0, NULL },
	{ "https://192.168.1.1/x", HAS_PRIVATE, "https://192.168.1.1" },
	{ "https://[fd00::1]/x", HAS_PRIVATE, "https://[fd00::1]" },
	{ "https://10.0.0.1/x", HAS_PRIVATE, NULL },
	/* Hosts. */
	{ "https://fcm.googleapis.com/x", HAS_HOSTS,
	    "https://fcm.googleapis.com" },
	{ "https://FCM.googleapis.com/x", HAS_HOSTS,
	    "https://fcm.googleapis.com" },
	{ "https://web.push.apple.com/x", HAS_HOSTS,
	    "https://web.push.apple.com" },
	{ "https://push.apple.com/x", HAS_HOSTS, NULL },
	{ "https://fcm.googleapis.com.evil.example/x", HAS_HOSTS, NULL },
	{ "https://evil.example/fcm.googleapis.com", HAS_HOSTS, NULL },
	{ "https://fcm.googleapis.com./x", HAS_HOSTS, NULL },
	{ "https://8.8.8.8/x", HAS_HOSTS, NULL },
	/* Ports. */
	{ "https://push.example:8443/x", 0, NULL },
	{ "https://push.example:22/x", HAS_PORTS, NULL },
	{ "https://push.example:8443/x", HAS_PORTS,
	    "https://push.example:8443" },
	{ "https://push.example/x", HAS_PORTS, "https://push.example" },
	{ "https://push.example:0443/x", 0, NULL },
	{ "https://push.example:65979/x", 0, NULL },
	{ "https://push.example:-1/x", 0, NULL },
};

static void
make_rules(struct endpoint_rules *rules, unsigned int which)
{
	struct error error;

	*rules = (struct endpoint_rules){ .hosts.count = 0 };
	if (which & HAS_HOSTS)
		rules->hosts = (struct setting_strings){
			.values = (char **)(uintptr_t)listed, .count = 2 };
	if (which & HAS_PORTS)
		rules->ports = (struct setting_integers){ .values = ports,
			.count = 2 };
	if (which & HAS_PRIVATE)
		rules->private_networks = (struct setting_strings){
			.values = (char **)(uintptr_t)private_networks,
			.count = 2 };
	if (!endpoint_rules_read(rules, &error))
		tap_bail_out("%s", error.words);
}

static void
check_row(size_t i)
{
	const char *text = rows[i].endpoint;
	char origin[PROVIDER_ORIGIN_SIZE] = "";
	struct endpoint_rules rules;
	bool admitted;

	make_rules(&rules, rows[i].rules);
	admitted = endpoint_read(&rules, text, strlen(text), origin);
	tap_ok(admitted == (rows[i].origin != NULL), "\"%s\" is %s", text,
	    rows[i].origin != NULL ? "admitted" : "refused");
	if (admitted && rows[i].origin != NULL)
		tap_is_string(origin, rows[i].origin, "\"%s\": the origin",
		    text);
	endpoint_rules_free(&rules);
}

static void
check_lengths(void)
{
	const char *start = "https://push.example/";
	const char *most = fixture_format("%s%s", start, fixture_repeat("x",
	    ENDPOINT_SIZE - strlen(start)));
	const char *host = fixture_format("%s%s", fixture_repeat("abcdefghi.",
	    25), "abc");
	char origin[PROVIDER_ORIGIN_SIZE];
	struct endpoint_rules rules;

	make_rules(&rules, 0);
	tap_ok(endpoint_read(&rules, most, strlen(most), origin),
	    "an endpoint of 1000 bytes is admitted");
	most = fixture_format("%sx", most);
	tap_ok(!endpoint_read(&rules, most, strlen(most), origin),
	    "one of 1001 is refused");
	tap_ok(!endpoint_read(&rules, "https://push.example/\0x", 23, origin),
	    "one with a NUL byte is refused");
	most = fixture_format("https://%s/x", host);
	tap_ok(endpoint_read(&rules, most, strlen(most), origin),
	    "a host of 253 bytes is admitted");
	most = fixture_format("https://%sx/x", host);
	tap_ok(!endpoint_read(&rules, most, strlen(most), origin),
	    "one of 254 is refused");
	endpoint_rules_free(&rules);
	make_rules(&rules, HAS_PRIVATE);
	endpoint_rules_free(&rules);
	tap_ok(rules.addresses.allowed == NULL && rules.addresses.count == 0,
	    "rules that are freed allow nothing more");
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++)
		check_row(i);
	check_lengths();
	return tap_done();
}
