#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a newcomer sees first.

load ../lib/stage.bash

@test "the demo shows both requests, their verdicts, and cleans up" {
	TMPDIR=$BATS_TEST_TMPDIR run bash "$ROOT/demo/run"
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *"notifyEncrypted/batch"* ]]
	[[ $output == *'"status":"success"'* ]]
	[[ $output == *"410 Unregistered"* ]]
	[[ $output != *"NOT OK"* ]]
	[ -z "$(ls -A "$BATS_TEST_TMPDIR")" ]
}

@test "the demo says so if a verdict is not what it must be" {
	# A worker that answers nothing.
	TMPDIR=$BATS_TEST_TMPDIR GATEWAY=/bin/false \
		run bash "$ROOT/demo/run"
	[ "$status" != 0 ]
	[ -z "$(ls -A "$BATS_TEST_TMPDIR")" ]
}

@test "the demo that is kept can be tried and is stopped as it says" {
	TMPDIR=$BATS_TEST_TMPDIR bash "$ROOT/demo/run" --keep \
		>"$BATS_TEST_TMPDIR/out" 2>&1 3>&-
	local curl
	curl=$(sed -n '/^curl /,/^  https/p' "$BATS_TEST_TMPDIR/out")
	[[ $(bash -c "$curl") == *'"successful":'* ]]
	bash -c "$(sed -n '/^kill /p' "$BATS_TEST_TMPDIR/out")"
	wait_until 10 nothing_left
}

nothing_left() {
	[ "$(ls "$BATS_TEST_TMPDIR")" = out ]
}
