/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_STATUS_H
#define HTTP_STATUS_H

/* The phrase of a status (RFC 9110, 15; RFC 6585), or "Unknown". */
const char *
http_status_get_phrase(unsigned status);

#endif
