# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# All that a caller can see, behind another web server than the tests' usual
# one: prints TAP.  The arguments are one of tests/lib/web-server.bash, and names of
# further files.  What providers see hardly depends on the web server: BEHIND=all
# (check-all) has that, too.

directory=$(cd "$(dirname "${BASH_SOURCE[0]}")/../system" && pwd)
files=()
names=(operations refusals identity servers)
[[ ${BEHIND-} != all ]] || names+=(payloads delivery)
for name in "${names[@]}" "${@:2}"; do
	files+=("$directory/$name.bats")
done
WEB_SERVER=$1 exec bats --tap "${files[@]}"
