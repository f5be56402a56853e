#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Shows that push-simulator is as strict as it says: APNs.  Needs openssl,
# jq and curl with HTTP/2; prints TAP.

set -uo pipefail

# shellcheck source=tests/simulator/selfcheck-lib.bash
. "$(dirname "${BASH_SOURCE[0]}")/selfcheck-lib.bash"

# apns_token KEY_FILE KEY_ID TEAM_ID IAT
apns_token()
{
	es256_token "$1" "{\"alg\":\"ES256\",\"kid\":\"$2\"}" \
	    "{\"iss\":\"$3\",\"iat\":$4}"
}

# apns PUSHKEY CURL-ARGUMENT...: a good request but for the arguments.
apns()
{
	local device=$1

	shift
	request "https://localhost:$apns_port/3/device/$device" \
	    --header 'content-type:' --data-binary "${payload-$good_payload}" \
	    "$@"
}

# good_apns PUSHKEY CURL-ARGUMENT...: with all that is needed.
good_apns()
{
	local device=$1

	shift
	apns "$device" --header "authorization: bearer $token" \
	    --header 'apns-topic: de.example.app' \
	    --header 'apns-push-type: alert' "$@"
}

# make_certificate NAME: for a client.
make_certificate()
{
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -subj "/CN=$1" -keyout "$work/$1.key" -out "$work/$1.csr"
	openssl x509 -req -in "$work/$1.csr" -days 2 \
	    -signkey "$work/$1.key" -out "$work/$1.pem"
}

# expire_certificate NAME: one that was made, signed anew for days gone by.
# (openssl x509 of version 3.5 makes none that has already ended.)
expire_certificate()
{
	: >"$work/ca.index"
	cat >"$work/ca.conf" <<-EOF
	[ca]
	default_ca = us
	[us]
	database = $work/ca.index
	new_certs_dir = $work
	rand_serial = yes
	default_md = sha256
	policy = any
	[any]
	commonName = supplied
	EOF
	openssl ca -batch -notext -selfsign -config "$work/ca.conf" \
	    -keyfile "$work/$1.key" -in "$work/$1.csr" -out "$work/$1.pem" \
	    -startdate 20240101000000Z -enddate 20240102000000Z
}

fingerprint()
{
	openssl x509 -in "$work/$1.pem" -noout -fingerprint -sha256 |
	    cut -d= -f2
}

make_keys()
{
	make_tls
	make_ec_key ec
	make_ec_key other
	make_certificate push
	make_certificate several
	make_certificate unknown
	make_certificate expired
	expire_certificate expired
} >>"$work/keys.log" 2>&1

accounts()
{
	cat <<-EOF
	{ "apns": [ { "team_id": "TEAM123456", "key_id": "KEY1234567",
	              "public_key_file": "ec.pub",
	              "topics": [ "de.example.app" ] },
	            { "certificate_sha256": "$(fingerprint push)",
	              "topics": [ "de.example.app" ] },
	            { "certificate_sha256": "$(fingerprint expired)",
	              "topics": [ "de.example.app" ] },
	            { "certificate_sha256": "$(fingerprint several)",
	              "topics": [ "de.example.app", "de.example.voip" ] } ] }
	EOF
}

check_transport()
{
	request --http1.1 --no-alpn "https://localhost:$apns_port/3/device/00"
	ok 'a client without ALPN gets no connection' test "$result" = 35
	request --http1.1 "https://localhost:$apns_port/3/device/00"
	ok 'a client with HTTP/1.1 only gets no connection' \
	    test "$result" = 35
}

check_apns_tokens()
{
	local now other

	now=$(date +%s)
	good_apns "$device"
	ok 'APNs: a good request succeeds' answered 200
	ok 'APNs: a success has no body' test ! -s "$work/out"
	ok 'APNs: a success has an apns-id' headed '^apns-id: .\{36\}'
	ok 'APNs: a success has no content-length' \
	    test "$(grep -ci content-length "$work/head")" = 0
	apns "$device" --header 'apns-topic: de.example.app'
	ok 'APNs: no token' answered 403 MissingProviderToken
	local good=$token
	token=$(apns_token "$work/other.key" KEY1234567 TEAM123456 "$now")
	good_apns "$device"
	ok 'APNs: bad signature' answered 403 InvalidProviderToken
	token=$(apns_token "$work/ec.key" KEY7654321 TEAM123456 "$now")
	good_apns "$device"
	ok 'APNs: unknown key' answered 403 InvalidProviderToken
	token=$(apns_token "$work/ec.key" KEY1234567 TEAM654321 "$now")
	good_apns "$device"
	ok 'APNs: another team' answered 403 InvalidProviderToken
	token=$(apns_token "$work/ec.key" KEY1234567 TEAM123456 $((now - 3700)))
	good_apns "$device"
	ok 'APNs: old token' answered 403 ExpiredProviderToken
	token=$(apns_token "$work/ec.key" KEY1234567 TEAM123456 $((now + 120)))
	good_apns "$device"
	ok 'APNs: token from the future' answered 403 InvalidProviderToken
	other=$(apns_token "$work/ec.key" KEY1234567 TEAM123456 $((now - 60)))
	token=$good
	good_apns "$device" --next --silent --http2 --max-time 5 \
	    --cacert "$work/tls.pem" --header "authorization: bearer $other" \
	    --header 'apns-topic: de.example.app' \
	    --data-binary "$good_payload" --output "$work/out" \
	    "https://localhost:$apns_port/3/device/$device"
	ok 'APNs: a new token too early on the same connection' \
	    grep -q TooManyProviderTokenUpdates "$work/out"
}

# apns_on_one_connection TOKEN...: a good request with each; sets statuses,
# and $work/out has the last body.
apns_on_one_connection()
{
	local arguments=() one

	for one; do
		arguments+=(${arguments[0]:+--next} --silent --http2
		    --max-time 5 --cacert "$work/tls.pem"
		    --header "authorization: bearer $one"
		    --header 'apns-topic: de.example.app'
		    --data-binary "$good_payload" --output "$work/out"
		    --write-out '%{http_code} '
		    "https://localhost:$apns_port/3/device/$device")
	done
	statuses=$(curl "${arguments[@]}")
}

check_apns_token_floor()
{
	local now first second bad

	now=$(date +%s)
	first=$(apns_token "$work/ec.key" KEY1234567 TEAM123456 "$now")
	second=$(apns_token "$work/ec.key" KEY1234567 TEAM123456 "$now")
	apns_on_one_connection "$first" "$second" "$first"
	ok 'APNs: a new token is one with another signature, too' \
	    test "$statuses" = '200 429 429 '
	ok 'APNs: ... after which the connection is of no more use' \
	    grep -q TooManyProviderTokenUpdates "$work/out"
	apns_on_one_connection "$first"
	ok 'APNs: ... but another one is' test "$statuses" = '200 '
	apns_on_one_connection "$second"
	ok 'APNs: ... with either token' test "$statuses" = '200 '
	bad=$(apns_token "$work/ec.key" KEY1234567 TEAM123456 $((now - 3700)))
	apns_on_one_connection "$bad" "$first"
	ok 'APNs: an expired token spoils a connection, too' \
	    test "$statuses" = '403 403 '
	control '{"apns":{"token_floor":0}}'
	apns_on_one_connection "$first" "$second" "$first"
	ok 'control: no floor' test "$statuses" = '200 200 200 '
	control '{"apns":{"token_floor_per_key":true}}'
	apns_on_one_connection "$first"
	apns_on_one_connection "$second"
	ok 'control: a floor over all connections' test "$statuses" = '429 '
	apns_on_one_connection "$first"
	ok 'control: ... leaves the former token good' \
	    test "$statuses" = '200 '
	control '{"apns":{"token_floor_per_key":true,"token_floor":1}}'
	sleep 1.1
	apns_on_one_connection "$second" "$first"
	ok 'control: ... and counts from when it first saw one' \
	    test "$statuses" = '200 200 '
	control '{}'
}

check_apns_streams()
{
	local bad

	bad=$(apns_token "$work/other.key" KEY1234567 TEAM123456 \
	    "$(date +%s)")
	apns_on_one_connection "$bad" "$token" "$bad"
	ok 'APNs: one stream before the first good token, then 1000' test \
	    "$(last .max_streams 3) $(last .max_streams 2)" = '1 1000'
	ok 'APNs: ... whatever comes then' test "$(last .max_streams)" = 1000
	control '{"apns":{"limit_falls":true}}'
	apns_on_one_connection "$token" "$bad" "$token"
	ok 'control: the limit falls when a token is refused' test \
	    "$(last .max_streams 3) $(last .max_streams 2)" = '1000 1'
	ok 'control: ... and rises with a good one' \
	    test "$(last .max_streams)" = 1000
	control '{}'
	good_apns "$(hex key-streams7)"
	ok 'APNs script: another limit' test "$(last .max_streams)" = 7
	control '{"apns":{"goaway_at_start":true}}'
	good_apns "$device"
	ok 'control: GOAWAY at the start of each connection' \
	    test "$status" = 000
	control '{}'
}

# with_certificate NAME CURL-ARGUMENT...
with_certificate()
{
	local name=$1

	shift
	apns "$device" --cert "$work/$name.pem" --key "$work/$name.key" "$@"
}

check_apns_certificates()
{
	with_certificate push --header 'apns-topic: de.example.app'
	ok 'APNs: a known certificate needs no token' answered 200
	with_certificate push
	ok 'APNs: ... nor a topic, if it has only one' answered 200
	with_certificate push --header 'authorization: bearer nonsense'
	ok 'APNs: ... and an authorization is ignored' answered 200
	with_certificate push --header 'apns-topic: de.example.other'
	ok "APNs: ... but it has its topics" answered 400 TopicDisallowed
	with_certificate several
	ok 'APNs: a certificate with two topics needs one' \
	    answered 400 MissingTopic
	with_certificate several --header 'apns-topic: de.example.voip'
	ok 'APNs: ... and may send to each' answered 200
	with_certificate unknown --header 'apns-topic: de.example.app'
	ok 'APNs: an unknown certificate' answered 403 BadCertificate
	with_certificate unknown --header "authorization: bearer $token" \
	    --header 'apns-topic: de.example.app'
	ok 'APNs: ... does not harm a good token' answered 200
	with_certificate expired --header 'apns-topic: de.example.app'
	ok 'APNs: an expired certificate' answered 403 BadCertificate
	ok 'record: the fingerprint of the certificate' \
	    grep -q "\"certificate\":\"$(fingerprint push)\"" "$work/record"
}

check_apns_requests()
{
	good_apns "$device" --get
	ok 'APNs: GET' answered 405 MethodNotAllowed
	request "https://localhost:$apns_port/4/device/00" --data x
	ok 'APNs: bad path' answered 404 BadPath
	good_apns ''
	ok 'APNs: no device token' answered 400 MissingDeviceToken
	good_apns abc
	ok 'APNs: odd device token' answered 400 BadDeviceToken
	good_apns zz
	ok 'APNs: device token that is no hexadecimal' \
	    answered 400 BadDeviceToken
	apns "$device" --header "authorization: bearer $token"
	ok 'APNs: no topic' answered 400 MissingTopic
	apns "$device" --header "authorization: bearer $token" \
	    --header 'apns-topic: de.example.other'
	ok 'APNs: wrong topic' answered 400 TopicDisallowed
	good_apns "$device" --header 'apns-topic: de.example.app'
	ok 'APNs: a header twice' answered 400 DuplicateHeaders
	apns "$device" --header "authorization: bearer $token" \
	    --header 'apns-topic: de.example.app' \
	    --header 'apns-push-type: loud'
	ok 'APNs: unknown push type' answered 400 InvalidPushType
	good_apns "$device" --header 'apns-priority: 7'
	ok 'APNs: bad priority' answered 400 BadPriority
	good_apns "$device" --header 'apns-expiration: -1'
	ok 'APNs: bad expiration' answered 400 BadExpirationDate
	good_apns "$device" \
	    --header 'apns-id: 123E4567-E89B-12D3-A456-4266554400A0'
	ok 'APNs: apns-id in capitals' answered 400 BadMessageId
	good_apns "$device" \
	    --header 'apns-id: 123e4567-e89b-12d3-a456-4266554400a0'
	ok 'APNs: apns-id comes back' \
	    headed '^apns-id: 123e4567-e89b-12d3-a456-4266554400a0'
	good_apns "$device" \
	    --header "apns-collapse-id: $(printf '%065d' 0)"
	ok 'APNs: long collapse id' answered 400 BadCollapseId
	good_apns "$device" --header 'apns-collapse-id;'
	ok 'APNs: empty collapse id' answered 400 BadCollapseId
	good_apns "$device" --header "apns-collapse-id: $(printf '%064d' 0)"
	ok 'APNs: a message with a collapse id' \
	    test "$status $(last .replaces)" = '200 false'
	good_apns "$device" --header "apns-collapse-id: $(printf '%064d' 0)"
	ok 'APNs: ... takes the place of another one' \
	    test "$status $(last .replaces)" = '200 true'
	good_apns "$(hex another)" \
	    --header "apns-collapse-id: $(printf '%064d' 0)"
	ok 'APNs: ... on the same phone' test "$(last .replaces)" = false
	payload='' good_apns "$device"
	ok 'APNs: empty payload' answered 400 PayloadEmpty
	payload="{\"aps\":{},\"x\":\"$(printf '%04096d' 0)\"}" \
	    good_apns "$device"
	ok 'APNs: payload too large' answered 413 PayloadTooLarge
	payload='{"alert":1}' good_apns "$device"
	ok 'APNs: payload without aps' answered 400 BadPayload
	payload='{"aps":{}' good_apns "$device"
	ok 'APNs: payload that is no JSON' answered 400 BadPayload
}

check_apns_scripts()
{
	good_apns "$(hex key-410-ts1700000000123)"
	ok 'APNs script: 410 with timestamp' answered 410 \
	    '{"reason":"Unregistered","timestamp":1700000000123}'
	good_apns "$(hex key-400-DeviceTokenNotForTopic)"
	ok 'APNs script: reason' answered 400 DeviceTokenNotForTopic
	good_apns "$(hex key-429-retry7-once2)"
	ok 'APNs script: Retry-After' headed '^retry-after: 7'
	good_apns "$(hex key-429-retry7-once2)"
	ok 'APNs script: second of once2' answered 429 TooManyRequests
	good_apns "$(hex key-429-retry7-once2)"
	ok 'APNs script: third of once2' answered 200
	good_apns "$(hex key-cut)"
	ok 'APNs script: cut' was_cut
	good_apns "$(hex key-reset)"
	ok 'APNs script: reset' test "$result" = 92
	good_apns "$(hex key-hang)" --max-time 1
	ok 'APNs script: hang' test "$result" = 28
	good_apns "$(hex key-goaway)"
	ok 'APNs script: goaway answers' answered 200
	good_apns "$(hex key-refuse-once)"
	ok 'APNs script: refused once, which curl repeats by itself' \
	    answered 200
	good_apns "$(hex key-503-html)"
	ok 'APNs script: html' answered 503 '<html'
	good_apns "$(hex key-410-broken)"
	ok 'APNs script: a body that breaks off' \
	    test "$status $result" = '410 92'
	good_apns "$(hex key-200-broken)"
	ok 'APNs script: ... or never comes' test "$status $result" = '200 92'
	good_apns "$(hex key-410-ts1-gzip)"
	ok 'APNs script: a coded body' headed '^content-encoding: gzip'
	ok 'APNs script: ... that can be decoded' test \
	    "$(gzip -dc "$work/out")" = \
	    '{"reason":"Unregistered","timestamp":1}'
	good_apns "$(hex key-410-br)"
	ok 'APNs script: a body that only says so' \
	    headed '^content-encoding: br'
	good_apns "$(hex key-400-umlaut)"
	ok 'APNs script: characters beyond ASCII' \
	    answered 400 '{"note":"ü推","reason":"BadDeviceToken"}'
	good_apns "$(hex key-400-latin1)"
	ok 'APNs script: ... that are no UTF-8' \
	    grep -qa $'^{"note":"\xfc\xe2\x82","reason":' "$work/out"
	good_apns "$(hex key-421)"
	ok 'APNs script: 421 is not of Apple' answered 421 '<html'
	good_apns "$(hex key-425)"
	ok 'APNs script: nor is 425' answered 425 '<html'
	ok 'record: the text of the pushkey' \
	    grep -q '"text":"key-503-html","status":503' "$work/record"
}

device=$(hex an-ordinary-device)
good_payload='{"aps":{"alert":{"body":"b"},"mutable-content":1}}'
make_keys
start "$(accounts)"
token=$(apns_token "$work/ec.key" KEY1234567 TEAM123456 "$(date +%s)")
check_transport
check_apns_tokens
check_apns_token_floor
check_apns_streams
check_apns_certificates
check_apns_requests
check_apns_scripts
stop
