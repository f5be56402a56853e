/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

uint64_t
hash_add(uint64_t hash, const void *data, size_t size)
{
	const unsigned char *byte = data;

	for (; size > 0; size--)
		hash = (hash ^ *byte++) * UINT64_C(0x100000001b3);
	return hash;
}
