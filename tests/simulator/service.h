/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVICE_H
#define SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "access-tokens.h"
#include "accounts.h"
#include "answer.h"
#include "hms-accounts.h"
#include "provider-tokens.h"
#include "request.h"
#include "subscriptions.h"
#include "vapid.h"
#include "verdict.h"

/* What all services know. */
struct service_context {
	const struct accounts *accounts;
	struct provider_tokens *provider_tokens;
	struct access_tokens *access_tokens;
	const struct hms_accounts *hms_accounts;
	struct access_tokens *hms_tokens;
	const struct subscriptions *subscriptions;
	struct vapid_cache *vapid_cache;
	unsigned oauth_port;
	unsigned hms_oauth_port;
	int64_t expires_in_s;		/* of an access token */
	int64_t hms_expires_in_s;
	int64_t token_floor_s;		/* APNs, between new tokens */
	bool token_floor_per_key;	/* over all connections */
	bool limit_falls;		/* when a provider token is refused */
	struct token_history token_history;	/* of all connections */
	struct json_object *collapsed;	/* what a phone shows, by its token,
					 * topic and collapse id */
};

/* One of the services that are played; no I/O happens in here. */
struct service {
	unsigned max_streams;
	unsigned streams_before_auth;	/* 0: no such limit */
	bool wants_certificate;		/* asks for one, needs none */
	const char *goaway_data;	/* debug data of a GOAWAY */
	bool has_codes;			/* its errors are eight digits */
	bool speaks_http1;		/* for whoever does not offer HTTP/2 */

	/*
	 * Says what the real service would, as strictly; and finds the text
	 * of the request's pushkey.
	 */
	void (*judge)(struct service_context *context,
	    struct request *request, struct verdict *verdict);

	/*
	 * Fills a whole verdict by status and reason, as the real service
	 * words it; NULL is the status's usual reason.
	 */
	void (*fill)(struct verdict *verdict, unsigned status,
	    const char *reason);

	/* Makes headers and the normal body of the request's answer. */
	void (*compose)(struct service_context *context,
	    struct request *request, const struct verdict *verdict);
};

extern const struct service service_apns;
extern const struct service service_fcm;
extern const struct service service_hms;
extern const struct service service_hms_oauth;
extern const struct service service_oauth;
extern const struct service service_unifiedpush;
extern const struct service service_webpush_apple;
extern const struct service service_webpush_google;
extern const struct service service_webpush_microsoft;
extern const struct service service_webpush_mozilla;

#endif
