#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The gateway behind Apache and mod_fcgid; in check-all also how accounts get
# along, since it has each request in a process of its own.
. "$(dirname "$0")/lib/behind.bash" apache-fcgid web-reload \
	${BEHIND:+isolation}
