/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_PEM_H
#define CRYPTO_PEM_H

/*
 * OpenSSL's callback for the password of an encrypted PEM (pem_password_cb):
 * there is none.  OpenSSL's own would ask on the terminal.
 */
int pem_no_password(char *text, int size, int writing, void *arg);

#endif
