#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The operator's page for people, in a real browser: Chromium, which asks the
# web server's operator listener.

load ../lib/stage.bash

NARROW=320
MIDDLE=1201
WIDE=1400

setup() {
	stage_open "$BATS_TEST_TMPDIR/stage"
}

teardown() {
	stage_close
}

# look URL: what browser.py prints, for `seen`.
look() {
	/usr/bin/python3 "$ROOT/tests/monitoring/browser.py" "$1" \
		"$STAGE/chromium" $NARROW $MIDDLE $WIDE >"$STAGE/seen.json"
}

seen() {
	jq -r --arg narrow $NARROW --arg wide $WIDE "$1" "$STAGE/seen.json"
}

# tells PATTERN...: the wide page has lines like these.
tells() {
	local pattern
	for pattern; do
		seen '.text[$wide]' | grep -qE "$pattern" || {
			echo "not told: $pattern"
			seen '.text[$wide]'
			return 1
		}
	done
}

# push JSON
push() {
	post /push/v1/notify "$(single "$(plain '{}' "$@")")"
}

# metric PATTERN: a line of the metrics.
metric() {
	curl -s "http://127.0.0.1:$ADMIN_PORT/metrics" |
		grep -q "^push_gateway_$1\$"
}

@test "the page tells how each app and account does" {
	# shellcheck disable=SC2016
	local apps='.apps += [ .apps[0] +
		{ app_id: "long.\("name." * 20)<b>&amp;.ios.apns",
		  key_file: "lost.p8", topic: "x" } ]'
	stage_start ".request_timeout_ms = 2000 | $apps"
	push "$(android phone)" "$(android dead-404)" "$(ios phone)"
	push "$(ios late-429)"
	local i
	push "$(device unknown.app pushkey-x)"
	control '{"fcm": {"answer": {"status": 503, "reason": "UNAVAILABLE"}}}'
	for i in {1..8}; do
		push "$(android "phone$i")"
	done
	wait_until 10 metric 'account_open{.*fcm.*} 1'
	write_config ".request_timeout_ms = 60000 | $apps"
	wait_until 10 metric 'configuration_reloads_total{result="success"} 2'
	echo '{' >"$STAGE/push-gateway.json"
	wait_until 10 grep -q 'keeping the previous' "$STAGE/gateway.log"
	kill -STOP "$SIMULATOR_PID"
	ANSWER_FILE=slow push "$(ios waits)" 3>&- &
	local caller=$!
	wait_until 10 metric 'provider_requests_in_flight{.*apns.*} 1'
	look "http://127.0.0.1:$ADMIN_PORT/status"
	kill -CONT "$SIMULATOR_PID"
	wait "$caller"
	# The operator's own requests are in flight, too, for an instant.
	tells 'Version .*Configuration in force since .*the one on disk is refused' \
		'Workers: 2\. Requests in flight: [12] of' \
		'^App.*Provider.*Credentials.*Delivered.*Rejected.*Later.*Failed' \
		"$(printf '^gematik-project.*firebase\tfcm\tusable\t1\t1\t[1-9].*\toff.*later: .* ago$')" \
		"$(printf '^%s\tapns\tusable\t1\t0\t1\t0\toff\tlater: TooManyRequests, .* ago' "$IOS_APP")" \
		'^long\.name\..*<b>&amp;\.ios\.apns.*no usable credentials' \
		'^\(app_ids that are not configured\).*not configured.*failed: ' \
		'^fcm-gematik-project.*open; times opened: 1' \
		'^apns-TEAM123456.*closed; times opened: 0	1	[12]	[12]	0	[0-9]+ s old'
}

@test "the page runs nothing, loads nothing and fits" {
	stage_start '.apps[0].topic = "de.gematik.erezept.ios" |
		.apps[0].app_id = "a\("b" * 200).ios.apns"'
	push "$(android phone)" "$(android dead-404)"
	look "http://127.0.0.1:$ADMIN_PORT/status"
	[ "$(seen .scripts)" = 0 ]
	[ "$(seen '.console[]')" = "" ]
	# The icon is in the page.
	[ "$(seen '.requests | map(select(startswith("data:") | not)) | unique[]')" \
		= "http://127.0.0.1:$ADMIN_PORT/status" ]
	[ "$(seen '.overflow | join(" ")')" = '0 0 0' ]
	# A narrow one has no head above its columns.
	seen '.text[$wide]' | grep -q '^App.*Provider'
	tells "$(printf '^gematik-project.*\tnone$')"
	! seen '.text[$narrow]' | grep -q '^App.*Provider'
}

@test "neither a secret nor a caller is in the page" {
	stage_start
	push "$(android pushkey-mark)" "$(android pushkey-mark-404)" \
		"$(ios pushkey-mark-429)"
	look "http://127.0.0.1:$ADMIN_PORT/status"
	tells "$IOS_APP"
	! seen '.text[]' | grep -iE "pushkey-mark|$(apns_pushkey pushkey-mark)|$(
		)erezept($|[^.])|BEGIN|PRIVATE|$(sed 1d \
		"$STAGE/AuthKey_ABC1234567.p8" | head -c 20)"
}

@test "a page with a script, a picture and too much width is noticed" {
	mkdir "$STAGE/chromium"
	echo '<img src="http://127.0.0.1:1/x.png"><p style="width:3000px">x
		<b onclick="x">y</b><script>console.log("z"); y()</script>' \
		>"$STAGE/page.html"
	look "file://$STAGE/page.html"
	[ "$(seen .scripts)" = 2 ]
	[ "$(seen '.console | length > 1')" = true ]
	[ "$(seen '.requests | length')" = 2 ]
	[ "$(seen '.overflow | map(. > 1000) | all')" = true ]
}
