# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# One worker of the test's own, without a web server, in WORK: what it has seen
# before is known.  For `load`, after stage.bash.

# start_worker [JQ-FILTER [NAME=VALUE...]]: one worker, with a configuration
# changed by the filter and with these in its environment.
start_worker() {
	local filter=${1:-.}
	shift || :
	rm -f "$WORK/socket" "$WORK/log"
	write_config ".breaker_failures = 0 |
		.max_devices_per_notification = 10000 |
		.state_directory = \"$WORK/state\" | $filter"
	env PUSH_GATEWAY_CONFIG="$STAGE/push-gateway.json" \
		perl "$ROOT/tests/lib/fastcgi.pl" serve "$WORK/socket" \
		env "$@" "$GATEWAY" 2>"$WORK/log" 3>&- &
	WORKER_PID=$!
	wait_until 10 grep -q serving "$WORK/log"
}

# send PATH JSON: as the stage's client; sets OUT.
send() {
	local LC_ALL=C
	OUT=$(printf %s "$2" | perl "$ROOT/tests/lib/fastcgi.pl" request \
		"$WORK/socket" REQUEST_METHOD=POST SCRIPT_NAME="$1" \
		CONTENT_TYPE=application/json CONTENT_LENGTH="${#2}" \
		SSL_CLIENT_VERIFY=SUCCESS \
		SSL_CLIENT_CERT="$(cat "$STAGE/client.pem")")
}

# push DEVICE...: a single notification; true if none is later.
push() {
	send /push/v1/notify "$(single "$(plain '{}' "$@")")"
	[[ $OUT == *'"rejected":[]'* ]]
}

# crowd ANDROID IOS: a single notification to so many devices of each.
crowd() {
	jq -cn --arg android "$ANDROID_APP" --arg ios "$IOS_APP" \
		--argjson a "$1" --argjson i "$2" '{ notification: { devices: [
		(range($a) | { app_id: $android, pushkey: "crowd-a\(.)" }),
		(range($i) | { app_id: $ios, pushkey: ("63726f77642d" +
			(. + 1000000 | tostring | explode |
			map("3\(. - 48)") | add)) }) ] } }'
}

# count SERVICE NAME: a counter of the simulator.
count() {
	local lines
	lines=$(grep -c connections_opened "$STAGE/simulator.log" || :)
	kill -USR1 "$SIMULATOR_PID"
	wait_until 5 more_lines "$lines"
	tail -n 1 "$STAGE/simulator.log" | jq ".$1.$2"
}

more_lines() {
	(($(grep -c connections_opened "$STAGE/simulator.log") > $1))
}
