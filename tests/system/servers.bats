#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a web server does around the gateway: its configuration as shipped.

load ../lib/stage.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	PLAIN=1 stage_start '.request_timeout_ms = 4000'
}

teardown_file() {
	stage_close
}

setup() {
	control '{}'
	clear_record
}

# --- TLS ---------------------------------------------------------------------

# handshake OPTION...: what openssl says of a TLS handshake.
handshake() {
	openssl s_client -connect "127.0.0.1:$PORT" -servername localhost \
		-CAfile "$STAGE/providers-ca.pem" "$@" </dev/null 2>&1
}

@test "TLS 1.2 and 1.3 are spoken, 1.1 is not" {
	handshake -tls1_3 | grep -q 'Protocol *: TLSv1.3\|New, TLSv1.3'
	handshake -tls1_2 | grep -q 'Protocol *: TLSv1.2\|New, TLSv1.2'
	run handshake -tls1_1 -cipher 'ALL:@SECLEVEL=0'
	[[ $output == *"Cipher is (NONE)"* ]]
}

# It would carry a verified state past a revocation.
@test "no session can be resumed, by a ticket or by its number" {
	run handshake -tls1_2
	[[ $output != *"TLS session ticket:"* ]]
	local version option
	for version in -tls1_2 -tls1_3; do
		for option in -ticket -no_ticket; do
			rm -f "$STAGE/session"
			raw "$version" ${option#-ticket} \
				-sess_out "$STAGE/session" \
				<<<$'GET / HTTP/1.0\r\n\r' >/dev/null
			[ -s "$STAGE/session" ] || continue
			run handshake "$version" -sess_in "$STAGE/session"
			[[ $output == *"New, "* && $output != *"Reused, "* ]]
		done
	done
}

@test "plain HTTP on the port of TLS is not served" {
	run curl -s --max-time 5 -d "$(single "$(plain '{}' "$(ios a)")")" \
		"http://localhost:$PORT/push/v1/notify"
	[[ -z $output || $(jq -r '.error | type' <<<"$output") = string ]]
	[ ! -s "$STAGE/record.json" ]
}

@test "a port without TLS lets nobody in, whatever he claims" {
	local claim
	for claim in 'Accept: */*' 'SSL_CLIENT_VERIFY: SUCCESS' \
		'SSL-CLIENT-VERIFY: SUCCESS' 'HTTPS: on'; do
		run curl -s --max-time 10 -w '%{http_code}' -H "$claim" \
			-H "SSL-CLIENT-CERT: $(tr '\n' ' ' \
				<"$STAGE/client.pem")" \
			-H 'Content-Type: application/json' \
			-d "$(single "$(plain '{}' "$(ios a)")")" \
			"http://127.0.0.1:$PLAIN_PORT/push/v1/notify"
		[[ $output == '{"error":'*'}401' ]]
	done
	[ ! -s "$STAGE/record.json" ]
}

# --- its own errors ----------------------------------------------------------

# raw [s_client-OPTION...]: sends standard input over TLS as it is, and prints
# what comes back until the other side closes.
raw() {
	timeout 20 openssl s_client -quiet -connect "127.0.0.1:$PORT" \
		-servername localhost -CAfile "$STAGE/providers-ca.pem" \
		-cert "$STAGE/client.pem" -key "$STAGE/client-key.pem" "$@" \
		2>"$STAGE/raw.log"
}

# error_in_json [CODE...]: the last answer is one of these errors, in JSON.
error_in_json() {
	[[ " $* " == *" $CODE "* && $(answer '.error | type') == string &&
		$(header content-type) == application/json* ]] || {
		echo "expected one of $*, got $CODE $(header content-type) $BODY"
		return 1
	}
}

@test "a request too large in its head is answered in JSON" {
	local i long version many=()
	long=$(printf 'x%.0s' {1..9000})
	for i in {1..120}; do
		many+=(-H "X-$i: x")
	done
	for version in --http1.1 --http2; do
		request /push/v1/notify "$version" -X POST -H "X-Long: $long"
		error_in_json 400 431
		request "/push/v1/$long" "$version"
		error_in_json 400 414 431
		request /push/v1/notify "$version" "${many[@]}"
		# lighttpd counts bytes only.
		error_in_json 400 405 431
	done
}

@test "more than 64 KiB of headers are refused as such" {
	# These answer and close while it still comes, which a caller that sends
	# takes for a failure.
	case $WEB_SERVER in
	haproxy|lighttpd*) skip 'it takes less, as in the test above' ;;
	esac
	local i long many=()
	long=$(printf 'x%.0s' {1..8000})
	for i in {1..12}; do
		many+=(-H "X-Long-$i: $long")
	done
	post /push/v1/notify '{}' --http1.1 "${many[@]}"
	case $WEB_SERVER in
	# Its own answer, which no setting changes: the gateway is not asked.
	apache-fcgid) error_in_json 500 ;;
	# By CGI there is no such limit.
	apache-cgi) error_in_json 400 ;;
	*) error_in_json 431 ;;
	esac
	[ ! -s "$STAGE/record.json" ]
	post /push/v1/notify "$(single "$(plain '{}' "$(ios a)")")"
	[ "$CODE" = 200 ]
}

@test "an unknown method is answered in JSON, as is TRACE" {
	local method
	for method in NONSENSE TRACE CONNECT; do
		# HAProxy takes what is no host and port for no request.
		[[ $WEB_SERVER-$method != haproxy-CONNECT ]] || continue
		request /push/v1/notify --http1.1 -X "$method"
		error_in_json 400 405 501
	done
}

@test "a body over the server's own limit is answered in JSON" {
	head -c 4300000 /dev/zero >"$STAGE/large"
	post /push/v1/notify "@$STAGE/large" --http1.1
	case $WEB_SERVER in
	# Where the server has no limit, and where it has no better word.
	apache-proxy|*-cgi) error_in_json 413 ;;
	apache-fcgid) error_in_json 500 ;;
	lighttpd*|haproxy) error_in_json 413 ;;
	esac
	# HAProxy wants to know how long one is that no buffer holds.
	[ "$WEB_SERVER" != haproxy ] || truncate -s 60000 "$STAGE/large"
	post /push/v1/notify "@$STAGE/large" --http1.1 \
		-H 'Transfer-Encoding: chunked' -H 'Expect:'
	case $WEB_SERVER in
	haproxy) error_in_json 411 ;;
	*) error_in_json 413 500 ;;
	esac
	[ ! -s "$STAGE/record.json" ]
}

# sent LINE...: sends a request of these lines, and takes the answer apart.
sent() {
	printf '%s\r\n' "$@" | raw >"$STAGE/answer" || :
	CODE=$(head -n 1 "$STAGE/answer" | cut -d' ' -f2)
	sed '/^\r$/q' "$STAGE/answer" >"$STAGE/answer.headers"
	BODY=$(sed '1,/^\r$/d' "$STAGE/answer")
}

@test "a request that is none is answered in JSON" {
	[ "$WEB_SERVER" != haproxy ] || skip "its own answer is in HTML"
	sent 'POST /push/v1/notify HTTP/1.1' 'Connection: close' ''
	error_in_json 400
	sent 'POST /push/v1/notify HTTP/1.1' 'Host: a b' 'Connection: close' ''
	error_in_json 400
	sent 'POST /push/v1/notify HTTP/1.1' 'Host: localhost' \
		'Content-Length: x' 'Connection: close' ''
	error_in_json 400
	sent 'POST /push/v1/notify HTTP/1.1' 'Host: localhost' \
		'Transfer-Encoding: chunked' 'Connection: close' '' 'rubbish' ''
	error_in_json 400
	sent 'POST /push/v1/notify HTTP/1.1' 'Host: localhost' \
		'Content-Length: 2' 'Transfer-Encoding: chunked' \
		'Connection: close' '' '2' '{}' '0' ''
	error_in_json 400
}

@test "each error page is JSON and has the API's form" {
	local page
	for page in "$ROOT"/errors/*.html; do
		[ "$(jq -r 'keys | join(" ")' "$page")" = error ]
		jq -e '.error | type == "string"' "$page"
		# Both families know it.
		grep -q "^ErrorDocument $(basename "$page" .html) " \
			"$ROOT/errors/apache-errors.conf"
		grep -q "\"${page##*/}\" => \"application/json\"" \
			"$ROOT/lighttpd/50-push-gateway-tls.conf"
	done
	[ "$(sed -n 's/^ErrorDocument 414 //p' \
		"$ROOT/errors/apache-errors.conf" | jq -r .)" = \
		"$(<"$ROOT/errors/414.html")" ]
}

@test "an error names what is wrong, and not what might have been" {
	[ "$WEB_SERVER" != haproxy ] || skip "its own answer is in HTML"
	local i many=()
	for i in {1..120}; do
		many+=("X-$i: x")
	done
	sent 'POST /push/v1/notify HTTP/1.1' 'Host: localhost' \
		'Transfer-Encoding: gzip' 'Connection: close' ''
	error_in_json 400 501
	[[ $BODY == *malformed* || $BODY == *"transfer coding"* ]]
	[[ $WEB_SERVER == apache-* ]] || return 0
	sent 'POST /push/v1/notify HTTP/1.1' 'Host: localhost' "${many[@]}" \
		'Connection: close' ''
	error_in_json 400
	[[ $BODY == *"head is too large"* ]]
}

@test "of the server's own files nobody sees more than the error pages" {
	request /.push-gateway-errors/apache-errors.conf
	error_in_json 404
	request /.push-gateway-errors/
	error_in_json 403 404
}

# --- requests and answers ----------------------------------------------------

@test "HTTP/1.1 and HTTP/2 callers are served alike" {
	local version
	for version in --http1.1 --http2; do
		post /push/v1/notify/batch "$(batch "$(plain '{}' \
			"$(android phone)")")" "$version"
		[ "$CODE" = 200 ]
		[ "$(answer .summary.successful)" = 1 ]
	done
	# lighttpd has too few streams: such a caller is told to speak HTTP/1.1.
	case $WEB_SERVER in
	lighttpd*) version='HTTP/1.1 200' ;;
	*) version='HTTP/2 200' ;;
	esac
	[[ $(head -n 1 "$STAGE/answer.headers") == "$version"* ]]
}

@test "a body is taken whose length nobody said" {
	local body version
	body=$(single "$(plain '{}' "$(android unsaid)")")
	for version in --http1.1 --http2; do
		# An empty record in front of the body is the end for the gateway.
		[[ $WEB_SERVER$version != apache-fcgid--http2 ]] || continue
		request /push/v1/notify "$version" \
			--cert "$STAGE/client.pem" \
			--key "$STAGE/client-key.pem" -X POST \
			-H 'Content-Type: application/json' -T - <<<"$body"
		[ "$CODE" = 200 ]
	done
	[ "$(record 'select(.text == "unsaid") | .status' | sort -u)" = 200 ]
}

@test "a connection that is idle for six seconds is still there" {
	# There it ends after five, so that a cut answer does.
	[ "$WEB_SERVER" != apache-proxy ] || skip "mod_proxy_fcgi is an exception"
	local body
	body=$(single "$(plain '{}' "$(android idle)")")
	{
		head_of "${#body}" | sed '/^Connection:/d'
		printf %s "$body"
		sleep 6
		head_of "${#body}"
		printf %s "$body"
	} | raw >"$STAGE/idle"
	[ "$(grep -c '"rejected":\[\]' "$STAGE/idle")" = 2 ]
}

# head_of LENGTH [OPERATION]: of a request whose body says it is so long;
# "chunked" too.
head_of() {
	local length="Content-Length: $1"
	[ "$1" != chunked ] || length='Transfer-Encoding: chunked'
	printf '%s\r\n' "POST /push/v1/${2:-notify} HTTP/1.1" 'Host: localhost' \
		'Content-Type: application/json' 'Connection: close' \
		"$length" ''
}

@test "an upload that is cut short is never decoded" {
	local body length
	body=$(single "$(plain '{}' "$(android upload)")")
	length=${#body}
	# All of the JSON, but not all that was announced.
	{ head_of $((length + 1)); printf %s "$body"; } |
		raw -no_ign_eof >"$STAGE/cut" || :
	# All of the JSON, but not the end of the chunks.
	{ head_of chunked; printf '%x\r\n%s\r\n' "$length" "$body"; } |
		raw -no_ign_eof >"$STAGE/cut" || :
	post /push/v1/notify "$(single "$(plain '{}' "$(android whole)")")"
	[ "$CODE" = 200 ]
	[ "$(record 'select(.service == "fcm") | .text')" = whole ]
	# The way they were sent is good: this one is whole.
	{ head_of "$length"; printf %s "$body"; } | raw >"$STAGE/cut"
	grep -q '"rejected":\[\]' "$STAGE/cut"
}

# quick: another caller is served in short.  (Behind mod_fcgid, who finds no
# idle worker waits a second until it is started.)
quick() {
	local start=${EPOCHREALTIME//./}
	post /push/v1/notify "$(single "$(plain '{}' "$(android quick)")")"
	[ "$CODE" = 200 ]
	(((${EPOCHREALTIME//./} - start) / 1000 < $(longest 2500)))
}

@test "callers that are slow to send hold up nobody" {
	local i body callers=()
	quick
	body=$(single "$(plain '{}' "$(android slow)")")
	for i in 1 2 3 4 5 6; do
		mkfifo "$STAGE/rest.$i"
		{
			head_of ${#body}
			printf %s "${body:0:20}"
			read -rt 60 _ <>"$STAGE/rest.$i" || :
			printf %s "${body:20}"
		} 3>&- | raw >"$STAGE/slow.$i" 3>&- &
		callers+=($!)
	done
	quick
	quick
	for i in 1 2 3 4 5 6; do
		echo >"$STAGE/rest.$i"
	done
	wait "${callers[@]}"
	[ "$(cat "$STAGE"/slow.* | grep -c '"rejected":\[\]')" = 6 ]
}

@test "callers that are slow to read hold up nobody" {
	local i items=() key readers=()
	quick
	printf -v key 'k%.0s' {1..4000}
	for i in {1..100}; do
		items+=("$(plain '{}' "$(android "a$i-$key-404")" \
			"$(android "b$i-$key-404")")")
	done
	batch "${items[@]}" >"$STAGE/long.json"
	for i in 1 2 3; do
		mkfifo "$STAGE/hold.$i"
		{
			head_of "$(wc -c <"$STAGE/long.json")" notify/batch
			cat "$STAGE/long.json"
		} | raw | {
			read -rN 1000 _
			: >"$STAGE/began.$i"
			read -rt 60 _ <>"$STAGE/hold.$i" || :
			cat >"$STAGE/read.$i"
		} 3>&- &
		readers+=($!)
	done
	for i in 1 2 3; do
		wait_until 10 test -e "$STAGE/began.$i"
	done
	quick
	quick
	for i in 1 2 3; do
		echo >"$STAGE/hold.$i"
	done
	wait "${readers[@]}"
	for i in 1 2 3; do
		(($(wc -c <"$STAGE/read.$i") > 800000))
	done
}

# As many as Apache has threads: RequestReadTimeout ends each after 15 s.
@test "strangers who upload slowly shut nobody out" {
	local threads strangers
	threads=$(sed -n 's/^\tMaxRequestWorkers //p' \
		"$ROOT/apache/push-gateway-threads.conf")
	quick
	ulimit -n "$(ulimit -Hn)"
	/usr/bin/python3 "$ROOT/tests/lib/slow-uploads.py" "$PORT" "$threads" \
		40 >"$STAGE/strangers" 2>&1 3>&- &
	strangers=$!
	wait_until 20 grep -q begun "$STAGE/strangers"
	post /push/v1/notify "$(single "$(plain '{}' "$(android amid)")")" \
		--max-time 30
	[ "$CODE" = 200 ]
	case $WEB_SERVER in
	# It reads bodies aside, and needs no thread for them.
	lighttpd*) kill "$strangers" ;;
	*)
		wait "$strangers"
		grep -qx "ended $threads of $threads" "$STAGE/strangers" ;;
	esac
}

serves() {
	post /push/v1/notify "$(single "$(plain '{}')")" && [ "$CODE" = 200 ]
}

# --- the operator's listener -------------------------------------------------

# operator PATH [curl-OPTION...]: asks the operator's listener.
operator() {
	local path=$1
	shift
	CODE=$(curl -sS --max-time 20 -D "$STAGE/answer.headers" \
		-o "$STAGE/answer" -w '%{http_code}' "$@" \
		"http://127.0.0.1:$ADMIN_PORT$path")
	BODY=$(<"$STAGE/answer")
}

# shows PATH TYPE PATTERN: it has that page of the gateway.
shows() {
	operator "$1"
	[[ $CODE == 200 && $(header content-type) == "$2" && $BODY =~ $3 ]] || {
		echo "$1: $CODE $(header content-type) $BODY"
		return 1
	}
}

@test "the operator's listener has health, metrics and status" {
	local base
	serves
	for base in '' /any/base; do
		shows "$base/health/live" application/json '^\{"status":"live"\}$'
		shows "$base/health/ready" application/json \
			'^\{"status":"ready"'
		shows "$base/metrics" 'text/plain; version=0.0.4' \
			'push_gateway_requests_total\{.*status="200"\} [1-9]'
		shows "$base/status" 'text/html; charset=utf-8' \
			">$IOS_APP<"
	done
	operator /metrics --head
	[ "$CODE" = 200 ]
	operator /metrics -d x
	error_in_json 405
	[ "$(header allow)" = 'GET, HEAD' ]
	clear_record
	operator /push/v1/notify -H 'Content-Type: application/json' \
		-d "$(single "$(plain '{}' "$(android a)")")"
	error_in_json 403 404
	[ ! -s "$STAGE/record.json" ]
}

# Each way to write a page's path; its Host, and what it claims.
@test "callers get none of the operator's pages, whatever they write" {
	local path claims=() pages=(/health/live /health/ready /metrics /status)
	local name
	for name in PUSH-GATEWAY-ADMIN PUSH_GATEWAY_ADMIN \
		Push_Gateway_Admin HTTP_PUSH_GATEWAY_ADMIN; do
		claims+=(-H "$name: on")
	done
	claims+=(-H "Host: 127.0.0.1:$ADMIN_PORT"
		-H "X-Forwarded-Host: 127.0.0.1:$ADMIN_PORT"
		-H 'X-Forwarded-For: 127.0.0.1')
	for path in "${pages[@]}"; do
		request "$path"
		error_in_json 404
		request "$path" --cert "$STAGE/client.pem" \
			--key "$STAGE/client-key.pem"
		error_in_json 404
		request "$path" "${claims[@]}"
		error_in_json 404
		request "$path" "${claims[@]}" --cert "$STAGE/client.pem" \
			--key "$STAGE/client-key.pem"
		error_in_json 404
	done
	for path in //metrics /./metrics /x/../metrics /%2e/metrics \
		/x/%2e%2e/metrics /%6Detrics /METRICS /metrics/ /metrics//. \
		/health%2flive /health//live /status%20 '/status;x' \
		'/status?PUSH_GATEWAY_ADMIN=on' /push/v1/notify/../../../status \
		/.push-gateway-errors/../metrics /.push-gateway-errors/metrics; do
		request "$path" "${claims[@]}" --cert "$STAGE/client.pem" \
			--key "$STAGE/client-key.pem"
		error_in_json 400 403 404
	done
}

# --- workers that die --------------------------------------------------------

kill_workers() {
	local pid
	for pid in $(workers); do
		kill -KILL "$pid"
	done
}

@test "a worker that dies before it answers leaves a JSON error" {
	ANSWER_FILE=cut post /push/v1/notify \
		"$(single "$(plain '{}' "$(android hang)")")" 3>&- &
	local caller=$!
	wait_until 5 grep -q '"text":"hang"' "$STAGE/record.json"
	kill_workers
	wait "$caller"
	jq -e '.error | type == "string"' "$STAGE/cut"
	wait_until 10 serves
}

# Behind mod_fcgid the answer ends as if it were whole: its end tells.
@test "an answer that a dying worker leaves is no whole JSON" {
	batch "$(plain '{}' "$(android a)")" "$(plain '{}' "$(android hang)")" \
		>"$STAGE/half.json"
	curl -sSN --http1.1 --max-time 20 \
		--cacert "$STAGE/providers-ca.pem" \
		--cert "$STAGE/client.pem" --key "$STAGE/client-key.pem" \
		-H 'Content-Type: application/json' \
		--data-binary "@$STAGE/half.json" -o "$STAGE/half" \
		"https://localhost:$PORT/push/v1/notify/batch" \
		2>"$STAGE/half.log" 3>&- &
	local caller=$!
	wait_until 5 grep -q item-1 "$STAGE/half"
	kill_workers
	# It ends before the caller gives up, too.
	wait "$caller" || [ $? != 28 ]
	run ! jq -e . "$STAGE/half"
	wait_until 10 serves
}

@test "while the pool is gone it is a 503 in JSON" {
	[ -n "${POOL_PID-}" ] || skip "this one has no pool"
	stop "$POOL_PID"
	rm -f "$STAGE/push-gateway.sock"
	post /push/v1/notify "$(single "$(plain '{}')")"
	error_in_json 503
	start_pool
	wait_until 10 serves
}

# (lighttpd gives a worker as long as it wants, and only ends the connection
# of a slow caller.)  With shorter times than are shipped.
@test "a caller or a worker that is too slow is an error in JSON" {
	[[ $WEB_SERVER != lighttpd* ]] || skip "this one has no such error"
	local answer
	WEB_SERVER_EDIT='s/body=5-15,minrate=20000/body=2/
		s/\(for-body time\|timeout server\) .*/\1 2s/
		s/\(ProxyTimeout\|IOTimeout\|CGIDScriptTimeout\) .*/\1 2/' \
		restart_web_server
	answer=$(printf '%s\r\n' 'POST /push/v1/notify HTTP/1.1' \
		'Host: localhost' 'Content-Type: application/json' \
		'Content-Length: 100' '' '{' | raw)
	# mod_fcgid has no word for it.
	[[ $answer == 'HTTP/1.1 '@(408|500)' '*'{"error":'* ]]
	post /push/v1/notify "$(single "$(plain '{}' "$(android hang)")")"
	error_in_json 500 504
}
