/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/setting.h"
#include "command/command.h"
#include "command/explain.h"
#include "command/message.h"
#include "command/secret-chain.h"
#include "command/session.h"

enum {
	SEND_PUSHKEY_SIZE = 8192,
	SEND_DATA_SIZE = 65536,
	SEND_WORDS_SIZE = 2048
};

#define SEND_FIELD(field) .offset = offsetof(struct command_arguments, field)

static const struct command_option send_options[] = {
	{ .name = "text", .argument = "TEXT", SEND_FIELD(text),
	    .help = "the text; else \"Test\"" },
	{ .name = "data-file", .argument = "FILE", SEND_FIELD(data_file),
	    .help = "the pusher's data, a JSON object, as for Web Push" },
	{ .name = "platform", .argument = "NAME", SEND_FIELD(platform),
	    .help = "for an entry of \"apps\" with this \"platform\"" },
	{ .name = "path-prefix", .argument = "PATH", SEND_FIELD(path_prefix),
	    .help = "for an entry of \"apps\" with this \"path_prefix\"" },
	{ .name = "yes", .letter = 'y', SEND_FIELD(yes),
	    .help = "do not ask before sending to production" },
	{ .name = "key-identifier", .argument = "ID",
	    SEND_FIELD(key_identifier),
	    .help = "encrypted: names the secret for the app" },
	SECRET_CHAIN_OPTIONS,
	{ .name = NULL }
};

static const char *const send_meanings[VERDICT__MAX] = {
	[VERDICT_DELIVERED] = "the provider accepted it",
	[VERDICT_REJECTED] =
	    "the pushkey is dead, and callers are told to forget it",
	[VERDICT_LATER] = "not now; callers are told to try again",
	[VERDICT_FAILED] = "it can never be delivered, and callers are told so",
};

/* What is sent, to whom. */
struct send {
	const struct command_arguments *arguments;
	struct session *session;
	const struct app *app;
	struct buf pushkey;
	struct json_object *data;	/* the pusher's, or NULL */
};

/* --- what is sent -------------------------------------------------------- */

static void
send_add_text(struct json_object *object, const char *name, const char *text)
{
	json_object_object_add(object, name, json_object_new_string(text));
}

static struct json_object *
send_plain(const char *text)
{
	struct json_object *notification = json_object_new_object();
	struct json_object *content = json_object_new_object();

	send_add_text(content, "msgtype", "m.text");
	send_add_text(content, "body", text);
	send_add_text(notification, "event_id", "$push-gateway-send");
	send_add_text(notification, "room_id", "!push-gateway-send");
	send_add_text(notification, "type", "m.room.message");
	send_add_text(notification, "sender", "@push-gateway");
	send_add_text(notification, "sender_display_name", "Push Gateway");
	send_add_text(notification, "prio", "high");
	json_object_object_add(notification, "content", content);
	return notification;
}

/* NULL, and it was said why. */
static struct json_object *
send_encrypted(const struct command_arguments *arguments, const char *text,
    enum exit_status *status)
{
	struct command_arguments dated = *arguments;
	struct json_object *notification = NULL;
	time_t now = (time_t)clock_wall_s();
	char month[CIPHER_MONTH_SIZE];
	struct secret_chain chain;
	struct buf ciphertext;
	struct error error;

	if (dated.month == NULL) {
		strftime(month, sizeof month, "%Y-%m", gmtime(&now));
		dated.month = month;
	}
	buf_init(&ciphertext, CIPHER_SIZE);
	*status = secret_chain_read(&dated,
	    strcmp(arguments->operands[1], "-") == 0, &chain);
	if (*status == EXIT_STATUS_OK && !cipher_encrypt(&chain.keys, text,
	    strlen(text), &ciphertext, &error))
		*status = command_fail(EXIT_STATUS_DATA, "%s", error.words);
	if (*status == EXIT_STATUS_OK) {
		notification = json_object_new_object();
		send_add_text(notification, "ciphertext",
		    buf_text(&ciphertext));
		send_add_text(notification, "time_message_encrypted",
		    chain.month);
		send_add_text(notification, "key_identifier",
		    arguments->key_identifier == NULL ? "push-gateway-send" :
		    arguments->key_identifier);
	}
	buf_free(&ciphertext);
	return notification;
}

static struct batch *
send_make_message(const struct send *send, enum exit_status *status)
{
	const struct command_arguments *arguments = send->arguments;
	const char *text = arguments->text == NULL ? "Test" : arguments->text;
	struct json_object *notification;
	struct batch *batch = NULL;
	struct error error;

	if (arguments->secret != NULL || arguments->secret_file != NULL)
		notification = send_encrypted(arguments, text, status);
	else
		notification = send_plain(text);
	if (notification != NULL && (batch = message_make(notification,
	    arguments->operands[0], buf_text(&send->pushkey), send->data,
	    &error)) == NULL)
		*status = command_fail(EXIT_STATUS_USAGE, "%s", error.words);
	return batch;
}

/* --- to whom ------------------------------------------------------------- */

static enum exit_status
send_read_pushkey(const char *operand, struct buf *pushkey)
{
	enum exit_status status = EXIT_STATUS_OK;

	if (strcmp(operand, "-") != 0)
		buf_append_text(pushkey, operand);
	else if (!command_read_input(pushkey) && errno != EFBIG)
		status = command_fail(EXIT_STATUS_IO,
		    "the standard input cannot be read: %m");
	command_drop_line_end(pushkey);
	if (status == EXIT_STATUS_OK && (pushkey->size == 0 ||
	    pushkey->overflowed || strlen(buf_text(pushkey)) != pushkey->size))
		status = command_fail(EXIT_STATUS_USAGE,
		    "the pushkey must be one line");
	return status;
}

/* A file: its secrets are nothing for a command line. */
static enum exit_status
send_read_data(struct send *send)
{
	const char *path = send->arguments->data_file;
	enum exit_status status = EXIT_STATUS_OK;
	struct error error;
	struct buf text;
	size_t offset;

	if (path == NULL)
		return status;
	buf_init(&text, SEND_DATA_SIZE);
	if (!buf_read_file(&text, path))
		status = command_fail(EXIT_STATUS_IO, "cannot read %s: %m",
		    path);
	else if ((send->data = setting_parse(buf_text(&text), text.size,
	    &offset, &error)) == NULL)
		status = command_fail(EXIT_STATUS_USAGE, "%s: %s", path,
		    error.words);
	buf_wipe(&text);
	return status;
}

static enum exit_status
send_find_app(struct send *send)
{
	const struct command_arguments *arguments = send->arguments;

	send->app = app_registry_find(session_conf(send->session)->apps,
	    &(struct app_query){ .app_id = arguments->operands[0],
		.platform = arguments->platform,
		.path_prefix = arguments->path_prefix });
	return send->app != NULL ? EXIT_STATUS_OK :
	    command_fail(EXIT_STATUS_USAGE, "no entry of \"apps\" is for "
	    "\"%s\"%s", arguments->operands[0], arguments->platform == NULL &&
	    arguments->path_prefix == NULL ? "" :
	    " with that platform and path");
}

/* People's phones are not disturbed by accident. */
static enum exit_status
send_confirm(const struct send *send)
{
	const struct app *app = send->app;
	char answer[8];

	if (send->arguments->yes || (app->provider->is_sandbox != NULL &&
	    app->provider->is_sandbox(app->account)))
		return EXIT_STATUS_OK;
	if (!isatty(STDIN_FILENO))
		return command_fail(EXIT_STATUS_USAGE, "nothing was sent: to "
		    "send to production without being asked, say --yes");
	fprintf(stderr, "Send a notification in production, by the app %s? "
	    "[y/N] ", app->app_id);
	if (fgets(answer, sizeof answer, stdin) != NULL &&
	    (*answer == 'y' || *answer == 'Y'))
		return EXIT_STATUS_OK;
	return command_fail(EXIT_STATUS_USAGE, "nothing was sent");
}

/* --- what came of it ----------------------------------------------------- */

static const char *const send_headers[][2] = {
	{ "apns-id", "apns_id" },
	{ "apns-unique-id", "apns_unique_id" },
};

static struct json_object *
send_json(const struct session_push *push, const char *words)
{
	struct json_object *object = json_object_new_object();
	const struct outcome *outcome = &push->outcome;
	const char *value;
	size_t i;

	json_object_object_add(object, "request",
	    json_tokener_parse(buf_text(&push->body)));
	json_object_object_add(object, "status",
	    json_object_new_int(push->reply.status));
	send_add_text(object, "reason", outcome->reason);
	send_add_text(object, "verdict", verdict_name(outcome->verdict));
	send_add_text(object, "cause", cause_phrase(outcome->cause));
	send_add_text(object, "words", words);
	for (i = 0; i < sizeof send_headers / sizeof *send_headers; i++) {
		value = http_reply_header(&push->reply, send_headers[i][0]);
		if (value != NULL)
			send_add_text(object, send_headers[i][1], value);
	}
	return object;
}

static void
send_print(const struct session_push *push, const char *words)
{
	const struct outcome *outcome = &push->outcome;
	struct json_object *payload =
	    json_tokener_parse(buf_text(&push->body));
	const char *value;
	size_t i;

	if (payload != NULL)
		printf("%s\n", json_object_to_json_string_ext(payload,
		    JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
		    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(payload);
	printf("answer: %s\n", words);
	for (i = 0; i < sizeof send_headers / sizeof *send_headers; i++) {
		value = http_reply_header(&push->reply, send_headers[i][0]);
		if (value != NULL)
			printf("%s: %s\n", send_headers[i][0], value);
	}
	printf("verdict: %s: %s\n", verdict_name(outcome->verdict),
	    send_meanings[outcome->verdict]);
	if (outcome->verdict == VERDICT_REJECTED && outcome->suspicious)
		printf("(until this app has delivered something, callers are "
		    "told \"failed\" instead: a wrong setting could be why)\n");
}

/* Sends it, or learns that it cannot be, in words. */
static void
send_push(struct session_app *app, struct session_push *push,
    struct buf *words)
{
	struct error error;

	if (session_app_needs_token(app) &&
	    (push->token = session_app_token(app, &error)) == NULL) {
		push->outcome = (struct outcome){ .verdict = VERDICT_LATER,
			.cause = CAUSE_CREDENTIALS, .reason = "no token" };
		buf_append_text(words, "no token: ");
		explain_error(error.words, words);
		return;
	}
	session_app_push(app, push);
	explain_reply(&push->reply, &push->outcome, words);
}

static enum exit_status
send_exchange(const struct send *send, struct session_app *app,
    const struct batch *batch)
{
	struct session_push push = {
		.notification = batch->notifications,
		.device = batch->notifications->devices
	};
	enum exit_status status = EXIT_STATUS_UNAVAILABLE;
	struct buf words;

	buf_init(&words, SEND_WORDS_SIZE);
	send_push(app, &push, &words);
	if (send->arguments->json)
		command_print_json(send_json(&push, buf_text(&words)));
	else
		send_print(&push, buf_text(&words));
	if (push.outcome.verdict == VERDICT_DELIVERED)
		status = EXIT_STATUS_OK;
	buf_free(&words);
	session_push_free(&push);
	return status;
}

/* --- the command --------------------------------------------------------- */

static enum exit_status
send_message(struct send *send, const struct batch *batch)
{
	struct session_app *app = NULL;
	enum exit_status status = send_find_app(send);
	struct error error;

	if (status == EXIT_STATUS_OK)
		status = send_confirm(send);
	if (status == EXIT_STATUS_OK && (app = session_app_open(send->session,
	    send->app, batch->notifications->devices, &error)) == NULL)
		status = command_fail(EXIT_STATUS_CONFIG, "app %s: %s",
		    send->app->app_id, error.words);
	if (status == EXIT_STATUS_OK)
		status = send_exchange(send, app, batch);
	session_app_close(app);
	return status;
}

/* What is read as whoever runs this is read before the session's user is
 * another. */
static enum exit_status
send_run(const struct command_arguments *arguments)
{
	struct send send = { .arguments = arguments };
	struct batch *batch = NULL;
	enum exit_status status;

	buf_init(&send.pushkey, SEND_PUSHKEY_SIZE);
	status = send_read_pushkey(arguments->operands[1], &send.pushkey);
	if (status == EXIT_STATUS_OK)
		status = send_read_data(&send);
	if (status == EXIT_STATUS_OK)
		batch = send_make_message(&send, &status);
	if (status == EXIT_STATUS_OK)
		send.session = session_open(arguments, &status);
	if (send.session != NULL)
		status = send_message(&send, batch);
	session_close(send.session);
	batch_free(batch);
	buf_wipe(&send.pushkey);
	json_object_put(send.data);
	return status;
}

const struct command command_send = {
	.name = "send",
	.usage = "APP_ID PUSHKEY|- [-c FILE] [OPTION...]",
	.summary = "send one test notification to one phone",
	.details =
	    "Sends one notification to one phone as a worker would: shows\n"
	    "the request's payload, the provider's answer, and what a caller\n"
	    "would be told.  Asks first, unless the app's environment is the\n"
	    "sandbox.  Nothing of it is counted.\n\n"
	    "With a secret it is encrypted, else plain.  Every user of this\n"
	    "machine can see a pushkey that stands here; \"-\" is the\n"
	    "standard input.  Run it as root or as the workers' user.",
	.options = send_options,
	.is_configured = true,
	.least_operands = 2,
	.most_operands = 2,
	.run = send_run
};
