#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# push-gateway probe: are the providers and the credentials good?
# shellcheck disable=SC2034,SC2154

load ../lib/stage.bash

setup() {
	stage_open "$BATS_TEST_TMPDIR/stage"
}

teardown() {
	stage_close
}

# What Apple answers for a device token that it never gave out.
BAD_TOKEN='{"apns": {"answer": {"status": 400, "reason": "BadDeviceToken"}}}'

# probe [OPTION...]
probe() {
	"$COMMAND" probe -c "$STAGE/push-gateway.json" "$@"
}

# finds STATUS JQ-FILTER VALUE [APP_ID...]: a part of what it finds.
finds() {
	run --separate-stderr probe --json "${@:4}"
	[ "$status" = "$1" ] && [ "$(jq -cr "$2" <<<"$output")" = "$3" ] || {
		echo "expected: $1 $3"
		echo "$status: $output $stderr"
		return 1
	}
}

# explains APP WORDS: a step that failed for the app says so.
explains() {
	run --separate-stderr probe --json "$1"
	[ "$status" = 69 ]
	[[ $(jq -r '[.[].steps[] | select(.ok | not).words] | .[]' \
		<<<"$output") == *"$2"* ]] || {
		echo "expected: $2"
		echo "$output"
		return 1
	}
}

@test "good credentials are found to be so, and no phone gets anything" {
	stage_prepare
	control "$BAD_TOKEN"
	finds 0 '[.[] | [.app_id, .provider, .ok, [.steps[] | .name, .ok]]]' \
		'[["'"$IOS_APP"'","apns",true,["connect",true,"token",true,'"$(
		)"'"push",true]],["gematik-project.*.firebase","fcm",true,'"$(
		)"'["connect",true,"token",true,"push",true]]]'
	run probe
	[ "$status" = 0 ]
	[[ ${lines[0]} == "$IOS_APP (apns): ok" ]]
	[[ $output == *"push     ok      "*BadDeviceToken* ]]
	# FCM is only asked to validate; APNs, of a device that cannot be.
	[ "$(record 'select(.service == "fcm" and .status == 200) |
		.body.validate_only' | sort -u)" = true ]
	[ "$(record 'select(.service == "apns").path' | sort -u)" = \
		"/3/device/$(printf '%064d' 0)" ]
}

@test "without credentials each provider is reached first" {
	stage_prepare
	control "$BAD_TOKEN"
	probe "$ANDROID_APP"
	record 'select(.service == "fcm") |
		[.status, (.headers | has("authorization"))]' >"$STAGE/asked"
	diff "$STAGE/asked" <(printf '[401,false]\n[200,true]\n')
	control '{}'
	clear_record
	probe "$IOS_APP"
	record 'select(.service == "apns") |
		[.reason, (.headers | has("authorization"))]' >"$STAGE/asked"
	diff "$STAGE/asked" <(printf '["MissingProviderToken",false]\n[null,true]\n')
}

@test "Apple is asked for an impossible device once in a run" {
	stage_prepare '.apps += [ .apps[0] | .app_id = "second.apns" |
		.topic = "de.gematik.erezept.ios" ]'
	control "$BAD_TOKEN"
	finds 0 '[.[] | select(.provider == "apns") | [.steps[].name]]' \
		'[["connect","token","push"],["connect","token"]]'
	[ "$(record 'select(.service == "apns" and
		(.headers | has("authorization")))' | wc -l)" = 1 ]
	run probe
	[ "$status" = 0 ]
	[[ $output == *"skipped"*"probe this app by name"* ]]
	finds 0 '[.[].steps[].name]' '["connect","token","push"]' second.apns
}

@test "an app is named as its entry, or as a caller would" {
	stage_prepare
	finds 0 '[.[].app_id]' '["gematik-project.*.firebase"]' "$ANDROID_APP"
	finds 0 '[.[].app_id]' '["gematik-project.*.firebase"]' \
		'gematik-project.*.firebase'
	run --separate-stderr probe "$ANDROID_APP" nosuch
	[ "$status" = 64 ]
	[ -z "$output" ]
	[[ $stderr == *'no app "nosuch"'* ]]
}

@test "an app by certificate needs no token" {
	make_certificate push clients DNS:push.example clientAuth -days 400
	cat "$STAGE/push.pem" "$STAGE/push-key.pem" >"$STAGE/apns.pem"
	stage_prepare '.apps[0] |= (del(.key_file, .key_id, .team_id) |
		.certificate_file = "apns.pem")'
	control "$BAD_TOKEN"
	finds 0 '.[0].steps | map([.name, .ok])' \
		'[["connect",true],["token",true],["push",true]]' "$IOS_APP"
	[ "$(record 'select(.service == "apns") | .certificate != null')" = \
		$'false\ntrue' ]
}

@test "the workers' token is used, and none is made beside it" {
	WORKERS=1 stage_start
	post /push/v1/notify "$(single "$(plain '{}' "$(ios a)" \
		"$(android a)")")"
	probe
	probe
	[ "$(record 'select(.service == "oauth")' | wc -l)" = 1 ]
	[ "$(record 'select(.service == "apns").headers.authorization //
		empty' | sort -u | wc -l)" = 1 ]
}

@test "where there is no token the workers get the one that is made" {
	stage_prepare
	probe
	start_web_server
	post /push/v1/notify "$(single "$(plain '{}' "$(ios a)" \
		"$(android a)")")"
	[ "$BODY" = '{"rejected":[]}' ]
	[ "$(record 'select(.service == "oauth")' | wc -l)" = 1 ]
	[ "$(record 'select(.service == "apns").headers.authorization //
		empty' | sort -u | wc -l)" = 1 ]
}

@test "nothing of it is counted" {
	WORKERS=1 stage_start '.breaker_failures = 1'
	"$COMMAND" metrics -c "$STAGE/push-gateway.json" --json |
		jq -c 'map(select(.name | endswith("_total")))' >"$STAGE/before"
	control '{"apns": {"answer": {"status": 500}},
		"fcm": {"answer": {"status": 500}}}'
	run probe
	[ "$status" = 69 ]
	control "$BAD_TOKEN"
	for _ in {1..12}; do
		probe "$IOS_APP" >"$STAGE/probed"
	done
	"$COMMAND" metrics -c "$STAGE/push-gateway.json" --json |
		jq -c 'map(select(.name | endswith("_total")))' >"$STAGE/after"
	cmp "$STAGE/before" "$STAGE/after"
	control '{}'
	# Neither a breaker nor the guard has learnt of it.
	post /push/v1/notify/batch "$(batch "$(plain '{}' "$(ios a)")" \
		"$(plain '{}' "$(android a)")")"
	[ "$(answer .summary.successful)" = 2 ]
}

@test "what Apple says of wrong credentials is explained" {
	stage_prepare '.apps[0].key_id = "XYZ1234567"'
	explains "$IOS_APP" "403 InvalidProviderToken: key_id, team_id or key_file"
	write_config '.apps[0].topic = "de.other"'
	explains "$IOS_APP" '400 TopicDisallowed: the key or certificate is not for this "topic"'
	write_config
	control '{"apns": {"answer": {"status": 403,
		"reason": "BadEnvironmentKeyIdInToken"}}}'
	explains "$IOS_APP" 'the key is for the other environment'
	control '{"apns": {"answer": {"status": 503,
		"reason": "ServiceUnavailable"}}}'
	explains "$IOS_APP" '503 ServiceUnavailable'
}

@test "what Google says of wrong credentials is explained" {
	stage_prepare
	openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
		-out "$STAGE/other.pem" 2>>"$STAGE/openssl.log"
	cp "$STAGE/service-account.json" "$STAGE/good.json"
	jq --rawfile key "$STAGE/other.pem" '.private_key = $key' \
		"$STAGE/good.json" >"$STAGE/service-account.json"
	explains "$ANDROID_APP" "400, invalid_grant: Invalid JWT Signature: this key of the service account was deleted or disabled: make a new one"
	jq '.project_id = "other-project"' "$STAGE/good.json" \
		>"$STAGE/service-account.json"
	explains "$ANDROID_APP" "403 PERMISSION_DENIED"
	explains "$ANDROID_APP" "may not send for this project"
}

@test "who cannot be reached is told, with the proxy on the way" {
	local port
	stage_prepare
	control '{"apns": {"closed": true}}'
	explains "$IOS_APP" "no answer: "
	control '{}'
	write_config '.proxy = "http://localhost:1"'
	explains "$IOS_APP" "(through the proxy localhost:1)"
	write_config '.ca_file = "clients-ca.pem"'
	explains "$IOS_APP" "SSL"
	# Who answers there is not the provider.
	port=$oauth_port
	write_config ".apps[1].url = \"https://localhost:$port\""
	explains "$ANDROID_APP" '404 NOT_FOUND: there is no such project, or "url" is wrong'
}

@test "credentials that cannot be read are told" {
	stage_prepare '.apps[0].key_file = "nosuch.p8"'
	explains "$IOS_APP" "nosuch.p8: No such file"
	finds 69 '[.[] | .ok]' '[false,true]'
}

@test "root becomes the workers' user, and nobody else does" {
	((EUID == 0)) || skip "only root can become another user"
	stage_prepare
	chmod 0755 "$STAGE" "$BATS_TEST_TMPDIR"
	local directory=$STAGE
	while directory=${directory%/*}; [ -n "$directory" ]; do
		[ ! -O "$directory" ] || chmod o+x "$directory"
	done
	install -d -m 0700 -o nobody -g nogroup "$STAGE/state"
	chown nobody "$STAGE/AuthKey_ABC1234567.p8" \
		"$STAGE/service-account.json" "$STAGE/fcm-key.pem"
	probe
	[ "$(stat -c %U "$STAGE/state"/*.token | sort -u)" = nobody ]
	# What that user cannot read the workers cannot, either.
	chown root "$STAGE/AuthKey_ABC1234567.p8"
	chmod 0600 "$STAGE/AuthKey_ABC1234567.p8"
	explains "$IOS_APP" "Permission denied"
	# The program is not where others may run it.
	install -m 0755 "$COMMAND" "$STAGE/push-gateway"
	run setpriv --reuid=daemon --regid=daemon --clear-groups \
		"$STAGE/push-gateway" probe -c "$STAGE/push-gateway.json"
	[ "$status" = 78 ]
	[[ $output == *"run this command as that user, or as root"* ]]
}

@test "a configuration with a mistake is told" {
	stage_prepare '.nonsense = 1'
	run probe
	[ "$status" = 78 ]
	[[ $output == *"push-gateway.json:"*nonsense* ]]
}
