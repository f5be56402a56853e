#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a newcomer sees first.

load ../lib/stage.bash

@test "the demo shows requests, verdicts and decrypted texts, and cleans up" {
	TMPDIR=$BATS_TEST_TMPDIR run bash "$ROOT/demo/run"
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *"notifyEncrypted/batch"* ]]
	[[ $output == *'"status":"success"'* ]]
	[[ $output == *"410 Unregistered"* ]]
	[[ $output == *"annas-iphone  "*"\"Anna, Ihr E-Rezept ist da.\""* ]]
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

# kept VERB: tries one of those that the demo offers.
kept() {
	local command
	command=$(sed -n "s/^ *\(.*\/try $1\)  .*/\1/p" \
		"$BATS_TEST_TMPDIR/out")
	[ -n "$command" ]
	run bash -c "$command"
	echo "$output"
	[ "$status" = 0 ]
	[[ $output != *"NOT OK"* ]]
}

@test "the demo that is kept offers what holds, and is stopped as it says" {
	local curl
	TMPDIR=$BATS_TEST_TMPDIR bash "$ROOT/demo/run" --keep \
		>"$BATS_TEST_TMPDIR/out" 2>&1 3>&-
	curl=$(sed -n '/^curl /,/^  https/p' "$BATS_TEST_TMPDIR/out")
	[[ $(bash -c "$curl") == *'"successful":'* ]]
	kept send
	[[ $output == *'annas-iphone  '*'"Ein neues E-Rezept ist da."'* ]]
	kept delete-app
	[[ $output == *'"rejected":["616e6e61732d6970686f6e65"]'* ]]
	[[ $output == *"no message came to a phone"* ]]
	kept install-app
	kept apple-down
	kept apple-up
	kept metrics
	[[ $output == *'verdict="rejected",reason="Unregistered"} '* ]]
	kept stop
	[ "$(ls "$BATS_TEST_TMPDIR")" = out ]
	[ -z "$(pgrep -f -- "$BATS_TEST_TMPDIR/push-gateway-demo")" ]
}

@test "the demo's verbs are those of its help" {
	STAGE=x run bash "$ROOT/demo/try" nonsense
	[ "$status" = 64 ]
	[[ $output == *"try apple-down "* ]]
}
