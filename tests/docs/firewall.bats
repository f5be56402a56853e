#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The firewall's rules in doc/INSTALL.md, in a network of their own: a host
# with two addresses of callers.

bats_require_minimum_version 1.5.0

setup_file() {
	local program
	for program in nft ip unshare python3; do
		type -P "$program" >/dev/null || skip "$program is not installed"
	done
	unshare --net true 2>/dev/null || skip 'no network can be made here'
}

# rules: the page's, as a shell runs them.
rules() {
	sed -n '/^nft add /,/^```/ { /^```/d; p; }' \
		"$BATS_TEST_DIRNAME/../../doc/INSTALL.md"
}

# A server on port 443 that keeps connections; then as many as there can be
# from two addresses.
connections() {
	cat <<-'END'
	import socket

	def connect(address, count):
	    kept = []
	    for _ in range(count):
	        try:
	            kept.append(socket.create_connection(("10.9.0.1", 443),
	                timeout=10, source_address=(address, 0)))
	        except ConnectionRefusedError:
	            break
	        except ConnectionResetError:
	            break
	    return kept

	server = socket.create_server(("10.9.0.1", 443), backlog=500)
	first = connect("10.9.0.2", 150)
	second = connect("10.9.0.3", 150)
	print(len(first), len(second))
	END
}

@test "each address has a hundred connections, whatever another has" {
	rules >"$BATS_TEST_TMPDIR/rules"
	[ -s "$BATS_TEST_TMPDIR/rules" ]
	connections >"$BATS_TEST_TMPDIR/connections.py"
	run -0 --separate-stderr timeout 60 unshare --net bash -euc '
		ip link set lo up
		for last in 1 2 3; do
			ip address add "10.9.0.$last/32" dev lo
		done
		# As the file that Debian ships has them.
		nft add table inet filter
		nft add chain inet filter input \
			"{ type filter hook input priority 0; }"
		. "$1"
		exec python3 "$2"
	' bash "$BATS_TEST_TMPDIR/rules" "$BATS_TEST_TMPDIR/connections.py"
	[ "$output" = "100 100" ]
}
