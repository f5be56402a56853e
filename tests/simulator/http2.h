/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP2_H
#define HTTP2_H

#include <stdbool.h>

#include "connection.h"

/* Makes the connection's HTTP/2 session and says our SETTINGS; false if the
 * handshake did not settle on HTTP/2. */
bool
http2_start(struct connection *connection);

/* Announces another limit on streams, if the one announced is not right. */
void
http2_update_limit(struct connection *connection);

#endif
