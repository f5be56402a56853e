/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_MATRIX_H
#define PROVIDER_MATRIX_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "provider/notification.h"
#include "provider/provider.h"

/*
 * Plain notifications as the clients of Matrix read them, which is as Sygnal
 * wrote them: for apps with "payload": "matrix".  No I/O.
 *
 * The pusher's `data.default_payload`, an object that the app gave its
 * homeserver, is the base; what belongs to the event goes on top and wins.
 * One that is no object is as if absent.
 *
 * What is too long for a provider loses text first: strings are cut between
 * characters and end in an ellipsis then.
 */

/* device.data.default_payload if it is an object, else NULL; borrowed. */
struct json_object *matrix_default_payload(const struct device *device);

/*
 * A plain notification is unwanted if the pusher did not ask for such a one
 * (`events_only`), or if nothing is left of it without its counts.  A
 * default_payload that is no object is odd.
 */
void matrix_consider(const struct notification *notification,
    const struct device *device, bool send_badge_counts,
    struct provider_advice *advice);

/* True if the pusher asks for the last notification of a room alone. */
bool matrix_only_last_per_room(const struct device *device);

struct matrix_apns_params {
	const char *alert_body;	/* for one that names the event alone */
	bool is_alert;		/* apns-push-type: alert */
	bool send_badge_counts;
	size_t limit;		/* bytes of the payload */
};

/*
 * The payload for APNs, into an empty buffer; false if it is too long with so
 * much detail.
 *
 * - without event_id, with counts: {"aps":{"badge":N}}, whatever the detail;
 * - without type: the base, ids and counts; a client asks its homeserver for
 *   the event;
 * - else the base, aps.alert with a loc-key for the kind of event, the badge,
 *   ids and counts.  NOTIFICATION_WITHOUT_CONTENT leaves out what was said,
 *   NOTIFICATION_WITHOUT_NAMES the alert, and if need be the base.
 */
bool matrix_write_apns(const struct matrix_apns_params *params,
    const struct notification *notification, const struct device *device,
    enum notification_detail detail, struct buf *body);

struct matrix_fcm_params {
	bool send_badge_counts;
	size_t limit;		/* bytes of names and values together */
};

/*
 * The data of a message for FCM: strings alone.  NULL if it is too long with
 * so much detail.  The caller puts it.
 */
struct json_object *matrix_make_fcm(const struct matrix_fcm_params *params,
    const struct notification *notification, const struct device *device,
    enum notification_detail detail);

#endif
