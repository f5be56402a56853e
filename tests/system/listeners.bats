#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The web servers' listeners beside the callers': what each tells the gateway,
# and that nobody gets it said elsewhere.  A program that shows the variables of
# a request is in the place of the gateway.

load ../lib/stage.bash

SERVERS="lighttpd lighttpd-pool lighttpd-cgi apache-fcgid apache-proxy apache-cgi"
POOLS="lighttpd-pool apache-proxy"
# HAProxy is not there everywhere: its turn is in behind-haproxy.sh.
[ "$WEB_SERVER" != haproxy ] || SERVERS=haproxy POOLS=haproxy

setup() {
	stage_open "$BATS_TEST_TMPDIR/stage"
	export apns_port=1 fcm_port=2 oauth_port=3
	write_service_account
	write_config
	GATEWAY=$ROOT/tests/lib/show-variables
}

teardown() {
	stage_close
}

stop_all() {
	stop "$WEB_SERVER_PID"
	[ -z "${POOL_PID-}" ] || stop "$POOL_PID"
	unset POOL_PID
	rm -rf "$STAGE"/{fcgid,*.sock}
}

# shown URL [curl-OPTION...]: sets CODE, and SHOWN to the gateway's variables.
shown() {
	CODE=$(curl -sS --max-time 20 --path-as-is \
		--cacert "$STAGE/providers-ca.pem" -o "$STAGE/shown" \
		-w '%{http_code}' "$@")
	SHOWN=$(grep -a '^PUSH_GATEWAY_\(ADMIN\|CLIENT\|SECRET\)=' \
		"$STAGE/shown" || :)
}

told_nothing() {
	[ -z "$SHOWN" ] || {
		echo "$WEB_SERVER tells the gateway: $SHOWN"
		return 1
	}
}

# only_there: the operator's listener has the operator's paths alone, and no
# caller gets there.
only_there() {
	local admin=http://127.0.0.1:$ADMIN_PORT name path
	for path in /metrics /health/live /any/base/health/ready /status; do
		shown "$admin$path"
		[ "$CODE" = 200 ]
		[ "$SHOWN" = PUSH_GATEWAY_ADMIN=on ]
		# Whoever calls, it is the joined path that counts.
		[ "$(sed -n 's/^\(SCRIPT_NAME\|PATH_INFO\)=//p' \
			"$STAGE/shown" | sort -r | tr -d '\n')" = "$path" ] ||
			[ "$(sed -n 's/^SCRIPT_NAME=//p;' "$STAGE/shown")$(
			sed -n 's/^PATH_INFO=//p' "$STAGE/shown")" = "$path" ]
	done
	for path in / /push/v1/notify /_matrix/push/v1/notify /metrics/x \
		/xmetrics /push/v1/notify/../notify /health /400.html; do
		shown "$admin$path" -d '{}'
		[[ $CODE == 40[34] ]]
		jq -e '.error | type == "string"' "$STAGE/shown" >/dev/null
		told_nothing
	done
	for path in /metrics //metrics "/x/../metrics?PUSH_GATEWAY_ADMIN=on" \
		"/.push-gateway-errors/../metrics" /status; do
		for name in localhost "localhost:$ADMIN_PORT" \
			"127.0.0.1:$ADMIN_PORT"; do
			shown "https://localhost:$PORT$path" -H "Host: $name" \
				-H 'PUSH_GATEWAY_ADMIN: on' \
				-H 'PUSH-GATEWAY-ADMIN: on' \
				-H 'HTTP_PUSH_GATEWAY_ADMIN: on' \
				-H 'PUSH-GATEWAY-CLIENT: homeserver' \
				-H 'PUSH_GATEWAY_CLIENT: homeserver' \
				-H 'PUSH-GATEWAY-SECRET: x' \
				-H "Forwarded: for=127.0.0.1;host=$name" \
				-H 'X-Forwarded-For: 127.0.0.1'
			[ "$CODE" != 000 ]
			told_nothing
		done
	done
	# An absolute target names a host, too.
	shown "https://localhost:$PORT/" \
		--request-target "http://127.0.0.1:$ADMIN_PORT/metrics"
	told_nothing
	# It is off as shipped.
	run -7 curl -s "http://127.0.0.1:$HOMESERVER_PORT/"
}

@test "the operator's listener says so to the gateway, and no caller can" {
	for WEB_SERVER in $SERVERS; do
		echo "$WEB_SERVER"
		start_web_server
		only_there
		stop_all
	done
}

@test "the homeservers' listener names its client, once it is switched on" {
	for WEB_SERVER in $SERVERS; do
		echo "$WEB_SERVER"
		WEB_SERVER_EDIT='/^# For homeservers/,$ { /^# /!s/^#// }' \
			start_web_server
		shown "http://127.0.0.1:$HOMESERVER_PORT/_matrix/push/v1/notify" \
			-H 'PUSH_GATEWAY_CLIENT: x' \
			-H 'Content-Type: application/json' -d '{}'
		[ "$CODE" = 200 ]
		[ "$SHOWN" = PUSH_GATEWAY_CLIENT=homeserver ]
		shown "https://localhost:$PORT/_matrix/push/v1/notify" -d '{}'
		[ "$CODE" = 200 ]
		told_nothing
		stop_all
	done
}

@test "workers on TCP get the secret with each request, on every listener" {
	local url
	export PUSH_GATEWAY_SECRET=s3
	for WEB_SERVER in $POOLS; do
		echo "$WEB_SERVER"
		echo 'setenv.add-environment = ( "PUSH_GATEWAY_SECRET" => "s3" )' \
			>"$STAGE/fastcgi-secret.lighttpd"
		echo 'SetEnv PUSH_GATEWAY_SECRET "s3"' \
			>"$STAGE/fastcgi-secret.apache"
		WEB_SERVER_EDIT='s/^#\(include .*secret\)/\1/I
			/^# For homeservers/,$ { /^# /!s/^#// }' start_web_server
		for url in "https://localhost:$PORT/x" \
			"http://127.0.0.1:$ADMIN_PORT/metrics" \
			"http://127.0.0.1:$HOMESERVER_PORT/x"; do
			shown "$url" -H 'PUSH_GATEWAY_SECRET: x'
			[ "$CODE" = 200 ]
			[[ $SHOWN == *PUSH_GATEWAY_SECRET=s3* ]]
		done
		stop_all
	done
}
