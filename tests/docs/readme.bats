#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# README.md says what the sources say.

load ../lib/stage.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	export apns_port=1 fcm_port=2 oauth_port=3
}

@test "it lists each phrase of an item's error, and no other" {
	diff <(sed -n '/^static const char \*const cause_phrases/,/^};/p' \
		"$ROOT/src/provider/outcome.c" | grep -v CAUSE_NONE |
		grep -o '"[^"]*"' | tr -d '"' | sort) \
		<(sed -n '/^| `error` of an item/,/^$/p' "$ROOT/README.md" |
		sed '1,2d; /^$/d; s/^| \([^|]*\) |.*/\1/' | sort)
}

# From the README's table and from the sources: a metric and its labels.
@test "it lists each metric with its labels, and no other" {
	diff <(awk '
		/^static const struct metrics_info/ { on = 1 }
		/^};/ { on = 0 }
		!on { next }
		match($0, /"push_gateway_[a-z_]+"/) {
			line = substr($0, RSTART + 1, RLENGTH - 2) " "
		}
		{
			while (match($0, /LABEL\([a-z]+\)/)) {
				line = line " " substr($0, RSTART + 6, RLENGTH - 7)
				$0 = substr($0, RSTART + RLENGTH)
			}
		}
		/},$/ { print line }' "$ROOT/src/state/metrics.c" | sed 's/  */ /g; s/ $//' |
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
