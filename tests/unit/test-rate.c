/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/rate.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "fixture.h"
#include "tap.h"

static struct host_accounts *accounts;

/* Two workers of a host, with an account that is new. */
static struct rate workers[2];

static void
open_workers(int64_t per_minute)
{
	static unsigned int count;
	const char *name = fixture_format("account-%u", ++count);
	size_t i;

	for (i = 0; i < 2; i++)
		rate_init(&workers[i], &(struct rate_params){
			.accounts = accounts,
			.name = name,
			.per_minute = per_minute
		});
}

/* How many the workers get by turns, until there is none. */
static unsigned int
take_all(int64_t now_ms)
{
	unsigned int taken = 0;

	while (rate_take(&workers[taken % 2], now_ms) == 0)
		taken++;
	return taken;
}

static const struct {
	int64_t per_minute;
	unsigned int burst;
	int64_t next_ms;	/* when there is another one */
} rates[] = {
	{ 1, 1, 60000 },
	{ 30, 1, 2000 },
	{ 60, 1, 1000 },
	{ 120, 2, 500 },
	{ 600, 10, 100 },
	{ 60000, 1000, 1 },
	{ 600000, 10000, 1 },
};

static void
check_rates(void)
{
	const int64_t start_ms = 1000000;
	size_t i;

	for (i = 0; i < sizeof rates / sizeof *rates; i++) {
		int64_t per_minute = rates[i].per_minute, now_ms;
		unsigned int sum;

		open_workers(per_minute);
		tap_is_int(take_all(start_ms), rates[i].burst,
		    "%ld a minute: what both get at once", (long)per_minute);
		tap_is_int(rate_take(&workers[0], start_ms),
		    rates[i].next_ms, "%ld a minute: the wait for the next",
		    (long)per_minute);
		tap_ok(rate_take(&workers[1], start_ms + rates[i].next_ms - 1)
		    > 0, "%ld a minute: none before", (long)per_minute);
		tap_is_int(rate_take(&workers[1], start_ms + rates[i].next_ms),
		    0, "%ld a minute: then there is one", (long)per_minute);
		open_workers(per_minute);
		sum = 0;
		for (now_ms = start_ms; now_ms < start_ms + 60000; now_ms++)
			sum += take_all(now_ms);
		tap_ok(sum >= per_minute &&
		    sum <= per_minute + rates[i].burst,
		    "%ld a minute: %u in a minute", (long)per_minute, sum);
	}
}

static void
check_rubbish(void)
{
	uint64_t word = 0x9e3779b97f4a7c15;
	unsigned int i, wrong = 0;

	open_workers(60);
	for (i = 0; i < 10000; i++) {
		word = word * 6364136223846793005 + 1442695040888963407;
		atomic_store(&host_accounts_find(accounts,
		    workers[0].params.name)[HOST_ACCOUNTS_RATE_FULL_US], word);
		wrong += rate_take(&workers[0], 1000) > 61000;
	}
	tap_is_int(wrong, 0, "rubbish keeps nobody waiting for long");
}

static void
check_alone(void)
{
	struct rate rate;

	rate_init(&rate, &(struct rate_params){ .per_minute = 60 });
	tap_is_int(rate_take(&rate, 5000), 0, "without a host there is one");
	tap_is_int(rate_take(&rate, 5100), 900, "and then none");
}

int
main(void)
{
	accounts = host_accounts_open(fixture_directory());
	check_rates();
	check_rubbish();
	check_alone();
	host_accounts_close(accounts);
	return tap_done();
}
