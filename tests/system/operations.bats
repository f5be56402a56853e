#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The four operations, from a caller's certificate to the providers' verdicts.

load ../lib/stage.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	stage_start
}

teardown_file() {
	stage_close
}

setup() {
	clear_record
	control '{}'
}

@test "a single notification reaches an Apple and a Google device" {
	post /push/v1/notify "$(single "$(plain '{"event_id": "$e"}' \
		"$(ios phone)" "$(android phone)")")"
	[ "$CODE" = 200 ]
	[ "$BODY" = '{"rejected":[]}' ]
	[ "$(header content-type)" = application/json ]
	[ "$(record .service | sort | tr '\n' ' ')" = "apns fcm oauth " ]
	[ "$(record 'select(.violation != null)')" = "" ]
}

@test "a single notification lists the dead pushkeys as they were received" {
	post /push/v1/notify "$(single "$(plain '{"event_id": "$e"}' \
		"$(ios phone)" "$(ios gone-410)" "$(android dead-404)")")"
	[ "$CODE" = 200 ]
	[ "$(answer .rejected)" = \
		"[\"$(apns_pushkey gone-410)\",\"dead-404\"]" ]
}

@test "a Matrix homeserver's path is the single operation" {
	post /_matrix/push/v1/notify "$(single "$(plain '{}' \
		"$(android phone)" "$(android dead-404)")")"
	[ "$CODE" = 200 ]
	[ "$(answer .rejected)" = '["dead-404"]' ]
}

@test "a batch of plain notifications is answered item by item" {
	post /push/v1/notify/batch "$(batch \
		"$(plain '{"event_id": "$1"}' "$(ios one)" "$(android two)")" \
		"$(plain '{"event_id": "$2"}' "$(ios gone-410)")" \
		"$(plain '{"event_id": "$3"}' "$(ios a)" "$(android dead-404)")" \
		"$(plain '{"event_id": "$4"}')")"
	[ "$CODE" = 200 ]
	[ "$(answer '[.results[] | [.id, .status]]')" = \
		'[["item-1","success"],["item-2","failed"],["item-3","partial"],["item-4","success"]]' ]
	[ "$(answer '[.results[].rejected]')" = \
		"[[],[\"$(apns_pushkey gone-410)\"],[\"dead-404\"],[]]" ]
	[ "$(answer .summary)" = \
		'{"total":4,"successful":2,"failed":1,"partial":1}' ]
	[ "$(answer '[.results[] | has("error")]')" = '[false,true,false,false]' ]
}

@test "a batch of encrypted notifications reaches both networks" {
	post /push/v1/notifyEncrypted/batch "$(batch \
		"$(encrypted "$(ios phone)")" "$(encrypted "$(android phone)")" \
		"$(encrypted "$(android dead-404)")")"
	[ "$CODE" = 200 ]
	[ "$(answer '[.results[].status]')" = '["success","success","failed"]' ]
	[ "$(answer .results[2].rejected)" = '["dead-404"]' ]
	[ "$(record 'select(.violation != null)')" = "" ]
}

@test "any base, a trailing slash, a query and encoded letters lead there" {
	local path
	for path in /push/v1/notify/ "/push/v1/notify?a=/b" /ios/push/v1/notify \
		/a/b/c/push/v1/notify /push/v1/%6eotify; do
		post "$path" "$(single "$(plain '{}')")"
		[ "$CODE" = 200 ] || { echo "$path: $CODE $BODY"; false; }
	done
}

@test "a path that is folded together leads nowhere" {
	local path
	for path in //push/v1/notify /push//v1/notify /x/../push/v1/notify \
		/push/v1/./notify /x/%2e%2e/push/v1/notify \
		/push/v1/notify// /push/v1/notify/../notify; do
		post "$path" "$(single "$(plain '{}')")"
		[ "$CODE" = 404 ] || { echo "$path: $CODE $BODY"; false; }
		[ "$(answer 'has("error")')" = true ]
	done
}

@test "an app_id that is not configured fails and rejects nobody" {
	post /push/v1/notify/batch "$(batch \
		"$(plain '{}' "$(device de.gematik.unknown key)")" \
		"$(plain '{}' "$(device de.gematik.erezept.typo key)")")"
	[ "$CODE" = 200 ]
	[ "$(answer '[.results[] | [.status, .rejected, .error]]')" = \
		'[["failed",[],"app_id is not configured"],["failed",[],"app_id is not configured"]]' ]
}

@test "an answer holds no pushkey but the rejected ones, and no provider text" {
	post /push/v1/notify/batch "$(batch "$(plain '{}' \
		"$(android secret-phone)" "$(android other-500)")")"
	[ "$CODE" = 200 ]
	[[ $BODY != *secret-phone* && $BODY != *other-500* ]]
	[[ $BODY != *INTERNAL* ]]
}

@test "the log holds no pushkey, no content, no ciphertext and no token" {
	post /push/v1/notify "$(single "$(plain \
		'{"content": {"body": "cipherbody"}, "room_name": "secretroom"}' \
		"$(android loggedphone-404)" "$(ios loggedphone-410)")")"
	[ "$CODE" = 200 ]
	[ -s "$STAGE/gateway.log" ]
	run ! grep -E "loggedphone|$(apns_pushkey loggedphone)|secretroom" \
		"$STAGE/gateway.log"
	run ! grep -E 'cipherbody|AAAAAAAA|eyJ|ya29' "$STAGE/gateway.log"
}
