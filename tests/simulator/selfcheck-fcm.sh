#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Shows that push-simulator is as strict as it says: FCM, its token endpoint
# and what stands for it, and the control file.  Needs openssl, jq and curl
# with HTTP/2; prints TAP.

set -uo pipefail

# shellcheck source=tests/simulator/selfcheck-lib.bash
. "$(dirname "${BASH_SOURCE[0]}")/selfcheck-lib.bash"

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

accounts()
{
	cat <<-EOF
	{ "fcm": [ { "project_id": "p1", "client_email": "a@p1.example",
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

access=none
make_tls
make_rsa_key rsa
make_rsa_key rsa-other
start "$(accounts)"
check_federation
check_oauth
check_fcm
check_fcm_scripts
check_control
stop
