#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Callers that are written in Java and in Node, by their standard clients: each
# of 1,000 requests, 50 at once, is answered, whatever the web server.

load ../lib/stage.bash

setup() {
	stage_open "$BATS_TEST_TMPDIR/stage"
}

teardown() {
	stage_close
}

# answers_all INTERPRETER PROGRAM KIND: each of its requests is a 200, and
# reached the phone network once.
answers_all() {
	clear_record
	run -0 "$1" "$ROOT/tests/clients/$2" \
		"https://localhost:$PORT/push/v1/notify/batch" \
		"$STAGE/providers-ca.pem" "$STAGE/client.pem" \
		"$STAGE/client-key.pem" "$STAGE/call.json" 1000 50 "$3"
	[ "$output" = "1000 200" ] || {
		echo "$2 $3 behind $WEB_SERVER:"
		echo "$output"
		return 1
	}
	[ "$(record 'select(.text == "phone")' | wc -l)" = 1000 ]
}

# serves_callers WEB-SERVER
serves_callers() {
	WEB_SERVER=$1
	stage_start
	batch "$(plain '{}' "$(android phone)")" >"$STAGE/call.json"
	answers_all java CallMany.java sized
	answers_all node call-many.js https
	answers_all java CallMany.java streamed
	# It offers nothing but HTTP/2, which lighttpd's files switch off.
	[[ $WEB_SERVER == lighttpd* ]] || answers_all node call-many.js http2
}

@test "lighttpd that starts the workers" {
	serves_callers lighttpd
}

@test "lighttpd in front of a pool" {
	serves_callers lighttpd-pool
}

@test "lighttpd with CGI" {
	serves_callers lighttpd-cgi
}

@test "Apache with mod_fcgid" {
	serves_callers apache-fcgid
}

@test "Apache with mod_proxy_fcgi" {
	serves_callers apache-proxy
}

@test "Apache with CGI" {
	serves_callers apache-cgi
}
