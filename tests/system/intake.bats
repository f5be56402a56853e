#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Which requests are started, and when: callers share a worker fairly, and what
# cannot be served in time is told so at once.

load ../lib/stage.bash
load ../lib/one-worker.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	make_certificate other clients DNS:other.example
	stage_prepare
}

teardown_file() {
	stage_close
}

setup() {
	OPTIONS=()
	CALLER=client
	worker_setup
	# Which both callers may use.
	WORKER_CONFIG=".clients += [ { name: \"other\", certificate_sha256:
		[ \"$(certificate_digest other)\" ] } ]"
}

teardown() {
	local pid
	for pid in ${CALLERS-}; do
		stop "$pid" KILL
	done
	worker_teardown
}

# push BODY [PATH]: of CALLER, with the OPTIONS.
push() {
	printf %s "$1" | perl "$ROOT/tests/lib/fastcgi.pl" request \
		"${OPTIONS[@]}" "$SOCKET" REQUEST_METHOD=POST \
		SCRIPT_NAME="${2:-/push/v1/notify}" \
		CONTENT_TYPE=application/json CONTENT_LENGTH="${#1}" \
		SSL_CLIENT_VERIFY=SUCCESS \
		SSL_CLIENT_CERT="$(cat "$STAGE/$CALLER.pem")"
}

# In the background; its output goes to the file.
push_to() {
	local file=$BATS_TEST_TMPDIR/$1
	shift
	push "$@" >"$file" 3>&- &
	CALLERS+=" $!"
}

phone() {
	single "$(plain '{}' "$(android "$1")")"
}

# arrived COUNT: so many are at the provider.
arrived() {
	(($(record 'select(.service == "fcm") | .service' | wc -l) >= $1))
}

@test "a client's max_requests_in_flight makes its others wait" {
	start_worker '.clients[0].max_requests_in_flight = 1'
	push "$(phone warm)" >/dev/null
	control '{"fcm": {"latency_ms": 400}}'
	clear_record
	local i
	for i in 1 2 3; do
		push_to "out.$i" "$(phone "p$i")"
	done
	# shellcheck disable=SC2086
	wait $CALLERS
	CALLERS=
	[ "$(cat "$BATS_TEST_TMPDIR"/out.* | grep -c '"rejected":\[\]')" = 3 ]
	[ "$(record 'select(.service == "fcm") | .at_ms' | sort -n |
		awk 'NR > 1 && $1 - last < 390 { print "overlap" }
		{ last = $1 }')" = "" ]
}

@test "a client's max_rate_per_minute makes the excess wait" {
	start_worker '.clients[0].max_rate_per_minute = 60'
	local from=${EPOCHREALTIME/[,.]/}
	OPTIONS=(-n 4)
	[ "$(push "$(single "$(plain '{}')")" |
		grep -o '"rejected":\[\]' | wc -l)" = 4 ]
	((${EPOCHREALTIME/[,.]/} - from > 1500000))
	# It is that client's alone.
	CALLER=other OPTIONS=()
	from=${EPOCHREALTIME/[,.]/}
	push "$(single "$(plain '{}')")" >/dev/null
	((${EPOCHREALTIME/[,.]/} - from < 1000000))
}

@test "what a limit keeps waiting past its deadline is told so" {
	start_worker '.clients[0].max_rate_per_minute = 1 |
		.request_timeout_ms = 1500'
	[[ $(push "$(phone first)") == *'"rejected":[]'* ]]
	push_to single "$(phone single)"
	[ "$(push "$(batch "$(plain '{}' "$(android batch)")")" \
		/push/v1/notify/batch | tr -d '\r' | sed '1,/^$/d' |
		jq -c '[ .results[0].status, .results[0].error ]')" = \
		'["failed","gateway is overloaded, nothing was sent"]' ]
	# shellcheck disable=SC2086
	wait $CALLERS
	CALLERS=
	grep -q 'Status: 503' "$BATS_TEST_TMPDIR/single"
	grep -q 'Retry-After' "$BATS_TEST_TMPDIR/single"
	! grep -qE '"text":"(single|batch)"' "$STAGE/record.json"
}

@test "under a standing queue a client is answered at once" {
	start_worker '.max_requests_in_flight = 4 |
		.breaker_failures = 0'
	control '{"fcm": {"hang": true}}'
	local from
	OPTIONS=(-n 12)
	push_to hang "$(phone hang)"
	wait_until 5 arrived 3
	# They wait, and have for two seconds.
	read -rt 2.5 <> <(:) || :
	OPTIONS=()
	from=${EPOCHREALTIME/[,.]/}
	[[ $(push "$(phone late)") == *'Status: 503'* ]]
	((${EPOCHREALTIME/[,.]/} - from < 2000000))
	# The other client's requests go on.
	CALLER=other
	[[ $(push "$(single "$(plain '{}')")") == *'"rejected":[]'* ]]
	! grep -q '"text":"late"' "$STAGE/record.json"
}

@test "one caller's many requests keep out no other's" {
	start_worker '.max_requests_in_flight = 40'
	push "$(phone warm)" >/dev/null
	control '{"fcm": {"latency_ms": 3000}}'
	OPTIONS=(-n 120)
	push_to crowd "$(phone crowd)"
	wait_until 5 arrived 20
	CALLER=other OPTIONS=()
	local from=${EPOCHREALTIME/[,.]/}
	[[ $(push "$(single "$(plain '{}')")") == *'"rejected":[]'* ]]
	((${EPOCHREALTIME/[,.]/} - from < 2000000))
}

@test "one caller's slow uploads keep out no other's requests" {
	start_worker '.max_requests_in_flight = 10'
	local from
	OPTIONS=(-n 30 -l 8)
	push_to slow "$(phone slow)"
	read -rt 0.5 <> <(:) || :
	CALLER=other OPTIONS=()
	from=${EPOCHREALTIME/[,.]/}
	[[ $(push "$(phone quick)") == *'"rejected":[]'* ]]
	((${EPOCHREALTIME/[,.]/} - from < 2500000))
}

# queued COUNT: so many have connected, and are not accepted yet; one who makes
# his connections in turn has sent all but the last request by then.
queued() {
	(($(grep -cF " $SOCKET" /proc/net/unix) > $1))
}

@test "nothing is started for a caller that has gone" {
	start_worker
	push "$(phone warm)" >/dev/null
	clear_record
	kill -STOP "$WORKER_PID"
	OPTIONS=(-n 20)
	push_to gone "$(phone gone)"
	wait_until 10 queued 19
	local pid
	for pid in $CALLERS; do
		pkill -KILL -P "$pid" || :
		stop "$pid" KILL
	done
	CALLERS=
	kill -CONT "$WORKER_PID"
	wait_until 5 grep -q 'nothing of the request was started' \
		"$LOG"
	OPTIONS=()
	push "$(phone after)" >/dev/null
	[ "$(record 'select(.service == "fcm").body.message.token // empty')" \
		= after ]
}

# values COUNT: a body of so many values that take memory while it is served.
values() {
	jq -cn --arg app "$ANDROID_APP" --argjson count "$1" '{ notification: {
		content: ([ range($count) | { key: "m\(.)", value: {} } ] |
			from_entries),
		devices: [ { app_id: $app, pushkey: "phone" } ] } }'
}

@test "the memory of requests in flight has a bound" {
	start_worker '.max_memory_in_flight_mb = 32'
	grep -qa __asan_init "$GATEWAY" && skip "a sanitizer keeps memory"
	push "$(phone warm)" >/dev/null
	control '{"fcm": {"latency_ms": 150}}'
	local before after
	before=$(awk '/^VmHWM:/ { print $2 }' "/proc/$WORKER_PID/status")
	OPTIONS=(-n 40)
	[ "$(push "$(values 4000)" | grep -o '"rejected":\[\]' | wc -l)" \
		-ge 20 ]
	after=$(awk '/^VmHWM:/ { print $2 }' "/proc/$WORKER_PID/status")
	# Together they would have taken 150 MiB.
	((after - before < 60000))
}
