#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# FCM without a key: the token of another identity provider becomes one of
# Google's (workload identity federation).

load ../lib/stage.bash

EMAIL=push@gematik-project.iam.gserviceaccount.com

setup() {
	stage_open "$BATS_TEST_TMPDIR/stage"
	control '{}'
}

teardown() {
	stage_close
}

APP='.apps[1].service_account_file = "external-account.json" |
	.apps[1].project_id = "gematik-project"'

# keyless [EMAIL [JQ-FILTER [JQ-FILTER]]]: a gateway whose account is of that
# file, as that service account, and whose configuration is changed so.
keyless() {
	make_external_account "${1-}"
	start_simulator
	write_external_account "${1-}" "${2:-.}"
	write_config "$APP | ${3:-.}"
	start_web_server
}

push() {
	post /push/v1/notify "$(single "$(plain '{}' "$(android "$1")")")"
}

# asked: the steps on the way to tokens, in order.
asked() {
	record 'select(.service == "oauth") |
		.method + " " + (.path | sub("/v1/projects.*:"; "")) +
		" " + (.status | tostring)' | xargs
}

# explains WORDS: probe fails at the token, and says so.
explains() {
	run -69 "$COMMAND" probe "$ANDROID_APP" --json \
		-c "$STAGE/push-gateway.json"
	[[ $(jq -r '.[0].steps[] | select(.name == "token") | .words' \
		<<<"$output") == *"$1"* ]] || {
		echo "$output"
		false
	}
}

# forget_token: as if the current token had come to its end.
forget_token() {
	rm -f "$STAGE"/state/fcm-*.token
	restart_web_server
}

@test "a token in a file is exchanged for one that lets send" {
	keyless
	push a
	[ "$CODE" = 200 ]
	[ "$(asked)" = 'POST /v1/token 200' ]
	push b
	[ "$CODE" = 200 ]
	[ "$(asked)" = 'POST /v1/token 200' ]
	run ! grep -r "$(cat "$STAGE/subject-token")" "$STAGE/state" \
		"$STAGE/gateway.log"
}

@test "it is exchanged once more where a service account sends" {
	keyless "$EMAIL" . 'del(.apps[1].project_id)'
	push a
	[ "$CODE" = 200 ]
	[ "$(asked)" = \
		'POST /v1/token 200 POST generateAccessToken 200' ]
}

@test "a token at a URL is asked for with its headers" {
	keyless "$EMAIL" '.credential_source = {
		url: ($sts | sub("/v1$"; "/subject-token.json")),
		headers: { Metadata: "True" },
		format: { type: "json",
			subject_token_field_name: "id_token" } }'
	push a
	[ "$CODE" = 200 ]
	[ "$(asked)" = 'GET /subject-token.json 200 POST /v1/token 200 POST generateAccessToken 200' ]
}

# metadata_server: serves the subject token over plain HTTP, as a cloud does;
# sets METADATA_PORT.
metadata_server() {
	mkdir "$STAGE/metadata"
	cp "$STAGE/subject-token" "$STAGE/metadata/token"
	python3 -u -m http.server --bind 127.0.0.1 \
		--directory "$STAGE/metadata" 0 >"$STAGE/metadata.log" 2>&1 3>&- &
	echo $! >>"$STAGE/pids"
	wait_until 10 grep -q 'port [0-9]' "$STAGE/metadata.log"
	METADATA_PORT=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' \
		"$STAGE/metadata.log")
}

@test "a token of this host's metadata service comes past the proxy" {
	make_external_account
	start_simulator
	metadata_server
	write_external_account '' ".credential_source =
		{ url: \"http://127.0.0.1:$METADATA_PORT/token\" }"
	write_config "$APP"' | .proxy = "http://127.0.0.1:1"'
	start_web_server
	push a
	[ "$CODE" = 503 ]
	grep -q '"GET /token HTTP' "$STAGE/metadata.log"
	[ "$(asked)" = '' ]
	write_config "$APP"
	wait_until 10 delivered
}

@test "a token's file that was replaced is read for the next one" {
	keyless
	push a
	[ "$CODE" = 200 ]
	printf 'subject-other' >"$STAGE/subject-token.new"
	mv "$STAGE/subject-token" "$STAGE/subject-token.good"
	mv "$STAGE/subject-token.new" "$STAGE/subject-token"
	forget_token
	push b
	[ "$CODE" = 503 ]
	run ! grep -q 'configuration reloaded' "$STAGE/gateway.log"
	mv "$STAGE/subject-token.good" "$STAGE/subject-token"
	wait_until 5 delivered
	run ! grep -q 'configuration reloaded' "$STAGE/gateway.log"
}

delivered() {
	push c
	[ "$CODE" = 200 ]
}

# ... by a token of its own, since the account is another one.
delivered_anew() {
	delivered && [ "$(asked)" = 'POST /v1/token 200' ]
}

# The sandbox knows its directory, as Kubernetes' tokens are replaced.
@test "a token's file may be anywhere, and be a link that is exchanged" {
	local directory=$BATS_TEST_TMPDIR/tokens
	mkdir -p "$directory/one" "$directory/two"
	make_external_account
	start_simulator
	printf 'subject-other' >"$directory/one/token"
	cp "$STAGE/subject-token" "$directory/two/token"
	ln -s one "$directory/data"
	ln -s data/token "$directory/token"
	write_external_account '' ".credential_source.file =
		\"$directory/token\""
	write_config "$APP"
	start_web_server
	push a
	[ "$CODE" = 503 ]
	ln -s two "$directory/data.new"
	mv -T "$directory/data.new" "$directory/data"
	wait_until 5 delivered
}

@test "an account whose token is in another directory gets workers for it" {
	grep -q __asan_init "$GATEWAY" &&
		skip "the sanitizers leave the sandbox off"
	keyless
	push a
	mkdir "$BATS_TEST_TMPDIR/tokens"
	mv "$STAGE/subject-token" "$BATS_TEST_TMPDIR/tokens/token"
	clear_record
	write_external_account '' ".credential_source.file =
		\"$BATS_TEST_TMPDIR/tokens/token\""
	wait_until 20 grep -q 'needs files outside of the sandbox: stopping' "$STAGE/gateway.log"
	wait_until 20 delivered_anew
}

@test "a token that Google refuses is a matter of credentials, in words" {
	keyless
	printf 'subject-other' >"$STAGE/subject-token"
	post /push/v1/notify/batch "$(batch "$(plain '{}' "$(android a)")")"
	[ "$(answer '[.results[] | [.status, .rejected, .error]]')" = \
		'[["failed",[],"provider rejected the gateway'"'"'s credentials"]]' ]
	grep -q 'no token: the token endpoint answered 400, invalid_grant: the subject token has expired, or is none for this "audience"' \
		"$STAGE/gateway.log"
	explains 'the subject token has expired'
}

@test "an account that may not be impersonated is, in words, too" {
	keyless "$EMAIL" '.service_account_impersonation_url |=
		sub("push@"; "other@")'
	push a
	[ "$CODE" = 503 ]
	[ "$(asked)" = \
		'POST /v1/token 200 POST generateAccessToken 403' ]
	explains 'the service account is not impersonated (403, PERMISSION_DENIED)'
	explains 'roles/iam.workloadIdentityUser'
}

@test "probe shows that the token is had" {
	keyless "$EMAIL"
	run -0 "$COMMAND" probe "$ANDROID_APP" -c "$STAGE/push-gateway.json"
	[[ $output == *"(fcm): ok"* ]]
}

@test "check tells what is wrong with such a file" {
	make_external_account
	start_simulator
	write_external_account
	chmod 600 "$STAGE"/*.json "$STAGE"/*.p8
	write_config "$APP"
	run -0 "$COMMAND" check -c "$STAGE/push-gateway.json"
	write_external_account '' '.type = "authorized_user"'
	configuration_refused 'is of the type authorized_user, not service_account or external_account'
	write_external_account '' '.token_url = "http://sts.example/"'
	configuration_refused '"token_url" must be an https:// URL'
	write_external_account '' '.credential_source = { executable: {} }'
	configuration_refused '"credential_source/executable" is not supported'
	write_external_account '' '.credential_source.file = "nosuch"'
	configuration_refused 'nosuch: No such file'
	write_external_account
	write_config "$APP | del(.apps[1].project_id)"
	configuration_refused 'names no project: set "project_id"'
	write_external_account "$EMAIL"
	"$GATEWAY" -t -c "$STAGE/push-gateway.json"
}
