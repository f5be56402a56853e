/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module for OpenSSL's configuration, web-certificates.cnf, which lets a web
 * server take client certificates that are made for servers only.  Why, and
 * how it is switched on: see there.
 *
 * OpenSSL verifies a TLS client's certificate by the set of parameters that
 * is named ssl_client, and a set added by a program goes before its own.
 * Ours has another purpose, "TLS client or TLS server", and nothing else is
 * different.  A certificate for signing code or mail stays refused.
 */
#include <openssl/conf.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

enum {
	/* Any number that no purpose of OpenSSL's own will ever have. */
	WEB_CERTIFICATES_PURPOSE = 20260
};

/* OpenSSL looks for this name, which its headers have for something else. */
int web_certificates_init(CONF_IMODULE *module, const CONF *configuration)
    __asm__("OPENSSL_init");

static int
web_certificates_check(const X509_PURPOSE *purpose, const X509 *certificate,
    int is_ca)
{
	/* Not written to: the extensions have been read by now. */
	X509 *read = (X509 *)certificate;
	int found = X509_check_purpose(read, X509_PURPOSE_SSL_CLIENT, is_ca);

	(void)purpose;
	if (found <= 0)
		found = X509_check_purpose(read, X509_PURPOSE_SSL_SERVER,
		    is_ca);
	return found;
}

/* Whatever fails here leaves OpenSSL's own, stricter rule in force. */
int
web_certificates_init(CONF_IMODULE *module, const CONF *configuration)
{
	static char name[] = "TLS client or server", short_name[] = "tls";
	X509_VERIFY_PARAM *param = X509_VERIFY_PARAM_new();

	(void)module;
	(void)configuration;
	if (param == NULL ||
	    !X509_PURPOSE_add(WEB_CERTIFICATES_PURPOSE, X509_TRUST_SSL_CLIENT,
	    0, web_certificates_check, name, short_name, NULL) ||
	    !X509_VERIFY_PARAM_set1_name(param, "ssl_client") ||
	    !X509_VERIFY_PARAM_set_purpose(param, WEB_CERTIFICATES_PURPOSE) ||
	    !X509_VERIFY_PARAM_set_trust(param, X509_TRUST_SSL_CLIENT) ||
	    !X509_VERIFY_PARAM_add0_table(param)) {
		X509_VERIFY_PARAM_free(param);
		return 0;
	}
	return 1;
}
