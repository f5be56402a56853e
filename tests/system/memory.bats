#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What stays of a notification once it is answered: nothing.

load ../lib/stage.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	stage_prepare
}

teardown_file() {
	stage_close
}

setup() {
	SOCKET=$BATS_TEST_TMPDIR/socket
	control '{}'
	clear_record
	PUSH_GATEWAY_CONFIG=$STAGE/push-gateway.json \
		perl "$ROOT/tests/lib/fastcgi.pl" serve "$SOCKET" "$GATEWAY" \
		2>"$BATS_TEST_TMPDIR/log" 3>&- &
	WORKER_PID=$!
	wait_until 10 grep -q serving "$BATS_TEST_TMPDIR/log"
}

teardown() {
	stop "$WORKER_PID"
	! grep -aE 'Sanitizer|runtime error:' "$BATS_TEST_TMPDIR/log"
}

# push BODY [PATH]
push() {
	printf %s "$1" | perl "$ROOT/tests/lib/fastcgi.pl" request "$SOCKET" \
		REQUEST_METHOD=POST SCRIPT_NAME="${2:-/push/v1/notify}" \
		CONTENT_TYPE=application/json CONTENT_LENGTH="${#1}" \
		SSL_CLIENT_VERIFY=SUCCESS \
		SSL_CLIENT_CERT="$(cat "$STAGE/client.pem")"
}

# found TEXT: how often it is in the memory of the worker.
found() {
	/usr/bin/python3 - "$WORKER_PID" "$1" <<-'EOS'
	import re, sys
	pid, text = sys.argv[1], sys.argv[2].encode()
	count = 0
	with open(f"/proc/{pid}/maps") as maps, \
	        open(f"/proc/{pid}/mem", "rb") as memory:
	    for line in maps:
	        where = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
	        if not where:
	            continue
	        start, end = (int(part, 16) for part in where.groups())
	        memory.seek(start)
	        try:
	            count += memory.read(end - start).count(text)
	        except OSError:
	            pass
	print(count)
	EOS
}

@test "no core is dumped, and nobody of the same user reads the memory" {
	grep -qa __asan_init "$GATEWAY" && skip "a sanitizer looks into it"
	grep -q '^Max core file size *0 *0 ' "/proc/$WORKER_PID/limits"
	# A process that is not dumpable is root's in /proc.
	[ "$(stat -c %u "/proc/$WORKER_PID/mem")" = 0 ]
}

# What libcurl sent last stands in the buffers of the connection, in memory that
# is not freed, until the connection uses that piece again or ends.
@test "once it is answered nothing is left but in a connection's buffers" {
	grep -qa __asan_init "$GATEWAY" && skip "a sanitizer keeps memory"
	((EUID == 0)) || skip "only root may look"
	local text
	[[ $(push "$(single "$(plain '{ "event_id": "$e",
		"room_name": "marked-room", "content": {
		"body": "marked-content" } }' "$(android marked-pushkey)" \
		"$(ios marked-device)")")") == *'"rejected":[]'* ]]
	[[ $(push "$(single "$(plain '{ "event_id": "$e",
		"room_name": "another-room", "content": {
		"body": "another-content" } }' "$(android another-phone)" \
		"$(ios another-phone)")")") == *'"rejected":[]'* ]]
	for text in marked-room marked-content marked-pushkey \
		"$(apns_pushkey marked-device)"; do
		# One for each of the two connections, no copy of ours.
		(($(found "$text") <= 2)) || {
			echo "$text: $(found "$text")"
			false
		}
	done
}

# peak_kb: the most that the worker had, without files.
peak_kb() {
	awk '/^VmHWM:/ { sum += $2 } /^Rss(File|Shmem):/ { sum -= $2 }
		END { print sum }' "/proc/$WORKER_PID/status"
}

# half_is_back BEFORE: of what the worker took since then.
half_is_back() {
	(($(memory_kb) - $1 < ($(peak_kb) - $1) / 2))
}

# The provider answers so late that the worker has been seen without a new
# request before the handles of a hundred calls are freed.
@test "what many slow requests took is given back while the worker rests" {
	grep -qa __asan_init "$GATEWAY" && skip "a sanitizer keeps memory"
	local i notifications before
	mapfile -t notifications < <(for i in {1..100}; do
		plain '{}' "$(android "phone$i")"
	done)
	before=$(memory_kb)
	control '{"fcm":{"latency_ms":2500}}'
	[[ $(push "$(batch "${notifications[@]}")" /push/v1/notify/batch) == \
		*'"successful":100,'* ]]
	(($(peak_kb) > before + 1000))
	wait_until 30 half_is_back "$before"
}

# The first that asks for memory is a library, for what it keeps.
@test "no library goes on without memory" {
	grep -qa __asan_init "$GATEWAY" && skip "a sanitizer has its own memory"
	local program
	for program in "$GATEWAY" "$COMMAND"; do
		run env LD_PRELOAD="$BUILD/tests/torture/faults.so" \
			FAULTS_REPORT="$BATS_TEST_TMPDIR/report" FAULTS_AT=1 \
			FAULTS_ONLY=' malloc ' "$program" -V
		[ "$status" = 70 ]
		[[ $output == *'fatal: out of memory for '* ]]
	done
}
