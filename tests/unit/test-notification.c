/* SPDX-License-Identifier: Apache-2.0 */
/* What can be asked of a notification. */
#include "provider/notification.h"

#include "fixture.h"
#include "tap.h"

static const struct {
	int64_t unread;
	int64_t missed_calls;
	int32_t badge;
} counts[] = {
	{ -1, -1, -1 },
	{ 0, -1, 0 },
	{ -1, 0, 0 },
	{ 1, -1, 1 },
	{ -1, 1, 1 },
	{ 2, 3, 5 },
	{ INT32_MAX, -1, INT32_MAX },
	{ INT32_MAX - 1, 1, INT32_MAX },
	{ INT32_MAX, 1, INT32_MAX },
	{ INT64_MAX, INT64_MAX, INT32_MAX },
};

static void
check_counts(size_t i)
{
	const struct notification notification = {
		.unread = counts[i].unread,
		.missed_calls = counts[i].missed_calls
	};

	tap_is_int(notification_badge(&notification), counts[i].badge,
	    "%jd unread, %jd missed calls", (intmax_t)counts[i].unread,
	    (intmax_t)counts[i].missed_calls);
	tap_ok(notification_is_badge_only(&notification) ==
	    (counts[i].badge != -1), "... %s a badge alone",
	    counts[i].badge != -1 ? "are" : "are not even");
}

static void
check_badge_only(void)
{
	struct notification notification = { .unread = 1, .missed_calls = -1 };
	size_t i;

	for (i = 0; i < NOTIFICATION_TEXT__MAX; i++) {
		notification.texts[i] = json_object_new_string("x");
		tap_ok(!notification_is_badge_only(&notification),
		    "with %s it is no badge alone", notification_texts[i].name);
		json_object_put(notification.texts[i]);
		notification.texts[i] = NULL;
	}
	notification.content = json_object_new_object();
	tap_ok(!notification_is_badge_only(&notification),
	    "with content it is no badge alone");
	json_object_put(notification.content);
}

/* --- sizes --------------------------------------------------------------- */

/* The n-th text has 2 to the n bytes: each sum is of certain texts alone. */
static const struct {
	enum notification_detail detail;
	size_t size;
} sizes[] = {
	{ NOTIFICATION_FULL, 0x7ff },
	{ NOTIFICATION_WITHOUT_CONTENT, 0x7ff },
	{ NOTIFICATION_WITHOUT_NAMES, 0x7ff -
	    (1 << NOTIFICATION_SENDER_DISPLAY_NAME |
	    1 << NOTIFICATION_ROOM_NAME | 1 << NOTIFICATION_ROOM_ALIAS) },
	{ NOTIFICATION_DETAIL__MAX, 0 },
};

static const struct {
	size_t limit;
	enum notification_detail detail;
} limits[] = {
	{ 0x7ff, NOTIFICATION_FULL },
	{ 0x7fe, NOTIFICATION_WITHOUT_NAMES },
	{ 0x78f, NOTIFICATION_WITHOUT_NAMES },
	{ 0x78e, NOTIFICATION_DETAIL__MAX },
	{ 0, NOTIFICATION_DETAIL__MAX },
};

static void
check_sizes(void)
{
	struct notification notification = { .texts = { NULL } };
	size_t i;

	tap_is_int((int64_t)notification_texts_size(&notification,
	    NOTIFICATION_FULL), 0, "without texts there are no bytes");
	tap_is_int(notification_start_detail(&notification, 0),
	    NOTIFICATION_FULL, "... and all of them fit");
	for (i = 0; i < NOTIFICATION_TEXT__MAX; i++)
		notification.texts[i] = json_object_new_string(
		    fixture_repeat("x", (size_t)1 << i));
	for (i = 0; i < sizeof sizes / sizeof *sizes; i++)
		tap_is_int((int64_t)notification_texts_size(&notification,
		    sizes[i].detail), (int64_t)sizes[i].size,
		    "the bytes of detail %d", (int)sizes[i].detail);
	for (i = 0; i < sizeof limits / sizeof *limits; i++)
		tap_is_int(notification_start_detail(&notification,
		    limits[i].limit), limits[i].detail,
		    "what to begin with for %zu bytes", limits[i].limit);
	for (i = 0; i < NOTIFICATION_TEXT__MAX; i++)
		json_object_put(notification.texts[i]);
}

/* --- the rest ------------------------------------------------------------ */

static void
check_device(void)
{
	struct device device = { .data = NULL };

	tap_ok(device_platform(&device) == NULL,
	    "without data a device has no platform");
	device.data = fixture_json("{\"platform\":1}");
	tap_ok(device_platform(&device) == NULL, "a number is no platform");
	json_object_put(device.data);
	device.data = fixture_json("{\"platform\":\"ios\"}");
	tap_is_string(device_platform(&device), "ios", "a string is one");
	json_object_put(device.data);
}

int
main(void)
{
	struct notification notification = { .is_low = false };
	size_t i;

	for (i = 0; i < sizeof counts / sizeof *counts; i++)
		check_counts(i);
	check_badge_only();
	check_sizes();
	check_device();
	tap_is_string(notification_prio(&notification), "high", "not low");
	notification.is_low = true;
	tap_is_string(notification_prio(&notification), "low", "low");
	batch_free(NULL);
	return tap_done();
}
