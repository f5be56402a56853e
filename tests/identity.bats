#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Who is let in, and to which apps.

load lib.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	make_ca foreign
	make_certificate stranger foreign DNS:erezept.example
	make_certificate epa clients DNS:other.example,DNS:push.epa.example
	make_certificate unlisted clients DNS:unlisted.example
	make_certificate_for_days "60 days ago" "30 days ago" expired clients \
		DNS:push.epa.example
	make_certificate webonly clients DNS:push.epa.example serverAuth
	start_simulator
	write_service_account
	write_clients ''
	start_web_server
}

teardown_file() {
	stage_close
}

# write_clients JQ-FILTER: the stage's clients and one by its name.
write_clients() {
	write_config '.clients += [ { name: "epa",
		san_dns: [ "PUSH.epa.example" ], issuer_sha256: [ "'"$(
		"$GATEWAY" -i "$STAGE/epa.pem" |
		sed -n 's/.*issuer_sha256": \["\(.*\)"\]/\1/p')"'" ],
		apps: [ "gematik-project.*.firebase" ] } ]'"$1"
}

# as NAME PATH JSON: posts with that certificate.
as() {
	local name=$1
	shift
	local path=$1 json=$2
	shift 2
	request "$path" --cert "$STAGE/$name.pem" --key "$STAGE/$name-key.pem" \
		-H 'Content-Type: application/json' --data-binary "$json" "$@"
}

# turned_away NAME [curl-OPTION...]: nobody gets in with that certificate; the
# web server may say so, or refuse the connection (by a TLS alert).
turned_away() {
	local name=$1
	shift
	if as "$name" /push/v1/notify "$EMPTY" "$@" 2>/dev/null; then
		nobody || { echo "$name: $CODE $BODY"; false; }
	else
		grep -q 'alert' "$STAGE/answer.log"
	fi
}

nobody() {
	[ "$CODE" = 401 ] && [ "$(answer .)" = \
		'{"error":"Missing or invalid mutual TLS (mTLS) certificate."}' ]
}

EMPTY='{"notification":{"devices":[]}}'

@test "without a certificate nobody gets in" {
	request /push/v1/notify -H 'Content-Type: application/json' -d "$EMPTY"
	nobody
}

@test "a listed certificate gets in" {
	as client /push/v1/notify "$EMPTY"
	[ "$CODE" = 200 ]
}

@test "certificates of a foreign CA, expired, or for servers do not" {
	local name
	for name in stranger expired webonly; do
		turned_away "$name"
	done
}

@test "a good certificate that is not listed does not, and the log says which" {
	as unlisted /push/v1/notify "$EMPTY"
	nobody
	grep -qi "certificate_sha256 $(certificate_digest unlisted |
		tr -d :)" "$STAGE/gateway.log"
}

@test "a certificate may be listed by a DNS name and its issuer" {
	as epa /push/v1/notify "$EMPTY"
	[ "$CODE" = 200 ]
}

@test "headers cannot stand in for a certificate" {
	local name
	for name in SSL_CLIENT_VERIFY SSL-CLIENT-VERIFY; do
		request /push/v1/notify -H "$name: SUCCESS" \
			-H "SSL_CLIENT_CERT: $(tr '\n' ' ' <"$STAGE/client.pem")" \
			-H 'Content-Type: application/json' -d "$EMPTY"
		nobody
	done
}

@test "a client reaches the apps it may address and no other" {
	clear_record
	as epa /push/v1/notify/batch "$(batch "$(plain '{}' "$(android a)")" \
		"$(plain '{}' "$(ios a)")")"
	[ "$(answer '[.results[] | [.status, .rejected, .error]]')" = \
		'[["success",[],null],["failed",[],"app_id is not allowed for this client"]]' ]
	[ "$(record 'select(.service == "apns")')" = "" ]
}

@test "an entry without criteria serves whom the web server verified" {
	write_clients ' | .clients += [ { name: "any" } ]'
	restart_web_server
	as unlisted /push/v1/notify "$EMPTY"
	[ "$CODE" = 200 ]
	turned_away stranger
	request /push/v1/notify -H 'Content-Type: application/json' -d "$EMPTY"
	nobody
}

@test "push-gateway.fcgi -i prints a certificate as clients want it" {
	run "$GATEWAY" -i "$STAGE/epa.pem"
	[ "$status" = 0 ]
	[ "${lines[0]}" = "\"certificate_sha256\": [\"$(
		certificate_digest epa | tr -d : | tr A-F a-f)\"]" ]
	[ "${lines[2]}" = '"san_dns": ["push.epa.example"]' ]
	run "$GATEWAY" -i "$STAGE/epa-key.pem"
	[ "$status" = 78 ]
}
