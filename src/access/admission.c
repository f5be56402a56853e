/* SPDX-License-Identifier: Apache-2.0 */
#include "access/admission.h"

#include <stdlib.h>
#include <string.h>

#include "base/network.h"
#include "base/secret.h"
#include "base/xmalloc.h"

struct admission {
	struct admission_params params;
	struct buf secret;		/* empty: there is none */
	struct caller_certificate_cache *certificates;
};

static const char *const admission_words[ADMISSION_REFUSAL__MAX] = {
	[ADMISSION_GRANTED] = "granted",
	[ADMISSION_WRONG_SECRET] = "the web server did not send the secret "
	    "of fastcgi_secret_file",
	[ADMISSION_VOUCHED_WITH_CERTIFICATE] = "the web server vouches for a "
	    "client that also shows a certificate",
	[ADMISSION_NOT_VOUCHED] = "the web server vouches for a client that "
	    "is not configured as \"vouched\"",
	[ADMISSION_NOT_VERIFIED] = "no verified certificate",
	[ADMISSION_UNLISTED] = "verified certificate matches no configured "
	    "client",
};

bool
admission_read_secret(struct buf *secret, const char *path,
    struct error *error)
{
	bool good = secret_read(secret, path, error);

	if (good && secret->size == 0) {
		error_set(error, "%.400s: is empty", path);
		good = false;
	}
	if (!good)
		error_prepend_name(error, "fastcgi_secret_file");
	return good;
}

struct admission *
admission_create(const struct admission_params *params, struct error *error)
{
	struct admission *admission = xcalloc(1, sizeof *admission);

	admission->params = *params;
	admission->certificates = caller_certificate_cache_create();
	buf_init(&admission->secret, SECRET_SIZE);
	if (params->secret_file == NULL)
		return admission;
	if (admission_read_secret(&admission->secret, params->secret_file,
	    error))
		return admission;
	admission_free(admission);
	return NULL;
}

void
admission_free(struct admission *admission)
{
	if (admission == NULL)
		return;
	buf_wipe(&admission->secret);
	caller_certificate_cache_free(admission->certificates);
	free(admission);
}

bool
admission_has_secret(const struct admission *admission, const char *secret)
{
	return admission->secret.size == 0 ||
	    (secret != NULL && secret_is(&admission->secret, secret));
}

static const struct client *
admission_find_vouched(const struct admission *admission,
    const struct admission_request *request, enum admission_refusal *refusal)
{
	const struct client *client = NULL;

	if (request->certificate != NULL && *request->certificate != '\0')
		*refusal = ADMISSION_VOUCHED_WITH_CERTIFICATE;
	else {
		client = client_list_find_vouched(admission->params.clients,
		    request->vouched_client);
		*refusal = client == NULL ? ADMISSION_NOT_VOUCHED :
		    ADMISSION_GRANTED;
	}
	return client;
}

static const struct client *
admission_find_address(const struct admission *admission,
    const struct admission_request *request)
{
	struct network_address address;

	if (!request->is_matrix || request->address == NULL ||
	    !network_address_read(&address, request->address))
		return NULL;
	return client_list_find_address(admission->params.clients, &address);
}

const struct client *
admission_find(struct admission *admission,
    const struct admission_request *request, enum admission_refusal *refusal,
    const struct caller_certificate **certificate)
{
	const struct client *client = NULL;

	*certificate = NULL;
	if (!admission_has_secret(admission, request->secret)) {
		*refusal = ADMISSION_WRONG_SECRET;
		return NULL;
	}
	if (request->vouched_client != NULL &&
	    *request->vouched_client != '\0')
		return admission_find_vouched(admission, request, refusal);
	*certificate = caller_certificate_cache_read(admission->certificates,
	    request->verify, request->certificate);
	if (*certificate != NULL)
		client = client_list_find(admission->params.clients,
		    *certificate);
	if (client == NULL)
		client = admission_find_address(admission, request);
	if (client != NULL)
		*refusal = ADMISSION_GRANTED;
	else
		*refusal = *certificate == NULL ? ADMISSION_NOT_VERIFIED :
		    ADMISSION_UNLISTED;
	return client;
}

const char *
admission_refusal_words(enum admission_refusal refusal)
{
	return admission_words[refusal];
}
