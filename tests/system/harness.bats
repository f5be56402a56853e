#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# No test takes for ever, none leaves a process behind (tests/lib/limited), and
# each is run.

load ../lib/stage.bash

limited() {
	run "$BASH" "$ROOT/tests/lib/limited" "$@"
}

@test "a test that hangs is ended, and so is what it started" {
	limited 1 "$BASH" -c 'setsid sleep 987654 & wait'
	[ "$status" = 124 ]
	[[ $output == *"# ended after 1 s: "* ]]
	[[ $output == *"# left behind: sleep 987654"* ]]
	run ! pgrep -fx 'sleep 987654'
}

@test "what a test leaves holds the pipe no longer than the test" {
	# The shell waits for both ends.
	run "$BASH" -c "'$ROOT/tests/lib/limited' 60 \
		'$BASH' -c 'sleep 987653 & exit 3' | cat; exit \${PIPESTATUS[0]}"
	[ "$status" = 3 ]
	[[ $output == *"# left behind: sleep 987653"* ]]
}

@test "a test that ends in time says nothing, and its status counts" {
	limited 60 "$BASH" -c 'exit 7'
	[ "$status" = 7 ]
	[ -z "$output" ]
}

@test "a test of bats that hangs fails alone" {
	printf '@test "%s" { %s; }\n' hangs 'sleep 986543' passes true \
		>"$BATS_TEST_TMPDIR/x.bats"
	BATS_TEST_TIMEOUT=1 run bats --tap "$BATS_TEST_TMPDIR/x.bats"
	[[ $output == *"not ok 1 hangs"*"ok 2 passes"* ]]
}

@test "make has a rule for each test of check-all" {
	local names
	mapfile -t names < <(sed -n 's/^more_tests += //p' \
		"$ROOT/Makefile.am")
	((${#names[@]} > 20))
	names=("${names[@]%.sh}")
	names=("${names[@]%.bats}")
	make -n -C "$BUILD" "${names[@]/%/.log}" >/dev/null
}
