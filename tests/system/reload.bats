#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Files that change under a running gateway.

load ../lib/stage.bash

setup() {
	stage_open "$BATS_TEST_TMPDIR/stage"
	make_certificate epa clients DNS:push.epa.example
	stage_start
	post /push/v1/notify "$(single "$(plain '{}' "$(ios a)" \
		"$(android a)")")"
	[ "$CODE" = 200 ]
	single "$(plain '{}' "$(android phone)")" >"$STAGE/single.json"
}

teardown() {
	stage_close
}

# answered_as CODE NAME APP: so a client is answered for an app.
answered_as() {
	request /push/v1/notify/batch --cert "$STAGE/$2.pem" \
		--key "$STAGE/$2-key.pem" -H 'Content-Type: application/json' \
		-d "$(batch "$(plain '{}' "$(device "$3" phone)")")"
	[ "$CODE" = "$1" ]
}

# Both workers read the files, each in its own time.
always() {
	local i
	for i in 1 2 3 4 5 6; do
		"$@" || return 1
	done
}

# steady_load COUNT: posts in the background; waits for none of them to fail.
steady_load() {
	control '{"fcm": {"latency_ms": 50}}'
	"$BUILD/tests/bench/bench-load" \
		"https://localhost:$PORT/push/v1/notify" \
		"$STAGE/providers-ca.pem" "$STAGE/client.pem" \
		"$STAGE/client-key.pem" "$STAGE/single.json" "$1" 10 0 '' \
		>"$STAGE/load" 2>&1 3>&- &
	LOAD=$!
}

nothing_was_lost() {
	wait "$LOAD"
	grep -q '"failed":0,' "$STAGE/load"
}

@test "a changed configuration is picked up, without losing a request" {
	answered_as 401 epa "$ANDROID_APP"
	steady_load 1000
	write_config '.clients += [ { name: "epa",
		san_dns: [ "push.epa.example" ] } ]'
	wait_until 5 always answered_as 200 epa "$ANDROID_APP"
	nothing_was_lost
	grep -q 'configuration reloaded' "$STAGE/gateway.log"
}

@test "a request in flight ends by the configuration it began with" {
	ANSWER_FILE=slow post /push/v1/notify/batch "$(batch \
		"$(plain '{}' "$(android slow3000)")")" 3>&- &
	local caller=$!
	wait_until 5 grep -q slow3000 "$STAGE/record.json"
	write_config '.clients = [] | del(.apps[1])'
	wait_until 5 always answered_as 401 client "$ANDROID_APP"
	wait "$caller"
	[ "$(jq .summary.successful "$STAGE/slow")" = 1 ]
}

@test "a changed file with a mistake is logged, and the old one stays" {
	write_config '.clientz = []'
	wait_until 5 grep -q 'keeping the previous configuration: .*push-gateway.json:[0-9]*:[0-9]*: unknown setting "clientz"' \
		"$STAGE/gateway.log"
	always answered_as 200 client "$ANDROID_APP"
	# It is not read again until it changes.
	local lines
	lines=$(grep -c 'keeping the previous' "$STAGE/gateway.log")
	((lines <= 2))
	write_config '.max_batch_size = 1'
	wait_until 5 always too_many
}

too_many() {
	post /push/v1/notify/batch "$(batch "$(plain '{}')" "$(plain '{}')")"
	[ "$CODE" = 400 ]
}

@test "a key that breaks keeps the one that works in force" {
	: >"$STAGE/AuthKey_ABC1234567.p8"
	wait_until 5 grep -q 'keeping the previous configuration: the credentials of app .* can no longer be used' \
		"$STAGE/gateway.log"
	post /push/v1/notify "$(single "$(plain '{}' "$(ios b)")")"
	[ "$CODE" = 200 ]
}

@test "a new signing key is picked up, without losing a request" {
	steady_load 600
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
		-out "$STAGE/new.p8" 2>/dev/null
	openssl pkey -in "$STAGE/new.p8" -pubout -out "$STAGE/apns-public.pem"
	# The provider knows the new key from its next start on.
	mv "$STAGE/new.p8" "$STAGE/AuthKey_ABC1234567.p8"
	wait_until 5 always another_token
	nothing_was_lost
}

another_token() {
	post /push/v1/notify "$(single "$(plain '{}' "$(ios b)")")" &&
		(($(record 'select(.service == "apns") |
			.headers.authorization' | sort -u | wc -l) > 1))
}

@test "SIGHUP reads everything again, and loses no request" {
	ANSWER_FILE=slow post /push/v1/notify \
		"$(single "$(plain '{}' "$(android slow800)")")" 3>&- &
	local caller=$! pid
	wait_until 5 grep -q slow800 "$STAGE/record.json"
	: >"$STAGE/gateway.log"
	for pid in $(workers); do
		kill -HUP "$pid"
	done
	wait_until 5 grep -q 'configuration reloaded' \
		"$STAGE/gateway.log"
	wait "$caller"
	grep -q ' 200' "$STAGE/slow.headers"
	post /push/v1/notify "$(single "$(plain '{}' "$(android a)")")"
	[ "$CODE" = 200 ]
}

@test "a file of CAs that is lost keeps the previous configuration" {
	cp "$STAGE/providers-ca.pem" "$STAGE/own-ca.pem"
	write_config '.ca_file = "own-ca.pem"'
	wait_until 5 grep -q 'configuration reloaded' "$STAGE/gateway.log"
	echo nothing >"$STAGE/own-ca.pem"
	wait_until 5 grep -q 'keeping the previous configuration: ca_file: .*contains no certificate' \
		"$STAGE/gateway.log"
	rm "$STAGE/own-ca.pem"
	wait_until 20 grep -q 'keeping the previous configuration: ca_file: cannot read' \
		"$STAGE/gateway.log"
	post /push/v1/notify "$(single "$(plain '{}' "$(ios a)")")"
	[ "$CODE" = 200 ]
}

@test "at the start it is logged, and the worker serves" {
	stage_close
	stage_start '.ca_file = "none.pem"'
	grep -q 'error: no provider can be reached: ca_file: cannot read' \
		"$STAGE/gateway.log"
	post /push/v1/notify "$(single "$(plain '{}' "$(ios a)")")"
	[ "$CODE" = 503 ]
	cp "$STAGE/providers-ca.pem" "$STAGE/none.pem"
	wait_until 5 apple_answers
}

apple_answers() {
	post /push/v1/notify "$(single "$(plain '{}' "$(ios a)")")"
	[ "$CODE" = 200 ]
}
