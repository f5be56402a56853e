#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The gateway behind HAProxy; what is HAProxy's alone is in system/haproxy.bats.
. "$(dirname "$0")/lib/behind.bash" haproxy tls crl listeners reload web-reload
