/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_PEM_H
#define CRYPTO_PEM_H

#include <stddef.h>

/*
 * OpenSSL's callback for the password of an encrypted PEM (pem_password_cb):
 * there is none.  OpenSSL's own would ask on the terminal.
 */
int pem_no_password(char *text, int size, int writing, void *arg);

/* The bytes of a byte order mark at the beginning of a text, or 0. */
size_t pem_mark_size(const char *text, size_t size);

/*
 * Why a text that a NUL follows is no unencrypted private key in PEM, in words
 * that go on from the file's name; nothing of the text is in them.
 */
const char *pem_explain_key(const char *text, size_t size);

#endif
