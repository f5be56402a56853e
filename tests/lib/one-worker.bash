# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# One worker of the test's own, without a web server: what it has seen before is
# known.  For `load`, after stage.bash.
#
#	worker_setup	the directory WORK, for its socket, SOCKET, and its log,
#			LOG; the simulator is as it was at first
#	worker_teardown	it leaves by itself, so that a sanitizer can tell what
#			leaked

worker_setup() {
	WORK=$BATS_TEST_TMPDIR
	SOCKET=$WORK/socket
	LOG=$WORK/log
	control '{}'
	clear_record
}

worker_teardown() {
	[ -z "${WORKER_PID-}" ] || stop "$WORKER_PID"
	! grep -aE 'Sanitizer|runtime error:' "$LOG"
}

# run_worker [NAME=VALUE...]: one worker by the configuration as it is, with
# these in its environment.
run_worker() {
	rm -f "$SOCKET" "$LOG"
	env PUSH_GATEWAY_CONFIG="$STAGE/push-gateway.json" \
		perl "$ROOT/tests/lib/fastcgi.pl" serve "$SOCKET" \
		env "$@" "$GATEWAY" 2>"$LOG" 3>&- &
	WORKER_PID=$!
	wait_until 10 grep -q serving "$LOG"
}

# start_worker [JQ-FILTER [NAME=VALUE...]]: the same by the stage's
# configuration, changed by WORKER_CONFIG, a filter, and by this one.
start_worker() {
	local filter=${1:-.}
	shift || :
	write_config ".state_directory = \"$WORK/state\" |
		${WORKER_CONFIG:-.} | $filter"
	run_worker "$@"
}

# send PATH JSON: as the stage's client; sets OUT.
send() {
	local LC_ALL=C
	OUT=$(printf %s "$2" | perl "$ROOT/tests/lib/fastcgi.pl" request \
		"$SOCKET" REQUEST_METHOD=POST SCRIPT_NAME="$1" \
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
