#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Marked values go through every path, success and failure: none of them, and no
# token, key or secret, stands where others look.
# shellcheck disable=SC2154

load ../lib/stage.bash
load ../lib/proxy.bash

export WORKERS=1

setup() {
	stage_open "$BATS_TEST_TMPDIR/stage"
	make_webpush_keys
	make_hms_keys
	printf '%s\n' "$PROXY_CREDENTIALS" >"$STAGE/proxy-credentials"
	chmod 600 "$STAGE/proxy-credentials"
}

teardown() {
	stage_close
}

PROXY_CREDENTIALS=user-mark:password-mark

# start JQ-FILTER: with apps of all providers, and a proxy with a password.
start() {
	# shellcheck disable=SC2086
	start_proxy ${PROXY_CREDENTIALS/:/ }
	start_simulator
	# Of the phones; the web server's environment is the workers', too.
	export -n webpush_p256dh webpush_auth
	write_service_account
	write_config '.proxy = "http://127.0.0.1:'"$PROXY_PORT"'" |
		.proxy_credentials_file = "proxy-credentials" |
		.clients[0].apps = [ "*" ] |
		{ vapid_key_file: "vapid.pem", allowed_endpoints: ["localhost"],
		  subject: "mailto:push@example.org", allowed_ports:
		  ['"$webpush_mozilla_port, $unifiedpush_port"'] } as $web |
		.apps += [
		({ app_id: "web", provider: "webpush" } + $web),
		({ app_id: "up", provider: "unifiedpush" } + $web),
		{ app_id: "hms", provider: "hms", version: 2,
		  url: "https://localhost:'"$hms_port"'",
		  token_url: "https://localhost:'"$hms_oauth_port"'/oauth2/v3/token",
		  client_id: "hms-client", client_secret_file: "hms-secret",
		  project_id: "hms-project" } ] | '"$1"
	start_web_server
}

# marked_devices SCRIPT: one of each other kind.
marked_devices() {
	webpush_device web webpush_mozilla "pushkey-mark$1"
	webpush_device up unifiedpush "pushkey-mark$1"
	unifiedpush_device up "pushkey-mark$1"
	device hms "pushkey-mark$1"
}

# A notification to a phone of each kind whose pushkeys have this script, with a
# mark in whatever callers write freely.
marked_plain() {
	local devices
	mapfile -t devices < <(marked_devices "${1-}")
	plain '{"event_id":"$event-mark","type":"m.room.message",
		"room_id":"!room-id-mark","room_name":"room-name-mark",
		"room_alias":"#alias-mark","sender":"@sender-mark",
		"sender_display_name":"display-name-mark",
		"content":{"body":"body-mark","formatted-mark":{"x":"deep-mark"}},
		"counts":{"unread":1},"unknown-mark":"x"}' \
		"$(ios "pushkey-mark$1" "$DATA")" \
		"$(android "pushkey-mark$1" "$DATA")" "${devices[@]}"
}

DATA='{"data":{"data-mark":"x","platform":"platform-mark",
	"default_payload":{"payload-mark":{"x":"y"}}},
	"tweaks":{"sound":"sound-mark"}}'

# marked_encrypted DEVICE
marked_encrypted() {
	encrypted "$1" "{\"ciphertext\":\"$(
		printf 'ciphertext-mark%01389d' 0)\",
		\"time_message_encrypted\":\"time-mark\",
		\"key_identifier\":\"identifier-mark\"}"
}

# send PATH BODY [curl-OPTION...]: whatever is answered.
send() {
	local path=$1 body=$2
	shift 2
	curl -sS --max-time 30 --cacert "$STAGE/providers-ca.pem" \
		--cert "$STAGE/client.pem" --key "$STAGE/client-key.pem" \
		-H 'Content-Type: application/json' \
		-H 'X-Request-ID: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef' \
		--data-binary @- -o /dev/null "$@" \
		"https://localhost:$PORT$path" <<<"$body" || :
}

# send_all SCRIPT: by each operation.
send_all() {
	send /push/v1/notify "$(single "$(marked_plain "$1")")"
	send /_matrix/push/v1/notify "$(single "$(marked_plain "$1")")"
	send /push/v1/notify/batch "$(batch "$(marked_plain "$1")" \
		"$(marked_plain "$1")")"
	local device items=()
	while IFS= read -r device; do
		items+=("$(marked_encrypted "$device")")
	done < <(ios "pushkey-mark$1" "$DATA"; marked_devices "$1")
	send /push/v1/notifyEncrypted/batch "$(batch "${items[@]}")"
}

# What is refused before anything is sent.
send_refused() {
	local good
	good=$(single "$(marked_plain)")
	send /push/v1/notify "${good%?}"
	send /push/v1/notify "$good}body-mark"
	send /push/v1/notify "${good/\"prio\":\"high\"/\"prio\":\"prio-mark\"}"
	send /push/v1/notify "${good/\"body-mark\"/\"body-mark$'\xff'\"}"
	send /push/v1/notify "$good" -H 'Content-Type: text/mark'
	send /push/v1/notify '{"notification":{"devices":[
		{"app_id":"x","pushkey":["pushkey-mark"]}]}}'
	send /push/v1/notify "${good//\"app_id\":\"$IOS_APP\"/\"app_id\":\"unknown.app\"}"
	send /push/v1/notifyEncrypted/batch "$(batch "$(encrypted "$(
		ios pushkey-mark)" '{"ciphertext":"ciphertext-mark"}')")"
	send /push/v1/notify/batch "$(batch "$(marked_plain)" |
		sed 's/item-1/id-mark-id-mark-id-mark-id-mark-id-mark-id-mark-id-mark-id-mark-id-mark/')"
	# Without a certificate that is listed.
	send /push/v1/notify "$good" --cert "$STAGE/stranger.pem" \
		--key "$STAGE/stranger-key.pem"
}

# gather: everything where others look, in files of one directory.
gather() {
	local pid
	mkdir -p "$STAGE/seen"
	cp "$STAGE/gateway.log" "$STAGE/seen/log"
	"$GATEWAY" -m -c "$STAGE/push-gateway.json" >"$STAGE/seen/metrics"
	"$COMMAND" status -c "$STAGE/push-gateway.json" >"$STAGE/seen/status"
	curl -s "http://127.0.0.1:$ADMIN_PORT/status" >"$STAGE/seen/page"
	curl -s "http://127.0.0.1:$ADMIN_PORT/health/ready" \
		>"$STAGE/seen/ready"
	find "$STAGE/state" >"$STAGE/seen/names"
	for pid in $(workers); do
		cat "/proc/$pid/cmdline" "/proc/$pid/environ" \
			>>"$STAGE/seen/process"
	done
	[ -s "$STAGE/seen/process" ]
}

# secrets: tokens that were sent, what phones have, lines of keys, passwords.
secrets() {
	record '.headers.authorization // empty' | sed 's/^[A-Za-z]* //' |
		sort -u
	sed '/-----/d' "$STAGE/AuthKey_ABC1234567.p8" "$STAGE/fcm-key.pem" \
		"$STAGE/vapid.pem" | grep -E '.{20}'
	printf '%s\n' "$webpush_p256dh" "$webpush_auth" \
		"$(printf %s "$PROXY_CREDENTIALS" | base64)"
	cat "$STAGE/hms-secret"
}

# hidden: no mark, not in hex nor in Base64 either, and no secret is there.
hidden() {
	local secret
	! grep -raiE -e '[a-z]-mark' -e "$(printf pushkey-mark |
		od -An -tx1 | tr -d ' \n')" -e "$(printf pushkey-mark |
		base64)" "$STAGE/seen" || return 1
	[ "$(secrets | wc -l)" -ge 14 ]
	while IFS= read -r secret; do
		! grep -rqaF -- "$secret" "$STAGE/seen" || {
			echo "a secret of ${#secret} characters is there"
			grep -rlaF -- "$secret" "$STAGE/seen"
			return 1
		}
	done < <(secrets)
}

# everything_is_hidden FORMAT
everything_is_hidden() {
	local script senders=()
	make_certificate stranger clients DNS:stranger.example
	start ".log = { level: \"debug\", format: \"$1\" } |
		.request_timeout_ms = 1000 | .breaker_failures = 0"
	for script in '' -410 -404 -400 -429 -500 -413 -hang; do
		send_all "$script" 3>&- &
		senders+=("$!")
	done
	send_refused
	wait "${senders[@]}"
	control '{"apns": {"answer": {"status": 403,
		"reason": "InvalidProviderToken"}},
		"fcm": {"answer": {"status": 401, "reason": "UNAUTHENTICATED"}}}'
	send_all ''
	stop "$SIMULATOR_PID"
	send_all ''
	stop "$PROXY_PID"
	send_all ''
	grep -q 'through the proxy 127.0.0.1' "$STAGE/gateway.log"
	local app
	for app in web up hms "$IOS_APP" 'gematik-project.\*.firebase'; do
		"$GATEWAY" -m -c "$STAGE/push-gateway.json" | grep -q \
			"^push_gateway_verdicts_total{.*app=\"$app\".*delivered.*} [1-9]"
	done
	[ "$(grep -c -e later -e failed -e rejected "$STAGE/gateway.log")" -ge 20 ]
	gather
	hidden
}

@test "in a log of lines" {
	everything_is_hidden text
}

@test "in a log of JSON" {
	everything_is_hidden json
}

@test "a search that finds nothing would find a mark" {
	start .
	send_all ''
	gather
	hidden
	echo "x $(ios pushkey-mark)" >>"$STAGE/seen/log"
	run ! hidden
	gather
	record '.headers.authorization // empty' | head -1 \
		>>"$STAGE/seen/metrics"
	run ! hidden
}
