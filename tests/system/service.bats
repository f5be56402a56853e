#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The worker as a service of systemd: what it tells the service manager, and the
# form of its log in the journal.

load ../lib/stage.bash

setup() {
	stage_open "$BATS_TEST_TMPDIR/stage"
	stage_prepare
	SOCKET=$STAGE/socket
}

teardown() {
	stage_close
}

# start_service [ADDRESS]: the worker, and who is told of it, by $STAGE/told.
start_service() {
	local address=${1-$STAGE/notify}
	/usr/bin/python3 - "$address" >"$STAGE/told" 2>&1 3>&- <<-'END' &
	import socket, sys
	address = sys.argv[1]
	manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
	manager.bind(address.replace("@", "\0", 1))
	print("listening", flush=True)
	while True:
	    print(manager.recv(4096).decode(), flush=True)
	END
	echo "$!" >>"$STAGE/pids"
	wait_until 10 grep -q listening "$STAGE/told"
	: >"$STAGE/journal"
	NOTIFY_SOCKET=$address \
		JOURNAL_STREAM=$(stat -c %d:%i "$STAGE/journal") \
		perl "$ROOT/tests/lib/fastcgi.pl" serve "$SOCKET" "$GATEWAY" \
		-c "$STAGE/push-gateway.json" 2>>"$STAGE/journal" 3>&- &
	WORKER_PID=$!
	echo "$WORKER_PID" >>"$STAGE/pids"
}

told() {
	grep -qx "$1" "$STAGE/told"
}

@test "systemd is told when it serves, takes a new configuration, and stops" {
	local address
	for address in "$STAGE/notify" "@push-gateway-test-$BASHPID"; do
		start_service "$address"
		wait_until 10 told READY=1
		told STATUS=serving
		run ! told RELOADING=1
		: >"$STAGE/told"
		kill -HUP "$WORKER_PID"
		wait_until 10 told READY=1
		told RELOADING=1
		grep -qx 'MONOTONIC_USEC=[0-9]*' "$STAGE/told"
		kill -TERM "$WORKER_PID"
		wait_until 10 told STOPPING=1
		wait_until 10 has_ended "$WORKER_PID"
		rm "$SOCKET"
	done
}

@test "it never says that it serves with a configuration that is wrong" {
	echo '{ "clients": [' >"$STAGE/push-gateway.json"
	start_service
	wait_until 10 has_ended "$WORKER_PID"
	run ! told READY=1
	grep -q '^STATUS=.*push-gateway.json.*ends too early' "$STAGE/told"
}

@test "in the journal a line has a priority, and no second stamp" {
	start_service
	wait_until 10 told READY=1
	grep -q '^<6>serving' "$STAGE/journal"
	run ! grep -v '^<[3467]>' "$STAGE/journal"
	echo '{' >"$STAGE/push-gateway.json"
	wait_until 10 grep -q '^<3>' "$STAGE/journal"
	# Elsewhere it is as it was.
	run "$GATEWAY" -c "$STAGE/push-gateway.json" </dev/null
	[[ $output == 20*Z\ push-gateway\[*\]\ error:\ * ]]
}

@test "in the journal a line of JSON has a priority, too" {
	write_config '.log.format = "json"'
	start_service
	wait_until 10 told READY=1
	grep '^<6>' "$STAGE/journal" | sed 's/^<6>//' |
		jq -e 'select(.level == "info").message | startswith("serving")'
}
