#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What the web server says of a caller, and why it is believed.

load ../lib/stage.bash
load ../lib/one-worker.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	echo 'correct horse' >"$STAGE/secret"
	start_simulator
	write_service_account
}

teardown_file() {
	stage_close
}

setup() {
	worker_setup
	# A vouched client, and one by its address, too.
	WORKER_CONFIG='.clients += [
		{ name: "homeserver", vouched: true,
		  apps: [ "gematik-project.*" ] },
		{ name: "network", addresses: [ "192.0.2.0/24" ],
		  apps: [ "gematik-project.*" ] } ]'
}

teardown() {
	worker_teardown
}

# status PATH NAME=VALUE...: that of a notification with these variables.
status() {
	local path=$1 body
	shift
	body=$(single "$(plain '{}' "$(android phone)")")
	printf %s "$body" |
		perl "$ROOT/tests/lib/fastcgi.pl" request "$SOCKET" \
		REQUEST_METHOD=POST SCRIPT_NAME="$path" \
		CONTENT_TYPE=application/json CONTENT_LENGTH="${#body}" "$@" |
		sed -n '1s/^Status: \([0-9]*\).*/\1/p'
}

certificate() {
	echo "SSL_CLIENT_CERT=$(cat "$STAGE/client.pem")"
}

@test "a web server's word stands for a certificate, and not beside one" {
	start_worker .
	[ "$(status /push/v1/notify)" = 401 ]
	[ "$(status /push/v1/notify PUSH_GATEWAY_CLIENT=homeserver)" = 200 ]
	[ "$(status /push/v1/notify PUSH_GATEWAY_CLIENT=erezept)" = 401 ]
	[ "$(status /push/v1/notify PUSH_GATEWAY_CLIENT=homeserver \
		SSL_CLIENT_VERIFY=SUCCESS "$(certificate)")" = 401 ]
	# What a caller writes into a header is another variable.
	[ "$(status /push/v1/notify HTTP_PUSH_GATEWAY_CLIENT=homeserver)" = 401 ]
	[ "$(record .text | grep -c phone)" = 1 ]
	grep -q 'client that also shows a certificate' "$LOG"
	grep -q 'client that is not configured as "vouched"' "$LOG"
}

@test "an address lets in on the Matrix path alone" {
	start_worker .
	[ "$(status /_matrix/push/v1/notify REMOTE_ADDR=192.0.2.7)" = 200 ]
	[ "$(status /_matrix/push/v1/notify REMOTE_ADDR=::ffff:192.0.2.7)" = 200 ]
	[ "$(status /_matrix/push/v1/notify REMOTE_ADDR=192.0.3.7)" = 401 ]
	[ "$(status /push/v1/notify REMOTE_ADDR=192.0.2.7)" = 401 ]
	[ "$(status /_matrix/push/v1/notify)" = 401 ]
	[ "$(status /_matrix/push/v1/notify \
		HTTP_X_FORWARDED_FOR=192.0.2.7)" = 401 ]
}

@test "with a secret, nobody is believed without it" {
	local believed=(SSL_CLIENT_VERIFY=SUCCESS "$(certificate)")
	start_worker '.fastcgi_secret_file = "secret"'
	[ "$(status /push/v1/notify "${believed[@]}")" = 401 ]
	[ "$(status /push/v1/notify "${believed[@]}" \
		PUSH_GATEWAY_SECRET='correct horsf')" = 401 ]
	[ "$(status /push/v1/notify "${believed[@]}" \
		PUSH_GATEWAY_SECRET='correct horse')" = 200 ]
	[ "$(status /push/v1/notify PUSH_GATEWAY_CLIENT=homeserver)" = 401 ]
	[ "$(status /_matrix/push/v1/notify REMOTE_ADDR=192.0.2.7)" = 401 ]
	grep -q 'did not send the secret' "$LOG"
	run ! grep -q 'horse' "$LOG"
}

@test "a changed secret holds from the next request on" {
	local believed=(SSL_CLIENT_VERIFY=SUCCESS "$(certificate)")
	start_worker '.fastcgi_secret_file = "secret"'
	echo 'battery staple' >"$STAGE/secret.new"
	mv "$STAGE/secret.new" "$STAGE/secret"
	wait_until 10 has_status 200 "${believed[@]}" \
		PUSH_GATEWAY_SECRET='battery staple'
	[ "$(status /push/v1/notify "${believed[@]}" \
		PUSH_GATEWAY_SECRET='correct horse')" = 401 ]
	echo 'correct horse' >"$STAGE/secret"
}

has_status() {
	local wanted=$1
	shift
	[ "$(status /push/v1/notify "$@")" = "$wanted" ]
}

# on_tcp: a worker whose socket is on a network.
on_tcp() {
	PUSH_GATEWAY_CONFIG=$STAGE/push-gateway.json timeout 20 \
		perl -MIO::Socket::INET -e '
		my $socket = IO::Socket::INET->new(Listen => 5,
			LocalAddr => "127.0.0.1", LocalPort => 0) or die;
		open STDIN, "<&", $socket or die;
		exec @ARGV' "$GATEWAY" 2>"$LOG" 3>&-
}

@test "a worker on TCP does not start without a secret" {
	write_config .
	run -78 on_tcp
	grep -q 'needs fastcgi_secret_file, or allow_tcp_without_secret' "$LOG"
}

@test "a worker on TCP starts with a secret, or where it may do without" {
	local setting
	for setting in '.fastcgi_secret_file = "secret"' \
		'.allow_tcp_without_secret = true'; do
		write_config "$setting"
		# Or what the one before has said would be taken for this one's.
		rm -f "$LOG"
		on_tcp &
		WORKER_PID=$!
		wait_until 10 grep -q serving "$LOG"
		pkill -TERM -P "$WORKER_PID"
		wait "$WORKER_PID"
		WORKER_PID=
	done
}

@test "a certificate is known by its key, whatever else changes in it" {
	local digest
	digest=$(openssl x509 -in "$STAGE/client.pem" -noout -pubkey |
		openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1)
	start_worker '.clients[0] |= (del(.certificate_sha256) |
		.spki_sha256 = [ "'"$digest"'" ])'
	[ "$(status /push/v1/notify SSL_CLIENT_VERIFY=SUCCESS \
		"$(certificate)")" = 200 ]
	make_certificate other clients DNS:other.example
	[ "$(status /push/v1/notify SSL_CLIENT_VERIFY=SUCCESS \
		"SSL_CLIENT_CERT=$(cat "$STAGE/other.pem")")" = 401 ]
}
