#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Provider tokens: minted once for all workers of the host, renewed in time.

load ../lib/stage.bash

setup() {
	stage_open "$BATS_TEST_TMPDIR/stage"
	control '{}'
}

teardown() {
	stage_close
}

# tokens SERVICE: the different tokens that a provider saw.
tokens() {
	record "select(.service == \"$1\") | .headers.authorization" | sort -u
}

# token_file PROVIDER: the shared file of its one token.
token_file() {
	echo "$STAGE"/state/"$1"-*.token
}

# age_token PROVIDER SECONDS LIFE: as if minted so long ago.
age_token() {
	local now file
	now=$(date +%s)
	file=$(token_file "$1")
	sed -i "1s/.*/push-gateway token $((now - $2)) $((now - $2 + $3))/" \
		"$file"
}

both() {
	post /push/v1/notify "$(single "$(plain '{}' "$(ios phone)" \
		"$(android phone)")")"
}

@test "eight workers mint one Apple token and ask Google for one" {
	WORKERS=8 stage_start
	control '{"oauth": {"latency_ms": 300}}'
	local i callers=()
	for i in {1..24}; do
		curl -s -o /dev/null --cacert "$STAGE/providers-ca.pem" \
			--cert "$STAGE/client.pem" \
			--key "$STAGE/client-key.pem" \
			-H 'Content-Type: application/json' \
			-d "$(single "$(plain '{}' "$(ios "a$i")" \
				"$(android "b$i")")")" \
			"https://localhost:$PORT/push/v1/notify" 3>&- &
		callers+=($!)
	done
	wait "${callers[@]}"
	[ "$(record 'select(.service == "oauth")' | wc -l)" = 1 ]
	[ "$(tokens apns | wc -l)" = 1 ]
	[ "$(tokens fcm | wc -l)" = 1 ]
	[ "$(record 'select(.status == 200 and .service != "oauth")' |
		wc -l)" = 48 ]
	# They really were several.
	[ "$(grep -o 'push-gateway\[[0-9]*\] info: notify by' \
		"$STAGE/gateway.log" | sort -u | wc -l)" -ge 3 ]
}

@test "the files are private, and outlive a restart" {
	stage_start
	both
	[ "$CODE" = 200 ]
	[ "$(stat -c %a "$STAGE/state")" = 700 ]
	[ "$(stat -c %a "$STAGE"/state/*.token | sort -u)" = 600 ]
	[ "$(stat -c %a "$STAGE"/state/*.token | wc -l)" = 2 ]
	restart_web_server
	both
	[ "$CODE" = 200 ]
	[ "$(tokens apns | wc -l)" = 1 ]
	[ "$(record 'select(.service == "oauth")' | wc -l)" = 1 ]
}

@test "an Apple token of 50 minutes is renewed" {
	stage_start
	both
	age_token apns 2990 3600
	restart_web_server
	both
	[ "$(tokens apns | wc -l)" = 1 ]
	age_token apns 3010 3600
	restart_web_server
	both
	# The old one is still good, and used while the new one is made.
	wait_until 5 grep -q "^push-gateway token $(date +%s | cut -c1-8)" \
		"$(token_file apns)"
	both
	[ "$CODE" = 200 ]
	[ "$(tokens apns | wc -l)" = 2 ]
}

@test "an access token is renewed five minutes before its end" {
	stage_start
	both
	age_token fcm 3000 3600
	age_token apns 3000 36000
	age_token fcm 3301 3600
	restart_web_server
	both
	[ "$CODE" = 200 ]
	wait_until 5 test "$(record 'select(.service == "oauth")' |
		wc -l)" = 2
}

@test "a stale token is renewed once and the message goes out" {
	stage_start
	both
	# Google forgets the token; ours still looks good.
	sed -i '2s/.*/ya29.forgotten/' "$(token_file fcm)"
	restart_web_server
	both
	[ "$CODE" = 200 ]
	[ "$(record 'select(.service == "fcm") | .status' | tr '\n' ' ')" = \
		"200 401 200 " ]
}

@test "a provider that refuses every token does not make us ask for more" {
	stage_start
	local i
	for i in 1 2 3 4; do
		post /push/v1/notify "$(single "$(plain '{}' \
			"$(android "401-a$i")")")"
		[ "$CODE" = 503 ]
	done
	# For each of the two workers the first, and one in its place.
	(($(record 'select(.service == "oauth")' | wc -l) <= 3))
}

@test "an expired Apple token is replaced, over a new connection" {
	stage_start
	both
	# Made long ago, but the file says it is good for hours.
	stop "$WEB_SERVER_PID"
	local old now
	now=$(date +%s)
	old=$(make_jwt $((now - 4000)))
	printf 'push-gateway token %s %s\n%s\n' $((now - 4000)) \
		$((now + 3000)) "$old" >"$(token_file apns)"
	start_web_server
	clear_record
	post /push/v1/notify "$(single "$(plain '{}' "$(ios phone)")")"
	[ "$CODE" = 200 ]
	[ "$(record '[.status, .reason]' | tr '\n' ' ')" = \
		'[403,"ExpiredProviderToken"] [200,null] ' ]
	[ "$(record .connection | sort -u | wc -l)" = 2 ]
}

# make_jwt IAT: a provider token of the stage's key.
make_jwt() {
	local head claims
	head=$(printf '{"alg":"ES256","kid":"ABC1234567"}' | base64url)
	claims=$(printf '{"iss":"TEAM123456","iat":%s}' "$1" | base64url)
	printf '%s.%s.%s' "$head" "$claims" "$(printf '%s.%s' "$head" "$claims" |
		openssl dgst -sha256 -sign "$STAGE/AuthKey_ABC1234567.p8" |
		openssl asn1parse -inform DER | awk -F: '/INTEGER/ {
			printf "%64s", $NF }' | tr ' ' 0 | hex_to_bytes | base64url)"
}

hex_to_bytes() {
	perl -e 'print pack "H*", <STDIN>'
}

base64url() {
	base64 -w 0 | tr '+/' '-_' | tr -d '='
}

@test "too many token updates: the token is kept, the connection is not" {
	WORKERS=1 stage_start
	post /push/v1/notify "$(single "$(plain '{}' \
		"$(ios 429-TooManyProviderTokenUpdates)")")"
	[ "$CODE" = 503 ]
	post /push/v1/notify "$(single "$(plain '{}' "$(ios phone)")")"
	[ "$CODE" = 200 ]
	[ "$(record .status | tr '\n' ' ')" = "429 200 " ]
	[ "$(tokens apns | wc -l)" = 1 ]
	[ "$(record .connection | sort -u | wc -l)" = 2 ]
}

@test "the former Apple token is used while Apple takes no new one" {
	WORKERS=1 stage_start
	both
	age_token apns 3010 3600
	control '{"apns": {"token_floor_per_key": true}}'
	restart_web_server
	# The old one is still good, and used while the new one is made.
	both
	wait_until 5 test -s "$STAGE"/state/apns-*.former
	clear_record
	both
	[ "$CODE" = 200 ]
	[ "$(record 'select(.service == "apns") | [.status, .reason]' |
		tr '\n' ' ')" = \
		'[429,"TooManyProviderTokenUpdates"] [200,null] ' ]
	# It is known from then on, and after a restart again.
	both
	[ "$(record 'select(.service == "apns") | .status' | tail -n 1)" = 200 ]
	[ "$(record 'select(.service == "apns")' | wc -l)" = 3 ]
	restart_web_server
	clear_record
	both
	[ "$CODE" = 200 ]
	[ "$(record 'select(.service == "apns") | .status' | tr '\n' ' ')" = \
		"429 200 " ]
	[ "$(stat -c %a "$STAGE"/state/*.former)" = 600 ]
	# No third one was made, and Google's is kept no longer than needed.
	[ "$(grep -c 'apns-.*: new token' "$STAGE/gateway.log")" = 2 ]
}

@test "an Apple token from the future is not used" {
	stage_start
	both
	stop "$WEB_SERVER_PID"
	local now
	now=$(date +%s)
	printf 'push-gateway token %s %s\n%s\n' $((now + 600)) \
		$((now + 4200)) "$(make_jwt $((now + 600)))" \
		>"$(token_file apns)"
	start_web_server
	clear_record
	both
	[ "$CODE" = 200 ]
	[ "$(record 'select(.service == "apns") | .status')" = 200 ]
}

@test "a token file that is not ours alone is replaced, never used" {
	stage_start
	both
	stop "$WEB_SERVER_PID"
	local file
	file=$(token_file fcm)
	sed -i '2s/.*/ya29.planted/' "$file"
	chmod 644 "$file"
	echo rubbish >"$(token_file apns)"
	start_web_server
	both
	[ "$CODE" = 200 ]
	[ "$(stat -c %a "$STAGE"/state/*.token | sort -u)" = 600 ]
	[ "$(tokens fcm | grep -c planted)" = 0 ]
}

@test "a token endpoint that talks rubbish means later" {
	stage_start
	control '{"oauth": {"rubbish": true}}'
	post /push/v1/notify/batch "$(batch "$(plain '{}' "$(android a)")" \
		"$(plain '{}' "$(ios a)")")"
	[ "$(answer '[.results[] | [.status, .rejected, .error]]')" = \
		'[["failed",[],"provider rejected the gateway'"'"'s credentials"],["success",[],null]]' ]
	grep -q 'error: fcm-.*no token: the token endpoint sent no token' \
		"$STAGE/gateway.log"
	control '{"oauth": {"answer": {"status": 400, "body":
		{"error": "invalid_grant"}}}}'
	post /push/v1/notify "$(single "$(plain '{}' "$(android b)")")"
	[ "$CODE" = 503 ]
	control '{}'
	wait_until 5 delivered
}

@test "a token endpoint that refuses connections means later, too" {
	stage_start
	control '{"oauth": {"closed": true}}'
	wait_until 5 oauth_is_closed
	post /push/v1/notify "$(single "$(plain '{}' "$(android a)")")"
	[ "$CODE" = 503 ]
	grep -q 'error: fcm-.*no token: the token endpoint cannot be reached' \
		"$STAGE/gateway.log"
	control '{}'
	wait_until 5 delivered
}

oauth_is_closed() {
	# shellcheck disable=SC2154
	! (: <"/dev/tcp/127.0.0.1/$oauth_port")
}

delivered() {
	post /push/v1/notify "$(single "$(plain '{}' "$(android c)")")"
	[ "$CODE" = 200 ]
}

@test "a worker that dies while it mints does not block the others" {
	stage_start '.request_timeout_ms = 4000'
	control '{"oauth": {"hang": true}}'
	ANSWER_FILE=first post /push/v1/notify \
		"$(single "$(plain '{}' "$(android a)")")" 3>&- &
	local caller=$! pid
	wait_until 5 grep -q '"service":"oauth"' "$STAGE/record.json"
	for pid in $(workers); do
		kill -KILL "$pid"
	done
	wait "$caller" || :
	control '{}'
	wait_until 5 delivered
}
