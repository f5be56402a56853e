#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The gateway behind Apache and mod_proxy_fcgi, and TLS and CRLs, in which
# both ways by Apache are the same.
. "$(dirname "$0")/behind.bash" apache-proxy tls crl
