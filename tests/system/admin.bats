#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The operator's pages, the id of a request, and logs that machines read.

load ../lib/stage.bash
load ../lib/one-worker.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	stage_prepare
}

teardown_file() {
	stage_close
}

setup() {
	worker_setup
}

teardown() {
	worker_teardown
}

# ask NAME=VALUE...: sets ANSWER, CODE and BODY.
ask() {
	ANSWER=$(perl "$ROOT/tests/lib/fastcgi.pl" request "$SOCKET" "$@" \
		</dev/null | tr -d '\r')
	CODE=$(sed -n 's/^Status: \([0-9]*\).*/\1/p' <<<"$ANSWER")
	BODY=$(sed '1,/^$/d' <<<"$ANSWER")
}

# page PATH [NAME=VALUE...]: as the operator's listener asks for it.
page() {
	local path=$1
	shift
	ask REQUEST_METHOD=GET PUSH_GATEWAY_ADMIN=on SCRIPT_NAME="$path" "$@"
}

# push JSON [NAME=VALUE...]: a single notify of the stage's client.
push() {
	local body=$1
	shift
	ANSWER=$(printf %s "$body" | perl "$ROOT/tests/lib/fastcgi.pl" \
		request "$SOCKET" "$@" REQUEST_METHOD=POST \
		SCRIPT_NAME=/push/v1/notify CONTENT_TYPE=application/json \
		CONTENT_LENGTH="${#body}" SSL_CLIENT_VERIFY=SUCCESS \
		SSL_CLIENT_CERT="$(cat "$STAGE/client.pem")" | tr -d '\r')
	CODE=$(sed -n 's/^Status: \([0-9]*\).*/\1/p' <<<"$ANSWER")
	BODY=$(sed '1,/^$/d' <<<"$ANSWER")
}

request_id() {
	sed -n 's/^X-Request-ID: //p' <<<"$ANSWER"
}

@test "the operator's pages are there for the operator's listener alone" {
	start_worker
	local path
	for path in /health/live /health/ready /metrics /status; do
		page "$path"
		[ "$CODE" = 200 ] || { echo "$path: $CODE"; false; }
		page "/any/base$path"
		[ "$CODE" = 200 ]
		ask REQUEST_METHOD=HEAD PUSH_GATEWAY_ADMIN=on \
			SCRIPT_NAME="$path"
		[ "$CODE" = 200 ]
		grep -q '^Content-Length: [1-9]' <<<"$ANSWER"
		[ -z "$BODY" ]
		ask REQUEST_METHOD=GET SCRIPT_NAME="$path"
		[ "$CODE" = 404 ]
		ask REQUEST_METHOD=GET SCRIPT_NAME="$path" \
			HTTP_PUSH_GATEWAY_ADMIN=on
		[ "$CODE" = 404 ]
		ask REQUEST_METHOD=POST PUSH_GATEWAY_ADMIN=on \
			SCRIPT_NAME="$path"
		[ "$CODE" = 405 ]
		grep -qx 'Allow: GET, HEAD' <<<"$ANSWER"
	done
	page /health/other
	[ "$CODE" = 404 ]
}

@test "a worker is live and ready, and says what it would warn of" {
	start_worker
	page /health/live
	[ "$BODY" = '{"status":"live"}' ]
	page /health/ready
	[ "$BODY" = '{"status":"ready"}' ]
	# A mistake on disk is no reason to take every host out.
	echo '{' >"$STAGE/push-gateway.json"
	wait_until 10 grep -q 'keeping the previous' "$LOG"
	page /health/ready
	[ "$CODE" = 200 ]
	[ "$(jq -r .status <<<"$BODY")" = ready ]
	[[ $(jq -r '.warnings[0]' <<<"$BODY") == *"configuration on disk"* ]]
}

@test "without any usable app a worker serves, and is not ready" {
	start_worker '.apps = [ .apps[0] | .key_file = "missing.p8" ]'
	page /health/live
	[ "$CODE" = 200 ]
	page /health/ready
	[ "$CODE" = 503 ]
	[ "$(jq -r .status <<<"$BODY")" = "not ready" ]
	[[ $(jq -r '.reasons[0]' <<<"$BODY") == *"no app"* ]]
	[[ $(jq -r '.warnings[0]' <<<"$BODY") == *"$IOS_APP"* ]]
}

@test "one unusable app of two is a warning" {
	start_worker '.apps[0].key_file = "missing.p8"'
	page /health/ready
	[ "$CODE" = 200 ]
	[ "$(jq '.warnings | length' <<<"$BODY")" = 1 ]
	[[ $BODY == *"$IOS_APP"* ]]
}

@test "metrics over HTTP are those of -m" {
	start_worker
	push "$(single "$(plain '{}' "$(android phone)")")"
	[ "$CODE" = 200 ]
	page /metrics
	grep -qx 'Content-Type: text/plain; version=0.0.4' <<<"$ANSWER"
	grep -q '^push_gateway_requests_total{.*status="200"} 1$' <<<"$BODY"
	"$GATEWAY" -m -c "$STAGE/push-gateway.json" |
		grep -q '^push_gateway_requests_total{.*status="200"} 1$'
}

@test "the page for people shows each app, and no secret" {
	start_worker '.apps[0].app_id = "a.<b>&c.ios.apns" |
		.apps[0].topic = "de.gematik.erezept.ios"'
	push "$(single "$(plain '{}' "$(android phone)" \
		"$(android dead-404)")")"
	page /status
	grep -q 'Content-Type: text/html' <<<"$ANSWER"
	[[ $BODY == *"a.&lt;b&gt;&amp;c.ios.apns"* ]]
	[[ $BODY == *"gematik-project.*.firebase"* ]]
	[[ $BODY != *"<script"* && $BODY != *phone* && $BODY != *erezept\"* ]]
}

@test "each answer has the caller's request id, or a fresh one" {
	start_worker
	local id good=abc.DEF_1-2
	push "$(single "$(plain '{}' "$(device none x)")")" \
		HTTP_X_REQUEST_ID="$good"
	[ "$(request_id)" = "$good" ]
	[ "$(grep -c "request_id=$good" "$LOG")" = 2 ]
	for id in '' 'a b' "$(printf 'a%.0s' {1..65})" $'x\ny' \
		"$(printf 'ab%.0s' {1..32})" 'a"b'; do
		push "$(single "$(plain '{}')")" HTTP_X_REQUEST_ID="$id"
		[[ $(request_id) =~ ^[0-9a-f-]{36}$ ]] || {
			echo "$id: $(request_id)"
			false
		}
	done
	# 64 characters are still good, if they are no token.
	id=$(printf 'g%.0s' {1..64})
	push "$(single "$(plain '{}')")" HTTP_X_REQUEST_ID="$id"
	[ "$(request_id)" = "$id" ]
	# Refusals have one, too.
	ask REQUEST_METHOD=GET SCRIPT_NAME=/nowhere HTTP_X_REQUEST_ID=r1
	[ "$CODE" = 404 ]
	[ "$(request_id)" = r1 ]
}

@test "the log says why a request was refused" {
	start_worker
	ask REQUEST_METHOD=GET SCRIPT_NAME=$'/now\nhere'
	grep -q 'refused: 404: path /now\\x0ahere' "$LOG"
	ask REQUEST_METHOD=POST SCRIPT_NAME=/push/v1/notify \
		SSL_CLIENT_VERIFY='FAILED:certificate has expired'
	[ "$CODE" = 401 ]
	grep -q 'refused: 401: .*FAILED:certificate has expired' \
		"$LOG"
	push "$(single "$(plain '{"prio": "urgent"}')")"
	[ "$CODE" = 400 ]
	grep -q 'notify by erezept: 400: /notification/prio must be' \
		"$LOG"
}

@test "at its start a worker says what it serves by" {
	start_worker
	grep -q 'serving: version .*push-gateway.json, 1 client, 2 apps' \
		"$LOG"
}

@test "requests of nobody do not fill the log" {
	start_worker
	local lines
	perl "$ROOT/tests/lib/fastcgi.pl" request -n 300 "$SOCKET" \
		REQUEST_METHOD=GET SCRIPT_NAME=/nowhere </dev/null >/dev/null
	lines=$(grep -c 'refused: 404' "$LOG")
	((lines > 0 && lines <= 60))
	page /metrics
	# They are all counted.
	awk '/^push_gateway_requests_total.*"none".*"404"/ { n = $2 }
		END { exit n < 300 }' <<<"$BODY"
}

@test "a JSON log has one object a line, with the members that are promised" {
	start_worker '.log = { "format": "json" }'
	push "$(single "$(plain '{}' "$(android phone)" \
		"$(device none x)")")" HTTP_X_REQUEST_ID=r-1
	ask REQUEST_METHOD=GET SCRIPT_NAME=$'/no"wh\\ere\t\xff'
	stop "$WORKER_PID"
	# The first line stands before the configuration is read.
	jq -es 'all(.[]; (.time | fromdateiso8601? // test("Z$")) and
		has("level") and has("message"))' \
		<(grep '^{' "$LOG")
	[ "$(grep -c '^{' "$LOG")" = \
		"$(wc -l <"$LOG")" ]
	[ "$(jq -c 'select(.status == 200) | [ .operation, .client, .items,
		.delivered, .rejected, .later, .failed, .request_id,
		(.ms | type) ]' "$LOG")" = \
		'["notify","erezept",1,1,0,0,1,"r-1","number"]' ]
	[ "$(jq -c 'select(.verdict) | [ .app, .verdict, .cause, .reason,
		.request_id, has("operation") ]' "$LOG")" = \
		'["unknown","failed","app_id is not configured","app unknown","r-1",false]' ]
	[ "$(jq -r 'select(.status == 404) | .operation' \
		"$LOG")" = none ]
}
