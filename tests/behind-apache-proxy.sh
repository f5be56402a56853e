#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The gateway behind Apache and mod_proxy_fcgi; TLS and CRLs are the same in
# all ways by Apache.  Reloads are check-all's.
. "$(dirname "$0")/lib/behind.bash" apache-proxy tls crl \
	${BEHIND:+reload web-reload}
