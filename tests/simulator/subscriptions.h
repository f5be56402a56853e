/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUBSCRIPTIONS_H
#define SUBSCRIPTIONS_H

#include <openssl/evp.h>

#include <stddef.h>
#include <stdio.h>

#include "accounts-file.h"
#include "aes128gcm.h"
#include "ec-key.h"

/*
 * What browsers and UnifiedPush apps made: keys to decrypt with, and perhaps
 * the one VAPID key that may send.  Any number of endpoints share one.
 */
struct subscription {
	const char *name;	/* its endpoints' tokens start with it;
				 * "": all others */
	EVP_PKEY *private_key;
	unsigned char auth[AES128GCM_AUTH_SIZE];
	EVP_PKEY *vapid_key;	/* NULL: any */
};

struct subscriptions;

/* Reads the member "webpush"; there is always one with the name "". */
struct subscriptions *
subscriptions_read(const struct accounts_file *file);

void
subscriptions_free(struct subscriptions *subscriptions);

/* The one whose name is the token's first word, else the one named "". */
const struct subscription *
subscriptions_find(const struct subscriptions *subscriptions,
    const char *token);

/* Shell lines with what a browser tells its application. */
void
subscriptions_print(const struct subscriptions *subscriptions, FILE *to);

#endif
