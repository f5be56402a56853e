#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What the providers are handed.

load ../lib/stage.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	make_hms_keys
	make_webpush_keys
	start_simulator
	write_service_account
	# shellcheck disable=SC2154 # of simulator.ready
	write_config '.apps[0] += { sound: "default", alert_title: "E-Rezept",
		time_to_live_s: 3600 } | .apps[1].time_to_live_s = 60 |
		.clients[0].apps += ["hms*", "web", "up"] |
		{ url: "https://localhost:'"$hms_port"'", token_url:
			"https://localhost:'"$hms_oauth_port"'/oauth2/v3/token"
		} as $hms | .apps += [
		$hms + { app_id: "hms1", provider: "hms", version: 1,
		  client_id: "hms-client", client_secret_file: "hms-secret",
		  hms_app_id: "hms-app" },
		$hms + { app_id: "hms3", provider: "hms", version: 3,
		  service_account_file: "hms-account.json" },
		{ app_id: "web", provider: "webpush",
		  vapid_key_file: "vapid.pem",
		  subject: "mailto:push@example.org",
		  allowed_ports: ['"$webpush_mozilla_port"'],
		  allow_private: ["127.0.0.0/8", "::1"] },
		{ app_id: "up", provider: "unifiedpush",
		  allowed_ports: ['"$unifiedpush_port"'],
		  allow_private: ["127.0.0.0/8", "::1"] } ]'
	start_web_server
}

teardown_file() {
	stage_close
}

setup() {
	clear_record
}

# apns JQ-FILTER, fcm JQ-FILTER: of the one request that the provider saw.
apns() {
	record "select(.service == \"apns\") | $1"
}

fcm() {
	record "select(.service == \"fcm\") | $1"
}

# hms JQ-FILTER: the same of Huawei, where . is what the app reads.
hms() {
	record 'select(.service == "hms") | .body |
		(.message.data // .payload.extraData) | fromjson | '"$1"
}

# web JQ-FILTER, up JQ-FILTER: of a browser, decrypted, and of a distributor.
web() {
	record "select(.service == \"webpush_mozilla\") | .plaintext | $1"
}

up() {
	record "select(.service == \"unifiedpush\") | .body | $1"
}

# others PUSHKEY: devices that are neither Apple's nor Google's, and read the
# notification as it is.
others() {
	device hms1 "$1"
	device hms3 "$1"
	webpush_device web webpush_mozilla "$1"
}

# to_others JSON: the notification to all of these.
to_others() {
	local list
	mapfile -t list < <(others phone)
	post /push/v1/notify "$(single "$(plain "$1" "${list[@]}")")"
}

# all_read JQ-FILTER: what each of the three reads of it, if that is the same.
all_read() {
	local seen
	seen=$(hms "$1" && web "$1")
	[ "$(wc -l <<<"$seen")" = 3 ] && sort -u <<<"$seen"
}

@test "an encrypted notification for Apple holds what decrypts it, and an alert" {
	post /push/v1/notifyEncrypted/batch "$(batch "$(encrypted "$(ios phone)" \
		'{"identifier": "i-1", "counts": {"unread": 2, "missed_calls": 1}}')")"
	[ "$(answer .summary.successful)" = 1 ]
	[ "$(apns '.body | keys')" = \
		'["aps","ciphertext","identifier","key_identifier","time_message_encrypted"]' ]
	[ "$(apns .body.aps)" = \
		'{"badge":3,"alert":{"title":"E-Rezept","body":"Neue Nachricht"},"mutable-content":1,"sound":"default"}' ]
	[ "$(apns '.body.ciphertext | length')" = 1404 ]
	[ "$(apns .body.time_message_encrypted)" = 2026-11 ]
	[ "$(apns .body.identifier)" = i-1 ]
}

@test "Apple's headers say topic, type, priority, end and id" {
	local now
	now=$(date +%s)
	post /push/v1/notifyEncrypted/batch "$(batch "$(encrypted "$(ios phone)")")"
	[ "$(apns '.headers["apns-topic"]')" = de.gematik.erezept.ios ]
	[ "$(apns '.headers["apns-push-type"]')" = alert ]
	[ "$(apns '.headers["apns-priority"]')" = 10 ]
	[[ $(apns '.headers["apns-collapse-id"]') =~ ^[0-9a-f]{32}$ ]]
	[[ $(apns '.headers["apns-id"]') =~ ^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$ ]]
	local expiration
	expiration=$(apns '.headers["apns-expiration"]')
	((expiration >= now + 3600 && expiration <= now + 3610))
	[ "$(apns .path)" = "/3/device/$(apns_pushkey phone)" ]
}

@test "each device gets an apns-id of its own" {
	post /push/v1/notify "$(single "$(plain '{}' "$(ios a)" "$(ios b)")")"
	[ "$(apns '.headers["apns-id"]' | sort -u | wc -l)" = 2 ]
}

@test "low priority is 5 at Apple and NORMAL at Google" {
	post /push/v1/notify "$(single "$(plain '{"prio": "low"}' \
		"$(ios phone)" "$(android phone)")")"
	[ "$(apns '.headers["apns-priority"]')" = 5 ]
	[ "$(fcm .body.message.android.priority)" = NORMAL ]
}

@test "low priority is NORMAL at Huawei, and low at push services" {
	to_others '{"prio": "low"}'
	[ "$CODE" = 200 ]
	[ "$(record '.body.message.android.urgency // empty')" = NORMAL ]
	[ "$(record 'select(.service == "webpush_mozilla") |
		.headers.urgency')" = low ]
	clear_record
	to_others '{}'
	[ "$(record '.body.message.android.urgency // empty')" = HIGH ]
	[ "$(record 'select(.service == "webpush_mozilla") |
		.headers.urgency')" = high ]
}

@test "without prio it is high" {
	post /push/v1/notify "$(single "$(plain '{}' "$(ios phone)" \
		"$(android phone)" | jq -c 'del(.prio)')")"
	[ "$(apns '.headers["apns-priority"]')" = 10 ]
	[ "$(apns .body.prio)" = high ]
	[ "$(fcm .body.message.android.priority)" = HIGH ]
	[ "$(fcm .body.message.data.prio)" = high ]
}

@test "an encrypted notification for Google is data alone" {
	post /push/v1/notifyEncrypted/batch "$(batch \
		"$(encrypted "$(android phone)" '{"identifier": "i-1"}')")"
	[ "$(fcm '.body.message | keys')" = '["android","data","token"]' ]
	[ "$(fcm '.body.message.data | keys')" = \
		'["ciphertext","identifier","key_identifier","time_message_encrypted"]' ]
	[ "$(fcm .body.message.android)" = '{"priority":"HIGH","ttl":"60s"}' ]
	[ "$(fcm .body.message.token)" = phone ]
	[ "$(fcm .path)" = /v1/projects/gematik-project/messages:send ]
}

@test "an encrypted notification for the others is what decrypts it alone" {
	local device devices items=()
	mapfile -t devices < <(others phone)
	for device in "${devices[@]}"; do
		items+=("$(encrypted "$device" '{"identifier": "i-1",
			"counts": {"unread": 2}}')")
	done
	post /push/v1/notifyEncrypted/batch "$(batch "${items[@]}")"
	[ "$(answer .summary.successful)" = 3 ]
	[ "$(all_read keys)" = \
		'["ciphertext","identifier","key_identifier","time_message_encrypted"]' ]
	[ "$(all_read '.ciphertext | length')" = 1404 ]
}

PLAIN='{ "event_id": "$e", "room_id": "!r", "type": "m.room.message",
	"sender": "@a:b", "sender_display_name": "A", "room_name": "Room",
	"room_alias": "#room:b", "user_is_target": true,
	"counts": { "unread": 2, "missed_calls": 1 },
	"content": { "body": "hi", "n": 1.5, "b": true, "o": { "x": 1 },
		"a": [1], "z": null } }'

@test "a plain notification for Apple carries its members beside aps" {
	post /push/v1/notify "$(single "$(plain "$PLAIN" "$(ios phone \
		'{"data": {"format": "f"}, "tweaks": {"sound": "s"}}')")")"
	[ "$(apns '.body | del(.aps)' | jq -cS .)" = "$(jq -cS \
		'del(.user_is_target) + { prio: "high" }' <<<"$PLAIN")" ]
	[ "$(apns '.body.aps.badge')" = 3 ]
	[ "$(apns '.body.aps["mutable-content"]')" = 1 ]
}

@test "a plain notification for Google carries its members as strings" {
	post /push/v1/notify "$(single "$(plain "$PLAIN" "$(android phone \
		'{"data": {"format": "f"}, "tweaks": {"sound": "s"}}')")")"
	[ "$(fcm .body.message.data | jq -cS .)" = "$(jq -cnS '{
		event_id: "$e", room_id: "!r", type: "m.room.message",
		sender: "@a:b", sender_display_name: "A", room_name: "Room",
		room_alias: "#room:b", prio: "high", unread: "2",
		missed_calls: "1", content_body: "hi", content_n: "1.5",
		content_b: "true" }')" ]
}

@test "a plain notification for the others has its members as they came" {
	to_others "$PLAIN"
	[ "$CODE" = 200 ]
	[ "$(all_read . | jq -cS .)" = "$(jq -cS 'del(.user_is_target) |
		. + .counts + { prio: "high" } | del(.counts)' <<<"$PLAIN")" ]
}

@test "a distributor without keys reads which event it is, and no more" {
	post /push/v1/notify "$(single "$(plain "$PLAIN" \
		"$(unifiedpush_device up phone)")")"
	[ "$CODE" = 200 ]
	[ "$(up . | jq -cS .)" = "$(jq -cS '{ notification: ({ event_id, room_id,
		counts } + { prio: "high", devices: [] }) }' <<<"$PLAIN")" ]
}

@test "a badge alone goes out without an alert" {
	# As Synapse writes it: empty strings and a null.
	post /push/v1/notify "$(single "$(plain '{"id": "", "type": null,
		"sender": "", "counts": {"unread": 0}}' "$(ios phone)" \
		"$(android phone)" | jq -c 'del(.prio)')")"
	[ "$CODE" = 200 ]
	[ "$(apns .body.aps)" = '{"badge":0}' ]
	[ "$(fcm .body.message.data)" = '{"prio":"high","unread":"0"}' ]
}

@test "a badge alone goes out to the others, too" {
	to_others '{"counts": {"unread": 0}}'
	[ "$CODE" = 200 ]
	[ "$(all_read .)" = '{"prio":"high","unread":0}' ]
}

@test "too long a payload loses its content, then the names, then fails" {
	local long name
	long=$(printf 'x%.0s' {1..3500})
	name=$(printf 'n%.0s' {1..1500})
	post /push/v1/notify/batch "$(batch \
		"$(plain "{\"event_id\": \"1\", \"room_name\": \"$name\",
			\"content\": {\"body\": \"$long\"}}" "$(ios a)" "$(android a)")" \
		"$(plain "{\"event_id\": \"2\", \"room_name\": \"$long\",
			\"sender_display_name\": \"$name\", \"sender\": \"@s\"}" \
			"$(ios b)" "$(android b)")" \
		"$(plain "{\"event_id\": \"$long$name\"}" "$(ios c)" "$(android c)")")"
	[ "$(answer '[.results[].status]')" = '["success","success","failed"]' ]
	[ "$(answer .results[2].error)" = \
		"notification is too long for the provider" ]
	[ "$(apns 'select(.body.event_id == "1") | .body |
		[has("content"), has("room_name")]')" = '[false,true]' ]
	[ "$(apns 'select(.body.event_id == "2") | .body |
		[has("room_name"), has("sender_display_name"), .sender]')" = \
		'[false,false,"@s"]' ]
	[ "$(fcm 'select(.body.message.data.event_id == "2") |
		.body.message.data | [has("room_name"), .sender]')" = \
		'[false,"@s"]' ]
	[ "$(record 'select(.violation != null)')" = "" ]
}

@test "payloads for the others lose the same, in the same order" {
	local long name lists
	long=$(printf 'x%.0s' {1..3500})
	name=$(printf 'n%.0s' {1..1500})
	mapfile -t lists < <(others a)
	post /push/v1/notify/batch "$(batch \
		"$(plain "{\"event_id\": \"1\", \"room_name\": \"$name\",
			\"content\": {\"body\": \"$long\"}}" "${lists[@]}")" \
		"$(plain "{\"event_id\": \"2\", \"room_name\": \"$long\",
			\"sender_display_name\": \"$name\", \"sender\": \"@s\"}" \
			"${lists[@]}")" \
		"$(plain "{\"event_id\": \"$long$name\"}" "${lists[@]}")")"
	[ "$(answer '[.results[].status]')" = '["success","success","failed"]' ]
	[ "$(answer .results[2].error)" = \
		"notification is too long for the provider" ]
	[ "$(all_read 'select(.event_id == "1") |
		[has("content"), has("room_name")]')" = '[false,true]' ]
	[ "$(all_read 'select(.event_id == "2") |
		[has("room_name"), has("sender_display_name"), .sender]')" = \
		'[false,false,"@s"]' ]
	[ "$(record 'select(.violation != null)')" = "" ]
}

@test "a device token may come in hex of either case or in Base64" {
	local hex base64
	hex=$(printf 'k%.0s' {1..32} | od -An -v -tx1 | tr -d ' \n')
	base64=$(printf 'k%.0s' {1..32} | base64)
	post /push/v1/notify "$(single "$(plain '{}' \
		"$(device "$IOS_APP" "${hex^^}")" \
		"$(device "$IOS_APP" "$base64")")")"
	[ "$CODE" = 200 ]
	[ "$(apns .path | sort -u)" = "/3/device/$hex" ]
	[ "$(apns .path | wc -l)" = 2 ]
}

@test "a pushkey that is none of the provider's fails without a call" {
	post /push/v1/notify/batch "$(batch \
		"$(plain '{}' "$(device "$IOS_APP" 'not a token')")" \
		"$(plain '{}' "$(device "$ANDROID_APP" 'a b')")")"
	[ "$(answer '[.results[] | [.status, .rejected, .error]]')" = \
		'[["failed",[],"pushkey is not valid for this app'"'"'s provider"],["failed",[],"pushkey is not valid for this app'"'"'s provider"]]' ]
	[ "$(apns .)$(fcm .)" = "" ]
}

@test "a pushkey that is none of the others' fails without a call, too" {
	local auth='{"data": {"endpoint": "https://push.example/", "auth": "x"}}'
	post /push/v1/notify/batch "$(batch \
		"$(plain '{}' "$(device hms1 'a b')")" \
		"$(plain '{}' "$(device hms3 'a"b')")" \
		"$(plain '{}' "$(device web key "$auth")")" \
		"$(plain '{}' "$(device up key)")")"
	[ "$(answer '[.results[] | [.status, .rejected]] | unique')" = \
		'[["failed",[]]]' ]
	[ "$(answer '[.results[].error] | unique')" = \
		'["endpoint of the device is not allowed","pushkey is not valid for this app'"'"'s provider"]' ]
	[ "$(record .service)" = "" ]
}

@test "characters beyond ASCII reach the phone unchanged" {
	post /push/v1/notify "$(single "$(plain '{"room_name":
		"Praxis Dr. Müller \u00e4 😀", "content": {"body": "Grüße"}}' \
		"$(ios phone)" "$(android phone)")")"
	[ "$CODE" = 200 ]
	[ "$(apns .body.room_name)" = "Praxis Dr. Müller ä 😀" ]
	[ "$(fcm .body.message.data.content_body)" = "Grüße" ]
	[ "$(record 'select(.violation != null)')" = "" ]
}

@test "characters beyond ASCII reach the others unchanged, too" {
	to_others '{"room_name": "Praxis Dr. Müller \u00e4 😀",
		"content": {"body": "Grüße \"\\"}}'
	[ "$CODE" = 200 ]
	[ "$(all_read .room_name)" = "Praxis Dr. Müller ä 😀" ]
	[ "$(all_read .content.body)" = 'Grüße "\' ]
	[ "$(record 'select(.violation != null)')" = "" ]
}
