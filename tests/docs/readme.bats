#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# README.md says what the sources say.

load ../lib/stage.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	export apns_port=1 fcm_port=2 oauth_port=3
}

@test "it lists each phrase of an item's error, and no other" {
	diff <(described phrase | sort) \
		<(sed -n '/^| `error` of an item/,/^$/p' "$ROOT/README.md" |
		sed '1,2d; /^$/d; s/^| \([^|]*\) |.*/\1/' | sort)
}

@test "it lists each metric with its labels, and no other" {
	diff <(described metric | cut -f 1,3 | tr '\t,' '  ' | sed 's/ $//' |
		sort) \
		<(sed -n 's/^| `\(push_gateway_[a-z_]*\)` | \([^|]*\)|.*/\1 \2/p' \
			"$ROOT/README.md" | tr -d , | sed 's/  */ /g; s/ $//' |
		sort)
	[ "$(grep -c '^| `push_gateway_' "$ROOT/README.md")" -ge 15 ]
}

@test "its example of a configuration is good" {
	sed -n '/push-gateway.json <<.END.$/,/^END$/{//!p}' \
		"$ROOT/README.md" >"$STAGE/push-gateway.json"
	run "$GATEWAY" -t -c "$STAGE/push-gateway.json"
	echo "$output"
	[ "$status" = 0 ]
}

@test "it names each package that bootstrap installs" {
	local name
	for name in $(sed -n "/^packages='/,/^'/p" "$ROOT/bootstrap" |
		awk 'NF > 1 { print $1 }'); do
		[ "$name" = libc6-dev ] || grep -qw -- "$name" "$ROOT/README.md" ||
			{ echo "$name"; false; }
	done
}

@test "bootstrap says what it takes" {
	run "$ROOT/bootstrap" --help
	[ "$status" = 0 ]
	[[ $output == *"demo [--keep]"* ]]
	run "$ROOT/bootstrap" nonsense
	[ "$status" != 0 ]
}
