/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROVIDER_NOTIFICATION_H
#define PROVIDER_NOTIFICATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

/*
 * The model: what callers send and what becomes of it.  No I/O.
 *
 * A batch owns the JSON tree it was decoded from; everything in it borrows
 * from there, and batch_free frees all.  Read-only once it is decoded and
 * what the caller may not address is marked.
 */
enum notification_kind {
	NOTIFICATION_PLAIN,
	NOTIFICATION_ENCRYPTED
};

enum notification_text {
	NOTIFICATION_EVENT_ID,
	NOTIFICATION_ROOM_ID,
	NOTIFICATION_TYPE,
	NOTIFICATION_SENDER,
	NOTIFICATION_SENDER_DISPLAY_NAME,
	NOTIFICATION_ROOM_NAME,
	NOTIFICATION_ROOM_ALIAS,
	NOTIFICATION_CIPHERTEXT,
	NOTIFICATION_TIME_MESSAGE_ENCRYPTED,
	NOTIFICATION_KEY_IDENTIFIER,
	NOTIFICATION_IDENTIFIER,
	NOTIFICATION_TEXT__MAX
};

/* What a payload leaves out, step by step, until it fits the provider. */
enum notification_detail {
	NOTIFICATION_FULL,
	NOTIFICATION_WITHOUT_CONTENT,
	NOTIFICATION_WITHOUT_NAMES,
	NOTIFICATION_DETAIL__MAX
};

struct notification_text_info {
	const char *name;		/* in the API and in payloads */
	enum notification_kind kind;	/* that has it */
	enum notification_detail last;	/* the last detail that has it */
};

extern const struct notification_text_info
    notification_texts[NOTIFICATION_TEXT__MAX];

struct device {
	const char *app_id;
	const char *pushkey;
	size_t pushkey_size;		/* may contain NUL bytes */
	struct json_object *pushkey_json;
	int64_t pushkey_ts;		/* seconds; 0 if absent */
	struct json_object *data;	/* of the pusher, an object, or NULL */
	bool is_forbidden;		/* its app, to the caller */
};

struct notification {
	enum notification_kind kind;
	struct json_object *id;		/* NULL in a single notify */
	/* NULL where absent, or empty in a plain notification */
	struct json_object *texts[NOTIFICATION_TEXT__MAX];
	struct json_object *content;	/* an object, or NULL */
	size_t content_size;		/* of its compact serialisation */
	struct json_object *membership;	/* a string, or NULL */
	bool user_is_target;
	bool is_low;			/* prio: low; else high */
	int64_t unread;			/* -1 if absent */
	int64_t missed_calls;		/* -1 if absent */
	struct device *devices;
	size_t device_count;
};

struct batch {
	struct json_object *tree;
	struct notification *notifications;
	size_t count;
	char *path_prefix;	/* of the request's path; NULL: none */
	char *request_id;	/* for the log; NULL: none */
};

/* NULL is no batch. */
void batch_free(struct batch *batch);

/* data.platform of a device if it is a string, else NULL. */
const char *device_platform(const struct device *device);

const char *notification_prio(const struct notification *notification);

/*
 * The number on the app's icon, unread and missed calls together, at most
 * INT32_MAX; -1 if the notification gives no counts.
 */
int32_t notification_badge(const struct notification *notification);

/*
 * The most detail whose texts alone are no longer than `limit` bytes: what has
 * more need not be tried.  NOTIFICATION_DETAIL__MAX if even the least is.
 */
enum notification_detail notification_start_detail(
    const struct notification *notification, size_t limit);

/* The bytes of its texts, as far as a payload with that detail has them. */
size_t notification_texts_size(const struct notification *notification,
    enum notification_detail detail);

/* True if it carries counts and nothing a person could read. */
bool notification_is_badge_only(const struct notification *notification);

#endif
