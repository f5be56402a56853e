#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The configuration: what is wrong with it, and where.

load ../lib/stage.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	export apns_port=1 fcm_port=2 oauth_port=3
	write_service_account
}

teardown_file() {
	stage_close
}

setup() {
	write_config
}

test_config() {
	run "$GATEWAY" -t -c "$STAGE/push-gateway.json"
}

@test "a good configuration is good" {
	test_config
	[ "$status" = 0 ]
	[[ $output == *": OK" ]]
}

@test "comments are allowed" {
	sed -i '1s/^/\/\/ ours\n\/* and\n theirs *\/\n/' \
		"$STAGE/push-gateway.json"
	test_config
	[ "$status" = 0 ]
}

# wrong JQ-FILTER WORDS PATTERN: the changed file is refused with these words,
# at the line that matches the pattern.
wrong() {
	write_config "$1"
	test_config
	local line
	line=$(grep -nm1 -- "$3" "$STAGE/push-gateway.json" | cut -d: -f1)
	[ "$status" = 78 ] &&
		[[ $output == "$STAGE/push-gateway.json:$line:"[0-9]*": $2"* ]] || {
		echo "$1: $status $output"
		echo "expected line $line: $2"
		return 1
	}
}

@test "a mistake is named with its line" {
	wrong '.request_timeout = 1' 'unknown setting "request_timeout"' \
		'"request_timeout"'
	wrong '.request_timeout_ms = "8000"' 'must be an integer' \
		request_timeout_ms
	wrong '.max_batch_size = 0' 'must be from 1 to' max_batch_size
	wrong '.log = { level: "loud" }' 'must be error, warn' '"level"'
	wrong '.log = { too: 1 }' 'unknown setting "too"' '"too"'
	wrong '.clients[0].certificate_sha256 = [ "abc" ]' \
		'must be a SHA-256 digest' '"abc"'
	wrong '.clients[0].naem = "x"' 'unknown setting "naem"' naem
	wrong '.apps[1].topik = "x"' 'unknown setting "topik"' topik
	wrong '.apps[1].provider = "fmc"' 'there is no provider "fmc"' fmc
	wrong '.apps[0].url = "http://localhost"' 'must be an https:// URL' \
		'"http://localhost"'
	wrong '.apps[0].environment = "test"' \
		'must be "production" or "sandbox"' '"test"'
	wrong '.apps += [ .apps[0] ]' 'the app_id "de.gematik' \
		'no such line' || [[ $output == *"is already used by"* ]]
}

@test "patterns that could take the same app_id are named with both lines" {
	wrong '.apps[1].app_id = "de.*.firebase" |
		.apps += [ .apps[1] | .app_id = "de.x*firebase" ]' \
		"\"de.x*firebase\" and \"de.*.firebase\" in line $(
			write_config '.apps[1].app_id = "de.*.firebase"'
			grep -n '"de.\*.firebase"' "$STAGE/push-gateway.json" |
				cut -d: -f1) are equally specific" \
		'"de.x\*firebase"'
	# The same number of letters alone is no matter.
	write_config '.apps += [ .apps[1] |
		.app_id = "gematik-project.*.firefish" ]'
	test_config
	[ "$status" = 0 ]
}

@test "settings for all apps are checked like those of one" {
	wrong '.max_connections = 0' 'must be from 1 to' '"max_connections"'
	wrong '.apps[1].breaker_failures = "5"' 'must be an integer' \
		'"breaker_failures"'
	wrong '.reject_guard = 1' 'must be true or false' '"reject_guard"'
}

@test "a missing setting is named" {
	write_config 'del(.apps[0].key_id)'
	test_config
	[ "$status" = 78 ]
	[[ $output == *': "key_id" is missing'* ]]
	write_config 'del(.clients)'
	test_config
	[ "$status" = 78 ]
	[[ $output == *':1:1: "clients" is missing' ]]
}

@test "a file that is not JSON is named with line and column" {
	printf '{\n  "clients": [\n  oops ] }\n' >"$STAGE/push-gateway.json"
	test_config
	[ "$status" = 78 ]
	[[ $output == "$STAGE/push-gateway.json:3:"* ]]
	printf '{ "clients": [' >"$STAGE/push-gateway.json"
	test_config
	[ "$status" = 78 ]
	[[ $output == *"ends too early"* ]]
	rm "$STAGE/push-gateway.json"
	test_config
	[ "$status" = 78 ]
	[[ $output == *"No such file or directory"* ]]
}

@test "credentials that cannot be used are named, without a part of them" {
	write_config '.apps[0].key_file = "missing.p8"'
	test_config
	[ "$status" = 78 ]
	[[ $output == *"missing.p8: No such file or directory"* ]]
	write_config '.apps[0].key_file = "fcm-key.pem"'
	test_config
	[ "$status" = 78 ]
	[[ $output == *"fcm-key.pem is not a key on the curve P-256"* ]]
	write_config '.apps[0].key_file = "client.pem"'
	test_config
	[[ $output == *"contains a certificate, and no private key"* ]]
	write_config '.apps[1].service_account_file = "accounts.json"'
	test_config
	[ "$status" = 78 ]
	[[ $output == *'accounts.json: "project_id" is missing'* ]]
	[[ $output != *BEGIN* ]]
}

@test "an unreadable key makes its app later, is logged, and harms no other" {
	stage_start '.apps[0].key_file = "missing.p8"'
	post /push/v1/notify/batch "$(batch "$(plain '{}' "$(ios a)")" \
		"$(plain '{}' "$(android a)")")"
	[ "$(answer '[.results[] | [.status, .rejected, .error]]')" = \
		'[["failed",[],"gateway has no usable credentials for this app"],["success",[],null]]' ]
	grep -q 'error: app de.gematik.*missing.p8: No such file' \
		"$STAGE/gateway.log"
	# Once the operator has put it there, it is used.
	cp "$STAGE/AuthKey_ABC1234567.p8" "$STAGE/missing.p8"
	wait_until 5 apple_answers
}

apple_answers() {
	post /push/v1/notify "$(single "$(plain '{}' "$(ios a)")")"
	[ "$CODE" = 200 ]
}

@test "-V prints the version, and wrong options the usage" {
	run "$GATEWAY" -V
	[ "$status" = 0 ]
	[[ $output =~ ^push-gateway\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
	run "$GATEWAY" -x
	[ "$status" = 64 ]
	[[ $output == *usage:* ]]
	run "$GATEWAY" surplus
	[ "$status" = 64 ]
}
