/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OAUTH_H
#define OAUTH_H

#include <json-c/json.h>

#include <stdbool.h>
#include <stdint.h>

#include "service.h"

#define OAUTH_TOKEN_TYPE_ACCESS \
    "urn:ietf:params:oauth:token-type:access_token"
#define OAUTH_IMPERSONATION_START "/v1/projects/-/serviceAccounts/"
#define OAUTH_IMPERSONATION_END ":generateAccessToken"

/* What token endpoints share: 400 with an error of RFC 6749, 5.2. */
void
oauth_refuse(struct verdict *verdict, const char *error,
    const char *description);

/* False, with a verdict, unless the body is of a form's type. */
bool
oauth_is_form(const struct request *request, struct verdict *verdict);

/* Appends a field of the form; false, with a verdict, if it is missing. */
bool
oauth_read_field(const struct request *request, const char *name,
    struct text *value, struct verdict *verdict);

/*
 * Google's workload identity federation: Security Token Service (RFC 8693),
 * IAM Service Account Credentials, and a URL that has the subject token.
 */
void
oauth_judge_exchange(const struct service_context *context,
    struct request *request, struct verdict *verdict);

void
oauth_judge_impersonation(const struct service_context *context,
    struct request *request, struct verdict *verdict);

void
oauth_judge_source(const struct service_context *context,
    struct request *request, struct verdict *verdict);

/* The bodies of the latter two, which are not those of a token endpoint. */
bool
oauth_is_impersonation(const struct request *request);

void
oauth_add_google_error(struct json_object *body,
    const struct verdict *verdict);

void
oauth_compose_source(struct request *request, const struct verdict *verdict);

/* Adds a time as RFC 3339 has it. */
void
oauth_add_time(struct json_object *body, const char *name, int64_t at_s);

#endif
