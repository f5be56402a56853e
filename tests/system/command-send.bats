#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# push-gateway send: one test notification.
# shellcheck disable=SC2034,SC2154

load ../lib/stage.bash

SECRET=f2ca1bb6c7e907d06dafe4687e579fce76b37e4e93b7605022da52e6ccc26fd2

setup() {
	stage_open "$BATS_TEST_TMPDIR/stage"
	PHONE=$(apns_pushkey phone)
}

teardown() {
	stage_close
}

# send APP PUSHKEY [OPTION...]
send() {
	"$COMMAND" send -c "$STAGE/push-gateway.json" "$@"
}

# sends STATUS JQ-FILTER VALUE APP PUSHKEY [OPTION...]: a part of the result.
sends() {
	run --separate-stderr send "${@:4}" --yes --json
	[ "$status" = "$1" ] && [ "$(jq -cr "$2" <<<"$output")" = "$3" ] || {
		echo "expected: $1 $3"
		echo "$status: $output $stderr"
		return 1
	}
}

@test "a notification arrives, and what was sent and answered is shown" {
	stage_prepare
	sends 0 '[.status, .reason, .verdict, .cause]' \
		'[200,"ok","delivered","delivered"]' "$IOS_APP" "$PHONE"
	[ "$(jq -cS .request <<<"$output")" = \
		"$(record 'select(.service == "apns").body' | jq -cS .)" ]
	[ "$(jq -r .apns_id <<<"$output")" = \
		"$(record 'select(.service == "apns").headers["apns-id"]')" ]
	[ "$(record 'select(.service == "apns").text')" = phone ]
	[ "$(record 'select(.violation != null)')" = "" ]
	clear_record
	run send "$ANDROID_APP" phone --yes --text 'Hallo "Clara"'
	[ "$status" = 0 ]
	[[ $output == *"answer: 200 ok"* ]]
	[[ $output == *"verdict: delivered: the provider accepted it"* ]]
	[ "$(record 'select(.service == "fcm").body.message.data.content_body')" = \
		'Hallo "Clara"' ]
}

@test "with a secret it is encrypted, and the phone can read it" {
	local month
	stage_prepare
	echo "$SECRET" >"$STAGE/secret"
	month=$(date -u +%Y-%m)
	sends 0 .request.message.data.time_message_encrypted "$month" \
		"$ANDROID_APP" phone --text "Neues Rezept" \
		--secret-file "$STAGE/secret" --key-identifier key-7
	[ "$(jq -r .request.message.data.key_identifier <<<"$output")" = key-7 ]
	jq -r .request.message.data.ciphertext <<<"$output" >"$STAGE/ciphertext"
	[ "$("$COMMAND" decrypt --secret-file "$STAGE/secret" \
		--month "$month" <"$STAGE/ciphertext")" = "Neues Rezept" ]
	sends 0 .request.time_message_encrypted 2026-02 "$IOS_APP" "$PHONE" \
		--secret "$SECRET" --start 2026-01 --month 2026-02
}

@test "the pushkey can come from the standard input" {
	stage_prepare
	printf '%s\n' "$PHONE" >"$STAGE/pushkey"
	sends 0 .verdict delivered "$IOS_APP" - <"$STAGE/pushkey"
	[ "$(record 'select(.service == "apns").text')" = phone ]
	run --separate-stderr send "$IOS_APP" - --yes </dev/null
	[ "$status" = 64 ]
	run --separate-stderr send "$IOS_APP" - --yes --secret-file - \
		<"$STAGE/pushkey"
	[ "$status" = 64 ]
}

@test "nothing goes to production without a yes" {
	stage_prepare
	run --separate-stderr send "$IOS_APP" "$PHONE" </dev/null
	[ "$status" = 64 ]
	[[ $stderr == *"nothing was sent"*"--yes"* ]]
	echo y >"$STAGE/yes"
	run --separate-stderr send "$IOS_APP" "$PHONE" <"$STAGE/yes"
	[ "$status" = 64 ]
	run --separate-stderr send "$ANDROID_APP" phone <"$STAGE/yes"
	[ "$status" = 64 ]
	[ "$(record)" = "" ]
	# The sandbox disturbs nobody, wherever "url" leads.
	write_config '.apps[0].environment = "sandbox"'
	run send "$IOS_APP" "$PHONE" </dev/null
	[ "$status" = 0 ]
	[ "$(record 'select(.service == "apns").text')" = phone ]
}

# answers TEXT: as somebody in a terminal who is asked.
answers() {
	printf '%s\n' "$1" >"$STAGE/typed"
	script -qec "$(printf '%q ' "$COMMAND" send -c \
		"$STAGE/push-gateway.json" "$IOS_APP" "$PHONE")" /dev/null \
		<"$STAGE/typed"
}

@test "in a terminal it asks" {
	command -v script >/dev/null || skip "script is not installed"
	stage_prepare
	run answers n
	[ "$status" = 64 ]
	[[ $output == *"in production, by the app $IOS_APP? [y/N]"* ]]
	[ "$(record)" = "" ]
	run answers y
	[ "$status" = 0 ]
	[[ $output == *"verdict: delivered"* ]]
}

@test "what the provider does not take has a status of 69, and is explained" {
	stage_prepare
	sends 69 '[.status, .reason, .verdict, .cause]' \
		'[410,"Unregistered","rejected","pushkey is no longer valid"]' \
		"$IOS_APP" "$(apns_pushkey dead-410)"
	sends 69 '[.status, .reason, .verdict]' \
		'[404,"UNREGISTERED","rejected"]' "$ANDROID_APP" dead-404
	sends 69 '[.status, .verdict]' '[429,"later"]' "$ANDROID_APP" x-429
	run send "$IOS_APP" "$(apns_pushkey x-400)" --yes
	[ "$status" = 69 ]
	[[ $output == *"answer: 400 BadDeviceToken: is it a device of the other environment?"* ]]
	[[ $output == *"verdict: rejected: the pushkey is dead"* ]]
	[[ $output == *"until this app has delivered something"* ]]
	# Not sent at all.
	sends 69 '[.status, .reason, .verdict, .cause, .request]' \
		'[0,"not sent","failed","pushkey is not valid for this app'"'"'s provider",null]' \
		"$IOS_APP" nonsense
	control '{"apns": {"closed": true}}'
	sends 69 '[.status, .verdict, .cause]' \
		'[0,"later","provider cannot be reached"]' "$IOS_APP" "$PHONE"
	control '{"oauth": {"closed": true}}'
	rm -f "$STAGE/state"/fcm-*
	sends 69 '[.request, .status, .reason, .verdict]' \
		'[null,0,"no token","later"]' "$ANDROID_APP" phone
	[[ $output == *"no token: the token endpoint cannot be reached"* ]]
}

@test "what is not in the configuration is told" {
	stage_prepare
	run --separate-stderr send nosuch "$PHONE" --yes
	[ "$status" = 64 ]
	[[ $stderr == *'no entry of "apps" is for "nosuch"'* ]]
	rm "$STAGE/AuthKey_ABC1234567.p8"
	run --separate-stderr send "$IOS_APP" "$PHONE" --yes
	[ "$status" = 78 ]
	[[ $stderr == *"AuthKey_ABC1234567.p8: No such file"* ]]
	run --separate-stderr send "$IOS_APP" --yes
	[ "$status" = 64 ]
}

@test "an entry can be chosen by its platform" {
	stage_prepare '.apps |= [ (.[0] | .app_id = "both" | .platform = "ios" |
			.topic = "de.gematik.erezept.ios"),
		(.[1] | .app_id = "both" | .platform = "android") ]'
	sends 0 .verdict delivered both phone --platform android
	[ "$(record 'select(.service == "fcm").text')" = phone ]
	sends 0 .verdict delivered both "$PHONE" --platform ios
	run --separate-stderr send both phone --yes
	[ "$status" = 64 ]
}

@test "the workers' token is used, and nothing is counted" {
	WORKERS=1 stage_start '.breaker_failures = 1'
	post /push/v1/notify "$(single "$(plain '{}' "$(ios a)" \
		"$(android a)")")"
	"$COMMAND" metrics -c "$STAGE/push-gateway.json" --json |
		jq -c 'map(select(.name | endswith("_total")))' >"$STAGE/before"
	sends 0 .verdict delivered "$ANDROID_APP" phone
	sends 69 .verdict later "$ANDROID_APP" x-503
	"$COMMAND" metrics -c "$STAGE/push-gateway.json" --json |
		jq -c 'map(select(.name | endswith("_total")))' >"$STAGE/after"
	cmp "$STAGE/before" "$STAGE/after"
	[ "$(record 'select(.service == "oauth")' | wc -l)" = 1 ]
}
