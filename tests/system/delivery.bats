#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# How notifications get through: all at once, streamed back, tried again.

load ../lib/stage.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	# Tests count the connections of one worker.
	WORKERS=1 stage_start '.request_timeout_ms = 2000 |
		.max_devices_per_notification = 10000 |
		.breaker_failures = 0'
}

teardown_file() {
	stage_close
}

setup() {
	control '{}'
	clear_record
}

# timed PATH JSON: posts, and leaves each line of the answer with the
# milliseconds since the request in $STAGE/timed.
timed() {
	local start line
	start=${EPOCHREALTIME//./}
	curl -sSN --max-time 30 --cacert "$STAGE/providers-ca.pem" \
		--cert "$STAGE/client.pem" --key "$STAGE/client-key.pem" \
		-H 'Content-Type: application/json' --data-binary "$2" \
		"https://localhost:$PORT$1" |
		while IFS= read -r line || [ -n "$line" ]; do
		echo "$(((${EPOCHREALTIME//./} - start) / 1000)) $line"
	done >"$STAGE/timed"
	BODY=$(cut -d' ' -f2- "$STAGE/timed")
}

# at PATTERN: when the first line that matches came.
at() {
	awk -v pattern="$1" '$0 ~ pattern { print $1; exit }' "$STAGE/timed"
}

@test "the first result leaves before the last is settled" {
	timed /push/v1/notifyEncrypted/batch "$(batch \
		"$(encrypted "$(android fast)")" "$(encrypted "$(ios fast)")" \
		"$(encrypted "$(android slow1200)")")"
	[ "$(answer '[.results[].status]')" = \
		'["success","success","success"]' ]
	(($(at item-1) < $(longest 1000)))
	(($(at item-2) < $(longest 1000)))
	(($(at item-3) >= 1200))
}

@test "all devices of all items go out at once" {
	control '{"fcm": {"latency_ms": 400}, "apns": {"latency_ms": 400}}'
	local items=() i
	for i in {1..40}; do
		items+=("$(plain '{}' "$(ios "a$i")" "$(android "b$i")")")
	done
	timed /push/v1/notify/batch "$(batch "${items[@]}")"
	[ "$(answer .summary.successful)" = 40 ]
	# Two round trips: Apple allows one stream until the first answer.
	(($(at summary) < $(longest 1600)))
	[ "$(record .connection | sort -u | wc -l)" -le 5 ]
}

@test "what is not settled at the deadline is failed with its own phrase" {
	timed /push/v1/notify/batch "$(batch "$(plain '{}' "$(android a)")" \
		"$(plain '{}' "$(android hang)")" "$(plain '{}' "$(ios hang)")" \
		"$(plain '{}' "$(android b)")")"
	[ "$(answer '[.results[].status]')" = \
		'["success","failed","failed","success"]' ]
	[ "$(answer '[.results[1, 2].error]')" = \
		'["provider did not answer in time","provider did not answer in time"]' ]
	[ "$(answer '[.results[].rejected[]]')" = '[]' ]
	(($(at summary) >= 2000 && $(at summary) < 2000 + $(longest 1000)))
}

@test "a black hole in the place of a provider does not make it later" {
	control '{"apns": {"black_hole": true, "cut_connections": true}}'
	timed /push/v1/notify/batch "$(batch "$(plain '{}' "$(ios a)")" \
		"$(plain '{}' "$(android b)")")"
	control '{}'
	[ "$(answer '[.results[].status]')" = '["failed","success"]' ]
	(($(at summary) < 2000 + $(longest 1000)))
}

@test "after a connection went dead the next request has a fresh one" {
	post /push/v1/notify "$(single "$(plain '{}' "$(android a)")")"
	[ "$CODE" = 200 ]
	control '{"fcm": {"black_hole": true}}'
	post /push/v1/notify "$(single "$(plain '{}' "$(android b)")")"
	[ "$CODE" = 503 ]
	control '{}'
	post /push/v1/notify "$(single "$(plain '{}' "$(android c)")")"
	[ "$CODE" = 200 ]
	[ "$(record 'select(.text == "a" or .text == "c") | .connection' |
		sort -u | wc -l)" = 2 ]
}

@test "a broken connection is tried once more, with the same apns-id" {
	post /push/v1/notify "$(single "$(plain '{}' "$(ios x-cut-once)")")"
	[ "$CODE" = 200 ]
	[ "$(answer .rejected)" = '[]' ]
	[ "$(record .status | tr '\n' ' ')" = "null 200 " ]
	[ "$(record '.headers["apns-id"]' | sort -u | wc -l)" = 1 ]
}

@test "a connection that breaks again and again is given up" {
	post /push/v1/notify "$(single "$(plain '{}' "$(android y-cut)")")"
	[ "$CODE" = 503 ]
	# Twice by us; once by libcurl itself, if the first was a used one.
	(($(record 'select(.service == "fcm")' | wc -l) <= 3))
}

@test "a refused stream is delivered all the same" {
	post /push/v1/notify "$(single "$(plain '{}' "$(ios z-refuse-once)")")"
	[ "$CODE" = 200 ]
	[ "$(record .status | tail -1)" = 200 ]
}

@test "GOAWAY in the middle of a batch loses nothing" {
	control '{"apns": {"goaway_every": 7}, "fcm": {"goaway_every": 5}}'
	local items=() i
	for i in {1..30}; do
		items+=("$(plain '{}' "$(ios "g$i")" "$(android "h$i")")")
	done
	post /push/v1/notify/batch "$(batch "${items[@]}")"
	[ "$(answer .summary.successful)" = 30 ]
}

@test "a server error is tried again after a pause" {
	post /push/v1/notify "$(single "$(plain '{}' "$(ios e-503-once)" \
		"$(android f-500-once)")")"
	[ "$CODE" = 200 ]
	[ "$(record 'select(.service != "oauth") | .status' | sort |
		tr '\n' ' ')" = "200 200 500 503 " ]
}

@test "Retry-After is kept if it fits the deadline, else nothing is tried" {
	post /push/v1/notify "$(single "$(plain '{}' \
		"$(android r-503-retry1-once)")")"
	[ "$CODE" = 200 ]
	[ "$(record .at_ms | awk 'NR == 1 { first = $1 } { last = $1 }
		END { print (last - first >= 990) }')" = 1 ]
	clear_record
	post /push/v1/notify "$(single "$(plain '{}' \
		"$(android s-503-retry60-once)")")"
	[ "$CODE" = 503 ]
	[[ $(header retry-after) =~ ^[0-9]+$ ]]
	[ "$(record . | wc -l)" = 1 ]
}

@test "too many requests are not answered with more of them" {
	post /push/v1/notify/batch "$(batch "$(plain '{}' "$(ios t-429)")" \
		"$(plain '{}' "$(android u-429)")")"
	[ "$(answer '[.results[] | [.status, .error]]')" = \
		'[["failed","provider is overloaded"],["failed","provider is overloaded"]]' ]
	[ "$(record . | wc -l)" = 2 ]
}

@test "a provider that refuses connections is later, and rejects nobody" {
	control '{"apns": {"closed": true, "cut_connections": true}}'
	post /push/v1/notify/batch "$(batch "$(plain '{}' "$(ios v)")" \
		"$(plain '{}' "$(android v)")")"
	[ "$(answer '[.results[] | [.status, .rejected, .error]]')" = \
		'[["failed",[],"provider cannot be reached"],["success",[],null]]' ]
	control '{}'
}

@test "a single notify is 503 only if a retry repeats nothing and can help" {
	# later alone
	post /push/v1/notify "$(single "$(plain '{}' "$(android 503)")")"
	[ "$CODE" = 503 ]
	[ "$(answer .)" = \
		'{"error":"Push Gateway under maintenance or overloaded."}' ]
	[[ $(header retry-after) =~ ^[0-9]+$ ]]
	# later and rejected
	post /push/v1/notify "$(single "$(plain '{}' "$(android 429)" \
		"$(android w-404)")")"
	[ "$CODE" = 503 ]
	# later and delivered
	post /push/v1/notify "$(single "$(plain '{}' "$(android 429)" \
		"$(android w)" "$(android x-404)")")"
	[ "$CODE" = 200 ]
	[ "$(answer .rejected)" = '["x-404"]' ]
	# failed alone
	post /push/v1/notify "$(single "$(plain '{}' "$(device none w)")")"
	[ "$CODE" = 200 ]
	[ "$(answer .rejected)" = '[]' ]
}

@test "the status of an item follows from its devices" {
	local good dead later bad="$(device none x)"
	good=$(android good) dead=$(android x-404) later=$(android 429)
	post /push/v1/notify/batch "$(batch \
		"$(plain '{}' "$good" "$dead")" \
		"$(plain '{}' "$good" "$dead" "$later")" \
		"$(plain '{}' "$good" "$dead" "$bad")" \
		"$(plain '{}' "$good" "$later")" \
		"$(plain '{}' "$good" "$later" "$bad")" \
		"$(plain '{}' "$good" "$bad")" \
		"$(plain '{}' "$dead" "$later")" \
		"$(plain '{}' "$later" "$bad")" \
		"$(plain '{}' "$dead")" \
		"$(plain '{}' "$bad")")"
	[ "$(answer '[.results[] | .status]')" = \
		'["partial","partial","partial","failed","failed","partial","failed","failed","failed","failed"]' ]
	[ "$(answer '[.results[] | .rejected | length]')" = \
		'[1,1,1,0,0,0,1,0,1,0]' ]
	[ "$(answer '[.results[] | has("error")]')" = \
		'[false,true,true,true,true,true,true,true,true,true]' ]
	[[ $(answer '.results[3].error') == *"not reached, retry: "* ]]
	[[ $(answer '.results[5].error') == *"only repeat"* ]]
	[ "$(answer .summary)" = \
		'{"total":10,"successful":0,"failed":6,"partial":4}' ]
}

@test "a 410 from before the pushkey was renewed does not reject it" {
	local then=1700000000
	post /push/v1/notify/batch "$(batch \
		"$(plain '{}' "$(ios "o-410-ts${then}000" \
			"{\"pushkey_ts\": $((then + 1))}")")" \
		"$(plain '{}' "$(ios "p-410-ts${then}000" \
			"{\"pushkey_ts\": $((then - 1))}")")" \
		"$(plain '{}' "$(ios "q-410-ts${then}000" '{"pushkey_ts": 0}')")")"
	[ "$(answer '[.results[].rejected | length]')" = '[0,1,1]' ]
}

@test "our own refused credentials reject nobody" {
	post /push/v1/notify/batch "$(batch \
		"$(plain '{}' "$(ios 403-InvalidProviderToken)")" \
		"$(plain '{}' "$(android 403-bare)")" \
		"$(plain '{}' "$(ios 400-TopicDisallowed)")")"
	[ "$(answer '[.results[] | [.status, .rejected, .error]] | unique')" = \
		'[["failed",[],"provider rejected the gateway'"'"'s credentials"]]' ]
	grep -q 'error: .*rejected our credentials' "$STAGE/gateway.log"
}

@test "a connection that drains after GOAWAY holds up nobody" {
	ANSWER_FILE=hanging post /push/v1/notify \
		"$(single "$(plain '{}' "$(android hang)")")" 3>&- &
	local caller=$!
	wait_until 5 grep -q '"text":"hang"' "$STAGE/record.json"
	post /push/v1/notify "$(single "$(plain '{}' "$(android x-goaway)")")"
	[ "$CODE" = 200 ]
	timed /push/v1/notify/batch "$(batch "$(plain '{}' "$(android a)" \
		"$(android b)" "$(android c)")")"
	[ "$(answer '.results[0].status')" = success ]
	(($(at summary) < 1000))
	wait "$caller"
}

@test "a pushkey that is alive in another entry is not listed" {
	local key
	key=$(printf 'k%.0s' {1..32} | od -An -v -tx1 | tr -d ' \n')
	control '{"apns": {"answer": {"status": 400,
		"reason": "BadDeviceToken"}}}'
	# The same pushkey is good at Google, and no device token at Apple.
	post /push/v1/notify/batch "$(batch "$(plain '{}' \
		"$(device "$IOS_APP" "$key")" "$(device "$ANDROID_APP" "$key")")" \
		"$(plain '{}' "$(device "$IOS_APP" "$key")")")"
	[ "$(answer '[.results[].status]')" = '["partial","failed"]' ]
	[ "$(answer '[.results[].rejected | length]')" = '[0,1]' ]
	[[ $(answer '.results[0].error') == *"only repeat"* ]]
}

@test "a pushkey whose other entry may be alive is not listed either" {
	post /push/v1/notify/batch "$(batch "$(plain '{}' \
		"$(android x-404)" "$(device none x-404)")")"
	[ "$(answer '[.results[] | [.status, .rejected]]')" = \
		'[["failed",[]]]' ]
}

@test "a page in the place of FCM's answer is no delivery" {
	control '{"fcm": {"answer": {"status": 200, "body": "html"}}}'
	post /push/v1/notify "$(single "$(plain '{}' "$(android a)")")"
	[ "$CODE" = 503 ]
}

@test "the platform of a device, or the path's prefix, tells its entry" {
	local before
	before=$(cat "$STAGE/push-gateway.json")
	write_config '.request_timeout_ms = 2000 | .breaker_failures = 0 |
		del(.clients[].apps) |
		.apps[0].topic = "de.gematik.erezept.ios" |
		.apps[0].platform = "ios" | .apps[1].platform = "android" |
		.apps += [ .apps[] | .app_id = "other.app" | del(.platform) ] |
		.apps[0].app_id = "one.app" | .apps[1].app_id = "one.app" |
		.apps[2].path_prefix = "/ios"'
	wait_until 10 delivered_to apns "$(platform ios)" /push/v1/notify
	wait_until 10 delivered_to fcm "$(platform android)" /push/v1/notify
	post /push/v1/notify/batch "$(batch "$(plain '{}' \
		"$(platform web)")")"
	[ "$(answer '.results[0] | [.status, .error, .rejected]')" = \
		'["failed","app_id is not configured",[]]' ]
	wait_until 10 delivered_to apns "$(device other.app \
		"$(apns_pushkey one)")" /ios/push/v1/notify
	wait_until 10 delivered_to fcm "$(device other.app one)" \
		/android/push/v1/notify
	printf '%s' "$before" >"$STAGE/push-gateway.json"
}

# platform NAME: a device of one.app.
platform() {
	local pushkey=one
	[ "$1" != ios ] || pushkey=$(apns_pushkey one)
	device one.app "$pushkey" | jq -c --arg name "$1" \
		'.data = { platform: $name }'
}

# delivered_to PROVIDER DEVICE PATH: and to nobody else.
delivered_to() {
	clear_record
	post "$3" "$(single "$(plain '{}' "$2")")" &&
		[ "$CODE" = 200 ] && [ "$(record .service | sort -u)" = "$1" ]
}
