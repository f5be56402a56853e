#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The web server is reloaded while callers call.

load ../lib/stage.bash

CALLERS=5

setup() {
	stage_open "$BATS_TEST_TMPDIR/stage"
	make_certificate renewed providers DNS:localhost,IP:127.0.0.1 serverAuth
	stage_start '.request_timeout_ms = 15000'
	control '{"fcm": {"latency_ms": 20}}'
	single "$(plain '{}' "$(android phone)")" >"$STAGE/single.json"
	# Whoever reloads does not wait for the providers' tokens.
	post /push/v1/notify "@$STAGE/single.json"
	[ "$CODE" = 200 ]
}

teardown() {
	stage_close
}

# post_again COUNT: each caller posts again as soon as it is answered.
post_again() {
	"$BUILD/tests/bench/bench-load" \
		"https://localhost:$PORT/push/v1/notify" \
		"$STAGE/providers-ca.pem" "$STAGE/client.pem" \
		"$STAGE/client-key.pem" "$STAGE/single.json" "$1" "$CALLERS" \
		0 '' \
		>"$STAGE/load" 2>&1 3>&-
}

# lost: how many requests were answered otherwise than all the others, or not
# at all.
lost() {
	sed -n 's/^{.*"failed":\([0-9]*\),.*/\1/p' "$STAGE/load"
}

# may_lose: none may be lost, but by mod_fcgid: who asks it at the moment of a
# reload may wait in vain, once.
may_lose() {
	local most=0
	[ "$WEB_SERVER" != apache-fcgid ] || most=$CALLERS
	(($(lost) <= most))
}

recorded() {
	(($(wc -l <"$STAGE/record.json") > $1))
}

# A certificate that the server shows from its reload on.
renew_server_certificate() {
	cat "$STAGE/renewed.pem" "$STAGE/providers-ca.pem" \
		>"$STAGE/server-chain.pem.new"
	cat "$STAGE/renewed-key.pem" >"$STAGE/server-key.pem"
	mv "$STAGE/server-chain.pem.new" "$STAGE/server-chain.pem"
}

shows_renewed() {
	[ "$(openssl s_client -connect "127.0.0.1:$PORT" </dev/null 2>&1 |
		openssl x509 -noout -fingerprint -sha256 |
		cut -d= -f2)" = "$(certificate_digest renewed)" ]
}

@test "a reload for a new certificate loses not one request" {
	local caller
	run -1 shows_renewed
	renew_server_certificate
	post_again 400 &
	caller=$!
	wait_until 10 recorded 100
	reload_web_server
	wait "$caller" || :
	cat "$STAGE/load"
	shows_renewed
	may_lose
	# Nor was one delivered twice.
	[ "$(record 'select(.text == "phone")' | wc -l)" = $((401 - $(lost))) ]
	post_again 20
	[ "$(lost)" = 0 ]
}

@test "answers that take long are finished over a reload" {
	local i callers=() began
	for i in 1 2 3; do
		ANSWER_FILE=slow$i post /push/v1/notify/batch "$(batch \
			"$(plain '{}' "$(android "quick$i")")" \
			"$(plain '{}' "$(android "slow9000-$i")")")" 3>&- &
		callers+=($!)
	done
	wait_until 10 recorded 6
	reload_web_server
	began=$SECONDS
	post_again 20 || :
	case $WEB_SERVER in
	lighttpd|lighttpd-cgi|apache-fcgid)
		# New requests wait until the old ones are answered.
		;;
	*)
		(((SECONDS - began) * 1000 < $(longest 5000))) ;;
	esac
	may_lose
	wait "${callers[@]}"
	for i in 1 2 3; do
		[ "$(jq .summary.successful "$STAGE/slow$i")" = 2 ]
	done
}
