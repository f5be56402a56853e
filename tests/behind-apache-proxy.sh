#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The gateway behind Apache and mod_proxy_fcgi.
. "$(dirname "$0")/behind.bash" apache-proxy
