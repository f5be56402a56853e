/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a with 64 bits: fast, and no defence against chosen collisions. */
#define HASH_START UINT64_C(0xcbf29ce484222325)

/* Continues from `hash`: HASH_START, or the hash of what stands before. */
uint64_t hash_add(uint64_t hash, const void *data, size_t size);

#endif
