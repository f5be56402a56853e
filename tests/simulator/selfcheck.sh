#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Shows that push-simulator is as strict as it says: APNs, FCM and its token
# endpoint.  Needs openssl, jq and curl with HTTP/2; prints TAP.

set -uo pipefail

# shellcheck source=tests/simulator/selfcheck-lib.bash
. "$(dirname "${BASH_SOURCE[0]}")/selfcheck-lib.bash"

# apns_token KEY_FILE KEY_ID TEAM_ID IAT
apns_token()
{
	es256_token "$1" "{\"alg\":\"ES256\",\"kid\":\"$2\"}" \
	    "{\"iss\":\"$3\",\"iat\":$4}"
}

# assertion KEY_FILE EMAIL AUDIENCE IAT EXP
assertion()
{
	local head claims
	local scope=https://www.googleapis.com/auth/firebase.messaging

	head=$(printf '{"alg":"RS256","typ":"JWT","kid":"key1"}' | base64url)
	claims=$(printf '{"iss":"%s","scope":"%s","aud":"%s","iat":%d,"exp":%d}' \
	    "$2" "$scope" "$3" "$4" "$5" | base64url)
	printf '%s.%s.%s' "$head" "$claims" "$(
		printf '%s.%s' "$head" "$claims" |
		openssl dgst -sha256 -sign "$1" | base64url)"
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

fcm()
{
	request "https://localhost:$fcm_port/v1/projects/${project-p1}/messages:send" \
	    --header "authorization: Bearer $access" \
	    --header 'content-type: application/json' --data-binary "$1"
}

oauth()
{
	request "https://localhost:$oauth_port/token" --data-urlencode \
	    'grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer' \
	    --data-urlencode "assertion=$1"
}

# A change of the listening socket is seen within milliseconds.
becomes_closed()
{
	for _ in $(seq 100); do
		fcm '{"message":{"token":"a"}}'
		[[ $result == 7 ]] && break
	done
	[[ $result == 7 ]]
}

becomes_open()
{
	for _ in $(seq 100); do
		fcm '{"message":{"token":"a"}}'
		[[ $result != 7 ]] && break
	done
	[[ $result == 0 && $status == 200 ]]
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
	openssl genrsa -out "$work/rsa.key" 2048
	openssl genrsa -out "$work/rsa-other.key" 2048
	openssl pkey -in "$work/rsa.key" -pubout -out "$work/rsa.pub"
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
	              "topics": [ "de.example.app", "de.example.voip" ] } ],
	  "fcm": [ { "project_id": "p1", "client_email": "a@p1.example",
	             "private_key_id": "key1",
	             "public_key_file": "rsa.pub" } ],
	  "external": [ { "audience": "$pool/direct", "project_id": "p3",
	                  "subject_token": "token1", "subject_token_type":
	                  "urn:ietf:params:oauth:token-type:jwt" },
	                { "audience": "$pool/other", "project_id": "p4",
	                  "subject_token": "token2", "subject_token_type":
	                  "urn:ietf:params:oauth:token-type:jwt",
	                  "service_account": "push@p4.example" } ] }
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

last()
{
	tail -n "${2-1}" "$work/record" | head -n 1 | jq -cr "$1"
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

check_oauth()
{
	local now audience

	now=$(date +%s)
	audience=https://localhost:$oauth_port/token
	oauth "$(assertion "$work/rsa-other.key" a@p1.example "$audience" \
	    "$now" $((now + 3600)))"
	ok 'OAuth: bad signature' answered 400 'Invalid JWT Signature'
	oauth "$(assertion "$work/rsa.key" b@p1.example "$audience" \
	    "$now" $((now + 3600)))"
	ok 'OAuth: unknown account' answered 400 'account not found'
	oauth "$(assertion "$work/rsa.key" a@p1.example \
	    https://example.org/token "$now" $((now + 3600)))"
	ok 'OAuth: wrong audience' answered 400 'audience check'
	oauth "$(assertion "$work/rsa.key" a@p1.example "$audience" \
	    $((now - 120)) $((now + 60)))"
	ok 'OAuth: old iat' answered 400 short-lived
	oauth "$(assertion "$work/rsa.key" a@p1.example "$audience" \
	    "$now" $((now + 3700)))"
	ok 'OAuth: exp too late' answered 400 invalid_grant
	request "https://localhost:$oauth_port/token" --data grant_type=x
	ok 'OAuth: other grant type' answered 400 unsupported_grant_type
	oauth "$(assertion "$work/rsa.key" a@p1.example "$audience" \
	    "$now" $((now + 3600)))"
	ok 'OAuth: a good assertion gets a token' answered 200 ya29.sim-
	access=$(sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p' "$work/out")
}

pool=//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers
messaging=https://www.googleapis.com/auth/firebase.messaging
platform=https://www.googleapis.com/auth/cloud-platform

# exchange AUDIENCE SUBJECT-TOKEN [NAME=VALUE...]: a token of another identity
# provider for one of Google's; the fields change or are added.
exchange()
{
	local name fields
	local -A form=(
		[grant_type]=urn:ietf:params:oauth:grant-type:token-exchange
		[audience]=$1 [subject_token]=$2 [scope]=$platform
		[requested_token_type]=urn:ietf:params:oauth:token-type:access_token
		[subject_token_type]=urn:ietf:params:oauth:token-type:jwt
	)

	shift 2
	for name; do
		form[${name%%=*}]=${name#*=}
	done
	fields=()
	for name in "${!form[@]}"; do
		fields+=(--data-urlencode "$name=${form[$name]}")
	done
	request "https://localhost:$oauth_port/v1/token" "${fields[@]}"
}

# impersonate EMAIL BODY
impersonate()
{
	request "https://localhost:$oauth_port/v1/projects/-/serviceAccounts/$1:generateAccessToken" \
	    --header "authorization: Bearer $access" \
	    --header 'content-type: application/json' --data "$2"
}

check_federation()
{
	local direct=$pool/direct other=$pool/other account
	local expected='urn:ietf:params:oauth:token-type:access_token'

	request "https://localhost:$oauth_port/subject-token" \
	    --header 'metadata: True'
	ok 'STS: a source of subject tokens' answered 200 token1
	request "https://localhost:$oauth_port/subject-token.json" \
	    --header 'metadata: True'
	ok 'STS: ... in JSON' answered 200 '{"id_token":"token1"}'
	request "https://localhost:$oauth_port/subject-token"
	ok 'STS: ... that wants its header' answered 400 metadata
	exchange "$direct" token2
	ok 'STS: another token' answered 400 invalid_grant
	exchange "$other" token1
	ok 'STS: another audience' answered 400 invalid_grant
	exchange "$direct" token1 grant_type=x
	ok 'STS: another grant type' answered 400 unsupported_grant_type
	exchange "$direct" token1 requested_token_type=x
	ok 'STS: another type to be given' answered 400 requested_token_type
	exchange "$direct" token1 subject_token_type=x
	ok 'STS: another type of token' answered 400 subject_token_type
	exchange "$direct" token1 scope=openid
	ok 'STS: another scope' answered 400 invalid_scope
	exchange "$direct" token1
	ok 'STS: an exchange' answered 200 "\"issued_token_type\":\"$expected\""
	access=$(jq -r .access_token "$work/out")
	project=p3 fcm '{"message":{"token":"a"}}'
	ok 'STS: ... lets send' answered 200 projects/p3/messages/0:
	fcm '{"message":{"token":"a"}}'
	ok 'STS: ... for its project' answered 401
	exchange "$other" token2
	access=$(jq -r .access_token "$work/out")
	project=p4 fcm '{"message":{"token":"a"}}'
	ok 'STS: with a service account it does not yet let send' answered 401
	account=push@p4.example
	impersonate "$account" "{\"scope\":[\"$messaging\"],\"lifetime\":\"3601s\"}"
	ok 'IAM: an hour is the most' answered 400 INVALID_ARGUMENT
	impersonate "$account" '{"scope":["openid"]}'
	ok 'IAM: another scope' answered 400 INVALID_ARGUMENT
	impersonate other@p4.example "{\"scope\":[\"$messaging\"]}"
	ok 'IAM: another service account' answered 403 PERMISSION_DENIED
	impersonate "$account" "{\"scope\":[\"$messaging\"],\"lifetime\":\"60s\"}"
	ok 'IAM: an access token of the service account' \
	    answered 200 "\"expireTime\":\"$(date -u +%Y-)"
	access=$(jq -r .accessToken "$work/out")
	project=p4 fcm '{"message":{"token":"a"}}'
	ok 'IAM: ... lets send' answered 200
	impersonate "$account" "{\"scope\":[\"$messaging\"]}"
	ok 'IAM: ... but not impersonate' answered 403
	access=none impersonate "$account" "{\"scope\":[\"$messaging\"]}"
	ok 'IAM: no access token' answered 401 UNAUTHENTICATED
}

check_fcm()
{
	local good=$access

	access=ya29.sim-other fcm '{"message":{"token":"a"}}'
	ok 'FCM: unknown access token' answered 401 UNAUTHENTICATED
	ok 'FCM: 401 has WWW-Authenticate' headed 'error="invalid_token"'
	access=$good
	project=p2 fcm '{"message":{"token":"a"}}'
	ok 'FCM: unknown project' answered 403 PERMISSION_DENIED
	ok 'FCM: ... without FcmError' \
	    test "$(grep -c errorCode "$work/out")" = 0
	request "https://localhost:$fcm_port/fcm/send" --data '{}'
	ok 'FCM: unknown path' answered 404 '<html'
	fcm '{"message":{"token":"a","data":{"a":"b"},
	    "android":{"priority":"high","ttl":"3.5s"}}}'
	ok 'FCM: a good message succeeds' answered 200 projects/p1/messages/0:
	fcm '{"message":{"token":"a","data":{"a":"b","n":1}}}'
	ok 'FCM: data that is no string' answered 400 \
	    '"field": "message.data[1].value"'
	ok 'FCM: ... without FcmError' \
	    test "$(grep -c errorCode "$work/out")" = 0
	fcm '{"message":{"token":"a","data":{"from":"b"}}}'
	ok 'FCM: reserved key' answered 400 'Invalid data payload key: from'
	fcm "{\"message\":{\"token\":\"a\",
	    \"data\":{\"a\":\"$(printf '%04096d' 0)\"}}}"
	ok 'FCM: data too large' answered 400 'too big'
	fcm '{"message":{"data":{}}}'
	ok 'FCM: no target' answered 400 '"field": "message"'
	fcm '{"message":{"token":"a","topic":"b"}}'
	ok 'FCM: two targets' answered 400 INVALID_ARGUMENT
	fcm '{"message":{"token":"a","prioriy":"b"}}'
	ok 'FCM: unknown name' answered 400 "Unknown name \\\"prioriy\\\" at 'message'"
	fcm '{"message":{"token":"a","android":{"ttl":"3600"}}}'
	ok 'FCM: bad ttl' answered 400 message.android.ttl
	fcm '{"message":{"token":"a","android":{"ttl":"2419201s"}}}'
	ok 'FCM: ttl too long' answered 400 message.android.ttl
	fcm '{"message":{"token":"a","android":{"priority":"urgent"}}}'
	ok 'FCM: bad priority' answered 400 message.android.priority
	fcm '{"message":{"fid":"a","data":{"a":"b"}}}'
	ok 'FCM: an installation is a target, too' \
	    test "$status $(last .text)" = '200 a'
	fcm '{"message":{"fid":""}}'
	ok 'FCM: ... unless it is empty' answered 400 '"field": "message.fid"'
	fcm '{"message":{"fid":"a","token":"a"}}'
	ok 'FCM: ... but not beside a token' answered 400 'Exactly one of'
	fcm '{"validate_only":true,"message":{"fid":"a"}}'
	ok 'FCM: a message that is only checked' \
	    answered 200 projects/p1/messages/fake_message_id
	fcm '{"message":{"token":"a","androidV2":{"ttl":"60s","data":{"a":"b"},
	    "remoteNotification":{"mutableContent":true,
	    "useAsV1DataMessage":true},"bandwidthConstrainedOk":true}}}'
	ok 'FCM: the second Android block' answered 200
	fcm '{"message":{"token":"a","android_v2":{"background_sync":{}}}}'
	ok 'FCM: ... by its other name' answered 200
	fcm '{"message":{"token":"a","android":{},
	    "androidV2":{"backgroundSync":{}}}}'
	ok 'FCM: ... not beside the first' answered 400 'Only one of android'
	fcm '{"message":{"token":"a","androidV2":{"ttl":"60s"}}}'
	ok 'FCM: ... of one kind' answered 400 'One of background_sync'
	fcm '{"message":{"token":"a","androidV2":{"backgroundSync":{},
	    "priority":"HIGH"}}}'
	ok 'FCM: ... without a priority' \
	    answered 400 "Unknown name \\\"priority\\\" at 'message.android_v2'"
	fcm '{"message":{"token":"a","androidV2":{"ttl":"x",
	    "backgroundSync":{}}}}'
	ok 'FCM: ... with a ttl' answered 400 message.android_v2.ttl
	fcm '{"message":'
	ok 'FCM: no JSON' answered 400 'Invalid JSON payload received.'
}

check_fcm_scripts()
{
	fcm '{"message":{"token":"a-404"}}'
	ok 'FCM script: 404' answered 404 '"errorCode": "UNREGISTERED"'
	fcm '{"message":{"token":"a-400"}}'
	ok 'FCM script: 400' answered 400 '"field": "message.token"'
	fcm '{"message":{"fid":"a-400"}}'
	ok 'FCM script: 400 of an installation' \
	    answered 400 '"field": "message.fid"'
	fcm '{"message":{"token":"a-503-umlaut"}}'
	ok 'FCM script: characters beyond ASCII' answered 503 '"note":"ü推",'
	fcm '{"message":{"token":"a-421"}}'
	ok 'FCM script: 421 is not of Google' answered 421 '<html'
	fcm '{"message":{"token":"a-400-data"}}'
	ok 'FCM script: data at fault' answered 400 'message.data[0].value'
	fcm '{"message":{"token":"a-429-retry30"}}'
	ok 'FCM script: 429' answered 429 QUOTA_EXCEEDED
	ok 'FCM script: Retry-After' headed '^retry-after: 30'
	fcm '{"message":{"token":"a-401-THIRD_PARTY_AUTH_ERROR"}}'
	ok 'FCM script: errorCode' answered 401 THIRD_PARTY_AUTH_ERROR
	fcm '{"message":{"token":"a-503-truncated"}}'
	ok 'FCM script: truncated' \
	    test "$(tail -c 2 "$work/out")" != '}'
	fcm '{"message":{"token":"a-500-big"}}'
	ok 'FCM script: big' test "$(wc -c <"$work/out")" -gt 1000000
}

check_control()
{
	control '{"fcm":{"answer":{"status":503,"retry_after":9,"times":1}}}'
	fcm '{"message":{"token":"a"}}'
	ok 'control: an answer for all' answered 503 UNAVAILABLE
	fcm '{"message":{"token":"a"}}'
	ok 'control: ... but only so many times' answered 200
	control '{"fcm":{"closed":true}}'
	ok 'control: closed' becomes_closed
	control '{}'
	ok 'control: open again at the same port' becomes_open
	control '{"fcm":{"black_hole":true}}'
	request "https://localhost:$fcm_port/" --max-time 1
	ok 'control: black hole' test "$result" = 28
	control '{"fcm":{"cut_next":1}}'
	fcm '{"message":{"token":"a"}}'
	ok 'control: cut' was_cut
	fcm '{"message":{"token":"a"}}'
	ok 'control: cut once only' answered 200
	control '{"fcm":{"no_such_thing":1}}' 2>/dev/null
	fcm '{"message":{"token":"a"}}'
	ok 'control: nonsense changes nothing' answered 200
	control '{"oauth":{"rubbish":true}}'
	request "https://localhost:$oauth_port/token" --data grant_type=x
	ok 'control: rubbish' answered 200 '<html'
	control '{}'
}

device=$(hex an-ordinary-device)
good_payload='{"aps":{"alert":{"body":"b"},"mutable-content":1}}'
access=none
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
check_federation
check_oauth
check_fcm
check_fcm_scripts
check_control
stop
