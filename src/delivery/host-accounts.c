/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/host-accounts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "state/shared-table.h"

enum {
	HOST_ACCOUNTS_ROWS = 1024,
	HOST_ACCOUNTS_VERSION = 1,
	HOST_ACCOUNTS_KIND = 0		/* the only one of rows */
};

#define HOST_ACCOUNTS_FILE "accounts"

static_assert((int)HOST_ACCOUNTS_NUMBER__MAX <= (int)SHARED_TABLE_VALUES,
    "a row has room for all numbers of an account");

struct host_accounts {
	struct shared_table *table;
};

struct host_accounts *
host_accounts_open(const char *state_directory)
{
	struct host_accounts *accounts = xcalloc(1, sizeof *accounts);

	accounts->table = shared_table_open(&(struct shared_table_params){
		.directory = state_directory,
		.file = HOST_ACCOUNTS_FILE,
		.layout = HOST_ACCOUNTS_VERSION,
		.rows = HOST_ACCOUNTS_ROWS
	});
	return accounts;
}

void
host_accounts_close(struct host_accounts *accounts)
{
	if (accounts == NULL)
		return;
	shared_table_close(accounts->table);
	free(accounts);
}

_Atomic uint64_t *
host_accounts_find(struct host_accounts *accounts, const char *name)
{
	struct shared_row *row = shared_table_find(accounts->table,
	    HOST_ACCOUNTS_KIND, name, strnlen(name, SHARED_TABLE_TEXT_SIZE));

	return row == NULL ? NULL : row->values;
}
