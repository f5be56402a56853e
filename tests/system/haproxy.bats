#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# HAProxy in front of two hosts, whose workers are on TCP and want a secret:
# what becomes of requests when one of them stops, dies or freezes.

export WEB_SERVER=haproxy

load ../lib/stage.bash

setup() {
	stage_open "$BATS_TEST_TMPDIR/stage"
	echo 's3%cret "x' >"$STAGE/secret"
	chmod 600 "$STAGE/secret"
	PUSH_GATEWAY_SECRET=$(cat "$STAGE/secret")
	export PUSH_GATEWAY_SECRET
	start_simulator
	write_service_account
	install_gateway
	start_hosts
	start_web_server
	wait_until 10 host_answers 1
	wait_until 10 host_answers 2
	# Whoever is measured does not wait for the providers' tokens.
	push one && push two
	clear_record
}

teardown() {
	local i
	for i in 1 2; do
		signal_host "$i" CONT
	done
	stage_close
}

# start_hosts: on ports of their own, at random.
start_hosts() {
	local i
	HOSTS=
	for i in 1 2; do
		HOSTS+=" 127.0.0.$((i + 1)):$((RANDOM % 20000 + 10000))"
		start_host "$i"
	done
	export HOSTS
}

# start_host NUMBER: two workers with a state directory of their own.
start_host() {
	write_config ".state_directory = \"state-$1\" |
		.fastcgi_secret_file = \"secret\" |
		.apps[0].time_to_live_s = $1"
	mv "$STAGE/push-gateway.json" "$STAGE/host$1.json"
	# shellcheck disable=SC2086
	set -- "$1" $HOSTS
	PUSH_GATEWAY_CONFIG=$STAGE/host$1.json \
		perl "$ROOT/tests/lib/fastcgi.pl" pool 2 "${!#}" \
		"$STAGE/push-gateway.fcgi" 2>>"$STAGE/host$1.log" 3>&- &
	echo $! >"$STAGE/host$1.pid"
	echo $! >>"$STAGE/pids"
	wait_until 10 grep -q serving "$STAGE/host$1.log"
}

# signal_host NUMBER SIGNAL: all of its processes at once.
signal_host() {
	local pool
	pool=$(cat "$STAGE/host$1.pid")
	# shellcheck disable=SC2046
	kill "-$2" "$pool" $(pgrep -P "$pool") 2>/dev/null || :
}

# page PATH: of the operator's listener; prints the status, then the page.
page() {
	curl -sS --max-time 10 -w '\n%{http_code}\n' -o - \
		"http://127.0.0.1:$ADMIN_PORT$1" | tac
}

host_answers() {
	[ "$(page "/host$1/health/ready" | head -n 1)" = 200 ]
}

haproxy_says() {
	socat -t 5 - "UNIX:$STAGE/admin.sock" <<<"$1"
}

# host_is NUMBER STATUS: in HAProxy's own words.
host_is() {
	[[ $(haproxy_says 'show stat' | awk -F, -v host="host$1" \
		'$1 == "push-gateway" && $2 == host { print $18 }') == $2* ]]
}

push() {
	post /push/v1/notify "$(single "$(plain '{}' "$(android "$1")")")" \
		"${@:2}"
	[ "$CODE" = 200 ]
}

# push_many COUNT TEXT: so many at once in the background, into answer files.
push_many() {
	local i
	CALLERS=()
	for ((i = 1; i <= $1; i++)); do
		ANSWER_FILE=$2$i push "$2-$i" 3>&- &
		CALLERS+=($!)
	done
	wait_until 10 eval '(($(seen '"$2"') >= '"$1"'))'
}

# seen TEXT: how many requests for such pushkeys the provider has had.
seen() {
	record 'select(.service == "fcm") | .text' | grep -c "^$1" || :
}

all_answered() {
	local pid
	for pid in "${CALLERS[@]}"; do
		wait "$pid"
	done
}

# requests_of NUMBER: what the host has counted.
requests_of() {
	page "/host$1/metrics" | sed -n \
		's/^push_gateway_requests_total{.*notify.*"200"} //p'
}

@test "the file as it is shipped has no mistake, and nothing to warn of" {
	# Without its users and paths, which are not everywhere.
	run haproxy -c -f "$STAGE/haproxy.cfg"
	[ "$status" = 0 ]
	[[ $output != *WARNING* && $output != *ALERT* ]]
}

# HAProxy writes the lengths of records in 16 bits.
@test "a buffer is no larger than a record of FastCGI can be" {
	(($(sed -n 's/^\ttune.bufsize //p' "$ROOT/haproxy/push-gateway.cfg") \
		<= 65535))
}

@test "both hosts serve, and the one with less to do is asked" {
	push_many 8 slow800
	all_answered
	[ "$(requests_of 1)" -ge 4 ]
	[ "$(requests_of 2)" -ge 4 ]
	(($(requests_of 1) + $(requests_of 2) == 10))
}

@test "a host that is killed loses nothing: its requests go to the other" {
	push_many 6 slow1500
	signal_host 1 KILL
	all_answered
	# What the dead one had in flight was sent twice, and nothing else.
	(($(seen slow1500) <= 9))
	wait_until 10 host_is 1 DOWN
	push alone
}

@test "a host that freezes loses nothing either, within eight seconds" {
	local began
	push_many 6 slow1500
	signal_host 1 STOP
	began=$SECONDS
	all_answered
	(((SECONDS - began) * 1000 <= $(longest 8000)))
	(($(seen slow1500) <= 9))
	host_is 1 DOWN
	push alone
	signal_host 1 CONT
	wait_until 20 host_is 1 UP
}

@test "a batch too long to be kept is an error in JSON if its host dies" {
	local items=() i
	for i in {1..60}; do
		items+=("$(encrypted "$(android "slow5000-$i")")")
	done
	batch "${items[@]}" >"$STAGE/long.json"
	(($(wc -c <"$STAGE/long.json") > 65536))
	haproxy_says 'set server push-gateway/host2 state maint'
	ANSWER_FILE=long post /push/v1/notifyEncrypted/batch \
		"@$STAGE/long.json" --http1.1 3>&- &
	CALLERS=($!)
	wait_until 10 eval '(($(seen slow5000) >= 60))'
	haproxy_says 'set server push-gateway/host2 state ready'
	signal_host 1 KILL
	all_answered
	head -n 1 "$STAGE/long.headers" | grep -q ' 50[23]'
	jq -e '.error | type == "string"' "$STAGE/long"
}

@test "a host that drains finishes what it has, and gets nothing new" {
	local before
	push_many 6 slow5000
	haproxy_says 'set server push-gateway/host1 state drain'
	before=$(requests_of 1)
	push elsewhere && push elsewhere
	[ "$(requests_of 1)" = "$before" ]
	all_answered
	[ "$(seen slow5000)" = 6 ]
	haproxy_says 'set server push-gateway/host1 state ready'
	host_is 1 UP
}

@test "a host without usable credentials drains by itself, and comes back" {
	push_many 4 slow1500
	cp "$STAGE/host1.json" "$STAGE/good.json"
	jq '.apps = []' "$STAGE/good.json" >"$STAGE/new.json"
	mv "$STAGE/new.json" "$STAGE/host1.json"
	wait_until 10 host_is 1 NOLB
	push elsewhere
	all_answered
	[ "$(seen slow1500)" = 4 ]
	cp "$STAGE/good.json" "$STAGE/host1.json"
	wait_until 10 host_is 1 UP
}

@test "workers that are replaced one by one lose nothing, and repeat nothing" {
	local pid
	push_many 6 slow1500
	for pid in $(pgrep -P "$(cat "$STAGE/host1.pid")"); do
		kill "$pid"
	done
	push during
	all_answered
	[ "$(seen slow1500)" = 6 ]
}

@test "a reload keeps what is in flight" {
	push_many 4 slow1500
	reload_web_server
	all_answered
	[ "$(seen slow1500)" = 4 ]
	wait_until 10 push after
}

# The end of a caller, or of HAProxy itself at a reload.
@test "a body that is cut reaches no worker, and is for later" {
	local body
	body=$(single "$(plain '{}' "$(android cut)")")
	printf '%s\r\n' 'POST /push/v1/notify HTTP/1.1' 'Host: localhost' \
		'Content-Type: application/json' \
		"Content-Length: $((${#body} + 1))" '' "$body" |
		head -c -2 | openssl s_client -quiet -no_ign_eof \
		-connect "127.0.0.1:$PORT" -servername localhost \
		-cert "$STAGE/client.pem" -key "$STAGE/client-key.pem" \
		>"$STAGE/cut" 2>&1 || :
	wait_until 10 grep -q 'callers~ .* 503 .*POST' "$STAGE/web-server.out"
	push whole
	run ! grep 'cut short' "$STAGE"/host?.log
	[ "$(record 'select(.service == "fcm") | .text')" = whole ]
}

@test "each host's pages are its own, and a dead one's are nobody's" {
	[[ $(page /host1/metrics) == *push_gateway_workers* ]]
	push one && push one && push one
	[ "$(requests_of 1)" != '' ]
	signal_host 1 KILL
	[ "$(page /host1/metrics | head -n 1)" = 503 ]
	wait_until 10 host_is 1 DOWN
	[ "$(page /host1/metrics | head -n 1)" = 503 ]
	[ "$(page /host2/metrics | head -n 1)" = 200 ]
	wait_until 10 eval '[ "$(page /metrics | head -n 1)" = 200 ]'
}

# HAProxy hands its own parameters on as headers of such names.
@test "a header cannot stand in for what HAProxy says" {
	local name answer
	for name in :fcgi-push_gateway_admin :fcgi-PUSH_GATEWAY_ADMIN \
		fcgi-push_gateway_admin PUSH_GATEWAY_ADMIN; do
		answer=$(printf '%s\r\n' 'GET /metrics HTTP/1.1' \
			'Host: localhost' "$name: on" 'Connection: close' '' |
			openssl s_client -quiet -connect "127.0.0.1:$PORT" \
			-servername localhost 2>/dev/null | head -n 1)
		[[ $answer == 'HTTP/1.1 40'[0-4]* ]] || {
			echo "$name: $answer"
			false
		}
	done
}

@test "without the secret no host serves" {
	export PUSH_GATEWAY_SECRET=another
	stop "$WEB_SERVER_PID"
	start_web_server
	! push one
	# They say no to the checks, too.
	[[ $CODE == @(401|503) ]]
	[ ! -s "$STAGE/record.json" ]
}

@test "what it cannot read it refuses itself, and no worker hears of it" {
	local answer before after
	before=$(cat "$STAGE"/host?.log | grep -c refused || :)
	answer=$(printf '%s\r\n' 'POST /push/v1/notify HTTP/1.1' 'Host: a' \
		'Content-Length: x' '' | openssl s_client -quiet \
		-connect "127.0.0.1:$PORT" -servername localhost 2>/dev/null)
	[[ $answer == 'HTTP/1.1 400 '* ]]
	after=$(cat "$STAGE"/host?.log | grep -c refused || :)
	[ "$before" = "$after" ]
}
