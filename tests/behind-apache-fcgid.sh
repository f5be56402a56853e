#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The gateway behind Apache and mod_fcgid.
. "$(dirname "$0")/lib/behind.bash" apache-fcgid web-reload
