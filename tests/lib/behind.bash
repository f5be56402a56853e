# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# All that a caller can see, behind another web server than the tests' usual
# one: prints TAP.  The arguments are one of tests/lib/web-server.bash, and names of
# further files.

directory=$(cd "$(dirname "${BASH_SOURCE[0]}")/../system" && pwd)
files=()
for name in operations refusals identity payloads delivery servers "${@:2}"; do
	files+=("$directory/$name.bats")
done
WEB_SERVER=$1 exec bats --tap "${files[@]}"
