#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# One failing account harms no other, and no request longer than it must: one
# example of each.  When exactly a breaker opens, a permit or a token is waited
# for, is in tests/unit/test-delivery-*.c, by a clock that is not ours.

load ../lib/stage.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	start_simulator
	write_service_account
}

teardown_file() {
	stage_close
}

setup() {
	control '{}'
	clear_record
	: >"$STAGE/gateway.log"
}

# One worker, so that it has seen what happened before.
start() {
	write_config "$1"
	WORKERS=1 start_web_server
}

teardown() {
	control '{}'
	stop "$WEB_SERVER_PID"
}

# many COUNT ios|android TEXT: a batch of so many devices, TEXT1, TEXT2, ...
many() {
	local app=$ANDROID_APP
	[ "$2" = android ] || app=$IOS_APP
	jq -cn --argjson count "$1" --arg app "$app" --arg text "$3" '
		def hex: explode | map("0123456789abcdef" as $digits |
			$digits[. / 16 | floor:][:1] + $digits[. % 16:][:1]) |
			add;
		{ notifications: [ range($count) | "\($text)\(. + 1)" |
			{ id: ., notification: { prio: "high", devices: [ {
				app_id: $app, pushkey: (if $app |
				endswith(".apns") then hex else . end) } ] }
			} ] }'
}

# timed COMMAND...: sets TOOK, in ms.
timed() {
	local start=${EPOCHREALTIME//./}
	"$@"
	TOOK=$(((${EPOCHREALTIME//./} - start) / 1000))
}

one() {
	post /push/v1/notify "$(single "$(plain '{}' "$1")")"
}

delivered() {
	one "$1"
	[ "$CODE" = 200 ]
}

@test "one probe shows whether it answers again" {
	start '.request_timeout_ms = 1500 | .breaker_pause_s = 2 |
		.breaker_failures = 3'
	control '{"fcm": {"answer": {"status": 503}}}'
	post /push/v1/notify/batch "$(many 3 android a)"
	grep -q 'circuit breaker open: provider is overloaded, 3 consecutive failures; next probe in 2 s' \
		"$STAGE/gateway.log"
	# Each probe is one request, and fails.
	clear_record
	tried() {
		one "$(android b)"
		[ "$(record . | wc -l)" -ge 1 ]
	}
	wait_until 5 tried
	post /push/v1/notify/batch "$(many 30 android c)"
	# Two, if the next one was due meanwhile.
	[ "$(record . | wc -l)" -le 2 ]
	control '{}'
	wait_until 5 delivered "$(android d)"
	grep -q 'info: fcm-.*: recovered' "$STAGE/gateway.log"
	post /push/v1/notify/batch "$(many 30 android e)"
	[ "$(answer .summary.successful)" = 30 ]
}

@test "what one worker finds out the others know" {
	write_config '.request_timeout_ms = 1500 | .breaker_failures = 3 |
		.breaker_pause_s = 3600 | .state_directory = "state-of-two"'
	WORKERS=2 start_web_server
	control '{"fcm": {"answer": {"status": 503}}}'
	post /push/v1/notify/batch "$(many 3 android a)"
	clear_record
	local callers=() i
	for i in {1..20}; do
		ANSWER_FILE=other$i post /push/v1/notify \
			"$(single "$(plain '{}' "$(android "b$i")")")" 3>&- &
		callers+=($!)
	done
	wait "${callers[@]}"
	# The other worker may have asked for a second opinion.
	[ "$(record 'select(.service == "fcm")' | wc -l)" -le 1 ]
	[ "$("$GATEWAY" -m -c "$STAGE/push-gateway.json" |
		grep -c '^push_gateway_account_open{.*} 1$')" = 1 ]
	curl -s "http://127.0.0.1:$ADMIN_PORT/status" |
		grep -q '>fcm-.*>open; times opened: '
	[ "$(grep -c 'circuit breaker open: ' "$STAGE/gateway.log")" = 1 ]
}

# Each worker, whichever has the probe.
kill_workers() {
	local pids
	pids=$(workers)
	# shellcheck disable=SC2086
	kill -KILL $pids
	wait_until 5 has_ended "${pids%%[!0-9]*}"
}

@test "a worker that dies while it is the probe keeps nobody waiting" {
	write_config '.request_timeout_ms = 2000 | .breaker_failures = 1 |
		.breaker_pause_s = 1 | .state_directory = "state-of-the-dead"'
	WORKERS=2 start_web_server
	one "$(android warm)"
	control '{"fcm": {"answer": {"status": 503}}}'
	post /push/v1/notify/batch "$(many 1 android a)"
	control '{"fcm": {"black_hole": true}}'
	probing() {
		curl -s -m 0.2 -o "$STAGE/probe" \
			--cacert "$STAGE/providers-ca.pem" \
			--cert "$STAGE/client.pem" \
			--key "$STAGE/client-key.pem" \
			-H 'Content-Type: application/json' \
			-d "$(single "$(plain '{}' "$(android b)")")" \
			"https://localhost:$PORT/push/v1/notify"
		# It waits for an answer: it is under way.
		[ $? = 28 ]
	}
	wait_until 10 probing
	kill_workers
	control '{}'
	wait_until 10 delivered "$(android c)"
}

@test "a dead Apple leaves Google as fast as it was" {
	start '.request_timeout_ms = 4000'
	control '{"fcm": {"latency_ms": 50}}'
	one "$(android warm)"
	timed post /push/v1/notify/batch "$(many 100 android a)"
	local before alone=$TOOK callers=() i
	control '{"fcm": {"latency_ms": 50}, "apns": {"black_hole": true}}'
	for i in 1 2 3 4; do
		ANSWER_FILE=dead$i post /push/v1/notify/batch \
			"$(many 100 ios "$i-")" 3>&- &
		callers+=($!)
	done
	for i in 1 2 3; do
		post /push/v1/notify/batch "$(many 100 android "b$i-")"
		[ "$(answer .summary.successful)" = 100 ]
	done
	before=$(grep 'delivered=100' "$STAGE/gateway.log" | tail -n 3 |
		sed 's/.* ms=\([0-9]*\).*/\1/' | sort -n | head -n 1)
	echo "alone $alone ms, beside a dead Apple $before ms"
	((before < alone + $(longest 150)))
	wait "${callers[@]}"
}

# It gives a worker one request at a time: what hangs holds a worker.
@test "behind mod_fcgid, too, a provider that hangs leaves workers to the other" {
	[ "$WEB_SERVER" = apache-fcgid ] ||
		skip 'a worker behind it has many requests at once'
	write_config '.request_timeout_ms = 5000 | .breaker_pause_s = 3600 |
		.state_directory = "state-of-the-held"'
	WEB_SERVER_EDIT='s/^\(\s*FcgidMaxProcesses.*\) 64/\1 6/' start_web_server
	control '{"apns": {"hang": true}}'
	local callers=() i
	for i in {1..30}; do
		ANSWER_FILE=held$i post /push/v1/notify \
			"$(single "$(plain '{}' "$(ios "$i")")")" 3>&- &
		callers+=($!)
	done
	is_open() {
		grep -q 'circuit breaker open' "$STAGE/gateway.log"
	}
	wait_until 30 is_open
	one "$(android a)"
	[ "$CODE" = 200 ]
	wait "${callers[@]}"
	# Those that every worker had by then, and no others.
	echo "attempts: $(record 'select(.service == "apns")' | wc -l)" >&3
	[ "$(record 'select(.service == "apns")' | wc -l)" -le 6 ]
	[ "$(grep -c 'circuit breaker open: ' "$STAGE/gateway.log")" = 1 ]
}

# private PID: the memory of a process that is its own, in KiB.
private() {
	awk '/^Private/ { sum += $2 } END { print sum }' "/proc/$1/smaps_rollup"
}

is_small() {
	(($(private "$1") <= $2))
}

@test "10,000 notifications to a black hole leave the worker where it was" {
	[ "$WEB_SERVER" != apache-fcgid ] || skip 'it starts and ends workers'
	start '.request_timeout_ms = 2000'
	local pid before i callers=()
	one "$(ios warm)"
	one "$(android warm)"
	pid=$(workers)
	before=$(private "$pid")
	control '{"apns": {"black_hole": true}, "fcm": {"black_hole": true}}'
	many 100 ios a >"$STAGE/many.json"
	for ((i = 0; i < 100; i++)); do
		curl -s -o "$STAGE/hole-$i" --cacert "$STAGE/providers-ca.pem" \
			--cert "$STAGE/client.pem" \
			--key "$STAGE/client-key.pem" \
			-H 'Content-Type: application/json' \
			--data-binary "@$STAGE/many.json" \
			"https://localhost:$PORT/push/v1/notify/batch" 3>&- &
		callers+=($!)
	done
	wait "${callers[@]}"
	[ "$(cat "$STAGE"/hole-* | jq -s '[.[].summary.failed] | add')" = \
		10000 ]
	control '{}'
	wait_until 15 delivered "$(ios again)"
	[ "$(workers)" = "$pid" ]
	# A sanitizer keeps what is freed for a while.
	if [[ $(nm "$GATEWAY" 2>/dev/null) != *__asan* ]]; then
		wait_until 10 is_small "$pid" $((before + 4000))
	fi
}

# opened SERVICE: how many connections the metrics say were opened to it.
opened() {
	"$GATEWAY" -m -c "$STAGE/push-gateway.json" | sed -n \
		"s/^push_gateway_connections_opened_total{provider=\"$1\".* //p"
}

@test "a provider that refuses all streams is left alone for its pause" {
	# Longer than this may take on a busy machine.
	start '.breaker_pause_s = 3600'
	local before
	one "$(ios warm)"
	control '{"apns": {"goaway_at_start": true, "cut_connections": true}}'
	before=$(opened apns)
	timed post /push/v1/notify/batch "$(many 100 ios a)"
	[ "$(answer .summary.failed)" = 100 ]
	[ "$(answer '[.results[].rejected[]]')" = '[]' ]
	((TOOK < $(longest 5000)))
	(($(opened apns) - before <= 6))
	# No connection until the pause is over.
	before=$(opened apns)
	post /push/v1/notify/batch "$(many 100 ios b)"
	[ "$(answer .summary.failed)" = 100 ]
	(($(opened apns) == before))
}

@test "a wrong first configuration rejects nobody" {
	# A host that knows nothing yet, nor of a breaker that is open.
	start '.state_directory = "state-of-a-first-configuration"'
	control '{"apns": {"answer": {"status": 400,
		"reason": "BadDeviceToken"}}}'
	post /push/v1/notify/batch "$(many 30 ios a)"
	[ "$(answer '[.results[].rejected[]] | length')" = 0 ]
	[ "$(answer '[.results[].error] | unique')" = \
		'["app has not delivered anything yet"]' ]
	grep -q 'error: app .* a pushkey was rejected .* before anything was delivered' \
		"$STAGE/gateway.log"
	# An unregistered one is unregistered whatever is set.
	control '{}'
	one "$(ios a-410)"
	[ "$(answer '.rejected | length')" = 1 ]
	# From the first delivery on, and for all workers to come; the guard
	# is up until there are enough good answers.
	post /push/v1/notify/batch "$(many 20 ios a)"
	# (Two lighttpd at once would share the first one's worker.)
	WORKERS=1 restart_web_server
	one "$(ios b-400)"
	[ "$(answer '.rejected | length')" = 1 ]
}

@test "a wrong environment rejects ten pushkeys, not all of them" {
	# A host that knows nothing yet.
	start '.state_directory = "state-of-a-wrong-environment"'
	one "$(ios first)"
	control '{"apns": {"answer": {"status": 400,
		"reason": "BadDeviceToken"}}}'
	post /push/v1/notify/batch "$(many 100 ios a)"
	[ "$(answer '[.results[].rejected[]] | length')" = 9 ]
	[ "$(answer '[.results[].error] | unique')" = \
		'["provider rejects most pushkeys of this app","pushkey is no longer valid"]' ]
	[ "$(grep -c 'error: app .* pushkeys of client .* were rejected (BadDeviceToken)' \
		"$STAGE/gateway.log")" = 1 ]
	# Who is certainly gone is still rejected.
	control '{}'
	post /push/v1/notify "$(single "$(plain '{}' "$(ios b-410)")")"
	[ "$(answer '.rejected | length')" = 1 ]
	# With enough good answers it is as before.
	post /push/v1/notify/batch "$(many 90 ios c)"
	[ "$(answer .summary.successful)" = 90 ]
	post /push/v1/notify "$(single "$(plain '{}' "$(ios b-400)")")"
	[ "$(answer '.rejected | length')" = 1 ]
}

@test "the guard can be turned off, for one app too" {
	start '.state_directory = "state-without-a-guard" |
		.apps[0].reject_guard = false'
	control '{"apns": {"answer": {"status": 400,
		"reason": "DeviceTokenNotForTopic"}}}'
	post /push/v1/notify/batch "$(many 30 ios a)"
	[ "$(answer '[.results[].rejected[]] | length')" = 30 ]
	# The log tells it all the same.
	grep -q 'error: app .* pushkeys of client .* were rejected (DeviceTokenNotForTopic)' \
		"$STAGE/gateway.log"
}

# crowd COUNT TEXT: a notification to so many Android devices.
crowd() {
	jq -cn --argjson count "$1" --arg text "$2" --arg app "$ANDROID_APP" '
		{ notification: { devices: [ range($count) |
			{ app_id: $app, pushkey: "\($text)\(.)" } ] } }'
}

# fcm_connections: how many have carried something.
fcm_connections() {
	record 'select(.service == "fcm" and .status == 200) | .connection' |
		sort -u | wc -l
}

@test "an account has as many connections as its provider needs" {
	start
	# One has shown that it works.
	one "$(android warm)"
	clear_record
	control '{"fcm": {"latency_ms": 500}}'
	post /push/v1/notify "$(crowd 450 b)"
	[ "$CODE" = 200 ]
	# A hundred at once is what FCM allows on each.
	[ "$(fcm_connections)" = 5 ]
}

@test "max_connections is how many there are to an account" {
	start '.max_connections = 3'
	one "$(android warm)"
	clear_record
	control '{"fcm": {"latency_ms": 500}}'
	post /push/v1/notify "$(crowd 450 b)"
	[ "$(record 'select(.status == 200)' | wc -l)" = 450 ]
	[ "$(fcm_connections)" = 3 ]
	stop "$WEB_SERVER_PID"
	start '.max_connections = 3 | .apps[1].max_connections = 1'
	control '{}'
	one "$(android warm)"
	clear_record
	control '{"fcm": {"latency_ms": 100}}'
	post /push/v1/notify "$(crowd 150 c)"
	[ "$(fcm_connections)" = 1 ]
}
