/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_AES128GCM_H
#define CRYPTO_AES128GCM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/*
 * The encryption of Web Push (RFC 8291, on RFC 8188): for one subscription, in
 * one record.
 */
enum aes128gcm_sizes {
	AES128GCM_PUBLIC_SIZE = 65,	/* a point on P-256, not compressed */
	AES128GCM_PRIVATE_SIZE = 32,
	AES128GCM_AUTH_SIZE = 16,
	AES128GCM_SALT_SIZE = 16,
	AES128GCM_RECORD_SIZE = 4096,
	/* What a push service takes at least, less header, tag, delimiter. */
	AES128GCM_TEXT_MAX = 3993
};

/* What the browser or the app made, and told the caller. */
struct aes128gcm_subscription {
	unsigned char public_key[AES128GCM_PUBLIC_SIZE];
	unsigned char auth[AES128GCM_AUTH_SIZE];
};

/* What is random, for tests; NULL: it is made. */
struct aes128gcm_fixed {
	unsigned char private_key[AES128GCM_PRIVATE_SIZE];
	unsigned char salt[AES128GCM_SALT_SIZE];
};

/*
 * Appends header and record.  The text is padded to `padded` bytes, if that is
 * more.  False if the public key is no point of the curve, or it does not fit.
 */
bool aes128gcm_encrypt(const struct aes128gcm_subscription *subscription,
    const struct aes128gcm_fixed *fixed, const void *text, size_t size,
    size_t padded, struct buf *body);

#endif
