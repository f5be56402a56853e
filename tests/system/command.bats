#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# push-gateway, the operator's command: what all of its commands share.
# shellcheck disable=SC2154

load ../lib/stage.bash

# commands: as the list shows them.
commands() {
	"$COMMAND" --help | awk '/^  [a-z]/ { print $1 }'
}

@test "--help lists the commands, and each tells of itself" {
	local command
	run --separate-stderr "$COMMAND" --help
	[ "$status" = 0 ]
	[[ ${lines[0]} == "usage: push-gateway COMMAND"* ]]
	[ -z "$stderr" ]
	[ "$("$COMMAND" help)" = "$output" ]
	[ "$("$COMMAND" -h)" = "$output" ]
	[ "$(commands | wc -l)" -ge 4 ]
	for command in $(commands); do
		run --separate-stderr "$COMMAND" "$command" --help
		[ "$status" = 0 ]
		[[ ${lines[0]} == "usage: push-gateway $command "* ]]
		[[ $output == *--json* ]]
		[ -z "$stderr" ]
		[ "$("$COMMAND" help "$command")" = "$output" ]
		[ "$("$COMMAND" "$command" -h)" = "$output" ]
	done
}

@test "the lines of --help fit into a terminal" {
	local command
	for command in '' $(commands); do
		# shellcheck disable=SC2086
		run "$COMMAND" $command --help
		# configure's paths may be long.
		[ -z "$(grep -v '\.json$' <<<"$output" | grep -E '.{80}')" ]
	done
}

@test "--version is the worker's" {
	[ "$("$COMMAND" --version)" = "$("$GATEWAY" -V)" ]
	[ "$("$COMMAND" -V)" = "$("$GATEWAY" -V)" ]
}

@test "what it does not know is refused, with what it knows" {
	local command
	run --separate-stderr "$COMMAND"
	[ "$status" = 64 ]
	[[ $stderr == *"identity"* ]]
	run --separate-stderr "$COMMAND" nonsense
	[ "$status" = 64 ]
	[ -z "$output" ]
	[[ $stderr == *'no command "nonsense"'*"identity"* ]]
	for command in $(commands); do
		run --separate-stderr "$COMMAND" "$command" --nonsense
		[ "$status" = 64 ]
		[ -z "$output" ]
		[[ $stderr == *"--nonsense"*"usage: push-gateway $command "* ]]
		run --separate-stderr "$COMMAND" "$command" -c
		[ "$status" = 64 ]
		[[ $stderr == *"requires an argument"* ]]
		# It takes as many as there are.
		[ "$command" != probe ] || continue
		run --separate-stderr "$COMMAND" "$command" a b c d
		[ "$status" = 64 ]
	done
}

@test "metrics prints what the worker's -m prints" {
	stage_open "$BATS_TEST_TMPDIR/stage"
	stage_start
	post /push/v1/notify "$(single "$(plain '{}' "$(ios phone)")")"
	wait_until 5 counted
	# Else the token ages meanwhile.
	kill -STOP $(workers)
	"$COMMAND" metrics -c "$STAGE/push-gateway.json" >"$STAGE/one"
	PUSH_GATEWAY_CONFIG=$STAGE/push-gateway.json "$COMMAND" metrics \
		>"$STAGE/other"
	cmp "$STAGE/one" "$STAGE/other"
	"$GATEWAY" -m -c "$STAGE/push-gateway.json" | cmp - "$STAGE/one"
	/usr/bin/python3 "$ROOT/tests/lib/prometheus.py" <"$STAGE/one"
	"$COMMAND" metrics -c "$STAGE/push-gateway.json" --json >"$STAGE/json"
	[ "$(jq -r '.[] | select(.series[0] | has("value") | not).name' \
		"$STAGE/json" | xargs)" = \
		"push_gateway_permit_wait_seconds push_gateway_provider_seconds"\
" push_gateway_request_seconds" ]
	# The same numbers, without buckets.
	jq -r '.[] | .name as $name | .series[] | (.labels | to_entries |
		map("\(.key)=\(.value | @json)") | join(",") |
		if . == "" then "" else "{\(.)}" end) as $labels |
		if has("value") then "\($name)\($labels) \(.value)" else
		"\($name)_sum\($labels) \(.sum)",
		"\($name)_count\($labels) \(.count)" end' "$STAGE/json" |
		numbers >"$STAGE/numbers"
	grep -v -e '^#' -e '_bucket{' "$STAGE/one" | numbers |
		diff "$STAGE/numbers" -
	kill -CONT $(workers)
	run bash -c '"$@" >/dev/full' - "$COMMAND" metrics \
		-c "$STAGE/push-gateway.json"
	[ "$status" = 74 ]
	stage_close
}

# numbers: sorted, a sum without the zeros at its end, which jq 1.7 keeps.
numbers() {
	awk '/_sum/ { $2 += 0 } { print }' | sort
}

counted() {
	"$COMMAND" metrics -c "$STAGE/push-gateway.json" |
		grep -q '^push_gateway_requests_total{.*status="200"} 1$'
}

@test "metrics of an empty state directory are none" {
	cd "$BATS_TEST_TMPDIR"
	echo '{ "state_directory": "state", "clients": [], "apps": [] }' \
		>empty.json
	run "$COMMAND" metrics -c empty.json
	[ "$status" = 0 ]
	[ -z "$output" ]
	mkdir -m 700 state
	run "$COMMAND" metrics -c empty.json
	[ "$status" = 0 ]
	[ -z "$output" ]
	run "$COMMAND" metrics -c nosuch.json
	[ "$status" = 78 ]
	[[ $output == *"nosuch.json: cannot be read: No such file"* ]]
}
