#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# push-gateway status: how a host does.
# shellcheck disable=SC2034,SC2154

load ../lib/stage.bash

setup() {
	stage_open "$BATS_TEST_TMPDIR/stage"
}

teardown() {
	stage_close
}

# status [OPTION...]
status() {
	"$COMMAND" status -c "$STAGE/push-gateway.json" "$@"
}

# says JQ-FILTER VALUE: a part of the JSON.
says() {
	[ "$(status --json | jq -cr "$1")" = "$2" ]
}

# app JQ-FILTER: of the stage's app for iOS.
app() {
	printf '.apps[] | select(.app == "%s") | %s\n' "$IOS_APP" "$1"
}

@test "where nothing was counted there is nothing to show, which is no error" {
	local directory
	apns_port=1 fcm_port=2 oauth_port=3
	write_config
	for directory in none made; do
		[ "$directory" = none ] || mkdir -m 700 "$STAGE/state"
		run --separate-stderr status
		[ "$status" = 0 ]
		[ -z "$stderr" ]
		[ "${lines[0]}" = "no worker runs" ]
		run --separate-stderr status --json
		[ "$status" = 0 ]
		[ "$(jq -c '[.workers, .versions, .apps, .accounts]' \
			<<<"$output")" = '[0,[],[],[]]' ]
	done
}

@test "apps and accounts are shown with what became of their devices" {
	local begin
	begin=$(date +%s)
	WORKERS=1 stage_start
	post /push/v1/notify/batch "$(batch "$(plain '{}' "$(ios a)")" \
		"$(plain '{}' "$(ios b)" "$(android b)")" \
		"$(plain '{}' "$(ios c-410)")" "$(plain '{}' "$(ios d-429)")" \
		"$(plain '{}' "$(device "$IOS_APP" nonsense)")" \
		"$(plain '{}' "$(device none e)")")"
	wait_until 5 says "[.workers, .requests_in_flight, (.requests > 0)]" \
		'[1,0,true]'
	says "$(app '[.provider, .delivered, .rejected, .later, .failed]')" \
		'["apns",2,1,1,1]'
	says "$(app '[.usable, .guarded, .withheld, .credentials_end]')" \
		'[true,false,0,null]'
	says '.apps[] | select(.app == "") | .failed' 1
	says '.apps[] | select(.provider == "fcm") | [.delivered, .last_at]' \
		'[1,null]'
	says '[.accounts[] | [.provider, .connections > 0, .tokens, .open]]' \
		'[["apns",true,1,false],["fcm",true,1,false]]'
	says '[.versions, .configuration_in_force]' \
		"[[\"$("$GATEWAY" -V | cut -d' ' -f2)\"],true]"
	(($(date -d "$(status --json | jq -r "$(app .last_at)")" +%s) >= \
		begin))
	run status
	[ "$status" = 0 ]
	[[ ${lines[0]} == "1 worker of version "*" 0 of 512 requests in flight" ]]
	[[ $output == *"$IOS_APP"*" 2 "*" 1 "*" 1 "*" 1"* ]]
	[[ $output == *"(no such app)"* ]]
	[[ $output == *"last not delivered: "*", app unknown, "*" s ago"* ]]
	[[ $output == *"apns-TEAM123456-"*"closed"* ]]
}

@test "the last trouble is the latest" {
	WORKERS=1 stage_start
	post /push/v1/notify "$(single "$(plain '{}' "$(ios a-410)")")"
	wait_until 5 says "$(app .last_reason)" Unregistered
	# Times are in seconds.
	wait_until 5 later_than "$(date +%s)"
	post /push/v1/notify "$(single "$(plain '{}' "$(ios a-429)")")"
	wait_until 5 says "$(app '[.last_verdict, .last_reason]')" \
		'["later","TooManyRequests"]'
	wait_until 5 later_than "$(date +%s)"
	post /push/v1/notify "$(single "$(plain '{}' "$(ios a-410)")")"
	wait_until 5 says "$(app .last_reason)" Unregistered
}

later_than() {
	(($(date +%s) > $1))
}

@test "what is wrong stands out" {
	rm "$STAGE/AuthKey_ABC1234567.p8"
	WORKERS=1 stage_start '.breaker_failures = 1'
	control '{"oauth": {"rubbish": true}}'
	post /push/v1/notify "$(single "$(plain '{}' "$(android a)")")"
	wait_until 5 says "$(app .usable)" false
	wait_until 5 says '.accounts[0].token_failures >= 1' true
	status | grep -A1 "^$IOS_APP" | grep -q "CREDENTIALS CANNOT BE USED"
	# A configuration that is refused does not hide how the workers do.
	jq '.nonsense = 1' "$STAGE/push-gateway.json" >"$STAGE/refused.json"
	mv "$STAGE/refused.json" "$STAGE/push-gateway.json"
	wait_until 10 says .configuration_in_force false
	status | grep -q "CONFIGURATION ON DISK REFUSED"
	stop "$WEB_SERVER_PID"
	wait_until 10 says .workers 0
	[ "$(status | head -n 1)" = "no worker runs" ]
}

@test "--watch looks again and again" {
	stage_start
	status --watch --json | head -n 2 >"$STAGE/looks"
	[ "$(jq -s length "$STAGE/looks")" = 2 ]
	status -w 2>&1 | grep -m 2 'of version' >"$STAGE/looks"
	[ "$(wc -l <"$STAGE/looks")" = 2 ]
}

@test "what cannot be read is told" {
	apns_port=1 fcm_port=2 oauth_port=3
	write_config
	: >"$STAGE/state"
	run status
	[ "$status" = 78 ]
	[[ $output == *"cannot read $STAGE/state/metrics"* ]]
	run status --watch
	[ "$status" = 78 ]
	echo '{' >"$STAGE/push-gateway.json"
	run status
	[ "$status" = 78 ]
	[[ $output == *"push-gateway.json:2:1: "* ]]
	echo '{ "state_directory": 1 }' >"$STAGE/push-gateway.json"
	run status
	[ "$status" = 78 ]
	[[ $output == *"push-gateway.json:1:3: "* ]]
	rm "$STAGE/push-gateway.json"
	run status
	[ "$status" = 78 ]
	run status nonsense
	[ "$status" = 64 ]
}
