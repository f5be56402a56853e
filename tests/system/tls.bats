#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# TLS by the web server's files as shipped, towards the callers that there
# are: the E-Rezept speaks TLS 1.2, without X25519 and without RSA-PSS.

load ../lib/stage.bash

CURVES="P-256 P-384 brainpoolP256r1 brainpoolP384r1"

setup_file() {
	local kind
	stage_open "$BATS_FILE_TMPDIR/stage"
	for kind in $CURVES rsa:2048; do
		make_server_certificate "$kind"
	done
	cp "$STAGE/server-chain-rsa.pem" "$STAGE/server-chain-2.pem"
	cp "$STAGE/server-key-rsa.pem" "$STAGE/server-key-2.pem"
	for kind in P-256 brainpoolP256r1 brainpoolP384r1 rsa:2048; do
		CERTIFICATE_KEY=$kind make_certificate "client-${kind%:*}" \
			clients DNS:erezept.example
	done
	make_certificate web clients DNS:erezept.example serverAuth
	make_certificate revoked clients DNS:erezept.example serverAuth
	make_certificate other providers DNS:erezept.example serverAuth
	make_certificate code clients DNS:erezept.example codeSigning
	make_certificate_for_days '30 days ago' '1 day ago' \
		expired clients DNS:erezept.example serverAuth
	make_crl clients revoked
	stage_prepare '.clients = [ { name: "any" } ]'
}

teardown_file() {
	stage_close
}

teardown() {
	stop_web_server
}

# make_server_certificate KIND: as CERTIFICATE_KEY.
make_server_certificate() {
	local name=${1%:*}
	CERTIFICATE_KEY=$1 make_certificate "server-$name" providers \
		DNS:localhost,IP:127.0.0.1 serverAuth
	cat "$STAGE/server-$name.pem" "$STAGE/providers-ca.pem" \
		>"$STAGE/server-chain-$name.pem"
	mv "$STAGE/server-$name-key.pem" "$STAGE/server-key-$name.pem"
}

# start_with KIND: the server has that certificate.
start_with() {
	cp "$STAGE/server-chain-$1.pem" "$STAGE/server-chain.pem"
	cp "$STAGE/server-key-$1.pem" "$STAGE/server-key.pem"
	start_web_server
}

# start_with_two [KIND]: and with an RSA one, as the files' comments say.
start_with_two() {
	WEB_SERVER_EDIT='s/# *\(.*server-chain-2\.pem\)/\1/
		s/# *\(.*server-key-2\.pem\)/\1/
		s/\(crt .*server-chain\).pem/& \1-2.pem/' start_with "${1-P-256}"
}

stop_web_server() {
	stop "$WEB_SERVER_PID"
	[ -z "${POOL_PID-}" ] || stop "$POOL_PID"
}

# handshake OPTION...: what openssl says of a TLS handshake with the server;
# false if there is none.
handshake() {
	openssl s_client -connect "127.0.0.1:$PORT" -servername localhost \
		-CAfile "$STAGE/providers-ca.pem" -verify_hostname localhost \
		-verify_return_error "$@" </dev/null 2>&1
}

# refused ALERT OPTION...: the server ends the handshake with these words.
refused() {
	run -1 handshake "${@:2}"
	[[ $output == *"alert $1"* ]]
}

# served_by TLS-1.2-SUITE OPTION...
served_by() {
	run -0 handshake -tls1_2 -cipher "$@"
	[[ $output == *"Cipher is $1"* ]]
	# With its chain.
	[[ $output == *" 1 s:"*"providers CA"* ]]
}

# post_as NAME [curl-OPTION...]: with the client certificate of that name.
post_as() {
	request /push/v1/notify --cert "$STAGE/$1.pem" \
		--key "$STAGE/$1-key.pem" -H 'Content-Type: application/json' \
		-d "$(single "$(plain '{}')")" "${@:2}"
}

accepts_client() {
	post_as "$@" && [ "$CODE" = 200 ]
}

# refuses_client NAME: by lighttpd's files that is left to the gateway.
refuses_client() {
	case $WEB_SERVER in
	lighttpd*|haproxy)
		post_as "$1" && [ "$CODE" = 401 ] ;;
	apache*)
		! post_as "$1" && grep ' alert ' "$STAGE/answer.log" ;;
	esac
}

# speaks_each KIND GROUP: the suites and signatures of callers, each alone.
speaks_each() {
	local digest suite
	for digest in SHA256 SHA384; do
		for suite in AES128-GCM-SHA256 AES256-GCM-SHA384; do
			served_by "ECDHE-$1-$suite" -groups "$2" \
				-sigalgs "$1+$digest"
		done
	done
}

@test "TLS 1.2 is spoken by each suite, group and signature of callers, with an RSA certificate" {
	local group
	start_with rsa
	for group in $CURVES; do
		speaks_each RSA "$group"
	done
}

# A client must offer the certificate's curve, too.  The other certificate is
# for the clients of TLS 1.3, which has no brainpool curves in OpenSSL 3.0.
@test "... and with an ECDSA certificate on each of the curves" {
	local curve
	for curve in $CURVES; do
		# It would show this one to clients of TLS 1.3.
		[[ $WEB_SERVER-$curve != haproxy-brainpool* ]] || continue
		start_with_two "$curve"
		speaks_each ECDSA "$curve"
		stop_web_server
	done
}

@test "two server certificates, ECDSA and RSA, serve callers that take only one" {
	start_with_two
	speaks_each RSA brainpoolP256r1
	speaks_each ECDSA P-256
	run -0 handshake -tls1_3 -sigalgs ECDSA+SHA256
	# HAProxy does not take PSS alone for RSA.
	run -0 handshake -tls1_3 -sigalgs RSA-PSS+SHA256:RSA+SHA256
}

@test "the E-Rezept's own offer is served" {
	local kind
	for kind in P-256 rsa; do
		start_with "$kind"
		accepts_client client-P-256 --tls-max 1.2 --ciphers \
			ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384 \
			--curves brainpoolP256r1:brainpoolP384r1:prime256v1:secp384r1
		run -0 handshake -tls1_2 -groups "${CURVES// /:}" \
			-sigalgs ECDSA+SHA256:ECDSA+SHA384:RSA+SHA256:RSA+SHA384
		stop_web_server
	done
}

@test "without forward secrecy or authenticated encryption nobody is served" {
	local suite
	start_with_two
	for suite in AES128-GCM-SHA256 AES256-SHA DHE-RSA-AES128-GCM-SHA256 \
		ECDHE-RSA-AES128-SHA256 ECDHE-ECDSA-AES256-SHA384 \
		ECDHE-ECDSA-AES128-SHA; do
		refused 'handshake failure' -tls1_2 -cipher "$suite:@SECLEVEL=0"
	done
	refused 'handshake failure' -tls1_2 -cipher ALL:@SECLEVEL=0 \
		-sigalgs RSA+SHA1:ECDSA+SHA1
}

@test "the server's order of suites counts, the longer keys first" {
	start_with_two
	[[ $(handshake -tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384) == \
		*"Cipher is ECDHE-RSA-AES256-GCM-SHA384"* ]]
}

@test "TLS 1.3 is spoken" {
	local group suite
	start_with_two
	for group in X25519 P-256 P-384; do
		for suite in TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384; do
			run -0 handshake -tls1_3 -groups "$group" \
				-ciphersuites "$suite"
			[[ $output == *"TLSv1.3, Cipher is $suite"* ]]
		done
	done
}

@test "TLS 1.1 and 1.0 are refused, by the server" {
	local version
	start_with_two
	for version in -tls1_1 -tls1; do
		refused 'protocol version' "$version" -cipher ALL:@SECLEVEL=0
	done
}

# OpenSSL offers the curve of a certificate only if it is told to.
@test "client certificates with P-256, brainpool and RSA keys are accepted" {
	local kind
	start_with P-256
	for kind in P-256 brainpoolP256r1 brainpoolP384r1 rsa; do
		accepts_client "client-$kind" --tls-max 1.2 \
			--curves brainpoolP256r1:brainpoolP384r1:prime256v1
	done
	for kind in P-256 rsa; do
		accepts_client "client-$kind" --tlsv1.3
	done
}

@test "a client's web certificate is refused" {
	start_with P-256
	accepts_client client
	refuses_client web
}

@test "a client's web certificate is accepted once that is switched on" {
	local name
	sed -e "s|/usr/libexec/push-gateway/|$BUILD/contrib/openssl-web-certificates/|" \
		"$ROOT/contrib/openssl-web-certificates/web-certificates.cnf" >"$STAGE/openssl.cnf"
	OPENSSL_CONF=$STAGE/openssl.cnf start_with P-256
	accepts_client client
	accepts_client web
	accepts_client web --tls-max 1.2
	for name in revoked expired other code; do
		refuses_client "$name"
	done
	request /push/v1/notify -d '{}'
	[ "$CODE" = 401 ]
}
