/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Huawei Push Kit, versions 1 to 3.
 *
 * Sources: Huawei, "Push Kit - REST API" of HMS Core and of HarmonyOS, "Result
 * Codes".  One token in each request, so that the code is the token's verdict.
 */
#include "provider/provider.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json-text.h"
#include "provider/hms-account.h"
#include "provider/matrix.h"
#include "provider/plain-form.h"
#include "provider/provider-util.h"

enum {
	HMS_BODY_SIZE = 4096,		/* without the token */
	HMS_PUSHKEY_SIZE = 4096
};

/* --- compose ------------------------------------------------------------- */

static bool
hms_is_matrix(const struct hms_account *account,
    const struct notification *notification)
{
	return notification->kind == NOTIFICATION_PLAIN &&
	    provider_payload_is_matrix(account->payload);
}

/* What the app reads, as one string. */
static struct json_object *
hms_compose_data(const struct hms_account *account,
    const struct notification *notification, const struct device *device,
    enum notification_detail detail)
{
	struct json_object *form = hms_is_matrix(account, notification) ?
	    plain_form_make_matrix(notification, device, detail,
	    account->send_badge_counts) : plain_form_make(notification,
	    detail, account->send_badge_counts);
	struct json_object *data = json_object_new_string(
	    json_object_to_json_string_ext(form, JSON_C_TO_STRING_PLAIN |
	    JSON_C_TO_STRING_NOSLASHESCAPE));

	json_object_put(form);
	return data;
}

static struct json_object *
hms_compose_tokens(const struct device *device)
{
	struct json_object *tokens = json_object_new_array();

	json_object_array_add(tokens, json_object_get(device->pushkey_json));
	return tokens;
}

/* Versions 1 and 2; takes over `data`. */
static struct json_object *
hms_compose_message(const struct hms_account *account, bool is_slow,
    const struct device *device, struct json_object *data)
{
	struct json_object *root = json_object_new_object();
	struct json_object *message = json_object_new_object();
	struct json_object *android = json_object_new_object();
	char ttl[24];

	snprintf(ttl, sizeof ttl, "%" PRId64 "s", account->time_to_live_s);
	json_object_object_add(android, "urgency",
	    json_object_new_string(is_slow ? "NORMAL" : "HIGH"));
	json_object_object_add(android, "ttl", json_object_new_string(ttl));
	if (account->category != NULL)
		json_object_object_add(android, "category",
		    json_object_new_string(account->category));
	json_object_object_add(message, "data", data);
	json_object_object_add(message, "android", android);
	json_object_object_add(message, "token", hms_compose_tokens(device));
	json_object_object_add(root, "message", message);
	return root;
}

/* Version 3: a push in the background; takes over `data`. */
static struct json_object *
hms_compose_background(const struct hms_account *account,
    const struct device *device, struct json_object *data)
{
	struct json_object *root = json_object_new_object();
	struct json_object *payload = json_object_new_object();
	struct json_object *target = json_object_new_object();
	struct json_object *options = json_object_new_object();

	json_object_object_add(payload, "extraData", data);
	json_object_object_add(target, "token", hms_compose_tokens(device));
	json_object_object_add(options, "ttl",
	    json_object_new_int64(account->time_to_live_s));
	json_object_object_add(root, "payload", payload);
	json_object_object_add(root, "target", target);
	json_object_object_add(root, "pushOptions", options);
	return root;
}

/* False if it is too long with so much detail. */
static bool
hms_compose_body(const struct hms_account *account,
    const struct notification *notification, const struct device *device,
    enum notification_detail detail, struct buf *body)
{
	struct json_object *data = hms_compose_data(account, notification,
	    device, detail);
	bool is_slow = notification->is_low ||
	    notification_is_badge_only(notification);
	struct json_object *root = account->version == 3 ?
	    hms_compose_background(account, device, data) :
	    hms_compose_message(account, is_slow, device, data);
	bool fits = provider_write_json(root, HMS_BODY_SIZE +
	    device->pushkey_size, body);

	json_object_put(root);
	return fits;
}

/* Opaque, but always visible ASCII that JSON does not escape. */
static bool
hms_pushkey_is_possible(const struct device *device)
{
	size_t i = 0;

	while (i < device->pushkey_size && device->pushkey[i] > 0x20 &&
	    device->pushkey[i] < 0x7f && device->pushkey[i] != '"' &&
	    device->pushkey[i] != '\\')
		i++;
	return i > 0 && i == device->pushkey_size && i <= HMS_PUSHKEY_SIZE;
}

static void
hms_consider(const void *arg, const struct notification *notification,
    const struct device *device, struct provider_advice *advice)
{
	const struct hms_account *account = arg;

	if (hms_is_matrix(account, notification))
		matrix_consider(notification, device,
		    account->send_badge_counts, advice);
	else
		advice->is_unwanted = !account->send_badge_counts &&
		    notification_is_badge_only(notification);
}

static enum cause
hms_compose(const void *arg, const struct notification *notification,
    const struct device *device, const struct provider_push *push,
    struct http_request *request)
{
	const struct hms_account *account = arg;
	enum notification_detail detail = NOTIFICATION_FULL;

	if (!hms_pushkey_is_possible(device))
		return CAUSE_PUSHKEY_MALFORMED;
	while (detail < NOTIFICATION_DETAIL__MAX && !hms_compose_body(account,
	    notification, device, detail, &request->body))
		detail++;
	if (detail == NOTIFICATION_DETAIL__MAX || push->variant > 0)
		return CAUSE_TOO_LONG;
	buf_append_format(&request->url, "%s/v%d/%s/messages:send",
	    account->url, (int)account->version,
	    hms_account_path_id(account));
	http_request_add_header(request, "authorization", "Bearer %s",
	    push->token->text);
	http_request_add_header(request, "content-type", "application/json");
	if (account->version == 3)
		http_request_add_header(request, "push-type", "6");
	return http_request_is_complete(request) ? CAUSE_NONE : CAUSE_TOO_LONG;
}

/* --- judge --------------------------------------------------------------- */

/*
 * What each answer means, by its code; the first row that fits.  Only rows
 * that say REJECTED end a pushkey's life.
 */
struct hms_answer {
	const char *code;	/* NULL: any, or none */
	bool with_code;		/* not for an answer without one */
	int first;		/* the range of statuses it is for */
	int last;
	int version;		/* 0: any; 1: 1 and 2; 3 */
	const char *word;	/* in `msg`, in any case; NULL: any */
	bool names_pushkey;	/* `msg` must list it as illegal */
	struct outcome outcome;
};

static const struct hms_answer hms_answers[] = {
#define HMS_ANY .first = 0, .last = 999
#define HMS_BUG(number) { .code = number, HMS_ANY, .outcome = { \
    .reason = number, .verdict = VERDICT_FAILED, .cause = CAUSE_REFUSED } }
#define HMS_OPERATOR(number, what) { .code = number, HMS_ANY, .outcome = { \
    .reason = number, .verdict = VERDICT_LATER, .cause = CAUSE_CREDENTIALS, \
    .retry = what } }
#define HMS_BUSY(number) { .code = number, HMS_ANY, .outcome = { \
    .reason = number, .verdict = VERDICT_LATER, .cause = CAUSE_OVERLOADED, \
    .retry = RETRY_BACKOFF } }
	{ .code = "80000000", .first = 200, .last = 299,
	    .outcome = { .reason = "ok", .verdict = VERDICT_DELIVERED } },
	{ .code = "80100000", HMS_ANY, .version = 1, .names_pushkey = true,
	    .outcome = { .reason = "80100000", .verdict = VERDICT_REJECTED,
	    .cause = CAUSE_PUSHKEY_DEAD } },
	{ .code = "80100000", HMS_ANY, .version = 3, .word = "tokenFormatError",
	    .outcome = { .reason = "80100000", .verdict = VERDICT_REJECTED,
	    .cause = CAUSE_PUSHKEY_DEAD } },
	{ .code = "80300007", HMS_ANY, .version = 1,
	    .word = "all the tokens are invalid",
	    .outcome = { .reason = "80300007", .verdict = VERDICT_REJECTED,
	    .cause = CAUSE_PUSHKEY_DEAD, .suspicious = true } },
	{ .code = "80300007", HMS_ANY, .version = 3, .word = "tokenFormatError",
	    .outcome = { .reason = "80300007", .verdict = VERDICT_REJECTED,
	    .cause = CAUSE_PUSHKEY_DEAD, .suspicious = true } },
	/* Rights that are missing, a token of another app. */
	HMS_OPERATOR("80100000", RETRY_NEVER),
	HMS_OPERATOR("80300007", RETRY_NEVER),
	HMS_BUG("80100001"),
	HMS_BUG("80100002"),
	HMS_BUG("80100003"),
	HMS_BUG("80100004"),
	HMS_BUG("80100013"),
	HMS_BUG("80100016"),
	HMS_BUG("80100017"),
	HMS_BUG("80100018"),
	HMS_OPERATOR("80200001", RETRY_TOKEN),
	HMS_OPERATOR("80200003", RETRY_TOKEN),
	HMS_OPERATOR("80200005", RETRY_TOKEN),
	HMS_OPERATOR("80300002", RETRY_NEVER),
	{ .code = "80300008", HMS_ANY, .outcome = { .reason = "80300008",
	    .verdict = VERDICT_FAILED, .cause = CAUSE_TOO_LONG } },
	HMS_BUG("80300010"),
	HMS_OPERATOR("80300011", RETRY_NEVER),
	HMS_OPERATOR("80300036", RETRY_NEVER),
	HMS_BUSY("80600003"),
	HMS_BUSY("81000001"),
	/* Codes that we do not know, by the status. */
	{ .first = 401, .last = 401, .outcome = { .reason = "other",
	    .verdict = VERDICT_LATER, .cause = CAUSE_CREDENTIALS,
	    .retry = RETRY_TOKEN } },
	{ .first = 403, .last = 405, .outcome = { .reason = "other",
	    .verdict = VERDICT_LATER, .cause = CAUSE_CREDENTIALS } },
	{ .first = 407, .last = 407, .outcome = { .reason = "other",
	    .verdict = VERDICT_LATER, .cause = CAUSE_CREDENTIALS } },
	{ .first = 408, .last = 408, .outcome = { .reason = "other",
	    .verdict = VERDICT_LATER, .cause = CAUSE_OVERLOADED,
	    .retry = RETRY_BACKOFF } },
	{ .first = 421, .last = 421, .outcome = { .reason = "other",
	    .verdict = VERDICT_LATER, .cause = CAUSE_UNREACHABLE,
	    .retry = RETRY_ONCE, .fresh_connection = true } },
	{ .first = 425, .last = 425, .outcome = { .reason = "other",
	    .verdict = VERDICT_LATER, .cause = CAUSE_UNREACHABLE } },
	{ .first = 429, .last = 429, .outcome = { .reason = "other",
	    .verdict = VERDICT_LATER, .cause = CAUSE_OVERLOADED,
	    .retry = RETRY_AFTER_ONLY } },
	{ .first = 200, .last = 499, .with_code = true,
	    .outcome = { .reason = "other", .verdict = VERDICT_FAILED,
	    .cause = CAUSE_REFUSED } },
	/* Flow control. */
	{ .first = 503, .last = 503, .outcome = { .reason = "flow control",
	    .verdict = VERDICT_LATER, .cause = CAUSE_OVERLOADED,
	    .retry = RETRY_AFTER_ONLY } },
	{ .first = 500, .last = 599, .outcome = { .reason = "other",
	    .verdict = VERDICT_LATER, .cause = CAUSE_OVERLOADED,
	    .retry = RETRY_BACKOFF } },
	{ HMS_ANY, .outcome = { .reason = "not HMS", .verdict = VERDICT_LATER,
	    .cause = CAUSE_UNREACHABLE } },
};

/* `msg` is JSON in a string then: {"success":0,"illegal_tokens":["…"]}. */
static bool
hms_names_pushkey(const char *words, const struct device *device)
{
	char reason[JSON_TEXT_REASON_SIZE];
	struct json_object *list = NULL, *tree = words == NULL ? NULL :
	    json_text_parse(words, strlen(words), reason);
	bool named = false;
	size_t i;

	if (!json_object_object_get_ex(tree, "illegal_tokens", &list) ||
	    !json_object_is_type(list, json_type_array))
		list = NULL;
	for (i = 0; list != NULL && i < json_object_array_length(list); i++)
		named |= json_object_equal(json_object_array_get_idx(list, i),
		    device->pushkey_json) != 0;
	json_object_put(tree);
	return named;
}

static bool
hms_answer_fits(const struct hms_answer *answer,
    const struct hms_account *account, const struct device *device,
    int status, const char *code, const char *words)
{
	return status >= answer->first && status <= answer->last &&
	    (answer->code == NULL || (code != NULL &&
	    strcmp(answer->code, code) == 0)) &&
	    (!answer->with_code || code != NULL) &&
	    (answer->version == 0 ||
	    (answer->version == 3) == (account->version == 3)) &&
	    (answer->word == NULL || (words != NULL &&
	    strcasestr(words, answer->word) != NULL)) &&
	    (!answer->names_pushkey || hms_names_pushkey(words, device));
}

static void
hms_judge(const void *arg, const struct device *device,
    const struct http_reply *reply, struct outcome *outcome)
{
	struct json_object *body = provider_read_json(reply);
	const char *code = json_text_member(body, "code");
	const char *words = json_text_member(body, "msg");
	const struct hms_answer *answer = hms_answers;

	while (!hms_answer_fits(answer, arg, device, reply->status, code,
	    words))
		answer++;
	*outcome = answer->outcome;
	outcome->retry_after_ms = reply->retry_after_ms;
	json_object_put(body);
}

const struct provider provider_hms = {
	.name = "hms",
	.settings = hms_account_settings,
	.open = hms_account_open,
	.close = hms_account_close,
	.load = hms_account_load,
	.credentials = hms_account_credentials,
	.describe = hms_account_describe,
	.mint = hms_account_mint,
	.read = hms_account_read,
	.consider = hms_consider,
	.compose = hms_compose,
	.judge = hms_judge
};
