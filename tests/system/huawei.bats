#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Huawei's Push Kit, by a strict counterpart of it.

load ../lib/stage.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	make_hms_keys
	start_simulator
	write_service_account
	write_config '.clients[0].apps += ["hms*"] | .apps += ([
		{ app_id: "hms1", version: 1, client_id: "hms-client",
		  client_secret_file: "hms-secret", hms_app_id: "hms-app",
		  category: "HEALTH" },
		{ app_id: "hms2", version: 2, client_id: "hms-client",
		  client_secret_file: "hms-secret",
		  project_id: "hms-project" },
		{ app_id: "hms3", version: 3,
		  service_account_file: "hms-account.json" }
		] | map(. + { provider: "hms",
			url: "https://localhost:'"$hms_port"'",
			token_url: "https://localhost:'"$hms_oauth_port"'/oauth2/v3/token"
		}))'
	start_web_server
}

teardown_file() {
	stage_close
}

setup() {
	clear_record
}

# hms JQ-FILTER: of the pushes that the simulator saw.
hms() {
	record "select(.service == \"hms\") | $1"
}

@test "each version delivers, and what is encrypted is data alone" {
	local version
	for version in 1 2 3; do
		clear_record
		post /push/v1/notifyEncrypted/batch \
			"$(batch "$(encrypted "$(device "hms$version" phone)")")"
		[ "$(answer .summary.successful)" = 1 ]
		[ "$(hms .status)" = 200 ]
	done
	[ "$(hms '.body.payload.extraData | fromjson | keys')" = \
		'["ciphertext","key_identifier","time_message_encrypted"]' ]
}

@test "a plain notification has its content as it came" {
	post /push/v1/notify "$(single "$(plain '{"event_id": "$e",
		"content": {"a": {"b": [1]}}}' "$(device hms1 phone)")")"
	[ "$(answer .rejected)" = '[]' ]
	[ "$(hms '.body.message.data | fromjson | [.event_id, .content]')" = \
		'["$e",{"a":{"b":[1]}}]' ]
	[ "$(hms .body.message.android.category)" = HEALTH ]
}

@test "only Huawei's own word about the token rejects it" {
	local version
	for version in 1 2 3; do
		post /push/v1/notify/batch "$(batch \
			"$(plain '{}' "$(device "hms$version" alive)")" \
			"$(plain '{}' "$(device "hms$version" 503)")" \
			"$(plain '{}' "$(device "hms$version" 80100003)")" \
			"$(plain '{}' "$(device "hms$version" 200-html)")")"
		[ "$(answer '[.results[] | [.status, .rejected]]')" = \
			'[["success",[]],["failed",[]],["failed",[]],["failed",[]]]' ]
	done
	post /push/v1/notify "$(single "$(plain '{}' \
		"$(device hms1 dead-80100000)")")"
	[ "$(answer .rejected)" = '["dead-80100000"]' ]
	post /push/v1/notify "$(single "$(plain '{}' \
		"$(device hms3 dead-80100000-tokenFormatError)")")"
	[ "$(answer .rejected)" = '["dead-80100000-tokenFormatError"]' ]
}

@test "an access token that Huawei finds expired is replaced at once" {
	post /push/v1/notify "$(single "$(plain '{}' \
		"$(device hms1 phone-80200003-once)")")"
	[ "$(answer .rejected)" = '[]' ]
	[ "$(hms .status | tail -1)" = 200 ]
	[ "$(record 'select(.service == "hms_oauth") | .status')" = 200 ]
}
