#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Shows that push-simulator is as strict as it says: Huawei's Push Kit and its
# token endpoint.  Needs openssl, jq and curl with HTTP/2; prints TAP.

set -uo pipefail

# shellcheck source=tests/simulator/selfcheck-lib.bash
. "$(dirname "${BASH_SOURCE[0]}")/selfcheck-lib.bash"

# oauth ID SECRET [GRANT-TYPE]
oauth()
{
	request "https://localhost:$hms_oauth_port/oauth2/v3/token" \
	    --data-urlencode "grant_type=${3-client_credentials}" \
	    --data-urlencode "client_id=$1" \
	    --data-urlencode "client_secret=$2"
}

# hms PATH BODY CURL-ARGUMENT...
hms()
{
	local path=$1 body=$2

	shift 2
	request "https://localhost:$hms_port/$path/messages:send" \
	    --header "authorization: Bearer $access" \
	    --header "content-type: ${type-application/json}" \
	    --data-binary "$body" "$@"
}

# v1 TOKEN [ANDROID]: a data message.
v1()
{
	hms v1/app1 "{\"message\":{\"data\":\"{}\",\"android\":${2-{\}},
	    \"token\":[\"$1\"]}}"
}

# v3 TOKEN [PAYLOAD [PUSH-TYPE [OPTIONS]]]
v3()
{
	access=$jwt hms v3/project1 "{\"payload\":${2-{\"extraData\":\"x\"\}},
	    \"target\":{\"token\":[\"$1\"]},\"pushOptions\":${4-{\}}}" \
	    --header "push-type: ${3-6}"
}

# ps256_token KEY CLAIMS [ALGORITHM [KEY-ID [SALT-LENGTH]]]
ps256_token()
{
	local head claims

	head=$(printf '{"kid":"%s","typ":"JWT","alg":"%s"}' "${4-key1}" \
	    "${3-PS256}" | base64url)
	claims=$(printf %s "$2" | base64url)
	printf '%s.%s.%s' "$head" "$claims" "$(
		printf '%s.%s' "$head" "$claims" | openssl dgst -sha256 \
		-sigopt rsa_padding_mode:pss \
		-sigopt "rsa_pss_saltlen:${5--1}" -sign "$work/$1.key" |
		base64url)"
}

# claims [ISSUER [EXP [IAT [AUDIENCE]]]]
claims()
{
	local now

	now=$(date +%s)
	printf '{"iss":"%s","exp":%s,"iat":%s,"aud":"%s"}' "${1-account1}" \
	    "${2-$((now + 3600))}" "${3-$now}" \
	    "${4-https://oauth-login.cloud.huawei.com/oauth2/v3/token}"
}

# coded CODE [STATUS]: the answer's code, and nothing else.
coded()
{
	[[ $(jq -r .code "$work/out") == "$1" && $status == "${2-200}" ]]
}

check_oauth()
{
	oauth client1 wrong
	ok 'OAuth: a wrong secret' answered 400 '{"error":1101,"sub_error":'
	oauth client2 'se/cr+et=&'
	ok 'OAuth: an unknown client' answered 400 1101
	oauth client1 'se/cr+et=&' password
	ok 'OAuth: another grant type' answered 400 1104
	request "https://localhost:$hms_oauth_port/oauth2/v3/token" \
	    --data grant_type=client_credentials
	ok 'OAuth: a field is missing' answered 400 1102
	request "https://localhost:$hms_oauth_port/token" --data x
	ok 'OAuth: another path' answered 404 '<html'
	oauth client1 'se/cr+et=&'
	ok 'OAuth: client credentials' answered 200 '"expires_in":3600'
	ok 'OAuth: ... get a token whose slash is escaped' \
	    answered 200 '"access_token":"DAEC\/sim+'
	access=$(jq -r .access_token "$work/out")
}

check_authorization()
{
	local good=$access

	v1 phone
	ok 'v1: a data message' coded 80000000
	ok 'v1: ... with all that Huawei says' test \
	    "$(jq -r '"\(.msg) \(.requestId | length > 10)"' "$work/out")" = \
	    'Success true'
	ok 'record: the token' test "$(last '"\(.text) \(.reason)"')" = \
	    'phone null'
	hms v2/project1 '{"message":{"data":"x","token":["a"]}}'
	ok 'v2: by the project' coded 80000000
	hms v1/project1 '{"message":{"data":"x","token":["a"]}}'
	ok 'v1: not by the project' coded 80200001 401
	hms v2/app1 '{"message":{"data":"x","token":["a"]}}'
	ok 'v2: not by the app' coded 80200001 401
	hms v4/app1 '{}'
	ok 'v4: there is none' answered 404 '<html'
	access=none v1 phone
	ok 'v1: an unknown token' coded 80200001 401
	access=$jwt v1 phone
	ok 'v1: no JWT' coded 80200001 401
	control '{"hms_oauth":{"expires_in":0}}'
	oauth client1 'se/cr+et=&'
	access=$(jq -r .access_token "$work/out") v1 phone
	ok 'v1: an expired token' coded 80200003 401
	control '{}'
	jwt=$good v3 phone
	ok 'v3: no access token' coded 80200001 401
}

check_jwt()
{
	local now good

	now=$(date +%s)
	v3 phone
	ok 'v3: a JWT' coded 80000000
	jwt=$(ps256_token rsa "$(claims account1 $((now + 60)) "$now" \
	    "https://localhost:$hms_oauth_port/oauth2/v3/token")") v3 phone
	ok 'v3: ... for the token endpoint that is played' coded 80000000
	jwt=$(ps256_token other "$(claims)") v3 phone
	ok 'v3: ... signed by another' coded 80200001 401
	jwt=$(ps256_token rsa "$(claims)" RS256) v3 phone
	ok 'v3: ... by another name' coded 80200001 401
	jwt=$(ps256_token rsa "$(claims)" PS256 key1 20) v3 phone
	ok 'v3: ... with another salt' coded 80200001 401
	jwt=$(ps256_token rsa "$(claims)" PS256 key2) v3 phone
	ok 'v3: ... with an unknown key' coded 80200001 401
	jwt=$(ps256_token rsa "$(claims account2)") v3 phone
	ok 'v3: ... of another account' coded 80200001 401
	jwt=$(ps256_token rsa "$(claims account1 $((now - 1)))") v3 phone
	ok 'v3: ... that has expired' coded 80200005 401
	jwt=$(ps256_token rsa "$(claims account1 $((now + 86500)))") v3 phone
	ok 'v3: ... for more than a day' coded 80300036 401
	jwt=$(ps256_token rsa "$(claims account1 $((now + 600)) \
	    $((now + 120)))") v3 phone
	ok 'v3: ... from the future' coded 80200001 401
	jwt=$(ps256_token rsa "$(claims account1 $((now + 600)) "$now" \
	    https://example.org)") v3 phone
	ok 'v3: ... for another audience' coded 80200001 401
	access=$jwt hms v3/project2 '{}'
	ok 'v3: ... for another project' coded 80200001 401
}

check_messages()
{
	local long

	printf -v long '%04096d' 0
	hms v1/app1 '{"message":'
	ok 'v1: no JSON' coded 80100003 400
	hms v1/app1 '{"message":{"token":["a"]}}'
	ok 'v1: neither data nor notification' coded 80100003 400
	hms v1/app1 '{"message":{"data":{},"token":["a"]}}'
	ok 'v1: data that is no string' coded 80100003 400
	hms v1/app1 '{"message":{"data":"x","token":"a"}}'
	ok 'v1: a token that is no list' coded 80100003 400
	hms v1/app1 '{"message":{"data":"x","token":[1]}}'
	ok 'v1: a list of other things' coded 80100003 400
	hms v1/app1 '{"message":{"data":"x","token":["a"],"prio":"high"}}'
	ok 'v1: an unknown name' answered 400 '"msg":"Illegal payload, prio"'
	hms v1/app1 '{"message":{"data":"x","token":[]}}'
	ok 'v1: no token' coded 80300010 400
	hms v1/app1 "{\"message\":{\"data\":\"x\",\"token\":[$(
	    printf '"t",%.0s' {1..1000})\"t\"]}}"
	ok 'v1: 1001 tokens' coded 80300010 400
	hms v1/app1 "{\"message\":{\"data\":\"$long\",\"token\":[\"a\"]}}"
	ok 'v1: too large' coded 80300008 400
	v1 "$long"
	ok 'v1: ... but for its tokens' coded 80000000
	type=text/plain v1 phone
	ok 'v1: another type' coded 80100018 400
	v1 phone '{"urgency":"HIGH","category":"HEALTH","ttl":"1296000s",
	    "collapse_key":-1,"bi_tag":"x"}'
	ok 'v1: the Android block' coded 80000000
	v1 phone '{"urgency":"high"}'
	ok 'v1: ... with a bad urgency' coded 80100001 400
	v1 phone '{"category":"health"}'
	ok 'v1: ... with a bad category' coded 80100001 400
	v1 phone '{"ttl":"1296001s"}'
	ok 'v1: ... with a ttl over 15 days' coded 80100001 400
	v1 phone '{"ttl":"60"}'
	ok 'v1: ... with a ttl without its unit' coded 80100001 400
	v1 phone '{"ttl":"0s"}'
	ok 'v1: ... with a ttl of nothing' coded 80100004 400
	v1 phone '{"collapse_key":101}'
	ok 'v1: ... with a bad collapse_key' coded 80100013 400
}

check_messages_v3()
{
	local alert='{"notification":{"category":"HEALTH","title":"t",
	    "body":"b","clickAction":{"actionType":0}}}'

	v3 phone "$alert" 0
	ok 'v3: an alert' coded 80000000
	v3 phone '{"notification":{"title":"t","body":"b"}}' 0
	ok 'v3: ... without its category' \
	    answered 400 'Illegal payload, category'
	v3 phone "$alert" 6
	ok 'v3: ... as a background message' coded 80100003 400
	v3 phone "$alert" 3
	ok 'v3: an unknown push-type' coded 80100001 400
	access=$jwt hms v3/project1 '{"payload":{"extraData":"x"},
	    "target":{"token":["a"]}}'
	ok 'v3: no push-type' coded 80100001 400
	v3 phone '{"extraData":"x"}' 6 '{"ttl":86400,"testMessage":true}'
	ok 'v3: options' coded 80000000
	v3 phone '{"extraData":"x"}' 6 '{"ttl":"86400s"}'
	ok 'v3: ... with a ttl as in v1' coded 80100003 400
	v3 phone '{"extraData":"x"}' 6 '{"ttl":1296001}'
	ok 'v3: ... with a ttl over 15 days' coded 80100001 400
	access=$jwt hms v3/project1 "{\"payload\":{\"extraData\":\"x\"},
	    \"target\":{\"token\":[$(printf '"t",%.0s' {1..10})\"t\"]},
	    \"pushOptions\":{\"testMessage\":true}}" --header 'push-type: 6'
	ok 'v3: a test message for eleven' coded 80300030 400
}

check_scripts()
{
	v1 phone-80300007
	ok 'script: a code' answered 200 \
	    '{"code":"80300007","msg":"All the tokens are invalid","requestId":'
	ok 'record: the code' test "$(last .reason)" = 80300007
	v3 phone-80300007-tokenFormatError
	ok 'script: ... with a detail' answered 200 \
	    '"msg":"All the tokens are invalid, tokenFormatError"'
	v1 phone-80100000
	ok 'script: partial success' test \
	    "$(jq -r '.msg | fromjson | .illegal_tokens[0]' "$work/out")" = \
	    phone-80100000
	v3 phone-80100000-noRight
	ok 'script: ... with a detail' test \
	    "$(jq -r '.msg | fromjson | .noRight[0]' "$work/out")" = \
	    phone-80100000-noRight
	v1 phone-80200003-once
	ok 'script: the status of the code' coded 80200003 401
	v1 phone-80200003-once
	ok 'script: ... once' coded 80000000
	v1 phone-400-80300007
	ok 'script: another status' coded 80300007 400
	v1 phone-81000001
	ok 'script: an error inside' coded 81000001 500
	v1 phone-503
	ok 'script: flow control' test "$status:$(cat "$work/out")" = 503:
	v1 phone-502
	ok 'script: a page' answered 502 '<html'
	control '{"hms":{"answer":{"status":200,"reason":"80300002"}}}'
	v1 phone
	ok 'control: a code' coded 80300002
	control '{}'
}

make_tls
make_rsa_key rsa
make_rsa_key other
start '{"hms":[{"app_id":"app1","project_id":"project1",
    "client_id":"client1","client_secret":"se/cr+et=&","key_id":"key1",
    "sub_account":"account1","public_key_file":"rsa.pub"},
    {"app_id":"app2","project_id":"project2"}]}'
jwt=$(ps256_token rsa "$(claims)")
check_oauth
check_authorization
check_jwt
check_messages
check_messages_v3
check_scripts
stop
