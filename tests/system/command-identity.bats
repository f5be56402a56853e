#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# push-gateway identity, and the worker's -i: a caller's certificate, ready to
# be listed.
# shellcheck disable=SC2154

load ../lib/stage.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	make_certificate epa clients DNS:other.example,DNS:push.epa.example \
		clientAuth -days 400
	make_certificate unnamed clients email:push@epa.example clientAuth \
		-days 400
	stage_start
}

teardown_file() {
	stage_close
}

# identity NAME [OPTION...]
identity() {
	local name=$1
	shift
	"$COMMAND" identity "$STAGE/$name.pem" "$@"
}

# entry NAME: without the comments.
entry() {
	identity "$1" | sed '/^ *\/\//d'
}

# digest NAME COMMAND...: of what the command makes of that certificate.
digest() {
	openssl x509 -in "$STAGE/$1.pem" -noout "${@:2}" | sha256sum |
		cut -d' ' -f1
}

certificate_sha256() {
	certificate_digest "$1" | tr -d : | tr A-F a-f
}

spki_sha256() {
	openssl x509 -in "$STAGE/$1.pem" -noout -pubkey |
		openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1
}

# warns NAME WORDS: of that certificate, in both forms.
warns() {
	identity "$1" | grep -q "^// warning: .*$2" &&
		identity "$1" --json | jq -r '.warnings[]' | grep -q "$2" || {
		echo "expected: $2"
		identity "$1"
		return 1
	}
}

@test "a caller is let in by the entry as it is printed" {
	local name
	for name in epa unnamed; do
		write_config '.clients = []'
		jq -c . "$STAGE/push-gateway.json" |
			sed 's/"clients":\[\].*/"clients":[/' >"$STAGE/listed"
		identity "$name" >>"$STAGE/listed"
		jq -c . "$STAGE/push-gateway.json" |
			sed 's/.*"clients":\[\]/]/' >>"$STAGE/listed"
		"$GATEWAY" -t -c "$STAGE/listed"
		mv "$STAGE/listed" "$STAGE/push-gateway.json"
		wait_until 10 let_in "$name"
		run ! let_in client
	done
}

let_in() {
	request /push/v1/notify --cert "$STAGE/$1.pem" \
		--key "$STAGE/$1-key.pem" -H 'Content-Type: application/json' \
		-d "$(single "$(plain '{}')")"
	[ "$CODE" = 200 ]
}

@test "the names are listed, else the certificate" {
	[ "$(entry epa | jq -c .)" = '{"name":"other.example",'"$(
		)"'"san_dns":["other.example","push.epa.example"]}' ]
	[ "$(entry unnamed | jq -c .)" = '{"name":"caller",'"$(
		)"'"certificate_sha256":["'"$(certificate_sha256 unnamed)"'"]}' ]
}

@test "the comments say whose it is, until when, and how else to list it" {
	run identity epa
	[ "$status" = 0 ]
	[[ ${lines[0]} == "// CN=epa,O=Push Gateway Test, until $(date -u \
		-d "400 days" +%Y-%m-%d)T"*Z ]]
	[[ $output == *"\"certificate_sha256\": [\"$(
		certificate_sha256 epa)\"]"* ]]
	[[ $output == *"\"spki_sha256\": [\"$(spki_sha256 epa)\"]"* ]]
	[[ $output == *'"issuer_sha256": ["'* ]]
	[[ $output != *warning* ]]
}

@test "--json has what there is to compare" {
	local json
	json=$(identity epa --json)
	[ "$(jq -c keys_unsorted <<<"$json")" = '["certificate_sha256",'"$(
		)"'"spki_sha256","san_dns","issuer_sha256","subject",'"$(
		)"'"not_after","warnings"]' ]
	[ "$(jq -r .certificate_sha256 <<<"$json")" = \
		"$(certificate_sha256 epa)" ]
	[ "$(jq -r .spki_sha256 <<<"$json")" = "$(spki_sha256 epa)" ]
	[ "$(jq -r .subject <<<"$json")" = "CN=epa,O=Push Gateway Test" ]
	[ "$(date -d "$(jq -r .not_after <<<"$json")" +%s)" = \
		"$(date -d "$(openssl x509 -in "$STAGE/epa.pem" -noout \
			-enddate | cut -d= -f2)" +%s)" ]
	[ "$(jq -c .warnings <<<"$json")" = '[]' ]
	[ "$(jq -r .issuer_sha256 <<<"$json")" = "$(identity client --json |
		jq -r .issuer_sha256)" ]
}

@test "what will keep a certificate out is told" {
	make_certificate webonly clients DNS:web.example serverAuth -days 400
	warns webonly "clientAuth"
	make_certificate_for_days "60 days ago" "30 days ago" expired clients \
		DNS:push.epa.example
	warns expired "it has expired"
	make_certificate_for_days "300 days" "360 days" future clients \
		DNS:push.epa.example
	warns future "is not valid yet"
	make_certificate_for_days "10 days ago" "29 days" ending clients \
		DNS:push.epa.example
	warns ending "less than 30 days"
	CERTIFICATE_KEY=rsa:1024 make_certificate weak clients \
		DNS:weak.example clientAuth -days 400
	warns weak "too weak"
	warns clients-ca "certificate authority's"
}

@test "odd names stay within their quotes" {
	cat >"$STAGE/odd.conf" <<-'EOF'
	[req]
	distinguished_name = dn
	prompt = no
	x509_extensions = v3
	string_mask = utf8only
	utf8 = yes
	[dn]
	CN = "Ärzte// \"], ESCAPE"
	[v3]
	extendedKeyUsage = clientAuth
	subjectAltName = @names
	[names]
	DNS.1 = a\"b\\c.example
	DNS.2 = x\n*/y.example
	DNS.3 = mLATIN1nchen.example
	EOF
	LC_ALL=C sed -i $'s/ESCAPE/\x1b/; s/LATIN1/\xfc/' "$STAGE/odd.conf"
	openssl req -x509 -config "$STAGE/odd.conf" -key \
		"$STAGE/client-key.pem" -days 400 -out "$STAGE/odd.pem"
	identity odd >"$STAGE/odd.txt"
	# One line of an entry, and all others comments.
	[ "$(grep -vc '^ *//' "$STAGE/odd.txt")" = 1 ]
	[ "$(entry odd | jq -c .san_dns)" = \
		'["a\"b\\c.example","x\n*/y.example"]' ]
	[[ $(head -n 1 "$STAGE/odd.txt") == '// CN=Ärzte// \"]\, \1B, until '* ]]
	warns odd "not UTF-8"
}

@test "what is no certificate is told" {
	run --separate-stderr identity nosuch
	[ "$status" = 74 ]
	[ -z "$output" ]
	[[ $stderr == *"No such file"* ]]
	run --separate-stderr identity client-key
	[ "$status" = 78 ]
	[ -z "$output" ]
	[[ $stderr == *"not a certificate in PEM"* ]]
	openssl x509 -in "$STAGE/epa.pem" -outform DER -out "$STAGE/der.pem"
	run --separate-stderr identity der
	[ "$status" = 78 ]
	[[ $stderr == *"is in DER: make PEM of it by"* ]]
	run "$COMMAND" identity
	[ "$status" = 64 ]
	run "$COMMAND" identity "$STAGE/epa.pem" "$STAGE/epa.pem"
	[ "$status" = 64 ]
}

@test "push-gateway.fcgi -i prints the same" {
	run "$GATEWAY" -i "$STAGE/epa.pem"
	[ "$status" = 0 ]
	[ "$output" = "$(identity epa)" ]
	run "$GATEWAY" -i "$STAGE/client-key.pem"
	[ "$status" = 78 ]
}
