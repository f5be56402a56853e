#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A provider that takes connections and is no good, and a message that makes it
# cut them: how many connections it gets, how often a message goes out, and who
# suffers.  When exactly another one is tried is in unit/test-http-trouble.c.

load ../lib/stage.bash
load ../lib/one-worker.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	make_ca apple
	make_certificate push apple DNS:push.example clientAuth -days 40
	cat "$STAGE/push.pem" "$STAGE/push-key.pem" >"$STAGE/apns.pem"
	jq --arg push "$(certificate_digest push)" '
		.apns += [ { certificate_sha256: $push,
			topics: [ "de.gematik.erezept.ios" ] } ]' \
		"$STAGE/accounts.json" >"$STAGE/accounts.new"
	mv "$STAGE/accounts.new" "$STAGE/accounts.json"
	start_simulator
	write_service_account
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
	worker_teardown
}

# A certificate in place of a key: requests at once on a new connection.
CERTIFICATE='.apps[0] |= (del(.key_file, .key_id, .team_id) |
	.certificate_file = "apns.pem")'
# The breaker as it is by default, but for a pause that no test outlasts.
BREAKER='.breaker_failures = 5 | .breaker_pause_s = 3600'

# some SERVICE COUNT: a notification to so many devices of it.
some() {
	if [ "$1" = fcm ]; then
		crowd "$2" 0
	else
		crowd 0 "$2"
	fi
}

# has_all DELIVERED LATER: what the log says of the latest request.
has_all() {
	grep -a ' items=' "$WORK/log" | tail -n 1 |
		grep -q "delivered=$1 rejected=0 later=$2 " ||
		{ tail -n 3 "$WORK/log"; false; }
}

# trouble SERVICE FILTER CONTROL [COUNT...]: so many devices get so few
# connections, all are told at once, and until the pause is over there are none.
trouble() {
	local service=$1 filter=$2 control=$3 count before opened
	shift 3
	for count in "$@"; do
		control '{}'
		start_worker "$BREAKER | $filter"
		send /push/v1/notify "$(some "$service" 1)"
		has_all 1 0
		control "{\"$service\": {$control}}"
		before=$(count "$service" connections_opened)
		send /push/v1/notify "$(some "$service" "$count")"
		has_all 0 "$count"
		opened=$(($(count "$service" connections_opened) - before))
		echo "$service, $count devices: $opened connections"
		((opened <= 6))
		if ((count > 1)); then
			grep -q 'circuit breaker open' "$WORK/log"
			send /push/v1/notify "$(some "$service" "$count")"
			has_all 0 "$count"
			(($(count "$service" connections_opened) == before + opened))
		fi
		stop "$WORKER_PID"
		WORKER_PID=
	done
}

# troubles CONTROL: at Apple with a key and with a certificate, and at Google.
troubles() {
	trouble apns . "$1" 1 20 100
	trouble apns "$CERTIFICATE" "$1" 100
	trouble fcm . "$1" 100
}

@test "GOAWAY right after SETTINGS: a handful of connections, for any batch" {
	troubles '"goaway_at_start": true, "cut_connections": true'
}

@test "refused streams: a handful of connections, for any batch" {
	troubles '"refuse_next": 100000'
}

@test "connections cut at each request: a handful of them" {
	troubles '"cut_next": 100000'
}

@test "a certificate of the wrong environment: a handful of connections" {
	local before control
	for control in '"answer": {"status": 403,
			"reason": "BadCertificateEnvironment"}' \
		'"goaway_at_start": true'; do
		start_worker "$BREAKER | $CERTIFICATE"
		control "{\"apns\": {$control}}"
		before=$(count apns connections_opened)
		send /push/v1/notify "$(some apns 100)"
		has_all 0 100
		(($(count apns connections_opened) - before <= 6))
		stop "$WORKER_PID"
		WORKER_PID=
	done
}

@test "without a breaker, too, a provider is not flooded" {
	local before
	start_worker '.request_timeout_ms = 3000'
	send /push/v1/notify "$(some apns 1)"
	control '{"apns": {"refuse_next": 100000}}'
	before=$(count apns connections_opened)
	send /push/v1/notify "$(some apns 100)"
	has_all 0 100
	(($(count apns connections_opened) - before <= 12))
}

# copies: the most that the provider has got of one message.
copies() {
	record 'select(.service != "oauth" and .reason != "refuse") |
		[.service, .text]' | sort | uniq -c | sort -rn | awk 'NR == 1 { print $1 }'
}

@test "no message goes out more than twice, however a connection breaks" {
	local trouble service filter word
	for filter in . "$CERTIFICATE"; do
		start_worker "$filter"
		for trouble in '"cut_next": 3' '"cut_next": 3, "cut_after_ms": 20' \
			'"cut_next": 100000' '"cut_after_ms": 20' \
			'"cut_connections": true' '"goaway_every": 3' \
			'"refuse_next": 5, "cut_next": 5'; do
			for service in apns fcm; do
				control '{}'
				push "$(ios warm)" "$(android warm)"
				clear_record
				control "{\"$service\": {\"latency_ms\": 5,
					$trouble}}"
				send /push/v1/notify "$(some "$service" 30)"
				echo "$service, $trouble: $(copies)"
				(($(copies) <= 2))
			done
		done
		for word in cut reset broken slow20-cut 500-broken \
			200-truncated-broken; do
			clear_record
			control '{}'
			push "$(ios "$word")" "$(android "$word")" || :
			(($(copies) <= 2))
		done
		stop "$WORKER_PID"
		WORKER_PID=
	done
}

# batch SERVICE TEXT...: an item for each.
batch() {
	local app=$ANDROID_APP
	[ "$1" = fcm ] || app=$IOS_APP
	shift
	jq -cn --arg app "$app" '
		def hex: explode | map("0123456789abcdef" as $digits |
			$digits[. / 16 | floor:][:1] + $digits[. % 16:][:1]) |
			add;
		{ notifications: [ $ARGS.positional[] | { id: .,
			notification: { prio: "high", devices: [ {
			app_id: $app, pushkey: (if $app |
			endswith(".apns") then hex else . end) } ] } } ] }' \
		--args "$@"
}

@test "a message that makes the provider cut the connection harms no other" {
	local service texts place text
	start_worker "$BREAKER"
	for service in apns fcm; do
		for place in 0 25 49; do
			control '{}'
			push "$(ios warm)" "$(android warm)"
			clear_record
			# All of it is in flight when the connection is cut.
			control "{\"$service\": {\"latency_ms\": 40}}"
			texts=()
			for ((text = 0; text < 50; text++)); do
				texts+=("neighbour$service$place-n$text")
			done
			texts[place]=slow20-cut-$service-n$place
			send /push/v1/notify/batch \
				"$(batch "$service" "${texts[@]}")"
			has_all 49 1
			[[ $OUT == *'"successful":49,'* ]]
			[ "$(record "select(.text == \"${texts[place]}\")" |
				wc -l)" = 2 ]
			(($(copies) <= 2))
		done
	done
	! grep -q 'circuit breaker open' "$WORK/log"
}

@test "a stream limit that falls to one in mid-connection costs nobody" {
	local before service
	for service in apns fcm; do
		control '{}'
		start_worker "$BREAKER"
		push "$(ios warm)" "$(android warm)"
		clear_record
		before=$(count "$service" connections_opened)
		control "{\"$service\": {\"latency_ms\": 20}}"
		send /push/v1/notify/batch "$(batch "$service" \
			fall-streams1 $(seq -f "fall-a%g" 60))"
		has_all 61 0
		(($(copies) == 1))
		(($(count "$service" connections_opened) - before <= 3))
		stop "$WORKER_PID"
		WORKER_PID=
	done
}
