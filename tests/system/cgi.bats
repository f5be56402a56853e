#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Plain CGI: a web server that knows no FastCGI starts a process for each
# request.

load ../lib/stage.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	stage_prepare '.request_timeout_ms = 3000'
}

teardown_file() {
	stage_close
}

setup() {
	CONFIG=$STAGE/push-gateway.json
	OUT=$BATS_TEST_TMPDIR/out
	control '{}'
	clear_record
}

teardown() {
	! grep -aE 'Sanitizer|runtime error:' "$BATS_TEST_TMPDIR"/log*
}

# cgi [NAME=VALUE...] [-- ARGUMENT...]: starts the program as a web server
# does, with the body as standard input.
cgi() {
	local variables=()
	while (($# > 0)) && [[ $1 != -- ]]; do
		variables+=("$1")
		shift
	done
	env -i GATEWAY_INTERFACE=CGI/1.1 SERVER_PROTOCOL=HTTP/1.1 \
		PUSH_GATEWAY_CONFIG="$CONFIG" REQUEST_METHOD=POST \
		SCRIPT_NAME=/push/v1/notify CONTENT_TYPE=application/json \
		SSL_CLIENT_VERIFY=SUCCESS \
		SSL_CLIENT_CERT="$(cat "$STAGE/client.pem")" \
		"${variables[@]}" "$GATEWAY" "${@:2}" \
		2>>"$BATS_TEST_TMPDIR/log"
}

# notify BODY [NAME=VALUE...]: with its length.
notify() {
	local body=$1
	shift
	printf %s "$body" | cgi CONTENT_LENGTH="${#body}" "$@"
}

phone() {
	single "$(plain '{}' "$(android "${1:-phone}")")"
}

# large: a request whose answer has 400 KB.
large() {
	local item
	item=$(plain '{}' "$(android "dead-404-$(printf 'x%.0s' {1..3900})")")
	jq -cn --argjson item "$item" '{ notifications: [ range(100) |
		{ id: "i\(.)", notification: $item } ] }'
}

@test "one request is answered over standard output, and the process leaves" {
	run notify "$(single "$(plain '{}' "$(android phone)" \
		"$(ios gone-410)")")"
	[ "$status" = 0 ]
	[ "${lines[0]}" = $'Status: 200 OK\r' ]
	[ "${lines[-1]}" = "{\"rejected\":[\"$(apns_pushkey gone-410)\"]}" ]
}

@test "the body may come from a file or a pipe, at once or slowly" {
	local body
	body=$(phone)
	printf %s "$body" >"$BATS_TEST_TMPDIR/body"
	cgi CONTENT_LENGTH="${#body}" <"$BATS_TEST_TMPDIR/body" >>"$OUT"
	perl -e '$| = 1; for (split //, $ARGV[0]) {
		print; select undef, undef, undef, 0.002 }' "$body" |
		cgi CONTENT_LENGTH="${#body}" >>"$OUT"
	# Without a length the end of the input is the end of the body.
	cgi <"$BATS_TEST_TMPDIR/body" >>"$OUT"
	# What stands behind the length is not the body.
	printf '%s rubbish' "$body" |
		cgi CONTENT_LENGTH="${#body}" >>"$OUT"
	[ "$(grep -c '"rejected":\[\]' "$OUT")" = 4 ]
	cgi REQUEST_METHOD=GET </dev/null >>"$OUT"
	grep -q 'Status: 405' "$OUT"
}

@test "the answer to a batch is streamed" {
	notify "$(batch "$(plain '{}' "$(android phone)")" \
		"$(plain '{}' "$(android slow1500)")")" \
		SCRIPT_NAME=/push/v1/notify/batch >"$OUT" 3>&- &
	local call=$!
	wait_until 5 grep -q '"id":"item-1"' "$OUT"
	[[ $(cat "$OUT") != *item-2* ]]
	wait "$call"
	[ "$(sed '1,/^\r$/d' "$OUT" | jq .summary.successful)" = 2 ]
}

@test "processes judge together what a wrong setting makes look dead" {
	rm -f "$STAGE/state/rejections"
	local i
	notify "$(single "$(plain '{}' "$(ios x-400)")")" >"$OUT"
	grep -q '"rejected":\[\]' "$OUT"
	notify "$(single "$(plain '{}' "$(ios y)")")" >"$OUT"
	for i in {1..15}; do
		notify "$(single "$(plain '{}' "$(ios "y$i-400")")")"
	done >"$OUT"
	# One was suspicious before.
	[ "$(grep -c '"rejected":\["' "$OUT")" = 8 ]
}

@test "a fresh process takes the tokens of the one before" {
	local name
	for name in a b c; do
		notify "$(single "$(plain '{}' "$(android "$name")" \
			"$(ios "$name")")")"
	done
	[ "$(record 'select(.service == "fcm" or .service == "apns") |
		.headers.authorization' | sort -u | wc -l)" = 2 ]
	# All but the first of this file found Google's token there.
	[ "$(record 'select(.service == "oauth")' | wc -l)" -le 1 ]
}

@test "refusals come before the body is read" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	# Nobody ever writes, nor closes it.
	exec 9<>"$BATS_TEST_TMPDIR/fifo"
	run cgi CONTENT_LENGTH=10 SCRIPT_NAME=/nowhere <&9
	[[ ${lines[0]} == "Status: 404"* ]]
	run cgi CONTENT_LENGTH=10 REQUEST_METHOD=PUT <&9
	[[ ${lines[0]} == "Status: 405"* ]]
	run cgi CONTENT_LENGTH=10 SSL_CLIENT_VERIFY=NONE <&9
	[[ ${lines[0]} == "Status: 401"* ]]
	run cgi CONTENT_LENGTH=99999999999999999999 <&9
	[[ ${lines[0]} == "Status: 413"* ]]
	exec 9>&-
}

@test "a body that is cut short is never decoded" {
	local body
	body=$(phone)
	run notify "$body" CONTENT_LENGTH=$((${#body} + 1))
	[[ ${lines[0]} == "Status: 400"* && $output == *"cut short"* ]]
	[ "$(record 'select(.service == "fcm")')" = "" ]
}

@test "a configuration with a mistake is 500, and only the log says why" {
	sed 's/"clients"/"clint"/' "$CONFIG" >"$STAGE/wrong.json"
	CONFIG=$STAGE/wrong.json
	run notify "$(phone)"
	[ "$status" = 78 ]
	[[ ${lines[0]} == "Status: 500"* ]]
	[ "${lines[-1]}" = \
		'{"error":"Unexpected failure during processing."}' ]
	grep -q 'wrong.json.*clint' "$BATS_TEST_TMPDIR/log"
	CONFIG=$STAGE/none.json
	run notify "$(phone)"
	[[ ${lines[0]} == "Status: 500"* && $output != *none.json* ]]
	grep -q none.json "$BATS_TEST_TMPDIR/log"
}

@test "arguments that a web server makes of a query are not ours" {
	run cgi REQUEST_METHOD=GET QUERY_STRING=-V -- -V </dev/null
	[[ ${lines[0]} == "Status: 405"* ]]
	run cgi CONTENT_LENGTH=0 QUERY_STRING=-c+/nowhere -- -c /nowhere \
		</dev/null
	[[ ${lines[0]} == "Status: 400"* ]]
}

@test "SIGTERM finishes the request" {
	local pid body
	body=$(phone slow1500)
	printf %s "$body" >"$BATS_TEST_TMPDIR/body"
	cgi CONTENT_LENGTH="${#body}" <"$BATS_TEST_TMPDIR/body" >"$OUT" 3>&- &
	local call=$!
	wait_until 5 grep -q slow1500 "$STAGE/record.json"
	pid=$(pgrep -P "$call" || echo "$call")
	kill -TERM "$pid"
	wait "$call"
	grep -q '"rejected":\[\]' "$OUT"
}

@test "a web server that does not take the answer is given up" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 9<>"$BATS_TEST_TMPDIR/fifo"
	notify "$(large)" SCRIPT_NAME=/push/v1/notify/batch \
		>"$BATS_TEST_TMPDIR/fifo" 3>&- 9>&-
	grep -q 'timed out sending a response' "$BATS_TEST_TMPDIR/log"
	exec 9>&-
}

# The shipped configuration with mod_cgi in the place of mod_fastcgi.
eval "shipped_$(declare -f lighttpd_write_configuration)"
lighttpd_write_configuration() {
	shipped_lighttpd_write_configuration
	sed -i -e 's/"mod_fastcgi"/"mod_cgi", "mod_alias", "mod_setenv"/' \
		-e '/^fastcgi.server/,/^)) )/d' "$STAGE/lighttpd.conf"
	cat >>"$STAGE/lighttpd.conf" <<-EOF
	alias.url = ( "/push/v1" => "$STAGE/push-gateway.fcgi" )
	cgi.assign = ( "/push-gateway.fcgi" => "" )
	setenv.set-environment = (
		"PUSH_GATEWAY_CONFIG" => "$STAGE/push-gateway.json" )
	EOF
}

@test "behind lighttpd's mod_cgi requests are answered and streamed" {
	: >"$BATS_TEST_TMPDIR/log"
	WEB_SERVER=lighttpd start_web_server
	post /push/v1/notify "$(phone)"
	[ "$CODE" = 200 ]
	[ "$BODY" = '{"rejected":[]}' ]
	large >"$BATS_TEST_TMPDIR/large"
	post /push/v1/notify/batch "@$BATS_TEST_TMPDIR/large"
	[ "$CODE" = 200 ]
	[ "$(answer .summary.failed)" = 100 ]
	ANSWER_FILE=streamed post /push/v1/notify/batch \
		"$(batch "$(plain '{}' "$(android phone)")" \
		"$(plain '{}' "$(android slow1500)")")" -N 3>&- &
	local call=$!
	wait_until 5 grep -q '"id":"item-1"' "$STAGE/streamed"
	[[ $(cat "$STAGE/streamed") != *item-2* ]]
	wait "$call"
	request /push/v1/notify -d '{}'
	[ "$CODE" = 401 ]
	head -c 1100000 /dev/zero >"$BATS_TEST_TMPDIR/large"
	post /push/v1/notify "@$BATS_TEST_TMPDIR/large"
	[ "$CODE" = 413 ]
}

# The shipped configuration of mod_fcgid with mod_cgid in its place.
eval "shipped_$(declare -f apache_write_configuration)"
apache_write_configuration() {
	shipped_apache_write_configuration
	sed -i -e '/^LoadModule/s/fcgid/cgid/g' \
		-e "1i ScriptSock \"$STAGE/cgid\"" "$STAGE/apache.conf"
	sed -i -e 's/SetHandler fcgid-script/SetHandler cgi-script/' \
		-e 's/FcgidInitialEnv/SetEnv/' -e '/^\s*Fcgid/d' \
		"$STAGE/site.conf"
}

@test "behind Apache's mod_cgid refusals arrive though their body is not read" {
	local size
	: >"$BATS_TEST_TMPDIR/log"
	WEB_SERVER=apache-fcgid start_web_server
	post /push/v1/notify "$(phone)"
	[ "$CODE" = 200 ]
	# It waits for the script to take the whole body; small ones it can
	# put away.
	for size in 20000 150000 1100000; do
		head -c "$size" /dev/zero >"$BATS_TEST_TMPDIR/large"
		post /nowhere "@$BATS_TEST_TMPDIR/large"
		[ "$CODE" = 404 ]
		[ "$BODY" = '{"error":"There is no such operation."}' ]
	done
	post /push/v1/notify "@$BATS_TEST_TMPDIR/large"
	[ "$CODE" = 413 ]
}

@test "a process knows that a provider answers nobody" {
	jq '.state_directory = "state-of-a-breaker" | .breaker_failures = 2 |
		.breaker_pause_s = 3600' "$CONFIG" >"$STAGE/breaker.json"
	CONFIG=$STAGE/breaker.json
	control '{"fcm": {"answer": {"status": 503}}}'
	notify "$(single "$(plain '{}' "$(android a)" "$(android b)")")" >"$OUT"
	clear_record
	# One more may try: the trouble could have been the first one's alone.
	notify "$(phone)" >"$OUT"
	[ "$(record 'select(.service == "fcm")' | grep -c .)" = 1 ]
	clear_record
	notify "$(phone)" >"$OUT"
	notify "$(phone)" >"$OUT"
	[ "$(record 'select(.service == "fcm")')" = "" ]
	grep -q '^Status: 503' "$OUT"
	run --separate-stderr "$COMMAND" status -c "$CONFIG"
	[[ $output == *"$(printf 'fcm')"*open* ]]
}
