#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Who is let in, and to which apps.

load ../lib/stage.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	make_ca foreign
	make_certificate stranger foreign DNS:push.epa.example
	make_certificate epa clients DNS:other.example,DNS:push.epa.example
	make_certificate unlisted clients DNS:unlisted.example
	make_certificate_for_days "60 days ago" "30 days ago" expired clients \
		DNS:push.epa.example
	make_certificate_for_days "30 days" "60 days" future clients \
		DNS:push.epa.example
	make_certificate webonly clients DNS:push.epa.example serverAuth
	make_certificate revoked clients DNS:push.epa.example
	make_certificate self clients DNS:push.epa.example
	openssl req -x509 -key "$STAGE/self-key.pem" -subj "/CN=self" \
		-addext subjectAltName=DNS:push.epa.example \
		-out "$STAGE/self.pem" 2>>"$STAGE/openssl.log"
	make_intermediate_ca below clients
	make_certificate branch below DNS:branch.example
	make_crl clients revoked
	cat "$STAGE/below-crl.pem" >>"$STAGE/clients-crl.pem"
	# What a caller below the intermediate authority sends.
	cat "$STAGE/branch.pem" "$STAGE/below-ca.pem" \
		>"$STAGE/branch-chain.pem"
	cp "$STAGE/branch-key.pem" "$STAGE/branch-chain-key.pem"
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
		apps: [ "gematik-project.*.firebase" ] },
		{ name: "branch", san_dns: [ "branch.example" ] } ]'"$1"
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
# web server may say so, or refuse the connection by a TLS alert (curl calls
# the one for an expired certificate 60).  lighttpd sometimes just closes it
# (16, 52) if it has a CRL but not the certificate of its issuer.
turned_away() {
	local name=$1
	shift
	if as "$name" /push/v1/notify "$EMPTY" "$@" 2>/dev/null; then
		nobody || { echo "$name $*: $CODE $BODY"; false; }
	else
		grep -qE ' alert |^curl: \((16|52|60)\)' "$STAGE/answer.log" || {
			echo "$name $*: $(cat "$STAGE/answer.log")"
			false
		}
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

@test "a certificate that cannot be verified does not, by any TLS" {
	local name version
	for name in stranger self expired future revoked webonly branch; do
		for version in 1.2 1.3; do
			turned_away "$name" --tls-max "$version"
		done
	done
	[ ! -s "$STAGE/record.json" ]
}

@test "one below an intermediate authority gets in if it sends both" {
	as branch-chain /push/v1/notify "$EMPTY"
	[ "$CODE" = 200 ]
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
	local verify certificate pem version
	pem=$(tr '\n' ' ' <"$STAGE/client.pem")
	for verify in SSL_CLIENT_VERIFY SSL-CLIENT-VERIFY \
		HTTP_SSL_CLIENT_VERIFY; do
		for certificate in SSL_CLIENT_CERT SSL-CLIENT-CERT; do
			for version in --http1.1 --http2; do
				request /push/v1/notify "$version" \
					-H "$verify: SUCCESS" \
					-H "$certificate: $pem" -H 'HTTPS: on' \
					-H 'Content-Type: application/json' \
					-d "$EMPTY"
				nobody
			done
		done
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

@test "a CRL past its next update lets nobody in, and stops no TLS" {
	sign_with_ca clients -gencrl -out "$STAGE/old-crl.pem" \
		-crl_lastupdate 20200101000000Z -crl_nextupdate 20200201000000Z
	cat "$STAGE/old-crl.pem" "$STAGE/below-crl.pem" \
		>"$STAGE/clients-crl.pem"
	restart_web_server
	turned_away client
	turned_away branch-chain
	request /push/v1/notify -H 'Content-Type: application/json' -d "$EMPTY"
	nobody
}
