/* SPDX-License-Identifier: Apache-2.0 */
#include "fake-random.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

static uint64_t fake_random_state;
static bool fake_random_fails;

void
fake_random_seed(uint64_t seed)
{
	fake_random_state = seed;
}

void
fake_random_fail(bool fails)
{
	fake_random_fails = fails;
}

/* Sebastiano Vigna's splitmix64. */
static uint64_t
fake_random_next(void)
{
	uint64_t z;

	if (fake_random_state == 0)
		return 0;
	z = fake_random_state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

ssize_t
getrandom(void *buffer, size_t length, unsigned int flags)
{
	unsigned char *byte = buffer;
	size_t left = length;

	if (fake_random_fails && (flags & GRND_NONBLOCK) != 0) {
		errno = EAGAIN;
		return -1;
	}
	while (left > 0) {
		uint64_t value = fake_random_next();
		size_t size = left < sizeof value ? left : sizeof value;

		memcpy(byte, &value, size);
		byte += size;
		left -= size;
	}
	return (ssize_t)length;
}
