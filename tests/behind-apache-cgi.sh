#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The gateway as a CGI program of Apache.
. "$(dirname "$0")/lib/behind.bash" apache-cgi
