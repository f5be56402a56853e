#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The troubles of doc/TROUBLESHOOTING.md, each made here: what the page quotes is
# what an operator sees.

load ../lib/stage.bash

export WORKERS=1

setup() {
	stage_open "$BATS_TEST_TMPDIR/stage"
	LOG=$STAGE/gateway.log
}

teardown() {
	stage_close
}

# push: one notification to a phone of each kind.
push() {
	post /push/v1/notify/batch "$(batch "$(plain '{}' "$(ios a)")" \
		"$(plain '{}' "$(android a)")")"
}

# said FILE QUOTE: what the page quotes stands in the file; … is anything.
said() {
	grep -qF -- "\`$2\`" "$ROOT/doc/TROUBLESHOOTING.md" || {
		echo "doc/TROUBLESHOOTING.md does not quote: $2"
		return 1
	}
	grep -q -- "$(sed 's/[][\.*^$]/\\&/g; s/…/.*/g' <<<"$2")" "$1" || {
		echo "not said: $2"
		cat "$1"
		return 1
	}
}

# logs QUOTE...
logs() {
	local quote
	for quote; do
		said "$LOG" "$quote"
	done
}

# probes QUOTE...: push-gateway probe fails, and says so.
probes() {
	local quote
	run "$COMMAND" probe -c "$STAGE/push-gateway.json"
	[ "$status" = 69 ]
	printf '%s\n' "$output" >"$STAGE/probed"
	for quote; do
		said "$STAGE/probed" "$quote"
	done
}

# checks QUOTE...: push-gateway check says so.
checks() {
	local quote
	"$COMMAND" check -c "$STAGE/push-gateway.json" >"$STAGE/checked" 2>&1 ||
		:
	for quote; do
		said "$STAGE/checked" "$quote"
	done
}

# apple STATUS REASON: what Apple answers from now on.
apple() {
	control "{\"apns\": {\"answer\": {\"status\": $1, \"reason\": \"$2\"}}}"
}

google() {
	control "{\"fcm\": {\"answer\": {\"status\": $1, \"reason\": \"$2\"}}}"
}

@test "wrong key id" {
	stage_start '.apps[0].key_id = "XYZ1234567"'
	push
	logs 'provider rejected our credentials: …' InvalidProviderToken \
		'key_id, team_id or key_file is wrong, or the key was revoked'
	probes 'key_id, team_id or key_file is wrong, or the key was revoked'
}

@test "wrong team" {
	stage_start '.apps[0].team_id = "TEAM999999"'
	push
	logs 'provider rejected our credentials: …' InvalidProviderToken
	probes 'key_id, team_id or key_file is wrong, or the key was revoked'
}

@test "wrong topic" {
	stage_start '.apps[0].topic = "de.gematik.other"'
	push
	logs 'provider rejected our credentials: …' TopicDisallowed \
		'the key or certificate is not for this "topic"'
	probes 'the key or certificate is not for this "topic"'
}

@test "devices of the sandbox at production, and of another app" {
	stage_start
	apple 400 BadDeviceToken
	push
	logs 'a pushkey was rejected (…), but the app has not delivered anything yet' \
		BadDeviceToken
	[[ $(answer '.results[0].error') == *"has not delivered anything yet" ]]
}

@test "a key of the other environment, and one that was used too often" {
	stage_start
	apple 403 BadEnvironmentKeyInToken
	push
	logs 'the key is for the other environment: see "environment"'
	probes 'the key is for the other environment: see "environment"'
}

@test "a service account of another project, or a disabled API" {
	stage_start
	google 403 PERMISSION_DENIED
	push
	logs 'the service account may not send for this project, or its Firebase Cloud Messaging API is disabled'
	probes 'the service account may not send for this project, or its Firebase Cloud Messaging API is disabled'
}

@test "a service account whose key was deleted" {
	openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
		-out "$STAGE/fcm-key.pem" 2>>"$STAGE/openssl.log"
	stage_start
	push
	logs 'no token: …' 'the token endpoint answered …' invalid_grant \
		"the service account's key was deleted, or this host's clock is wrong"
	probes "the service account's key was deleted, or this host's clock is wrong"
}

@test "an expired certificate" {
	make_certificate_for_days '9 days ago' yesterday over clients \
		DNS:push.example
	cat "$STAGE/over.pem" "$STAGE/over-key.pem" >"$STAGE/apns.pem"
	stage_start '.apps[0] |= (del(.key_file, .key_id, .team_id) +
		{ certificate_file: "apns.pem" })'
	logs '… contains a certificate that expired at …'
	checks '… contains a certificate that expired at …'
}

@test "a provider that is down, and a proxy that is not there" {
	stage_start '.proxy = "http://127.0.0.1:9"'
	push
	logs 'no response: …' 'the token endpoint cannot be reached: …' \
		'(through the proxy …)'
	probes 'no answer: …' '(through the proxy …)'
}

@test "a wrong file of CAs, and none" {
	stage_start '.ca_file = "none.pem"'
	push
	logs 'no provider can be reached: …' ca_file
	checks 'cannot read …'
}

@test "callers that are not listed, or show no certificate" {
	make_certificate stranger clients DNS:stranger.example
	stage_start
	request /push/v1/notify --cert "$STAGE/stranger.pem" \
		--key "$STAGE/stranger-key.pem" \
		-H 'Content-Type: application/json' -d '{}'
	[ "$CODE" = 401 ]
	logs 'verified certificate matches no configured client' \
		': certificate_sha256 … issuer_sha256 … san_dns…'
	request /push/v1/notify -H 'Content-Type: application/json' -d '{}'
	[ "$CODE" = 401 ]
	logs 'refused: …' 'SSL_CLIENT_VERIFY is …'
}

@test "a state directory of another user, and one that is open" {
	[ "$EUID" = 0 ] || skip "it takes root"
	stage_prepare
	mkdir -m 777 "$STAGE/state"
	chmod 777 "$STAGE/state"
	checks 'the state directory … is open to others: chmod 0700 …'
	chmod 700 "$STAGE/state"
	chown nobody "$STAGE/state"
	run perl "$ROOT/tests/lib/fastcgi.pl" serve "$STAGE/socket" \
		"$GATEWAY" -c "$STAGE/push-gateway.json"
	printf '%s\n' "$output" >"$STAGE/started"
	said "$STAGE/started" \
		"the state directory … belongs to user …, not to this worker's user …"
}

@test "started by hand, and a changed file with a mistake" {
	stage_start
	run "$GATEWAY" -c "$STAGE/push-gateway.json" <"$STAGE/push-gateway.json"
	printf '%s\n' "$output" >"$STAGE/started"
	said "$STAGE/started" \
		'file descriptor … is not a listening FastCGI socket: a web server starts this program'
	write_config '.max_batch_size = 0'
	wait_until 5 grep -q 'keeping the previous' "$LOG"
	logs 'keeping the previous configuration: …'
}

@test "a secret that everybody may write" {
	stage_prepare
	chmod 666 "$STAGE/AuthKey_ABC1234567.p8"
	checks '… may be written by everybody, so it is not used: chmod o-w …'
	start_web_server
	logs '… may be written by everybody, so it is not used: chmod o-w …'
}
