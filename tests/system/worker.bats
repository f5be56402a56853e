#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The worker as a process: started, stopped, overloaded, ill-treated.

load ../lib/stage.bash
load ../lib/one-worker.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	stage_prepare '.request_timeout_ms = 3000'
}

teardown_file() {
	stage_close
}

setup() {
	OPTIONS=()
	worker_setup
}

teardown() {
	worker_teardown
}

# fastcgi BODY [NAME=VALUE...]: a request as a web server passes it on; the
# first value of a name counts.
fastcgi() {
	local body=$1
	shift
	printf %s "$body" |
		perl "$ROOT/tests/lib/fastcgi.pl" request "${OPTIONS[@]}" "$SOCKET" \
		"$@" REQUEST_METHOD=POST SCRIPT_NAME=/push/v1/notify \
		CONTENT_TYPE=application/json CONTENT_LENGTH="${LENGTH:-${#body}}" \
		SSL_CLIENT_VERIFY=SUCCESS \
		SSL_CLIENT_CERT="$(cat "$STAGE/client.pem")"
}

@test "SIGTERM, SIGINT and SIGUSR1 finish what is in flight, then exit 0" {
	local signal
	for signal in TERM INT USR1; do
		clear_record
		run_worker
		fastcgi "$(single "$(plain '{}' "$(android slow700)" \
			"$(ios gone-410)")")" >"$BATS_TEST_TMPDIR/out" 3>&- &
		local caller=$!
		wait_until 5 grep -q slow700 "$STAGE/record.json"
		kill "-$signal" "$WORKER_PID"
		wait "$caller"
		grep -q '"rejected":\["' "$BATS_TEST_TMPDIR/out"
		local status=0
		wait "$WORKER_PID" || status=$?
		[ "$status" = 0 ]
		rm -f "$SOCKET"
	done
}

@test "stopping takes no longer than a request's deadline" {
	run_worker
	control '{"fcm": {"hang": true}}'
	fastcgi "$(single "$(plain '{}' "$(android phone)")")" \
		>"$BATS_TEST_TMPDIR/out" 3>&- &
	local caller=$!
	wait_until 5 grep -q '"text":"phone"' "$STAGE/record.json"
	SECONDS=0
	kill "$WORKER_PID"
	wait "$WORKER_PID"
	((SECONDS * 1000 <= $(longest 4000)))
	wait "$caller"
	grep -q 'Status: 503' "$BATS_TEST_TMPDIR/out"
}

@test "a peer that is refused may finish sending while the worker leaves" {
	run_worker
	OPTIONS=(-k "$WORKER_PID")
	run fastcgi "$(single "$(plain '{}' "$(android phone)")")" \
		SSL_CLIENT_VERIFY=NONE
	[ "$status" = 0 ]
	[[ $output == *"Status: 401"* ]]
	wait "$WORKER_PID"
}

@test "one worker holds 200 single requests in flight at once" {
	run_worker
	control '{"fcm": {"latency_ms": 1000}}'
	OPTIONS=(-n 200)
	fastcgi "$(single "$(plain '{}' "$(android phone)")")" \
		>"$BATS_TEST_TMPDIR/out"
	OPTIONS=()
	[ "$(grep -o '"rejected":\[\]' "$BATS_TEST_TMPDIR/out" |
		wc -l)" = 200 ]
	# All of them were at the provider before the first answer came back.
	[ "$(record 'select(.service == "fcm") | .at_ms' | sort -n |
		awk 'NR == 1 { first = $1 } { last = $1 }
		END { print NR, (last - first < 1000) }')" = "200 1" ]
}

@test "above max_requests_in_flight requests wait their turn" {
	write_config '.max_requests_in_flight = 2'
	mv "$STAGE/push-gateway.json" "$STAGE/limited.json"
	write_config '.request_timeout_ms = 3000'
	run_worker PUSH_GATEWAY_CONFIG="$STAGE/limited.json"
	fastcgi "$(single "$(plain '{}' "$(android warm)")")"
	control '{"fcm": {"latency_ms": 300}}'
	clear_record
	local i callers=()
	for i in 1 2 3 4 5 6; do
		fastcgi "$(single "$(plain '{}' "$(android "a$i")")")" \
			>"$BATS_TEST_TMPDIR/out.$i" 3>&- &
		callers+=($!)
	done
	wait "${callers[@]}"
	[ "$(cat "$BATS_TEST_TMPDIR"/out.* | grep -c '"rejected":\[\]')" = 6 ]
	# Never three at once: the third came when the first was answered.
	[ "$(record .at_ms | sort -n | awk '{ at[NR] = $1 } END {
		for (i = 1; i + 2 <= NR; i++)
			if (at[i + 2] - at[i] < 290) print "overlap" }')" = "" ]
}

# members: the pool's workers.
members() {
	pgrep -P "$WORKER_PID"
}

replaced() {
	[ "$(members | wc -l)" = 2 ] && [[ $(members) != *"$1"* ]]
}

@test "in a pool, workers that leave under load lose not one request" {
	PUSH_GATEWAY_CONFIG=$STAGE/push-gateway.json \
		perl "$ROOT/tests/lib/fastcgi.pl" pool 2 "$SOCKET" "$GATEWAY" \
		2>"$LOG" 3>&- &
	WORKER_PID=$!
	wait_until 10 grep -q serving "$LOG"
	control '{"fcm": {"latency_ms": 20}}'
	local body pid round
	body=$(single "$(plain '{}' "$(android phone)")")
	: >"$BATS_TEST_TMPDIR/out"
	(
		for round in {1..30}; do
			OPTIONS=(-n 40)
			fastcgi "$body" >>"$BATS_TEST_TMPDIR/out"
		done
	) 3>&- &
	local load=$!
	for pid in $(members); do
		kill -TERM "$pid"
		wait_until 5 replaced "$pid"
	done
	wait "$load"
	[ "$(grep -o '"rejected":\[\]' "$BATS_TEST_TMPDIR/out" |
		wc -l)" = 1200 ]
	stop "$WORKER_PID"
}

@test "in a pool, who makes accepting block holds up nobody" {
	PUSH_GATEWAY_CONFIG=$STAGE/push-gateway.json \
		perl "$ROOT/tests/lib/fastcgi.pl" pool 2 "$SOCKET" "$GATEWAY" \
		2>"$LOG" 3>&- &
	WORKER_PID=$!
	wait_until 10 both_serve
	kill -USR2 "$WORKER_PID"
	OPTIONS=(-n 20)
	fastcgi "$(single "$(plain '{}' "$(android phone)")")" \
		>"$BATS_TEST_TMPDIR/out" 3>&- &
	wait_until 3 has_ended "$!"
	OPTIONS=()
	[ "$(grep -o '"rejected":\[\]' "$BATS_TEST_TMPDIR/out" |
		wc -l)" = 20 ]
	SECONDS=0
	stop "$WORKER_PID"
	((SECONDS * 1000 <= $(longest 3000)))
}

both_serve() {
	[ "$(grep -c serving "$LOG")" = 2 ]
}

# ticks: the processor time that the pool's workers have had.
ticks() {
	local pid
	for pid in $(members); do
		cat "/proc/$pid/stat"
	done | awk '{ sum += $14 + $15 } END { print sum }'
}

@test "a socket that another process shut down does not keep a worker busy" {
	# That is what a member of a pool does that takes it for its own.
	PUSH_GATEWAY_CONFIG=$STAGE/push-gateway.json PUSH_GATEWAY_SOCKET=own \
		perl "$ROOT/tests/lib/fastcgi.pl" pool 2 "$SOCKET" "$GATEWAY" \
		2>"$LOG" 3>&- &
	WORKER_PID=$!
	wait_until 10 both_serve
	local pid before
	pid=$(members | head -1)
	kill "$pid"
	wait_until 5 replaced "$pid"
	wait_until 5 grep -q 'has shut the socket that the workers share' "$LOG"
	before=$(ticks)
	read -rt 1 <> <(:) || :
	(($(ticks) - before < 20))
}

@test "requests that settle at once keep nobody waiting" {
	run_worker
	local body round
	body=$(batch "$(plain '{}')" "$(plain '{}' "$(device none x)")")
	body=$(jq -c '.notifications[0].notification as $empty |
		.notifications += [ range(90) | { id: "e\(.)",
			notification: $empty } ]' <<<"$body")
	OPTIONS=(-n 100)
	for round in 1 2 3 4; do
		fastcgi "$body" SCRIPT_NAME=/push/v1/notify/batch \
			>"$BATS_TEST_TMPDIR/out"
		[ "$(grep -c '"total":92' "$BATS_TEST_TMPDIR/out")" = 100 ]
	done
	OPTIONS=()
	# None of them came near its deadline of three seconds.
	[ "$(grep -o 'ms=[0-9]*' "$LOG" |
		awk -F= '$2 + 0 > 1500' | wc -l)" = 0 ]
}

@test "a body that is cut short is never decoded" {
	run_worker
	local body
	body=$(single "$(plain '{}' "$(android phone)")")
	# All of the JSON arrives, but the web server had announced more.
	LENGTH=$((${#body} + 10)) run fastcgi "$body"
	[[ $output == *"Status: 400"*"cut short"* ]]
	# Fewer records than begun: the connection ends in the middle.
	OPTIONS=(-s 400)
	run fastcgi "$body"
	OPTIONS=()
	[ "$(record 'select(.service == "fcm")')" = "" ]
	[[ $(fastcgi "$body") == *'{"rejected":[]}' ]]
}

@test "a peer that connects and says nothing holds up nobody" {
	run_worker
	perl -MIO::Socket::UNIX -e '$s = IO::Socket::UNIX->new(Peer => shift);
		sleep 20' "$SOCKET" 3>&- &
	local silent=$!
	SECONDS=0
	[[ $(fastcgi "$(single "$(plain '{}' "$(android phone)")")") == \
		*'{"rejected":[]}' ]]
	((SECONDS * 1000 <= $(longest 2000)))
	kill "$silent"
}

# large: a request whose answer is larger than a socket's buffer.
large() {
	local item
	item=$(plain '{}' "$(android "dead-404-$(printf 'x%.0s' {1..3900})")")
	jq -cn --argjson item "$item" '{ notifications: [ range(100) |
		{ id: "i\(.)", notification: $item } ] }'
}

# fds: how many descriptors the worker has.
fds() {
	find "/proc/$WORKER_PID/fd" -mindepth 1 | wc -l
}

# memory_is_back MORE_KB: the worker keeps no more than that beyond $memory.
memory_is_back() {
	(($(memory_kb) - memory < $1))
}

given_up() {
	grep -c 'timed out sending a response' "$LOG" || :
}

# 40 more than there were: on a busy machine also who reads at once may be
# too slow.
all_given_up() {
	(($(given_up) >= $1 + 40))
}

@test "slow peers hold up nobody, and get what they asked for" {
	run_worker
	local body slow=() from enough=$BATS_TEST_TMPDIR/enough
	body=$(single "$(plain '{}' "$(android phone)")")
	fastcgi "$body"
	OPTIONS=(-w "$enough")
	fastcgi "$(single "$(plain '{}' "$(android slow-variables)")")" \
		>"$BATS_TEST_TMPDIR/variables" 3>&- &
	slow+=($!)
	OPTIONS=(-w "$enough" -b 1)
	fastcgi "$(single "$(plain '{}' "$(android slow-body)")")" \
		>"$BATS_TEST_TMPDIR/body" 3>&- &
	slow+=($!)
	OPTIONS=(-r "$enough")
	fastcgi "$(large)" SCRIPT_NAME=/push/v1/notify/batch \
		>"$BATS_TEST_TMPDIR/reader" 3>&- &
	slow+=($!)
	wait_until 5 grep -q 'items=100' "$LOG"
	OPTIONS=(-n 20)
	from=${EPOCHREALTIME/[,.]/}
	fastcgi "$body" >"$BATS_TEST_TMPDIR/out"
	((${EPOCHREALTIME/[,.]/} - from < 1000 * $(longest 1000)))
	[ "$(grep -o '"rejected":\[\]' "$BATS_TEST_TMPDIR/out" |
		wc -l)" = 20 ]
	# They were slow all the while.
	kill -0 "${slow[@]}"
	: >"$enough"
	wait "${slow[@]}"
	grep -q '"rejected":\[\]' "$BATS_TEST_TMPDIR/variables"
	grep -q '"rejected":\[\]' "$BATS_TEST_TMPDIR/body"
	[ "$(record 'select(.service == "fcm").body.message.token // empty' |
		grep -c '^slow-')" = 2 ]
	[ "$(sed '1,/^\r$/d' "$BATS_TEST_TMPDIR/reader" |
		jq -c '.summary.failed, (.results | length)')" = $'100\n100' ]
}

@test "a reader that does not read is given up, and its memory comes back" {
	run_worker
	local before memory reader were_given_up
	OPTIONS=(-n 40)
	fastcgi "$(large)" SCRIPT_NAME=/push/v1/notify/batch >/dev/null
	before=$(fds) memory=$(memory_kb) were_given_up=$(given_up)
	OPTIONS=(-n 40 -r "$BATS_TEST_TMPDIR/never")
	fastcgi "$(large)" SCRIPT_NAME=/push/v1/notify/batch \
		>"$BATS_TEST_TMPDIR/reader" 3>&- &
	reader=$!
	wait_until 20 all_given_up "$were_given_up"
	# A connection to a provider may have come, but 40 peers are gone,
	# and what they left of their answers: 200 KB each.
	(($(fds) < before + 20))
	# An idle worker gives back what it freed.  (The sanitizer keeps it.)
	grep -qa __asan_init "$GATEWAY" || wait_until 20 memory_is_back 6000
	OPTIONS=()
	pkill -P "$reader"
	wait "$reader" || :
	[[ $(fastcgi "$(single "$(plain '{}' "$(android phone)")")") == \
		*'{"rejected":[]}' ]]
}

@test "a body that stops in the middle is given up, and not decoded" {
	run_worker
	local body
	body=$(single "$(plain '{}' "$(android phone)")")
	SECONDS=0
	OPTIONS=(-l 8)
	run fastcgi "$body"
	[[ $output == *"cut short"* ]]
	# The request's time, which is 3 s here.
	((SECONDS >= 2 && SECONDS * 1000 <= $(longest 8000)))
	[ "$(record 'select(.service == "fcm")')" = "" ]
}

@test "an empty record before a body that was announced does not end it" {
	# So does Apache's mod_fcgid over HTTP/2; one more after it is harmless.
	run_worker
	OPTIONS=(-e 1)
	[[ $(fastcgi "$(single "$(plain '{}' "$(android phone)")")") == \
		*'{"rejected":[]}' ]]
	[ "$(record 'select(.service == "fcm") | .path' | wc -l)" = 1 ]
}

@test "a body that breaks is answered" {
	run_worker
	local body=$BATS_TEST_TMPDIR/body
	printf 'x' >"$body"
	# The end of the body, and then more of it, all at once.
	run perl -MIO::Socket::UNIX -e '
		sub record { pack("CCnnCC", 1, $_[0], 1, length $_[1], 0, 0) .
		    $_[1] }
		sub pair { pack("CC", length $_[0], length $_[1]) . join "", @_ }
		$s = IO::Socket::UNIX->new(Peer => $ARGV[0]);
		print $s record(1, pack "nCx5", 1, 0), record(4,
		    pair("REQUEST_METHOD", "POST") .
		    pair("SCRIPT_NAME", "/push/v1/notify")), record(4, ""),
		    record(5, "{}"), record(5, ""), record(5, "{}");
		$s->flush; local $/; print <$s>' "$SOCKET"
	[[ $output == *"Status: 401"* ]]
}

@test "records of odd but lawful forms are a request" {
	run_worker
	OPTIONS=(-o 1)
	[[ $(fastcgi "$(single "$(plain '{}' "$(android phone)")")") == \
		*'{"rejected":[]}' ]]
}

@test "what is no request is closed, and leaves the worker serving" {
	run_worker
	run perl "$ROOT/tests/lib/fastcgi.pl" odd "$SOCKET"
	[ "${#lines[@]}" = 15 ]
	[[ $output != *open* ]]
	[[ $(fastcgi "$(single "$(plain '{}' "$(android phone)")")") == \
		*'{"rejected":[]}' ]]
}

@test "rubbish on the socket leaves the worker serving" {
	run_worker
	head -c 5000 /dev/urandom | perl -MIO::Socket::UNIX -e '
		$s = IO::Socket::UNIX->new(Peer => shift); local $/;
		print $s scalar <STDIN>' "$SOCKET"
	[[ $(fastcgi "$(single "$(plain '{}' "$(android phone)")")") == \
		*'{"rejected":[]}' ]]
}

@test "a caller that goes away does not stop its deliveries" {
	run_worker
	perl "$ROOT/tests/lib/fastcgi.pl" request "$SOCKET" REQUEST_METHOD=POST \
		SCRIPT_NAME=/push/v1/notify CONTENT_TYPE=application/json \
		SSL_CLIENT_VERIFY=SUCCESS \
		SSL_CLIENT_CERT="$(cat "$STAGE/client.pem")" \
		<<<"$(single "$(plain '{}' "$(android slow500)")")" \
		>/dev/null 3>&- &
	local caller=$!
	wait_until 5 grep -q slow500 "$STAGE/record.json"
	stop "$caller" KILL
	wait_until 5 grep -q 'delivered=1' "$LOG"
	[[ $(fastcgi "$(single "$(plain '{}' "$(android phone)")")") == \
		*'{"rejected":[]}' ]]
}

@test "without a FastCGI socket it says so and leaves with 78" {
	run "$GATEWAY" -c "$STAGE/push-gateway.json" </dev/null
	[ "$status" = 78 ]
	[[ $output == *"not a listening FastCGI socket"* ]]
}

@test "a state directory that others can enter is refused" {
	mkdir -m 0755 "$BATS_TEST_TMPDIR/open"
	write_config ".state_directory = \"$BATS_TEST_TMPDIR/open\""
	mv "$STAGE/push-gateway.json" "$BATS_TEST_TMPDIR/open.json"
	write_config '.request_timeout_ms = 3000'
	cp "$STAGE"/{AuthKey_ABC1234567.p8,service-account.json} \
		"$BATS_TEST_TMPDIR"
	run perl "$ROOT/tests/lib/fastcgi.pl" serve "$SOCKET" "$GATEWAY" \
		-c "$BATS_TEST_TMPDIR/open.json"
	[ "$status" = 78 ]
	[[ $output == *"chmod 0700"* ]]
}
