#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# One failing account harms no other, and no request longer than it must.

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

@test "after five failures in a row a device is settled at once" {
	start '.request_timeout_ms = 1500'
	control '{"apns": {"hang": true}}'
	post /push/v1/notify/batch "$(many 5 ios a)"
	[ "$(answer '[.results[].error] | unique')" = \
		'["provider did not answer in time"]' ]
	grep -q 'error: apns-.* circuit breaker open: provider did not answer in time, 5 consecutive failures; next probe in 10 s' \
		"$STAGE/gateway.log"
	clear_record
	timed post /push/v1/notify/batch "$(many 100 ios b)"
	[ "$(answer .summary.failed)" = 100 ]
	[ "$(answer '[.results[].error] | unique')" = \
		'["provider did not answer in time"]' ]
	[ "$(answer '[.results[].rejected[]]')" = '[]' ]
	((TOOK < $(longest 1000)))
	[ "$(record . | wc -l)" = 0 ]
	# A single notify says by its status that a retry is wanted.
	one "$(ios c)"
	[ "$CODE" = 503 ]
	# Nobody else is affected.
	one "$(android c)"
	[ "$CODE" = 200 ]
}

@test "silence opens the breaker before the first deadline" {
	start '.request_timeout_ms = 8000'
	control '{"apns": {"hang": true}}'
	rm -f "$STAGE/hanging"
	ANSWER_FILE=hanging post /push/v1/notify/batch "$(many 5 ios a)" 3>&- &
	local caller=$!
	wait_until 7 grep -q 'circuit breaker open: no response for 4 s, 5 requests in flight; next probe in 10 s' \
		"$STAGE/gateway.log"
	kill -0 "$caller"
	timed one "$(ios b)"
	[ "$CODE" = 503 ]
	((TOOK < $(longest 1000)))
	one "$(android b)"
	[ "$CODE" = 200 ]
	wait "$caller"
}

@test "four failures in a row do nothing, nor do many with answers between" {
	start '.request_timeout_ms = 1500'
	control '{"fcm": {"closed": true}}'
	post /push/v1/notify/batch "$(many 4 android a)"
	[ "$(answer .summary.failed)" = 4 ]
	control '{}'
	wait_until 5 delivered "$(android b)"
	local i
	for i in 1 2 3; do
		post /push/v1/notify/batch "$(many 4 android "503-c$i")"
		[ "$(answer .summary.failed)" = 4 ]
		one "$(android d)"
		[ "$CODE" = 200 ]
	done
	! grep -q 'circuit breaker open' "$STAGE/gateway.log"
}

@test "a device that is slow among others that are answered is no failure" {
	start '.request_timeout_ms = 1500'
	local items=() i
	for i in 1 2 3 4 5 6; do
		items+=("$(plain '{}' "$(android "hang-$i")")")
	done
	post /push/v1/notify/batch "$(batch "${items[@]}" \
		"$(plain '{}' "$(android slow300)")")"
	[ "$(answer .summary.failed)" = 6 ]
	! grep -q 'circuit breaker open' "$STAGE/gateway.log"
	one "$(android a)"
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

# How often the breaker of Google's account has opened.
openings() {
	"$GATEWAY" -m -c "$STAGE/push-gateway.json" | sed -n \
		's/^push_gateway_account_opened_total{provider="fcm".* //p'
}

@test "an account that opens and closes all the time does not flood the log" {
	start '.breaker_failures = 1 | .breaker_pause_s = 1'
	local before i
	before=$(openings)
	for i in 1 2 3; do
		one "$(android "503-a$i")"
		[ "$CODE" = 503 ]
		wait_until 5 delivered "$(android "b$i")"
	done
	(($(openings) == before + 3))
	[ "$(grep -c 'error: .* circuit breaker open' "$STAGE/gateway.log")" = 1 ]
	[ "$(grep -c ': recovered' "$STAGE/gateway.log")" = 1 ]
}

@test "devices that wait for their turn are settled as soon as it opens" {
	start '.request_timeout_ms = 8000 | .apps[1].max_connections = 1'
	one "$(android warm)"
	control '{"fcm": {"answer": {"status": 503}, "latency_ms": 300}}'
	post /push/v1/notify/batch "$(many 100 android a)" 3>&- &
	local caller=$!
	ANSWER_FILE=other post /push/v1/notify/batch "$(many 100 android b)"
	wait "$caller"
	(($(grep -c 'items=100' "$STAGE/gateway.log") == 2))
	[ "$(sed -n 's/.*items=100 .* ms=//p' "$STAGE/gateway.log" |
		sort -n | tail -1)" -lt 4000 ]
}

@test "a token endpoint that hangs does not hold up request after request" {
	rm -rf "$STAGE/state"
	start '.request_timeout_ms = 1500'
	control '{"oauth": {"hang": true}}'
	timed post /push/v1/notify/batch "$(many 5 android a)"
	((TOOK >= 1400))
	timed one "$(android b)"
	[ "$CODE" = 503 ]
	((TOOK < $(longest 1000)))
	one "$(ios b)"
	[ "$CODE" = 200 ]
}

@test "an account whose token is refused each time reconnects no more" {
	start .
	post /push/v1/notify/batch "$(many 20 ios \
		403-ExpiredProviderToken-a)"
	[ "$(answer .summary.failed)" = 20 ]
	grep -q 'circuit breaker open: provider rejected the gateway' \
		"$STAGE/gateway.log"
	clear_record
	post /push/v1/notify/batch "$(many 20 ios b)"
	[ "$(answer '[.results[].error] | unique')" = \
		'["provider rejected the gateway'"'"'s credentials"]' ]
	[ "$(record . | wc -l)" = 0 ]
}

@test "a failing account can be left to try for ever" {
	start '.request_timeout_ms = 800 | .breaker_failures = 0'
	control '{"fcm": {"hang": true}}'
	post /push/v1/notify/batch "$(many 30 android a)"
	clear_record
	control '{}'
	wait_until 5 delivered "$(android b)"
	! grep -q 'circuit breaker open' "$STAGE/gateway.log"
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
		sed 's/.* ms=//' | sort -n | head -n 1)
	echo "alone $alone ms, beside a dead Apple $before ms"
	((before < alone + $(longest 150)))
	wait "${callers[@]}"
}

@test "a request with thousands of hanging devices leaves turns to others" {
	start '.request_timeout_ms = 3000 | .breaker_failures = 0'
	one "$(android warm)"
	jq -cn --arg app "$ANDROID_APP" '{ notification: { devices: [
		range(3000) | { app_id: $app, pushkey: "hang-\(. + 1000)" }
		] } }' >"$STAGE/crowd.json"
	ANSWER_FILE=crowd post /push/v1/notify "@$STAGE/crowd.json" 3>&- &
	local caller=$! i
	held() {
		[ "$(record 'select(.text | startswith("hang"))' |
			wc -l)" = 150 ]
	}
	wait_until 5 held
	for i in 1 2 3; do
		timed one "$(android "a$i")"
		[ "$CODE" = 200 ]
		((TOOK < $(longest 1000)))
	done
	timed post /push/v1/notify/batch "$(many 100 android b)"
	[ "$(answer .summary.successful)" = 100 ]
	((TOOK < $(longest 1500)))
	wait "$caller"
}

# private PID: the memory of a process that is its own, in KiB.
private() {
	awk '/^Private/ { sum += $2 } END { print sum }' "/proc/$1/smaps_rollup"
}

is_small() {
	(($(private "$1") <= $2))
}

@test "10,000 notifications to a black hole leave the worker where it was" {
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

@test "a wrong environment rejects ten pushkeys, not all of them" {
	start .
	control '{"apns": {"answer": {"status": 400,
		"reason": "BadDeviceToken"}}}'
	post /push/v1/notify/batch "$(many 100 ios a)"
	[ "$(answer '[.results[].rejected[]] | length')" = 9 ]
	[ "$(answer '[.results[].error] | unique')" = \
		'["provider rejects most pushkeys of this app","pushkey is no longer valid"]' ]
	[ "$(grep -c 'error: app .* pushkeys were rejected (BadDeviceToken)' \
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
	start '.apps[0].reject_guard = false'
	control '{"apns": {"answer": {"status": 400,
		"reason": "DeviceTokenNotForTopic"}}}'
	post /push/v1/notify/batch "$(many 30 ios a)"
	[ "$(answer '[.results[].rejected[]] | length')" = 30 ]
	# The log tells it all the same.
	grep -q 'error: app .* pushkeys were rejected (DeviceTokenNotForTopic)' \
		"$STAGE/gateway.log"
}

@test "max_connections is how many there are to an account" {
	start '.max_connections = 3 | .apps[1].max_connections = 1'
	control '{"apns": {"latency_ms": 100}, "fcm": {"latency_ms": 100}}'
	local items=() i
	for i in {1..60}; do
		items+=("$(plain '{}' "$(ios "a$i")" "$(android "b$i")")")
	done
	post /push/v1/notify/batch "$(batch "${items[@]}")"
	[ "$(answer .summary.successful)" = 60 ]
	[ "$(record 'select(.service == "apns") | .connection' | sort -u |
		wc -l)" = 3 ]
	[ "$(record 'select(.service == "fcm") | .connection' | sort -u |
		wc -l)" = 1 ]
}
