#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What homeservers send: on Matrix's path no oddity that anybody in a room can
# write keeps a phone from being woken.

load ../lib/stage.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	stage_start '.max_devices_per_notification = 20'
}

teardown_file() {
	stage_close
}

setup() {
	clear_record
	control '{}'
}

# sent JQ-FILTER: of the messages that reached the phone called that.
sent() {
	record "select(.service == \"fcm\") | .body.message.data | $1"
}

# matrix JSON: a notification with these members to a phone.
matrix() {
	post /_matrix/push/v1/notify "$(single "$(plain "$1" \
		"$(android phone)")")"
}

# nested LEVELS: an object so many levels deep.
nested() {
	local open close
	printf -v open '[%.0s' $(seq 2 "$1")
	printf -v close ']%.0s' $(seq 2 "$1")
	printf '{"a":%s%s}' "$open" "$close"
}

@test "GET on Matrix's path says what it is, to whoever asks" {
	request /_matrix/push/v1/notify
	[ "$CODE" = 200 ]
	[ "$BODY" = \
		'{"gateway":"matrix","unifiedpush":{"gateway":"matrix"}}' ]
	[ "$(header content-type)" = application/json ]
	request /gateway/_matrix/push/v1/notify/
	[ "$CODE" = 200 ]
	request /push/v1/notify
	[ "$CODE" = 405 ]
	[ "$(header allow)" = POST ]
}

@test "404 and 405 on Matrix's path are Matrix's" {
	request /_matrix/push/v1/notify -X PUT -d '{}'
	[ "$CODE" = 405 ]
	[ "$(header allow)" = "GET, POST" ]
	[ "$(answer .errcode)" = M_UNRECOGNIZED ]
	[ "$(answer '.error | type')" = string ]
	request /_matrix/push/v1/other
	[ "$CODE" = 404 ]
	[ "$(answer .errcode)" = M_UNRECOGNIZED ]
}

@test "an odd decoration on Matrix's path is as if absent" {
	local odd
	for odd in '{"room_name": ["x"]}' '{"room_alias": 1}' \
		'{"sender_display_name": {"a": 1}}' \
		'{"user_is_target": "yes"}' '{"membership": 5}' \
		'{"content": []}' '{"content": "text"}' \
		'{"content": {"\u0000a": 1}}' \
		'{"content": {"a": [{"b\u0000": {}}]}}'; do
		clear_record
		matrix "$(merged '{"event_id": "$e", "room_id": "!r"}' "$odd")"
		[ "$CODE" = 200 ] || { echo "$odd: $CODE $BODY"; false; }
		[ "$(sent '[.event_id, .room_id]')" = '["$e","!r"]' ]
		# Elsewhere it is a violation, or only what cannot be held is
		# left out.
		post /push/v1/notify "$(single "$(plain "$odd" \
			"$(android phone)")")"
		case $odd in
		*membership*|*u0000*) [ "$CODE" = 200 ] ;;
		*) [ "$CODE" = 400 ] ;;
		esac
	done
}

@test "odd data and tweaks of a device on Matrix's path are as if absent" {
	local odd
	for odd in '{"data": "d"}' '{"data": {"format": 1}}' \
		'{"tweaks": [1]}' '{"data": {"x\u0000": 1}}'; do
		clear_record
		post /_matrix/push/v1/notify "$(single "$(plain \
			'{"event_id": "$e"}' "$(android phone "$odd")")")"
		[ "$CODE" = 200 ] || { echo "$odd: $CODE $BODY"; false; }
		[ "$(sent .event_id)" = '$e' ]
	done
}

@test "content of any depth on Matrix's path wakes the phone" {
	local levels
	for levels in 40 128 129 5000; do
		clear_record
		post /_matrix/push/v1/notify "{\"notification\": {$(
			)\"event_id\": \"\$e\", \"content\": $(nested $levels), $(
			)\"unknown\": $(nested $levels), $(
			)\"devices\": [$(android phone)]}}"
		[ "$CODE" = 200 ] || { echo "$levels: $CODE $BODY"; false; }
		[ "$(sent .event_id)" = '$e' ]
	done
}

@test "content of 128 levels is read on the other paths, and no deeper" {
	post /push/v1/notify "{\"notification\": {\"content\": $(nested 128),
		\"unknown\": $(nested 128), \"devices\": []}}"
	[ "$CODE" = 200 ]
	post /push/v1/notify "{\"notification\": {\"content\": $(nested 129),
		\"devices\": []}}"
	[ "$CODE" = 400 ]
	[ "$(answer .details.location)" = /notification/content ]
	[[ $(answer .details.reason) == *"more than 128 levels"* ]]
}

@test "where a push goes stays strict on Matrix's path" {
	local odd
	for odd in '{"app_id": 1, "pushkey": "k"}' \
		'{"app_id": "a", "pushkey": ["k"]}' '{"app_id": "a"}'; do
		post /_matrix/push/v1/notify \
			"{\"notification\": {\"devices\": [$odd]}}"
		[ "$CODE" = 400 ] || { echo "$odd: $CODE $BODY"; false; }
		[[ $(answer .details.location) == /notification/devices/0/* ]]
	done
}

@test "a name with U+0000 refuses no batch" {
	local odd
	odd=$(plain '{"event_id": "$1", "content": {"x\u0000": 1, "body": "b"},
		"un\u0000known": {"\u0000": []}}' "$(android phone)")
	post /push/v1/notify/batch "$(batch "$odd" \
		"$(plain '{"event_id": "$2"}' "$(android phone)")")"
	[ "$CODE" = 200 ]
	[ "$(answer .summary.successful)" = 2 ]
	# What can be held of the content is sent.
	[ "$(sent .content_body | head -1)" = b ]
}

@test "a pushkey_ts in milliseconds is read as one" {
	# The provider says that the pushkey died in the year 2026.
	local device
	for device in '{"pushkey_ts": 1600000000}' \
		'{"pushkey_ts": 1600000000000}'; do
		post /_matrix/push/v1/notify "$(single "$(plain '{}' \
			"$(ios gone-410 "$device")")")"
		[ "$CODE" = 200 ]
		[ "$(answer '.rejected | length')" = 1 ]
	done
}

@test "more devices than max_devices_per_notification are refused" {
	local devices i
	for ((i = 0; i < 21; i++)); do
		devices+=("$(device de.unknown "key-$i")")
	done
	post /push/v1/notify "$(single "$(plain '{}' "${devices[@]:1}")")"
	[ "$CODE" = 200 ]
	post /push/v1/notify/batch "$(batch "$(plain '{}')" \
		"$(plain '{}' "${devices[@]}")")"
	[ "$CODE" = 400 ]
	[ "$(answer .error)" = 'Invalid data format' ]
	[ "$(answer .details.location)" = \
		/notifications/1/notification/devices ]
	[ "$(answer .details.reason)" = 'must hold at most 20 elements' ]
}
