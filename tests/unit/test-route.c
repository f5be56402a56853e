/* SPDX-License-Identifier: Apache-2.0 */
#include "api/route.h"

#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "tap.h"

/* Decoded paths, and the operation that they lead to; NULL: to none. */
static const struct {
	const char *path;
	const char *name;
} paths[] = {
	{ "/push/v1/notify", "notify" },
	{ "/push/v1/notify/batch", "notify/batch" },
	{ "/push/v1/notifyEncrypted/batch", "notifyEncrypted/batch" },
	{ "/_matrix/push/v1/notify", "notify" },
	/* Any base. */
	{ "/ios/push/v1/notify", "notify" },
	{ "/a/b.c/d-e/push/v1/notify/batch", "notify/batch" },
	{ "/a b/\xc3\xa4/push/v1/notifyEncrypted/batch",
	    "notifyEncrypted/batch" },
	{ "/push/v1/push/v1/notify", "notify" },
	{ "/gateway/_matrix/push/v1/notify", "notify" },
	/* A slash at the end, but one. */
	{ "/push/v1/notify/", "notify" },
	{ "/push/v1/notify/batch/", "notify/batch" },
	{ "/push/v1/notifyEncrypted/batch/", "notifyEncrypted/batch" },
	{ "/_matrix/push/v1/notify/", "notify" },
	{ "/push/v1/notify//", NULL },
	/* None. */
	{ "", NULL },
	{ "/", NULL },
	{ "/push", NULL },
	{ "/push/v1", NULL },
	{ "/push/v1/", NULL },
	{ "/push/v1/notif", NULL },
	{ "/push/v1/notifyx", NULL },
	{ "/push/v1/notify/x", NULL },
	{ "/push/v1/notify/batch/x", NULL },
	{ "/push/v1/notify/batc", NULL },
	{ "/push/v1/notify/batches", NULL },
	{ "/push/v1/notifyEncrypted", NULL },
	{ "/push/v1/notifyEncrypted/", NULL },
	{ "/push/v1/notifyencrypted/batch", NULL },
	{ "/push/v1/Notify", NULL },
	{ "/PUSH/V1/NOTIFY", NULL },
	{ "/push/v2/notify", NULL },
	{ "/push/v1notify", NULL },
	{ "/xpush/v1/notify", NULL },
	{ "push/v1/notify", NULL },
	{ "/push/v1/notify ", NULL },
	{ "/push/v1/notify?", NULL },
	{ "/push/v1/notify\\batch", NULL },
	{ "/push//v1/notify", NULL },
};

/* Targets that all arrive as the same path, and whether they are plain. */
static const struct {
	const char *target;
	bool plain;
} targets[] = {
	{ "/push/v1/notify", true },
	{ "/push/v1/notify/", true },
	{ "/base/push/v1/notify", true },
	{ "/_matrix/push/v1/notify", true },
	/* A query may hold what it likes. */
	{ "/push/v1/notify?", true },
	{ "/push/v1/notify?a=b&c=d", true },
	{ "/push/v1/notify?a=//", true },
	{ "/push/v1/notify?a=/../", true },
	{ "/push/v1/notify?a=%2e%2e/", true },
	{ "/push/v1/notify?u=https://host//x", true },
	{ "/push/v1/notify#//", true },
	/* Encoded letters. */
	{ "/%70ush/v1/notify", true },
	{ "/push/v1/notif%79", true },
	{ "/push/%761/notify", true },
	/* The absolute form. */
	{ "https://host/push/v1/notify", true },
	{ "https://host:8443/base/push/v1/notify?x", true },
	{ "http://host/push/v1/notify/", true },
	{ "https://[::1]:443/push/v1/notify", true },
	{ "https://host//push/v1/notify", false },
	{ "https://host/x/../push/v1/notify", false },
	{ "https:///../push/v1/notify", false },
	{ "https://host/push/v1//notify", false },
	/* Dots that are no segments. */
	{ "/.well-known/push/v1/notify", true },
	{ "/a..b/push/v1/notify", true },
	{ "/.../push/v1/notify", true },
	{ "/..a/push/v1/notify", true },
	{ "/a./push/v1/notify", true },
	{ "/%2ehidden/push/v1/notify", true },
	/* Empty segments. */
	{ "//push/v1/notify", false },
	{ "/push//v1/notify", false },
	{ "/push/v1//notify", false },
	{ "/push/v1/notify//", false },
	{ "///push/v1/notify", false },
	/* Dot segments, encoded or not. */
	{ "/./push/v1/notify", false },
	{ "/push/./v1/notify", false },
	{ "/push/v1/notify/.", false },
	{ "/../push/v1/notify", false },
	{ "/x/../push/v1/notify", false },
	{ "/push/v1/x/../notify", false },
	{ "/push/v1/notify/..", false },
	{ "/push/v1/notify/x/..", false },
	{ "/push/v1/notify/x/..?y", false },
	{ "/x/%2e%2e/push/v1/notify", false },
	{ "/x/%2E%2E/push/v1/notify", false },
	{ "/x/%2e%2E/push/v1/notify", false },
	{ "/x/.%2e/push/v1/notify", false },
	{ "/x/%2e./push/v1/notify", false },
	{ "/%2e/push/v1/notify", false },
	{ "/push/v1/notify/%2e", false },
	{ "/push/v1/notify/%2e.", false },
	/* Slashes can be encoded too: web servers decode, then fold them. */
	{ "/%2fpush/v1/notify", false },
	{ "/push/%2Fv1/notify", false },
	{ "/x/..%2fpush/v1/notify", false },
	{ "/x%2f..%2Fpush/v1/notify", false },
	{ "/x%2f%2e%2e%2fpush/v1/notify", false },
};

/* Copies of their own size, so that a sanitizer sees what runs over. */
static const char *
find(const char *path, const char *target)
{
	char *own_path = strdup(path);
	char *own_target = target == NULL ? NULL : strdup(target);
	const struct route *route = route_find(own_path, own_target);

	free(own_path);
	free(own_target);
	return route == NULL ? NULL : route_name(route);
}

static const struct {
	const char *path;
	const char *prefix;
} prefixes[] = {
	{ "/push/v1/notify", "" },
	{ "/push/v1/notify/", "" },
	{ "/_matrix/push/v1/notify", "" },
	{ "/ios/push/v1/notify/batch", "/ios" },
	{ "/ios/push/v1/notifyEncrypted/batch/", "/ios" },
	{ "/a/b/_matrix/push/v1/notify", "/a/b" },
	{ "/x_matrix/push/v1/notify", "/x_matrix" },
};

static void
check_prefixes(void)
{
	size_t i;

	for (i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		char *prefix = route_prefix(route_find(prefixes[i].path,
		    NULL), prefixes[i].path);

		tap_is_string(prefix, prefixes[i].prefix,
		    "the prefix of \"%s\"", prefixes[i].path);
		free(prefix);
	}
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof paths / sizeof *paths; i++) {
		tap_is_string(find(paths[i].path, NULL), paths[i].name,
		    "the path \"%s\" leads to %s", paths[i].path,
		    paths[i].name == NULL ? "nothing" : paths[i].name);
		tap_is_string(find(paths[i].path, "/x"), paths[i].name,
		    "the path \"%s\" with another target", paths[i].path);
	}
	for (i = 0; i < sizeof targets / sizeof *targets; i++)
		tap_is_string(find("/push/v1/notify", targets[i].target),
		    targets[i].plain ? "notify" : NULL,
		    "the target \"%s\" %s", targets[i].target,
		    targets[i].plain ? "reaches it" : "does not");
	tap_is_string(find("/push/v1/notify", fixture_format(
	    "/%s/push/v1/notify", fixture_repeat("a", 1000))), "notify",
	    "a base of 1000 bytes reaches it");
	tap_ok(find("/push/v1/notify", fixture_format("/%s/push/v1/notify",
	    fixture_repeat("a", 100000))) == NULL,
	    "a base of 100000 bytes does not");
	tap_is_string(find("/push/v1/notify", fixture_format(
	    "/push/v1/notify?%s", fixture_repeat("a", 100000))), "notify",
	    "a query of 100000 bytes is of no interest");
	tap_is_string(find("/push/v1/notify", fixture_format("/%s/x",
	    fixture_repeat("a", 2047 - 3))), "notify",
	    "a target of 2047 bytes reaches it");
	tap_ok(find("/push/v1/notify", fixture_format("/%s/x",
	    fixture_repeat("a", 2048 - 3))) == NULL, "one of 2048 does not");
	check_prefixes();
	return tap_done();
}
