#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A proxy, here tinyproxy, between the gateway and the phone networks.

load ../lib/stage.bash
load ../lib/proxy.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR/stage"
	start_simulator
	write_service_account
}

setup() {
	control '{}'
	clear_record
	rm -f "$STAGE"/*.log
	rm -rf "$STAGE/state"
}

teardown() {
	if [ -n "${PROXY_PID-}" ]; then
		stop "$PROXY_PID"
	fi
	if [ -n "${STARTED-}" ]; then
		stop "$WEB_SERVER_PID"
	fi
}

teardown_file() {
	stage_close
}

# start_gateway [JQ-FILTER]: with the proxy.
start_gateway() {
	write_config ".proxy = \"http://127.0.0.1:$PROXY_PORT\" | ${1:-.}"
	start_web_server
	STARTED=1
}

# As the filter of a configuration.
with_credentials='.proxy_credentials_file = "proxy-credentials"'

push() {
	post /push/v1/notify "$(single "$(plain '{}' "$(ios "$1")" \
		"$(android "$1")")")"
}

# tunnels PORT: how many the proxy has made to it.
tunnels() {
	grep -c "CONNECT localhost:$1 " "$STAGE/tinyproxy.log"
}

pushed() {
	push "$1" && [ "$CODE" = 200 ] && [ "$(answer '.rejected | length')" = 0 ]
}

@test "everything goes through the proxy, the token endpoint too" {
	start_proxy
	start_gateway
	pushed one
	[ "$(record .status | sort | uniq -c | xargs)" = "3 200" ]
	# shellcheck disable=SC2154
	for port in "$apns_port" "$fcm_port" "$oauth_port"; do
		[ "$(tunnels "$port")" = 1 ]
	done
}

@test "the requests share a tunnel" {
	start_proxy
	start_gateway
	pushed first
	clear_record
	control '{"fcm": {"latency_ms": 300}}'
	# shellcheck disable=SC2046
	post /push/v1/notify "$(single "$(plain '{}' \
		$(for i in {1..50}; do android "phone$i"; done))")"
	[ "$CODE" = 200 ]
	[ "$(record .status | wc -l)" = 50 ]
	# Nobody waited for another: all were there before the first answer.
	[ "$(record .at_ms | jq -s 'max - min < 250')" = true ]
	(($(tunnels "$fcm_port") <= 4))
}

@test "without the proxy nothing is sent" {
	local words
	hold_proxy_port
	start_gateway '.request_timeout_ms = 3000'
	push one
	[ "$CODE" = 503 ]
	[ ! -s "$STAGE/record.json" ]
	for words in 'no response: .*127.0.0.1.*port' \
		'no token: the token endpoint cannot be reached: .*'; do
		grep -q "$words.* (through the proxy 127.0.0.1:$PROXY_PORT)\$" \
			"$STAGE/gateway.log"
	done
}

@test "credentials for the proxy come from a file" {
	start_proxy gateway right-one
	echo gateway:right-one >"$STAGE/proxy-credentials"
	start_gateway "$with_credentials"
	pushed one
	[ "$(tunnels "$apns_port")" = 1 ]
}

# A proxy that notes what it is asked, and refuses.
listen_and_refuse() {
	exec /usr/bin/python3 - "$STAGE/asked" "$STAGE/refuser.port" <<-'END'
	import os, socket, sys
	server = socket.create_server(("127.0.0.1", 0))
	with open(sys.argv[2] + ".new", "w") as file:
	    print(server.getsockname()[1], file=file)
	os.rename(sys.argv[2] + ".new", sys.argv[2])
	while True:
	    peer, _ = server.accept()
	    with open(sys.argv[1], "ab") as file:
	        file.write(peer.recv(65536))
	    peer.sendall(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")
	    peer.close()
	END
}

@test "credentials may hold any characters" {
	local credentials='gate way:p@ss:%41/?"ä\'
	rm -f "$STAGE/refuser.port"
	listen_and_refuse 3>&- &
	PROXY_PID=$!
	wait_until 10 test -s "$STAGE/refuser.port"
	read -r PROXY_PORT <"$STAGE/refuser.port"
	printf '%s\n' "$credentials" >"$STAGE/proxy-credentials"
	start_gateway "$with_credentials | .request_timeout_ms = 2000"
	push one
	[ "$CODE" = 503 ]
	grep -aq "^Proxy-Authorization: Basic $(printf %s "$credentials" |
		base64 -w 0)" "$STAGE/asked"
	grep -aq '^User-Agent: push-gateway.$' "$STAGE/asked"
	grep -q 'no response: .*407' "$STAGE/gateway.log"
	run -1 grep -aF 'p@ss' "$STAGE/gateway.log"
}

@test "wrong credentials reject nobody, and are named in the log" {
	start_proxy gateway right-one
	echo gateway:wrong-one >"$STAGE/proxy-credentials"
	start_gateway "$with_credentials | .request_timeout_ms = 3000"
	push one
	[ "$CODE" = 503 ]
	[ ! -s "$STAGE/record.json" ]
	# tinyproxy says 401 where others say 407.
	grep -q 'no response: .*40[17]' "$STAGE/gateway.log"
	run -1 grep -F wrong-one "$STAGE/gateway.log"
	# They are read anew as they change.
	echo gateway:right-one >"$STAGE/proxy-credentials"
	wait_until 10 pushed two
}

@test "a proxy that dies and comes back is used again" {
	start_proxy
	start_gateway '.request_timeout_ms = 3000'
	pushed one
	stop "$PROXY_PID"
	hold_proxy_port
	push two
	[ "$CODE" = 503 ]
	stop "$PROXY_PID"
	start_proxy
	wait_until 10 pushed three
}

@test "a tunnel to who is not the provider delivers nothing" {
	start_proxy
	start_gateway '.ca_file = "clients-ca.pem" | .request_timeout_ms = 3000'
	push one
	[ "$CODE" = 503 ]
	[ "$(tunnels "$apns_port")" -ge 1 ]
	[ ! -s "$STAGE/record.json" ]
	grep -q 'no response: .*certificate' "$STAGE/gateway.log"
}

# --- the configuration -------------------------------------------------------

# refused WORDS JQ-FILTER: the test of the configuration says so.
refused() {
	write_config "$2"
	configuration_refused "$1"
}

@test "a mistake in the settings of the proxy is named" {
	PROXY_PORT=1
	refused 'must not contain a password: put user:password into a file that "proxy_credentials_file" names' \
		'.proxy = "http://user:password@proxy.example:3128"'
	[[ $output == *push-gateway.json:*:*:* ]]
	refused 'must be http://host:port' \
		'.proxy = "https://proxy.example:3128"'
	refused 'must be http://host:port' '.proxy = "proxy.example:3128"'
	refused 'must be http://host:port' '.proxy = "http://:3128"'
	refused 'must be http://host:port' '.proxy = "http://proxy/path"'
	refused 'has no effect without "proxy"' "$with_credentials"
	rm -f "$STAGE/proxy-credentials"
	refused "cannot read $STAGE/proxy-credentials: No such file" \
		".proxy = \"http://proxy:1\" | $with_credentials"
	echo nothing >"$STAGE/proxy-credentials"
	refused "$STAGE/proxy-credentials must contain user:password" \
		".proxy = \"http://proxy:1\" | $with_credentials"
	printf 'user:password\nmore\n' >"$STAGE/proxy-credentials"
	refused "$STAGE/proxy-credentials must contain exactly one line" \
		".proxy = \"http://proxy:1\" | $with_credentials"
}
