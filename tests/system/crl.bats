#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Callers' certificates that were revoked, by the web server's files as
# shipped.

load ../lib/stage.bash

setup() {
	stage_open "$BATS_TEST_TMPDIR/stage"
	make_certificate epa clients DNS:push.epa.example
	make_intermediate
	make_certificate behind services DNS:behind.example
	cat "$STAGE/services-ca.pem" >>"$STAGE/behind.pem"
	# None of them is used.
	export apns_port=1 fcm_port=2 oauth_port=3
	write_service_account
	write_config '.clients = [ { name: "any" } ]'
}

teardown() {
	stage_close
}

# services-ca.pem, which clients-ca.pem signed.
make_intermediate() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj "/O=Push Gateway Test/CN=services CA" \
		-keyout "$STAGE/services-ca-key.pem" \
		-out "$STAGE/services-ca.csr" 2>>"$STAGE/openssl.log"
	sign_with_ca clients -in "$STAGE/services-ca.csr" \
		-out "$STAGE/services-ca.pem" -extfile <(printf '%s\n' \
			'basicConstraints=critical,CA:true' \
			'keyUsage=critical,keyCertSign,cRLSign')
}

# both_crls: the web server's file holds that of root and intermediate.
both_crls() {
	make_crl services
	cat "$STAGE/services-crl.pem" >>"$STAGE/clients-crl.pem"
}

accepts() {
	request /push/v1/notify --cert "$STAGE/$1.pem" \
		--key "$STAGE/$1-key.pem" -H 'Content-Type: application/json' \
		-d "$(single "$(plain '{}')")" && [ "$CODE" = 200 ]
}

# refuses NAME: lighttpd leaves that to the gateway, Apache does it itself.
refuses() {
	case $WEB_SERVER in
	lighttpd*|haproxy) ! accepts "$1" && [ "$CODE" = 401 ] ;;
	apache*) ! accepts "$1" && grep ' alert ' "$STAGE/answer.log" ;;
	esac
}

# Whoever has no certificate is told so, in JSON.
answers_without_certificate() {
	request /push/v1/notify -d '{}'
	[ "$CODE" = 401 ]
	[ "$(header content-type)" = application/json ]
	[ "$(answer '.error | type')" = string ]
}

@test "a revoked caller is out after a reload, and no other is" {
	start_web_server
	accepts client
	make_crl clients client
	reload_web_server
	wait_until 10 refuses client
	accepts epa
	refuses client
	answers_without_certificate
}

# A request as it is sent, and a connection to send it on.
printf -v NOTIFY '%s\r\n' 'POST /push/v1/notify HTTP/1.1' 'Host: localhost' \
	'Content-Type: application/json' 'Content-Length: 31' ''
NOTIFY+='{"notification":{"devices":[]}}'

client() {
	exec openssl s_client -connect "127.0.0.1:$PORT" -servername localhost \
		-CAfile "$STAGE/providers-ca.pem" -cert "$STAGE/client.pem" \
		-key "$STAGE/client-key.pem" "$@"
}

# session OPTION...: what openssl says of a request and its answer.  (Until the
# answer has ended, since sessions of TLS 1.3 come late.)
session() {
	printf %s "${NOTIFY/Host:/Connection: close$'\r\n'Host:}" |
		(client -ign_eof "$@" 2>&1)
}

@test "no session can be resumed, so none outlives a revocation" {
	local option
	start_web_server
	for option in -tls1_3 -tls1_2 '-tls1_2 -no_ticket'; do
		rm -f "$STAGE/session"
		# shellcheck disable=SC2086
		run session $option -sess_out "$STAGE/session"
		[[ $output == *'HTTP/1.1 200'* ]]
		[[ $output == *$'\nNew, TLS'* ]]
		# Where the server gave none, there is nothing to resume.
		[ -e "$STAGE/session" ] || continue
		# shellcheck disable=SC2086
		run session $option -sess_in "$STAGE/session"
		[[ $output == *'HTTP/1.1 200'* ]]
		[[ $output != *$'\nReused, TLS'* ]]
	done
}

answered_on_kept() {
	[ "$(grep -o 'HTTP/1.1 200' "$STAGE/kept.out" | wc -l)" = "$1" ]
}

@test "a connection that was kept open is closed by the reload" {
	local kept to
	start_web_server
	mkfifo "$STAGE/kept.in"
	(client -quiet <"$STAGE/kept.in" >"$STAGE/kept.out" 2>&1 3>&-) &
	kept=$!
	exec {to}>"$STAGE/kept.in"
	printf %s "$NOTIFY" >&"$to"
	wait_until 10 answered_on_kept 1
	make_crl clients client
	# Nothing is looked at again before.
	printf %s "$NOTIFY" >&"$to"
	wait_until 10 answered_on_kept 2
	reload_web_server
	wait_until 10 refuses client
	(trap '' PIPE; printf %s "$NOTIFY" >&"$to") || :
	wait_until 10 has_ended "$kept"
	answered_on_kept 2
	exec {to}>&-
}

@test "an expired CRL keeps all certificates out, and the server answers" {
	make_stale_crl clients
	start_web_server
	refuses client
	refuses epa
	answers_without_certificate
	make_crl clients
	reload_web_server
	wait_until 10 accepts client
}

@test "... also if the server's own certificate is of the callers' CA" {
	make_certificate own clients DNS:localhost,IP:127.0.0.1 serverAuth
	cat "$STAGE/own.pem" "$STAGE/clients-ca.pem" >"$STAGE/server-chain.pem"
	cp "$STAGE/own-key.pem" "$STAGE/server-key.pem"
	cat "$STAGE/clients-ca.pem" >>"$STAGE/providers-ca.pem"
	make_stale_crl clients
	start_web_server
	refuses client
	answers_without_certificate
}

@test "a chain of two CAs needs the CRLs of both" {
	start_web_server
	accepts client
	refuses behind
	both_crls
	reload_web_server
	wait_until 10 accepts behind
	accepts client
}

@test "a certificate that an intermediate CA revoked is out" {
	both_crls
	start_web_server
	accepts behind
	make_crl clients
	make_crl services behind
	cat "$STAGE/services-crl.pem" >>"$STAGE/clients-crl.pem"
	reload_web_server
	wait_until 10 refuses behind
	accepts client
}

@test "... and so are all of an intermediate CA that was revoked itself" {
	both_crls
	start_web_server
	accepts behind
	cp "$STAGE/services-ca.pem" "$STAGE/services.pem"
	make_crl clients services
	make_crl services
	cat "$STAGE/services-crl.pem" >>"$STAGE/clients-crl.pem"
	reload_web_server
	wait_until 10 refuses behind
	accepts client
}

@test "an expired CRL of an intermediate CA keeps out its certificates" {
	both_crls
	make_crl clients
	make_stale_crl services
	cat "$STAGE/services-crl.pem" >>"$STAGE/clients-crl.pem"
	start_web_server
	refuses behind
	accepts client
	answers_without_certificate
}

# --- a file that is none -----------------------------------------------------

DAMAGES="missing empty cut cut-second garbage"

# damaged KIND FILE: makes it so, of CRLs that would be good.
damaged() {
	local kind=$1 file=$2
	rm -f "$file"
	case $kind in
	missing) ;;
	empty) : >"$file" ;;
	cut) head -c 100 "$STAGE/good-crl.pem" >"$file" ;;
	cut-second)
		{
			cat "$STAGE/good-crl.pem"
			head -c 100 "$STAGE/good-crl.pem"
		} >"$file" ;;
	garbage) echo '<html>Not found</html>' >"$file" ;;
	esac
}

@test "a reload with a CRL that is none fails, and the former stays in force" {
	local kind
	make_crl clients client
	cp "$STAGE/clients-crl.pem" "$STAGE/good-crl.pem"
	start_web_server
	refuses client
	for kind in $DAMAGES; do
		damaged "$kind" "$STAGE/clients-crl.pem"
		run ! reload_web_server
		refuses client
		accepts epa
	done
	cp "$STAGE/good-crl.pem" "$STAGE/clients-crl.pem"
	reload_web_server
	refuses client
	wait_until 10 accepts epa
}

@test "with a CRL that is none no server starts" {
	local kind
	make_crl clients client
	cp "$STAGE/clients-crl.pem" "$STAGE/good-crl.pem"
	for kind in $DAMAGES; do
		damaged "$kind" "$STAGE/clients-crl.pem"
		# What is left of a second one does not keep Apache from taking the
		# first; its unit's reload does not let it come so far.
		[[ $WEB_SERVER-$kind != apache-*-cut-second ]] || continue
		# (Its pool of workers runs on: "run" would wait for that.)
		! start_web_server >"$STAGE/start" 2>&1 || {
			echo "it starts with one that is $kind"
			return 1
		}
		run ! web_server_answers
		[ -z "${POOL_PID-}" ] || stop "$POOL_PID"
	done
}

# --- those that are fetched --------------------------------------------------

# update: by push-gateway-crl, from SOURCE.
update() {
	echo "file://$SOURCE" >"$STAGE/crl-sources"
	run "$ROOT/tls/push-gateway-crl" update -a "$STAGE/clients-ca.pem" \
		-f "$STAGE/in-force.pem" -r "touch $STAGE/reloaded" \
		-s "$STAGE/crl-sources"
}

# stays WORDS: it said so, and changed nothing.
stays() {
	[ "$status" = 1 ]
	[[ $output == *"$1"* ]]
	cmp "$STAGE/in-force.pem" "$STAGE/good-crl.pem"
	[ ! -e "$STAGE/reloaded" ]
}

@test "a CRL that is fetched and no good leaves the former in force" {
	local kind SOURCE=$STAGE/fetched.crl
	make_crl clients
	cp "$STAGE/clients-crl.pem" "$STAGE/older.pem"
	# Their times have whole seconds.
	sleep 1.1
	make_crl clients epa
	cp "$STAGE/clients-crl.pem" "$STAGE/good-crl.pem"
	cp "$STAGE/good-crl.pem" "$STAGE/in-force.pem"
	for kind in missing empty cut garbage; do
		damaged "$kind" "$SOURCE"
		update
		stays "$SOURCE: "
	done
	cp "$STAGE/older.pem" "$SOURCE"
	update
	stays 'is older than the one in force'
	make_ca strangers
	make_crl strangers
	cp "$STAGE/strangers-crl.pem" "$SOURCE"
	update
	stays 'is not signed by a CA of'
	make_stale_crl clients
	cp "$STAGE/clients-crl.pem" "$SOURCE"
	update
	stays 'its next update was due at'
}

@test "a good one takes the place of its issuer's, and is reloaded" {
	local SOURCE=$STAGE/fetched.crl
	make_crl clients
	make_crl services
	cat "$STAGE/clients-crl.pem" "$STAGE/services-crl.pem" \
		>"$STAGE/in-force.pem"
	make_crl clients client
	# As CAs publish them.
	openssl crl -in "$STAGE/clients-crl.pem" -outform DER -out "$SOURCE"
	update
	[ "$status" = 0 ]
	[ -e "$STAGE/reloaded" ]
	[ "$(stat -c %a "$STAGE/in-force.pem")" = 644 ]
	[ "$(sort "$STAGE/in-force.pem")" = \
		"$(cat "$STAGE"/{clients,services}-crl.pem | sort)" ]
	# And once is enough.
	rm "$STAGE/reloaded"
	update
	[ "$status" = 0 ]
	[ ! -e "$STAGE/reloaded" ]
	# It is one that the server takes.
	cp "$STAGE/in-force.pem" "$STAGE/clients-crl.pem"
	start_web_server
	refuses client
	accepts epa
}
