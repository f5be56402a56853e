/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AES128GCM_H
#define AES128GCM_H

#include <openssl/evp.h>

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

#define AES128GCM_AUTH_SIZE 16

/*
 * Decrypts the body of a Web Push message (RFC 8188 as RFC 8291 narrows it:
 * one record) with the receiver's key pair and authentication secret.
 * Appends the plaintext, and says how many bytes of padding there were.
 * False if the body breaks a rule; `why` tells the first one.
 */
bool
aes128gcm_decrypt(EVP_PKEY *receiver,
    const unsigned char auth[AES128GCM_AUTH_SIZE], const void *body,
    size_t length, struct text *plaintext, size_t *padding,
    const char **why);

#endif
