#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The gateway behind lighttpd, as a pool that runs by itself.
. "$(dirname "$0")/lib/behind.bash" lighttpd-pool web-reload \
	${BEHIND:+crl reload}
