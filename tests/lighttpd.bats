#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The lighttpd configuration as shipped.

load lib.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	stage_start
}

teardown_file() {
	stage_close
}

# handshake OPTION...: what openssl says of a TLS handshake.
handshake() {
	openssl s_client -connect "127.0.0.1:$PORT" -servername localhost \
		-CAfile "$STAGE/providers-ca.pem" "$@" </dev/null 2>&1
}

@test "no session can be resumed by a ticket" {
	run handshake -tls1_2
	[[ $output != *"TLS session ticket:"* ]]
	local version
	for version in -tls1_2 -tls1_3; do
		handshake "$version" -sess_out "$STAGE/session" >/dev/null
		[ ! -s "$STAGE/session" ] ||
			[[ $(handshake "$version" -sess_in "$STAGE/session") != \
				*"Reused, "* ]]
	done
}

@test "the server's own errors are JSON" {
	local long
	long=$(printf 'x%.0s' {1..9000})
	request /push/v1/notify -X POST -H "X-Long: $long"
	[ "$CODE" = 431 ]
	[ "$(header content-type)" = application/json ]
	[ "$(answer '.error | type')" = string ]
	request /push/v1/notify -X NONSENSE
	[ "$CODE" = 501 ]
	[ "$(answer '.error | type')" = string ]
	head -c 4200000 /dev/zero >"$BATS_TEST_TMPDIR/body"
	post /push/v1/notify "@$BATS_TEST_TMPDIR/body" --http1.1
	[ "$CODE" = 413 ]
	[ "$(answer '.error | type')" = string ]
}

@test "a worker that dies leaves a JSON error, and is replaced" {
	local pid
	ANSWER_FILE=cut post /push/v1/notify \
		"$(single "$(plain '{}' "$(android hang)")")" 3>&- &
	local caller=$!
	wait_until 5 grep -q '"text":"hang"' "$STAGE/record.json"
	for pid in $(workers); do
		kill -KILL "$pid"
	done
	wait "$caller"
	jq -e '.error | type == "string"' "$STAGE/cut"
	wait_until 10 serves
}

@test "a worker that is told to leave under load loses not one request" {
	control '{"fcm": {"latency_ms": 20}}'
	single "$(plain '{}' "$(android phone)")" >"$STAGE/single.json"
	local leaver
	leaver=$(workers | head -n 1)
	"$BUILD/tests/bench/bench-load" \
		"https://localhost:$PORT/push/v1/notify" \
		"$STAGE/providers-ca.pem" "$STAGE/client.pem" \
		"$STAGE/client-key.pem" "$STAGE/single.json" 2000 40 \
		>"$STAGE/load" 2>&1 3>&- &
	local load=$!
	wait_until 5 recorded 300
	kill -TERM "$leaver"
	wait "$load"
	has_ended "$leaver"
	grep -q 'requests 2000 failed 0' "$STAGE/load"
}

# recorded COUNT: so many requests reached the providers.
recorded() {
	(($(wc -l <"$STAGE/record.json") > $1))
}

serves() {
	post /push/v1/notify "$(single "$(plain '{}')")"
	[ "$CODE" = 200 ]
}

@test "HTTP/1.1 and HTTP/2 callers are served alike" {
	local version
	for version in --http1.1 --http2; do
		post /push/v1/notify/batch "$(batch "$(plain '{}' \
			"$(android phone)")")" "$version"
		[ "$CODE" = 200 ]
		[ "$(answer .summary.successful)" = 1 ]
	done
}

@test "each error page is JSON and has the API's form" {
	local page
	for page in "$ROOT"/errors/*.html; do
		[ "$(jq -r 'keys | join(" ")' "$page")" = error ]
		jq -e '.error | type == "string"' "$page"
	done
}
