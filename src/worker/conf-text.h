/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_CONF_TEXT_H
#define WORKER_CONF_TEXT_H

#include <stdbool.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/fault.h"
#include "worker/conf.h"

/*
 * A configuration file: reads it, and says of what is wrong with it where that
 * stands, in which setting, and which name was probably meant.
 */
struct conf_text {
	const char *path;		/* borrowed */
	char *directory;
	struct buf text;
	struct json_object *object;	/* NULL: it is not JSON */
};

/*
 * Reads the file; false with a fault if it cannot be read, or is no JSON
 * object.  Always call conf_text_free.
 */
bool conf_text_read(struct conf_text *text, const char *path,
    struct fault *fault);
void conf_text_free(struct conf_text *text);

/*
 * What an error is whose pointer is relative to the file: where it stands, the
 * setting's name and, if the words say what the value must be, the value.
 */
void conf_text_explain(const struct conf_text *text, const struct error *error,
    struct fault *fault);

/* The same as one more of a list. */
void conf_text_add_error(const struct conf_text *text,
    const struct error *error, struct fault_list *faults);
void conf_text_add_warning(const struct conf_text *text,
    const struct error *error, struct fault_list *faults);

/* Adds an error for each member of an object that stands there already. */
void conf_text_find_twice(const struct conf_text *text,
    struct fault_list *faults);

/*
 * Makes a conf of an object, which is the text's or was made of it: what
 * conf_read does, and no two patterns may match the same app_id.
 */
struct conf *conf_text_make(const struct conf_text *text,
    struct json_object *object, struct error *error);

/*
 * All of this for a file.  NULL with an error whose words are
 * "file:line:column: …".  No credentials are read yet.
 */
struct conf *conf_load(const char *path, struct error *error);

/* The state directory that a configuration file names, as conf_read's. */
char *conf_state_directory(const char *path, struct error *error);

#endif
