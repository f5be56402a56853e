/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/provider.h"

#include <string.h>

#define PROVIDER_ENTRY(name) &provider_##name,

static const struct provider *const providers[] = {
	PROVIDER_LIST(PROVIDER_ENTRY)
	NULL
};

const struct provider *
provider_find(const char *name)
{
	size_t i = 0;

	while (providers[i] != NULL && strcmp(providers[i]->name, name) != 0)
		i++;
	return providers[i];
}
