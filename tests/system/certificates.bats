#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# APNs with a client certificate in place of a signing key.

load ../lib/stage.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR/stage"
	make_ca apple
	make_push_certificate push -days 40
	make_push_certificate renewed -days 40
	make_push_certificate soon -days 6
	printf '%s\n' 'pass:word ä%41' >"$STAGE/password"
	jq --arg push "$(certificate_digest push)" \
		--arg renewed "$(certificate_digest renewed)" \
		--arg soon "$(certificate_digest soon)" '
		.apns += [ $push, $renewed, $soon | { certificate_sha256: .,
			topics: [ "de.gematik.erezept.ios" ] } ]' \
		"$STAGE/accounts.json" >"$STAGE/accounts.new"
	mv "$STAGE/accounts.new" "$STAGE/accounts.json"
	start_simulator
	write_service_account
}

setup() {
	control '{}'
	clear_record
	rm -f "$STAGE/gateway.log"
	cat "$STAGE/push.pem" "$STAGE/push-key.pem" >"$STAGE/apns.pem"
}

teardown() {
	if [ -n "${STARTED-}" ]; then
		stop "$WEB_SERVER_PID"
	fi
}

teardown_file() {
	stage_close
}

# make_push_certificate NAME OPTION...: NAME.pem and NAME-key.pem
make_push_certificate() {
	local name=$1
	shift
	make_certificate "$name" apple DNS:push.example clientAuth "$@"
}

# write_certificate_config [JQ-FILTER]: the app has a certificate, no key.
write_certificate_config() {
	write_config '.apps[0] |= (del(.key_file, .key_id, .team_id) |
		.certificate_file = "apns.pem") | '"${1:-.}"
}

# with_password FILE: as the filter of a configuration.
with_password() {
	printf '.apps[0] += { certificate_file: "%s",
		certificate_password_file: "password" }' "$1"
}

start_gateway() {
	write_certificate_config "${1:-.}"
	start_web_server
	STARTED=1
}

# make_p12 NAME OPTION...: NAME.p12 with the stage's password
make_p12() {
	openssl pkcs12 -export -in "$STAGE/$1.pem" \
		-inkey "$STAGE/$1-key.pem" -certfile "$STAGE/apple-ca.pem" \
		-passout "file:$STAGE/password" -out "$STAGE/$1.p12" "${@:2}"
}

push() {
	post /push/v1/notify "$(single "$(plain '{}' "$(ios "$1")")")"
}

# pushed_with NAME: the last request at APNs came with that certificate, and
# without a token.
pushed_with() {
	[ "$(record 'select(.service == "apns") | .status, .certificate,
		.headers.authorization' | tail -n 3 | paste -sd ' ')" = \
		"200 $(certificate_digest "$1") null" ]
}

delivers_with() {
	start_gateway "$2"
	push one
	[ "$CODE" = 200 ]
	pushed_with "$1"
}

@test "a certificate and its key in one PEM file authenticate" {
	delivers_with push .
	run -1 compgen -G "$STAGE/state/apns-*"
}

@test "the key in the file may be encrypted" {
	openssl pkey -in "$STAGE/push-key.pem" -aes256 -out "$STAGE/key.enc" \
		-passout "file:$STAGE/password"
	cat "$STAGE/key.enc" "$STAGE/push.pem" "$STAGE/apple-ca.pem" \
		>"$STAGE/apns.pem"
	delivers_with push "$(with_password apns.pem)"
}

@test "PKCS#12 authenticates" {
	make_p12 push
	delivers_with push "$(with_password push.p12)"
}

@test "many requests share the connections from the first one on" {
	start_gateway
	control '{"apns": {"latency_ms": 3000}}'
	# shellcheck disable=SC2046
	post /push/v1/notify "$(single "$(plain '{}' \
		$(for i in {1..50}; do ios "phone$i"; done))")"
	[ "$CODE" = 200 ]
	[ "$(record 'select(.status == 200) | .text' | wc -l)" = 50 ]
	# Nobody waited for another: all were there before the first answer.
	[ "$(record .at_ms | jq -s 'max - min < 3000')" = true ]
	(($(record .connection | sort -u | wc -l) <= 2))
}

@test "another certificate is another connection" {
	cat "$STAGE/renewed.pem" "$STAGE/renewed-key.pem" >"$STAGE/other.pem"
	start_gateway '.apps += [ .apps[0] | .certificate_file = "other.pem" |
		.app_id = "de.gematik.erezept.other" |
		.topic = "de.gematik.erezept.ios" ]'
	post /push/v1/notify "$(single "$(plain '{}' "$(ios a)" \
		"$(device de.gematik.erezept.other "$(apns_pushkey b)")")")"
	[ "$CODE" = 200 ]
	[ "$(record .connection | sort -u | wc -l)" = 2 ]
	[ "$(record .certificate | sort -u | wc -l)" = 2 ]
}

@test "a certificate that Apple does not know rejects nobody" {
	make_push_certificate unknown
	cat "$STAGE/unknown.pem" "$STAGE/unknown-key.pem" >"$STAGE/apns.pem"
	start_gateway
	push one
	[ "$CODE" = 503 ]
	[ "$(record .reason)" = BadCertificate ]
	grep -q 'provider rejected our credentials: 403 BadCertificate' \
		"$STAGE/gateway.log"
}

@test "a topic that is not the certificate's rejects nobody" {
	start_gateway '.apps[0].topic = "de.gematik.other"'
	push one
	[ "$CODE" = 503 ]
	[ "$(record .reason)" = TopicDisallowed ]
}

# Both workers read the files, each in its own time.
always_pushed_with() {
	local i
	for i in 1 2 3 4 5 6; do
		push "again$i" && pushed_with "$1" || return 1
	done
}

@test "a renewed certificate is picked up, without losing a request" {
	make_p12 push
	start_gateway "$(with_password push.p12)"
	single "$(plain '{}' "$(ios phone)")" >"$STAGE/single.json"
	control '{"apns": {"latency_ms": 50}}'
	"$BUILD/tests/bench/bench-load" \
		"https://localhost:$PORT/push/v1/notify" \
		"$STAGE/providers-ca.pem" "$STAGE/client.pem" \
		"$STAGE/client-key.pem" "$STAGE/single.json" 600 10 0 '' \
		>"$STAGE/load" 2>&1 3>&- &
	local load=$!
	wait_until 5 grep -q '"status":200' "$STAGE/record.json"
	make_p12 renewed
	mv "$STAGE/renewed.p12" "$STAGE/push.p12"
	wait_until 5 always_pushed_with renewed
	wait "$load"
	grep -q '"failed":0,' "$STAGE/load"
}

@test "a changed password is picked up" {
	make_p12 push
	start_gateway "$(with_password push.p12)"
	push one
	pushed_with push
	# The password first: until the file follows, the former stays.
	cp "$STAGE/password" "$STAGE/password.old"
	echo new >"$STAGE/password"
	wait_until 5 grep -q 'keeping the previous configuration: the credentials of app .* can no longer be used' \
		"$STAGE/gateway.log"
	push two
	pushed_with push
	make_p12 renewed
	mv "$STAGE/renewed.p12" "$STAGE/push.p12"
	wait_until 5 always_pushed_with renewed
	mv "$STAGE/password.old" "$STAGE/password"
}

@test "neither password nor key is in the log" {
	make_p12 push
	write_certificate_config "$(with_password push.p12)"
	run -0 "$GATEWAY" -t -c "$STAGE/push-gateway.json"
	start_gateway "$(with_password push.p12) | .log = { level: \"debug\" }"
	push one
	run -1 grep -e 'pass:word' -e 'PRIVATE KEY' "$STAGE/gateway.log"
}

@test "a certificate that expires soon is logged" {
	cat "$STAGE/soon.pem" "$STAGE/soon-key.pem" >"$STAGE/apns.pem"
	start_gateway
	wait_until 5 grep -q "warn.*app $IOS_APP: its credentials expire in less than 7 days" \
		"$STAGE/gateway.log"
}

@test "one that holds for long is not" {
	start_gateway
	push one
	run -1 grep expire "$STAGE/gateway.log"
}

@test "when a certificate expires is a metric" {
	start_gateway
	push one
	local expires
	expires=$(date -d "$(openssl x509 -in "$STAGE/push.pem" -noout \
		-enddate | cut -d= -f2)" +%s)
	run -0 "$GATEWAY" -m -c "$STAGE/push-gateway.json"
	[[ $output == *"push_gateway_credentials_expiry_seconds{app=\"$IOS_APP\"} $expires"* ]]
}

has_expired_by_test() {
	"$GATEWAY" -t -c "$STAGE/push-gateway.json" 2>&1 |
		grep 'contains a certificate that expired at'
}

@test "a certificate that expired keeps no other change out" {
	make_certificate_for_days yesterday '8 seconds' short apple \
		DNS:push.example
	cat "$STAGE/short.pem" "$STAGE/short-key.pem" >"$STAGE/apns.pem"
	start_gateway
	grep -q 'expire in less than 1 day, at' "$STAGE/gateway.log"
	wait_until 20 has_expired_by_test
	write_certificate_config '.log = { level: "debug" }'
	wait_until 10 grep -q 'configuration reloaded' \
		"$STAGE/gateway.log"
	push one
	[ "$CODE" = 503 ]
}

# --- what is wrong with the files --------------------------------------------

# refused WORDS [JQ-FILTER]: the test of the configuration says so.
refused() {
	write_certificate_config "${2:-.}"
	configuration_refused "$1"
}

@test "a certificate and a key exclude each other" {
	refused '"key_file" and a certificate exclude each other' \
		'.apps[0].key_file = "AuthKey_ABC1234567.p8"'
	refused '"team_id" and a certificate exclude each other' \
		'.apps[0].team_id = "TEAM123456"'
	refused '"key_file" is missing, or "certificate_file"' \
		'del(.apps[0].certificate_file)'
	refused '"certificate_file" is missing' \
		'.apps[0] |= (del(.certificate_file) |
			.certificate_password_file = "password")'
}

@test "a file that cannot be used is named, with what is wrong" {
	rm "$STAGE/apns.pem"
	refused "cannot read $STAGE/apns.pem: No such file"
	cp "$STAGE/push.pem" "$STAGE/apns.pem"
	refused "$STAGE/apns.pem contains no private key"
	cp "$STAGE/push-key.pem" "$STAGE/apns.pem"
	refused 'contains no certificate'
	cat "$STAGE/push.pem" "$STAGE/soon-key.pem" >"$STAGE/apns.pem"
	refused 'a private key that does not belong to its certificate'
	make_certificate_for_days '30 days ago' yesterday expired apple \
		DNS:push.example
	cat "$STAGE/expired.pem" "$STAGE/expired-key.pem" >"$STAGE/apns.pem"
	refused 'contains a certificate that expired at 20'
}

@test "a wrong or missing password is said so" {
	make_p12 push
	refused 'is encrypted, and "certificate_password_file" is missing' \
		'.apps[0].certificate_file = "push.p12"'
	echo wrong >"$STAGE/wrong"
	refused 'cannot be decrypted with this password' "$(with_password push.p12) |
		.apps[0].certificate_password_file = \"wrong\""
	refused "cannot read $STAGE/nothing: No such file" \
		"$(with_password push.p12) |
		.apps[0].certificate_password_file = \"nothing\""
}

@test "an old PKCS#12 is refused with the command that converts it" {
	make_p12 push -legacy || skip 'openssl has no legacy algorithms'
	refused 'convert it: openssl pkcs12 -legacy' \
		"$(with_password push.p12)"
	local command=${output##*convert it: }
	command=${command%%$'\n'*}
	command=${command//OLD.p12/push.p12}
	cp "$STAGE/password" "$STAGE/same"
	# It asks for both passwords; here they are in files.
	(cd "$STAGE" && eval "${command//NEW.pem/new.pem}" \
		-passin file:password -passout file:same)
	grep -q 'ENCRYPTED PRIVATE KEY' "$STAGE/new.pem"
	delivers_with push "$(with_password new.pem)"
}
