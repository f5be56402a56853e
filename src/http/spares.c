/* SPDX-License-Identifier: Apache-2.0 */
#include "http/spares.h"

#include <stdlib.h>

#include "base/xmalloc.h"

void
spares_init(struct spares *spares, const struct http_handle_params *params,
    size_t limit)
{
	*spares = (struct spares){
		.params = *params,
		.handles = xcalloc(limit, sizeof *spares->handles),
		.limit = limit
	};
}

void
spares_free(struct spares *spares)
{
	spares_drop(spares);
	free(spares->handles);
}

CURL *
spares_take(struct spares *spares)
{
	return spares->count > 0 ? spares->handles[--spares->count] :
	    http_handle_create(&spares->params);
}

void
spares_give(struct spares *spares, CURL *easy)
{
	if (spares->count < spares->limit)
		spares->handles[spares->count++] = easy;
	else
		curl_easy_cleanup(easy);
}

void
spares_drop(struct spares *spares)
{
	while (spares->count > 0)
		curl_easy_cleanup(spares->handles[--spares->count]);
}
