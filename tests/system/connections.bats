#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Connections to the providers: kept apart, filled evenly, let go in time.

load ../lib/stage.bash
load ../lib/one-worker.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	make_certificate server providers \
		DNS:localhost,DNS:push.test,DNS:slow.test,IP:127.0.0.1 serverAuth
	cat "$STAGE/server.pem" "$STAGE/providers-ca.pem" \
		>"$STAGE/server-chain.pem"
	# A second team, and a second project.
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
		-out "$STAGE/AuthKey_XYZ1234567.p8" 2>>"$STAGE/openssl.log"
	openssl pkey -in "$STAGE/AuthKey_XYZ1234567.p8" -pubout \
		-out "$STAGE/apns-public-2.pem"
	jq '.apns += [ .apns[0] + { team_id: "TEAM654321",
			key_id: "XYZ1234567", topics: [ "de.other" ],
			public_key_file: "apns-public-2.pem" } ] |
		.fcm += [ .fcm[0] + { project_id: "other-project",
			client_email: "push@other-project.example" } ]' \
		"$STAGE/accounts.json" >"$STAGE/accounts.json.new"
	mv "$STAGE/accounts.json.new" "$STAGE/accounts.json"
	start_simulator
	write_service_account
	jq '.project_id = "other-project" |
		.client_email = "push@other-project.example"' \
		"$STAGE/service-account.json" >"$STAGE/service-account-2.json"
}

teardown_file() {
	stage_close
}

setup() {
	worker_setup
	write_service_account
	# No breaker comes in between.
	WORKER_CONFIG='.breaker_failures = 0 |
		.max_devices_per_notification = 10000'
}

teardown() {
	local pid status=0
	worker_teardown || status=1
	for pid in ${FORWARD_PID-} ${SERVER_PID-} ${OWN_SIMULATOR_PID-}; do
		pkill -KILL -P "$pid" || :
		stop "$pid" KILL
	done
	return "$status"
}

# connections SERVICE: how many requests went over each, in order.
connections() {
	record "select(.service == \"$1\") | .connection" | sort -n | uniq -c |
		awk '{ print $1 }' | tr '\n' ' '
}

@test "accounts never share a connection, although the host is the same" {
	start_worker '.clients[0].apps += [ "other.*" ] | .apps += [
		.apps[0] + { app_id: "other.apns", topic: "de.other",
			key_file: "AuthKey_XYZ1234567.p8",
			key_id: "XYZ1234567", team_id: "TEAM654321" },
		.apps[1] + { app_id: "other.firebase",
			service_account_file: "service-account-2.json" } ]'
	local i
	for i in 1 2 3; do
		push "$(ios "a$i")" "$(device other.apns \
			"$(apns_pushkey "b$i")")" "$(android "c$i")" \
			"$(device other.firebase "d$i")"
	done
	[ "$(record 'select(.service != "oauth") | .status' | sort |
		uniq -c | awk '{ print $1, $2 }')" = "12 200" ]
	# Each connection knows one account.
	[ "$(record 'select(.service != "oauth") | [ .connection,
		.headers["apns-topic"] // (.path | split("/")[3]) ]' |
		sort -u | wc -l)" = 4 ]
	[ "$(record 'select(.service != "oauth") | .connection' | sort -u |
		wc -l)" = 4 ]
}

@test "what one connection cannot carry makes a second; both fill evenly" {
	start_worker
	control '{"fcm": {"latency_ms": 500}}'
	send /push/v1/notify "$(crowd 150 0)"
	[ "$(connections fcm)" = "100 50 " ]
	clear_record
	send /push/v1/notify "$(crowd 80 0)"
	[ "$(connections fcm)" = "40 40 " ]
}

@test "a new connection to Apple has one request alone at first" {
	local refused
	refused=$(count apns streams_refused)
	start_worker
	control '{"apns": {"latency_ms": 300}}'
	send /push/v1/notify "$(crowd 0 40)"
	[[ $OUT == *'"rejected":[]'* ]]
	[ "$(record .status | sort | uniq -c | awk '{ print $1, $2 }')" = \
		"40 200" ]
	# The second on each came when the first had been answered.
	[ "$(record '[.connection, .at_ms] | @tsv' | awk '
		seen[$1]++ == 0 { first[$1] = $2; next }
		$2 < first[$1] + 290 { print "too early" }')" = "" ]
	[ "$(count apns streams_refused)" = "$refused" ]
}

@test "a cold burst of a thousand devices is no storm of connections" {
	local service before=()
	before=("$(count apns connections_opened)" \
		"$(count fcm connections_opened)" \
		"$(count apns streams_refused)" "$(count fcm streams_refused)")
	start_worker
	send /push/v1/notify "$(crowd 1000 1000)"
	[[ $OUT == *'"rejected":[]'* ]]
	for service in apns fcm; do
		[ "$(record "select(.service == \"$service\") | .status" |
			sort | uniq -c | awk '{ print $1, $2 }')" = "1000 200" ]
	done
	(($(count apns connections_opened) - before[0] <= 2))
	# As many as max_connections says, and no more.
	(($(count fcm connections_opened) - before[1] <= 10))
	[ "$(count apns streams_refused)" = "${before[2]}" ]
	[ "$(count fcm streams_refused)" = "${before[3]}" ]
}

@test "a stream that is refused or reset, and a cut connection, are survived" {
	start_worker
	local word
	for word in refuse reset cut goaway; do
		clear_record
		push "$(ios "$word-once-x")" "$(android "$word-once-y")"
		push "$(ios next)" "$(android next)"
		[ "$(record 'select(.service == "apns" and .status == 200)' |
			wc -l)" = 2 ]
		[ "$(record 'select(.service == "fcm" and .status == 200)' |
			wc -l)" = 2 ]
		# Apple shows what came twice once.
		[ "$(record 'select(.text == "'"$word"'-once-x") |
			[ .headers["apns-id"], .headers["apns-collapse-id"] ]' |
			sort -u | wc -l)" = 1 ]
	done
}

@test "trouble in the middle of a burst loses nothing" {
	start_worker
	local trouble
	# A provider that has worked: one that refuses from the start gets a
	# handful of connections.  Two may be refused to one and the same, and
	# the third attempt is the last.
	send /push/v1/notify "$(crowd 1 1)"
	for trouble in '"refuse_next": 2' '"goaway_every": 9' \
		'"cut_next": 1'; do
		control "{\"fcm\": {$trouble}, \"apns\": {$trouble}}"
		clear_record
		send /push/v1/notify "$(crowd 60 60)"
		[[ $OUT == *'"rejected":[]'* ]]
		[ "$(record 'select(.status == 200 and .service != "oauth") |
			.text' | sort -u | wc -l)" = 120 ]
	done
}

@test "what a GOAWAY leaves undone goes out once, over another connection" {
	start_worker
	push "$(ios a)" "$(android a)"
	control '{"apns": {"latency_ms": 50, "goaway_every": 60},
		"fcm": {"latency_ms": 50, "goaway_every": 60}}'
	clear_record
	send /push/v1/notify "$(crowd 400 400)"
	[[ $OUT == *'"rejected":[]'* ]]
	[ "$(record '[.service, .text, .status]' | sort | uniq -c |
		awk '{ print $1 }' | sort | uniq -c |
		awk '{ print $1, $2 }')" = "800 1" ]
}

@test "connections that were closed while idle cost nothing" {
	start_worker
	push "$(ios a)" "$(android a)"
	control '{"fcm": {"cut_connections": true},
		"apns": {"cut_connections": true}}'
	clear_record
	push "$(ios b)" "$(android b)"
	[ "$(record '[.text, .status]' | sort | tr '\n' ' ')" = \
		'["b",200] ["b",200] ' ]
}

# start_forward PORT: FORWARD_PORT leads there.
start_forward() {
	perl "$ROOT/tests/lib/forward.pl" "$1" "$WORK/forward" 3>&- &
	FORWARD_PID=$!
	wait_until 10 test -s "$WORK/forward"
	FORWARD_PORT=$(cat "$WORK/forward")
}

@test "a peer that stops answering on a connection holds up nobody else" {
	local way
	# shellcheck disable=SC2154
	start_forward "$fcm_port"
	start_worker ".apps[1].url = \"https://localhost:$FORWARD_PORT\" |
		.request_timeout_ms = 4000"
	push "$(android a)"
	# Its kernel still acknowledges.
	way=$(pgrep -P "$FORWARD_PID")
	kill -STOP "$way"
	send /push/v1/notify \
		"$(single "$(plain '{}' "$(android b)")")" 3>&- &
	local caller=$!
	# It owes an answer for more than a second: the next has another one.
	wait_until 3 owes_for_long
	SECONDS=0
	push "$(android c)"
	((SECONDS * 1000 <= $(longest 1000)))
	wait "$caller"
	# When its deadline has passed the silent one is given up.
	push "$(android d)" "$(android e)" "$(android f)"
	[ "$(record 'select(.service == "fcm") | .text' | sort |
		tr '\n' ' ')" = "a c d e f " ]
	wait_until 5 closed_by_us "$way"
}

owes_for_long() {
	local now=${EPOCHREALTIME//./}
	: "${OWES_SINCE:=$now}"
	((now - OWES_SINCE > 1500000))
}

# closed_by_us PID: the forwarder has the end of the connection to read.
closed_by_us() {
	kill -CONT "$1"
	! kill -0 "$1"
}

@test "a connection that is killed under a request is tried once more" {
	# shellcheck disable=SC2154
	start_forward "$apns_port"
	start_worker ".apps[0].url = \"https://localhost:$FORWARD_PORT\""
	push "$(ios a)"
	send /push/v1/notify \
		"$(single "$(plain '{}' "$(ios b-slow1500)")")" 3>&- &
	local caller=$!
	wait_until 5 grep -q '"text":"b-slow1500"' "$STAGE/record.json"
	pkill -KILL -P "$FORWARD_PID"
	wait "$caller"
	[ "$(record 'select(.text == "b-slow1500") | [ .headers["apns-id"],
		.headers["apns-collapse-id"] ]' | uniq -c |
		awk '{ print $1 }')" = 2 ]
}

# preload: what goes into a worker's environment for tests/lib/preload.c.
preload() {
	grep -q __asan_init "$GATEWAY" &&
		skip "the address sanitizer takes no preloaded library"
	ahead 0
	PRELOAD=(LD_PRELOAD="$BUILD/tests/lib/preload.so"
		PRELOAD_CLOCK="$WORK/clock" PRELOAD_LOG="$WORK/preload")
}

# ahead SECONDS: the clocks are.
ahead() {
	perl -e 'open my $file, "+>>", $ARGV[0] or die; close $file;
		open $file, "+<", $ARGV[0] or die;
		syswrite $file, pack "q", $ARGV[1]' "$WORK/clock" "$1"
}

@test "each new connection looks up its name anew, and has a user timeout" {
	preload
	start_worker '.apps[].url |= sub("localhost"; "push.test")' \
		"${PRELOAD[@]}"
	push "$(android a)" "$(ios a)"
	push "$(android b)" "$(ios b)"
	[ "$(grep -c 'lookup push.test' "$WORK/preload")" = 2 ]
	push "$(android x-goaway)" "$(ios x-goaway)"
	push "$(android c)" "$(ios c)"
	[ "$(connections apns)" = "3 1 " ]
	[ "$(connections fcm)" = "3 1 " ]
	[ "$(grep -c 'lookup push.test' "$WORK/preload")" = 4 ]
	# Four, and the token endpoint's, which may try several addresses.
	(($(grep -c 'user_timeout' "$WORK/preload") >= 5))
	[ "$(grep 'user_timeout' "$WORK/preload" | sort -u)" = \
		"user_timeout 2000" ]
}

@test "an answer that is coded though nobody asked is read all the same" {
	start_worker
	push "$(ios a-gzip)" "$(android a-gzip)" "$(android b-br)"
	grep -q 'items=1 delivered=3 ' "$WORK/log"
	[ "$(record 'select(.service == "fcm").headers |
		[."accept-encoding", ."user-agent", .accept] | @csv' |
		sort -u)" = '"identity","push-gateway",' ]
	send /push/v1/notify "$(single "$(plain '{}' "$(ios b-410-gzip)" \
		"$(android b-404-UNREGISTERED-gzip)")")"
	grep -q 'items=1 delivered=0 rejected=2 ' "$WORK/log"
}

# name_server SECONDS: how long it takes to say where Apple is.
name_server() {
	perl -e 'open my $file, "+>>", $ARGV[0] or die; close $file;
		open $file, "+<", $ARGV[0] or die;
		syswrite $file, pack "q", $ARGV[1]' "$WORK/slow" "$1"
}

@test "a name server that falls silent stops neither Google nor the worker" {
	local before after
	preload
	name_server 30
	start_worker '.apps[0].url |= sub("localhost"; "slow.test") |
		.request_timeout_ms = 2000' "${PRELOAD[@]}" \
		PRELOAD_SLOW="$WORK/slow"
	push "$(android warm)"
	before=${EPOCHREALTIME//./}
	push "$(ios a)" "$(android a)"
	after=${EPOCHREALTIME//./}
	# Far from the 30 seconds, however busy this machine is.
	(((after - before) / 1000000 < 20))
	[ "$(record '.text // empty' | grep -c '^a')" = 1 ]
	before=${EPOCHREALTIME//./}
	push "$(android b)"
	stop "$WORKER_PID"
	WORKER_PID=
	after=${EPOCHREALTIME//./}
	(((after - before) / 1000000 < 20))
}

@test "a name server that takes four seconds delays its provider alone" {
	preload
	name_server 4
	start_worker '.apps[0].url |= sub("localhost"; "slow.test")' \
		"${PRELOAD[@]}" PRELOAD_SLOW="$WORK/slow"
	# Longer than a connection may take to be made.
	push "$(ios a)" "$(android a)"
	grep -q 'items=1 delivered=1 rejected=0 later=1 ' "$WORK/log"
	name_server 0
	push "$(ios b)" "$(android b)"
	grep -q 'items=1 delivered=2 ' "$WORK/log"
}

# own_simulator: one whose clock goes as the worker's.
own_simulator() {
	cat >"$WORK/simulator" <<-EOF
	#!/bin/sh
	exec env ${PRELOAD[*]} "$SIMULATOR" "\$@"
	EOF
	chmod +x "$WORK/simulator"
	SIMULATOR=$WORK/simulator start_simulator
	OWN_SIMULATOR_PID=$SIMULATOR_PID
	write_service_account
}

@test "connections to Google end before 4 minutes idle and an hour of age" {
	preload
	own_simulator
	start_worker . "${PRELOAD[@]}"
	local now
	# Used every three minutes it is kept, until it is too old.
	for now in 0 180 360 540; do
		ahead "$now"
		push "$(android a)"
	done
	[ "$(connections fcm)" = "4 " ]
	for ((now = 720; now <= 3540; now += 180)); do
		ahead "$now"
		push "$(android a)"
	done
	[ "$(connections fcm | wc -w)" = 2 ]
	clear_record
	ahead $((3540 + 235))
	push "$(android b)"
	ahead $((3540 + 235 + 235))
	push "$(android b)"
	[ "$(connections fcm)" = "1 1 " ]
}

@test "connections to Apple are kept for hours, and for an idle half hour" {
	preload
	own_simulator
	start_worker . "${PRELOAD[@]}"
	local now
	for now in 0 1800 3600 5400 7200; do
		ahead "$now"
		push "$(ios a)"
	done
	[ "$(connections apns)" = "5 " ]
}

@test "a server that speaks only HTTP/1.1 is not taken for Apple" {
	mkfifo "$WORK/answers"
	exec 8<>"$WORK/answers"
	openssl s_server -accept 127.0.0.1:0 -alpn http/1.1 \
		-cert "$STAGE/server.pem" -key "$STAGE/server-key.pem" \
		<&8 >"$WORK/server" 2>&1 3>&- &
	SERVER_PID=$!
	wait_until 10 grep -q '^ACCEPT.*:[1-9]' "$WORK/server"
	printf 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n' >&8
	start_worker ".apps[0].url = \"https://localhost:$(
		sed -n 's/^ACCEPT.*://p' "$WORK/server")\""
	push "$(ios a)" || :
	[[ $OUT == *'Status: 503'* ]]
	grep -q 'error: apns-.*does not speak HTTP/2' "$WORK/log"
	exec 8>&-
}
