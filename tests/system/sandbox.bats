#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What somebody who broke into a worker could not do.

load ../lib/stage.bash

setup() {
	stage_open "$BATS_TEST_TMPDIR/stage"
	export FORBIDDEN=$BATS_TEST_TMPDIR/forbidden
	mkdir "$FORBIDDEN"
	echo secret >"$FORBIDDEN/secret"
}

teardown() {
	stage_close
}

# without_sanitizers: they leave the sandbox off.
without_sanitizers() {
	! grep -q __asan_init "$GATEWAY" ||
		skip "the sanitizers leave the sandbox off"
}

# intruded: the lines of a worker into which somebody breaks, when it looks up
# the name of a provider.
intruded() {
	local socket=$BATS_TEST_TMPDIR/socket attempts=$BATS_TEST_TMPDIR/attempts
	# curl looks up localhost by itself.
	make_certificate server providers DNS:localhost,DNS:push.test \
		serverAuth
	cat "$STAGE/server.pem" "$STAGE/providers-ca.pem" \
		>"$STAGE/server-chain.pem"
	stage_prepare ".apps[].url |= sub(\"localhost\"; \"push.test\") | $1"
	PUSH_GATEWAY_CONFIG=$STAGE/push-gateway.json \
		perl "$ROOT/tests/lib/fastcgi.pl" serve "$socket" \
		env LD_PRELOAD="$BUILD/tests/lib/preload.so" \
		PRELOAD_LOG="$attempts" PRELOAD_INTRUDE="$FORBIDDEN" \
		"$GATEWAY" 2>"$STAGE/gateway.log" 3>&- &
	WORKER_PID=$!
	wait_until 10 grep -q serving "$STAGE/gateway.log"
	single "$(plain '{}' "$(ios a)")" |
		perl "$ROOT/tests/lib/fastcgi.pl" request "$socket" \
		REQUEST_METHOD=POST SCRIPT_NAME=/push/v1/notify \
		CONTENT_TYPE=application/json SSL_CLIENT_VERIFY=SUCCESS \
		SSL_CLIENT_CERT="$(cat "$STAGE/client.pem")" \
		CONTENT_LENGTH="$(single "$(plain '{}' "$(ios a)")" | wc -c)" \
		>"$BATS_TEST_TMPDIR/answer" || :
	wait_until 10 grep -q 'start a program' "$attempts"
	stop "$WORKER_PID"
	INTRUDED=$(grep : "$attempts")
}

@test "who breaks into a worker reads, writes and starts nothing else" {
	without_sanitizers
	intruded .
	[ "$INTRUDED" = "read a file: EACCES
write to a file: EACCES
remove a file: EACCES
make a file: EACCES
list a directory: EACCES
trace: EPERM
mount: EPERM
load a module: EPERM
read keys: EPERM
start a program: EPERM" ]
	grep -q '{"rejected":\[\]}' "$BATS_TEST_TMPDIR/answer"
	grep -q 'sandbox: no new privileges, files, system calls' \
		"$STAGE/gateway.log"
}

@test "with sandbox: false all of that is possible" {
	without_sanitizers
	intruded '.sandbox = false'
	grep -qx 'read a file: done' <<<"$INTRUDED"
	grep -qx 'make a file: done' <<<"$INTRUDED"
	grep -qx 'trace: ESRCH' <<<"$INTRUDED"
	grep -qx 'start a program: ENOENT' <<<"$INTRUDED"
	run ! grep -q sandbox: "$STAGE/gateway.log"
}

@test "a configuration that needs another directory gets workers that have it" {
	without_sanitizers
	stage_start
	cp "$STAGE/AuthKey_ABC1234567.p8" "$FORBIDDEN/key.p8"
	grep -c serving "$STAGE/gateway.log" >"$STAGE/workers"
	write_config '(.apps[] | select(.provider == "apns") | .key_file) =
		"'"$FORBIDDEN"'/key.p8"'
	wait_until 20 grep -q 'needs files outside of the sandbox: stopping' "$STAGE/gateway.log"
	post /push/v1/notify "$(single "$(plain '{}' "$(ios a)")")"
	[ "$CODE" = 200 ]
	wait_until 20 new_workers
	post /push/v1/notify "$(single "$(plain '{}' "$(ios b)")")"
	[ "$CODE" = 200 ]
	run ! grep -q 'stays in force\|keeping the previous' "$STAGE/gateway.log"
}

new_workers() {
	(($(grep -c serving "$STAGE/gateway.log") > $(cat "$STAGE/workers")))
}

@test "one that names a file which is not there leaves the workers in place" {
	without_sanitizers
	stage_start
	write_config '(.apps[] | select(.provider == "apns") | .key_file) =
		"'"$FORBIDDEN"'/missing.p8"'
	wait_until 10 grep -q 'stays in force\|keeping the previous' \
		"$STAGE/gateway.log"
	run ! grep -q 'outside of the sandbox' "$STAGE/gateway.log"
	post /push/v1/notify "$(single "$(plain '{}' "$(ios a)")")"
	[ "$CODE" = 200 ]
}

@test "a key that is a link to another directory can be replaced there" {
	stage_prepare .
	mkdir "$FORBIDDEN/keys"
	mv "$STAGE/AuthKey_ABC1234567.p8" "$FORBIDDEN/keys/key.p8"
	ln -s "$FORBIDDEN/keys/key.p8" "$STAGE/AuthKey_ABC1234567.p8"
	start_web_server
	post /push/v1/notify "$(single "$(plain '{}' "$(ios a)")")"
	[ "$CODE" = 200 ]
	cp "$FORBIDDEN/keys/key.p8" "$FORBIDDEN/keys/new"
	mv "$FORBIDDEN/keys/new" "$FORBIDDEN/keys/key.p8"
	wait_until 10 grep -q 'by a new configuration\|configuration reloaded' \
		"$STAGE/gateway.log"
	post /push/v1/notify "$(single "$(plain '{}' "$(ios b)")")"
	[ "$CODE" = 200 ]
	run ! grep -q 'stays in force\|keeping the previous' "$STAGE/gateway.log"
}
