#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Shows that push-simulator is as strict as it says: the push services of
# browsers, and UnifiedPush.  Needs openssl, jq and curl with HTTP/2; prints
# TAP.

set -uo pipefail

# shellcheck source=tests/simulator/selfcheck-lib.bash
. "$(dirname "${BASH_SOURCE[0]}")/selfcheck-lib.bash"

# The subscription of RFC 8291, appendix A, with its message; the others were
# encrypted for it by another program, with other contents and faults.
rfc_private_key=q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94
rfc_p256dh=BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4
rfc_auth=BTBZMqHH6r4Tts7J_aSIgg
sender=BBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A
rfc_body=DGv6ra1nlYgDCS1FRnbzlwAAEAB${sender}_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN
salt=c2FsdHNhbHRzYWx0c2FsdA
padded_body=${salt}AAEAB${sender}_6rMLe6WwdnTh87InuxIOUKFlgzuxVvjBkyhV5r2lR649nkhc8_Ep_0dnZfRU
middle_body=${salt}AAEAB${sender}_n53MJv3ZehVkTnu3viUi0fGauA0-7QdiDjbJVIg
zeros_body=${salt}AAEAB${sender}-BjgF6y1Ys4K0elxTpCzEAPsrM4IwNCRs
small_body=${salt}AAABF${sender}_5jKavciBChzJ0q6Ihno6B5IM
two_body=${salt}AAABJ${sender}_59nkCsy5UmEIElPHsD-u5RzFqjsAwIkRF311Dfw

from_base64url()
{
	local text=$1

	while ((${#text} % 4)); do
		text+==
	done
	tr '_-' '/+' <<<"$text" | openssl base64 -d -A
}

# public_point KEY_NAME: as k= has it.
public_point()
{
	openssl pkey -in "$work/$1.key" -pubout -outform DER | tail -c 65 |
	    base64url
}

# vapid KEY_NAME CLAIMS [K]: the header's value.
vapid()
{
	printf 'vapid t=%s, k=%s' "$(es256_token "$work/$1.key" \
	    '{"typ":"JWT","alg":"ES256"}' "$2")" \
	    "${3-$(public_point "$1")}"
}

# claims PORT [EXP [SUB [HOST]]]
claims()
{
	printf '{"aud":"https://%s:%s","exp":%s,"sub":"%s"}' \
	    "${4-localhost}" "$1" "${2-$(($(date +%s) + 43200))}" \
	    "${3-mailto:push@gateway.example}"
}

# push PORT PATH CURL-ARGUMENT...: the body, with these headers.
push()
{
	local port=$1 path=$2

	shift 2
	request "https://localhost:$port$path" --data-binary "@${body-$work/rfc}" \
	    --header 'content-type: application/octet-stream' "$@"
}

# good_push PORT PATH CURL-ARGUMENT...: with all that is needed.
good_push()
{
	local port=$1 path=$2

	shift 2
	push "$port" "$path" --header 'ttl: 60' --header 'urgency: high' \
	    --header 'content-encoding: aes128gcm' \
	    --header "authorization: ${authorization-${credentials[$port]}}" \
	    "$@"
}

# last JQ-FILTER: of what was recorded.
last()
{
	tail -n 1 "$work/record" | jq -cr "$1"
}

# was_undecryptable WORDS
was_undecryptable()
{
	answered 400 && [[ $(last .violation) == Undecryptable &&
	    $(last .undecryptable) == "$1" ]]
}

make_bodies()
{
	local name

	for name in rfc padded middle zeros small two; do
		local -n encoded=${name}_body
		from_base64url "$encoded" >"$work/$name"
	done
	# Another byte in the tag, another point, another size of the point.
	{ head -c 143 "$work/rfc"; printf 'x'; } >"$work/tag"
	{ head -c 80 "$work/rfc"; printf 'x'; tail -c +82 "$work/rfc"; } \
	    >"$work/point"
	{ head -c 20 "$work/rfc"; printf '\100'; tail -c +22 "$work/rfc"; } \
	    >"$work/size"
	head -c 100 "$work/rfc" >"$work/short"
	{ cat "$work/rfc"; head -c 4000 /dev/zero; } >"$work/large"
}

check_decryption()
{
	local port=$webpush_google_port path=/wp/rfc-1

	good_push "$port" $path
	ok 'Web Push: the message of RFC 8291 is accepted' answered 201
	ok 'Web Push: ... and decrypted' test "$(last .plaintext)" = \
	    'When I grow up, I want to be a watermelon'
	ok 'Web Push: ... without padding' test "$(last .padding)" = 0
	ok 'Web Push: ... and recorded in base64url' \
	    test "$(last .body)" = "$rfc_body"
	ok 'Web Push: ... with its length' test "$(last .body_size)" = 144
	ok 'Web Push: ... and its credentials' test \
	    "$(last '.vapid | "\(.aud) \(.sub) \(.key)"')" = \
	    "https://localhost:$port mailto:push@gateway.example $(
	    public_point vapid)"
	ok 'Web Push: a success says where the message is' \
	    headed "^location: https://localhost:$port/m/"
	ok 'Web Push: ... and how long it lives' headed '^ttl: 60'
	body=$work/padded good_push "$port" $path
	ok 'Web Push: padding is counted' test \
	    "$(last '"\(.padding) \(.plaintext)"')" = '20 {"ä":1}'
	body=$work/tag good_push "$port" $path
	ok 'Web Push: a bad tag' was_undecryptable 'the tag does not match'
	body=$work/point good_push "$port" $path
	ok 'Web Push: a point off the curve' \
	    was_undecryptable 'the key id is no point on P-256'
	body=$work/size good_push "$port" $path
	ok 'Web Push: a short key id' \
	    was_undecryptable 'the key id is no point of 65 bytes'
	body=$work/short good_push "$port" $path
	ok 'Web Push: a body that is too short' \
	    was_undecryptable 'the body is too short or too long'
	body=$work/middle good_push "$port" $path
	ok 'Web Push: the delimiter of a record in the middle' \
	    was_undecryptable 'the delimiter of a last record is missing'
	body=$work/zeros good_push "$port" $path
	ok 'Web Push: no delimiter' \
	    was_undecryptable 'the delimiter of a last record is missing'
	body=$work/small good_push "$port" $path
	ok 'Web Push: a record size under 18' \
	    was_undecryptable 'the record size is under 18'
	body=$work/two good_push "$port" $path
	ok 'Web Push: more than one record' \
	    was_undecryptable 'there is more than one record'
	good_push "$port" /wp/other-key
	ok "Web Push: another subscription's message" \
	    was_undecryptable 'the tag does not match'
	body=$work/large good_push "$port" $path
	ok 'Web Push: a large body' answered 413
}

# refused SERVICE DESCRIPTION STATUS TEXT CURL-ARGUMENT...: the body, or for
# Microsoft the header, has the text.
refused()
{
	local port_name=$1_port path
	local flavour=$1 description="$1: $2" status_wanted=$3 text=$4

	shift 4
	case $flavour in
	*_apple) path=/rfc-1 ;;
	*_mozilla) path=/wpush/v2/rfc-1 ;;
	*_google) path=/fcm/send/rfc-1 ;;
	*_microsoft) path=/w/?token=rfc-1 ;;
	unifiedpush) path=/up/rfc-1 ;;
	esac
	push "${!port_name}" "${override_path-$path}" "$@"
	if [[ $flavour == *_microsoft ]]; then
		ok "$description" eval \
		    '[[ $status == "$status_wanted" ]] && headed "$text"'
	else
		ok "$description" answered "$status_wanted" "$text"
	fi
}

# check_flavour SERVICE: each fault, in the words of that service, which the
# array `words` has by fault as "STATUS TEXT".
check_flavour()
{
	local port_name=$1_port fault
	local port=${!port_name} good bad
	local ttl=(--header 'ttl: 60')
	local coding=(--header 'content-encoding: aes128gcm')

	good=(--header "authorization: ${credentials[$port]}")
	say() { refused "$service" "$1" "${words[$2]%% *}" "${words[$2]#* }" \
	    "${@:3}"; }
	service=$1
	refused "$service" 'a good message' 201 '' "${ttl[@]}" "${coding[@]}" \
	    "${good[@]}"
	say 'no TTL' no_ttl "${coding[@]}" "${good[@]}"
	say 'a TTL that is no number' bad_ttl --header 'ttl: -1' \
	    "${coding[@]}" "${good[@]}"
	say 'a bad Urgency' urgency "${ttl[@]}" --header 'urgency: asap' \
	    "${coding[@]}" "${good[@]}"
	say 'two Urgencies' urgency "${ttl[@]}" --header 'urgency: high' \
	    --header 'urgency: low' "${coding[@]}" "${good[@]}"
	say 'a long Topic' topic "${ttl[@]}" "${coding[@]}" "${good[@]}" \
	    --header 'topic: 123456789012345678901234567890123'
	say 'a Topic with padding' topic "${ttl[@]}" "${coding[@]}" \
	    "${good[@]}" --header 'topic: abcd=='
	say 'no Content-Encoding' coding "${ttl[@]}" "${good[@]}"
	say 'the former coding' coding "${ttl[@]}" "${good[@]}" \
	    --header 'content-encoding: aesgcm'
	say 'the headers of the former coding' coding "${ttl[@]}" \
	    "${coding[@]}" "${good[@]}" --header 'crypto-key: dh=abc'
	if [[ $service != unifiedpush ]]; then
		say 'no VAPID' no_vapid "${ttl[@]}" "${coding[@]}"
	fi
	for fault in scheme key signature audience past future subject; do
		bad=$(bad_credentials "$fault" "$port")
		case $fault in
		scheme) words[$fault]=${words[malformed]} ;;
		key) words[$fault]=${words[bad_key]} ;;
		*) words[$fault]=${words[token]} ;;
		esac
		say "VAPID with a bad $fault" "$fault" "${ttl[@]}" \
		    "${coding[@]}" --header "authorization: $bad"
	done
	override_path=/nothing/here say 'no such path' path "${ttl[@]}" \
	    "${coding[@]}" "${good[@]}"
	say 'PUT' method --request PUT "${ttl[@]}" "${coding[@]}" "${good[@]}"
}

bad_credentials()
{
	local now port=$2

	now=$(date +%s)
	case $1 in
	scheme) printf 'bearer %s' "${credentials[$port]#vapid }" ;;
	key) vapid vapid "$(claims "$port")" "${sender%?}B" ;;
	signature) vapid vapid "$(claims "$port")" \
	    "$(public_point other)" ;;
	audience) vapid vapid "$(claims 443)" ;;
	past) vapid vapid "$(claims "$port" $((now - 1)))" ;;
	future) vapid vapid "$(claims "$port" $((now + 86500)))" ;;
	subject) vapid vapid "$(claims "$port" $((now + 60)) \
	    push@gateway.example)" ;;
	esac
}

check_apple()
{
	local -A words=(
		[path]='404 BadPath' [method]='405 MethodNotAllowed'
		[no_ttl]='400 BadTtl' [bad_ttl]='400 BadTtl'
		[urgency]='400 BadUrgency' [topic]='400 BadWebPushTopic'
		[coding]='400 BadWebPushRequest' [no_vapid]='403 BadJwtToken'
		[malformed]='403 BadJwtToken'
		[bad_key]='403 BadVapidPublicKey' [token]='403 BadJwtToken'
	)
	local port=$webpush_apple_port subject

	# Every path of Apple's is a token: this one is another subscription's.
	words[path]='400 Undecryptable'
	check_flavour webpush_apple
	good_push "$port" / ; ok 'webpush_apple: no token' answered 404 BadPath
	ok 'webpush_apple: an apns-id' headed '^apns-id: .\{36\}'
	good_push "$port" /rfc-1 --header 'topic: 1234567890123'
	ok 'webpush_apple: a Topic of 13 characters' \
	    answered 400 BadWebPushTopic
	good_push "$port" /rfc-1 --header 'topic: 123456789012'
	ok 'webpush_apple: a Topic of 12 characters' answered 201
	for subject in mailto:a@localhost mailto:a@host.local \
	    https://x.invalid 'mailto: a@b.example' 'mailto:<a@b.example>' \
	    mailto:nobody ''; do
		authorization=$(vapid vapid "$(claims "$port" \
		    $(($(date +%s) + 60)) "$subject")") good_push "$port" /rfc-1
		ok "webpush_apple: the subject '$subject'" \
		    answered 403 BadJwtToken
	done
	authorization=$(vapid vapid "$(claims "$port" $(($(date +%s) + 60)) \
	    https://gateway.example/contact)") good_push "$port" /rfc-1
	ok 'webpush_apple: a subject by https' answered 201
	good_push "$port" /bound-1
	ok "webpush_apple: another key than the subscription's" \
	    answered 400 VapidPkHashMismatch
	good_push "$port" /rfc-410
	ok 'webpush_apple script: 410' answered 410 '{"reason":"Unregistered"}'
	good_push "$port" /rfc-403-VapidPkHashMismatch
	ok 'webpush_apple script: reason' answered 403 VapidPkHashMismatch
	good_push "$port" /rfc-429-retry7
	ok 'webpush_apple script: Retry-After' headed '^retry-after: 7'
}

check_mozilla()
{
	local -A words=(
		[path]='404 "errno":102' [method]='405 "errno":null'
		[no_ttl]='400 "errno":111' [bad_ttl]='400 "errno":112'
		[urgency]='400 Urgency' [topic]='400 "errno":113'
		[coding]='400 "errno":110' [no_vapid]='401 "errno":109'
		[malformed]='401 "errno":109' [bad_key]='401 "errno":109'
		[token]='401 "errno":109'
	)
	local port=$webpush_mozilla_port path=/wpush/v2

	check_flavour webpush_mozilla
	good_push "$port" $path/bound-1
	ok "webpush_mozilla: another key than the subscription's" \
	    answered 401 'VAPID public key mismatch'
	good_push "$port" $path/rfc-410
	ok 'webpush_mozilla script: 410' answered 410 \
	    '{"code":410,"errno":106,"error":"Gone","message":"No such subscription","more_info":"http://'
	ok 'webpush_mozilla script: ... for a day' \
	    headed '^cache-control: max-age=86400'
	good_push "$port" $path/rfc-410-errno103
	ok 'webpush_mozilla script: errno' answered 410 '"errno":103'
	good_push "$port" $path/rfc-503
	ok 'webpush_mozilla script: 503' answered 503 '"errno":201'
	ok 'webpush_mozilla script: ... in two minutes' \
	    headed '^retry-after: 120'
	good_push "$port" $path/rfc-503-retry5
	ok 'webpush_mozilla script: ... or when the word says' test \
	    "$(grep -ci '^retry-after: 5' "$work/head")" = 1
}

check_google()
{
	local -A words=(
		[path]='404 valid push subscription endpoint'
		[method]='405 Method' [no_ttl]='400 TTL' [bad_ttl]='400 TTL'
		[urgency]='400 urgency' [topic]='400 topic'
		[coding]='400 content-encoding'
		[no_vapid]='401 must be specified'
		[malformed]='401 invalid format' [bad_key]='401 key'
		[token]='403 invalid JWT'
	)
	local port=$webpush_google_port

	check_flavour webpush_google
	good_push "$port" /fcm/send/bound-1
	ok "webpush_google: another key than the subscription's" \
	    answered 403 'the VAPID credentials in the authorization header'
	ok 'webpush_google: plain text' headed '^content-type: text/plain'
	good_push "$port" /wp/rfc-410
	ok 'webpush_google script: 410' answered 410 \
	    'unsubscribed or expired'
	good_push "$port" /wp/rfc-400-UnauthorizedRegistration
	ok 'webpush_google script: a page' answered 400 \
	    '<H1>UnauthorizedRegistration</H1>'
	ok 'webpush_google script: ... in HTML' \
	    headed '^content-type: text/html'
	good_push "$port" /wp/rfc-404
	ok 'webpush_google script: 404' answered 404 'valid push subscription'
	good_push "$port" /wp/rfc-404-html
	ok 'webpush_google script: 404 with a page' answered 404 '<html'
	good_push "$port" /wp/rfc-307
	ok 'webpush_google script: a redirect' \
	    headed "^location: https://localhost:$port/redirected"
	authorization=$(vapid bound "$(claims "$port")") \
	    good_push "$port" /wp/bound-1
	ok "webpush_google: the subscription's own key" answered 400
	ok 'webpush_google: ... is not what is at fault' \
	    test "$(last .violation)" = Undecryptable
}

check_microsoft()
{
	local -A words=(
		[path]='404 channel URI' [method]='405 method'
		[no_ttl]='400 Ttl value is missing' [bad_ttl]='400 Ttl'
		[urgency]='400 Urgency' [topic]='400 Topic'
		[coding]='400 Content-Encoding' [no_vapid]='401 ticket'
		[malformed]='401 authentication header'
		[bad_key]='401 public key' [token]='401 JWT'
	)
	local port=$webpush_microsoft_port path='/w/?token='

	check_flavour webpush_microsoft
	good_push "$port" "${path}bound-1"
	ok "webpush_microsoft: another key than the subscription's" \
	    answered 403
	ok 'webpush_microsoft: no body' test ! -s "$work/out"
	push "$port" "${path}rfc-1" --header 'ttl: 0' \
	    --header 'content-encoding: aes128gcm' \
	    --header "authorization: ${credentials[$port]}"
	ok 'webpush_microsoft: TTL 0 is stored by default' \
	    headed '^x-wns-error-description: Ttl value conflicts'
	push "$port" "${path}rfc-1" --header 'ttl: 0' \
	    --header 'x-wns-cache-policy: no-cache' \
	    --header 'content-encoding: aes128gcm' \
	    --header "authorization: ${credentials[$port]}"
	ok 'webpush_microsoft: ... unless a header says otherwise' \
	    answered 201
	ok 'webpush_microsoft: received' headed '^x-wns-status: received'
	good_push "$port" "${path}rfc-410"
	ok 'webpush_microsoft script: 410' answered 410
	ok 'webpush_microsoft script: ... dropped' \
	    headed '^x-wns-notificationstatus: dropped'
	good_push "$port" "${path}rfc-406"
	ok 'webpush_microsoft script: 406' \
	    headed '^x-wns-error-description: .* throttle limit'
	good_push "$port" "${path}rfc%2d410"
	ok 'webpush_microsoft: a token that is percent-encoded' answered 410
}

check_unifiedpush()
{
	local -A words=(
		[path]='404 page not found' [method]='405 method'
		[no_ttl]='400 TTL' [bad_ttl]='400 TTL'
		[urgency]='400 Urgency' [topic]='400 Topic'
		[coding]='400 aes128gcm' [malformed]='401 unauthorized'
		[bad_key]='401 unauthorized' [token]='401 unauthorized'
	)
	local port=$unifiedpush_port bad
	local json=(--header 'content-type: application/json')
	local good='{"notification":{"event_id":"$1","room_id":"!a:b",
	    "counts":{"unread":1},"prio":"high","devices":[]}}'

	check_flavour unifiedpush
	push "$port" /up/rfc-1 --header 'ttl: 60' \
	    --header 'content-encoding: aes128gcm'
	ok 'unifiedpush: VAPID is not asked for' answered 201
	push "$port" /up/bound-1 --header 'ttl: 60' \
	    --header 'content-encoding: aes128gcm'
	ok 'unifiedpush: ... but where there is a key' answered 401
	good_push "$port" /up/bound-1
	ok 'unifiedpush: ... it is that one' answered 403 '"code":40301'
	request "https://localhost:$port/up/phone" "${json[@]}" --data "$good"
	ok 'unifiedpush: a notification as at a Matrix gateway' answered 200
	ok 'unifiedpush: ... is recorded' test \
	    "$(last '.text + .body.notification.room_id')" = 'phone!a:b'
	for bad in '{}' '[]' '{"notification":{}}' 'x' \
	    '{"notification":{"devices":[{}]}}' \
	    '{"notification":{"devices":[],"room_id":1}}' \
	    '{"notification":{"devices":[],"counts":null}}' \
	    '{"notification":{"devices":[]},"more":1}'; do
		request "https://localhost:$port/up/phone" "${json[@]}" \
		    --data "$bad"
		ok "unifiedpush: not $bad" answered 400 'message JSON'
	done
	request "https://localhost:$port/up/phone" --data "$good"
	ok 'unifiedpush: not in another type' answered 400
	request "https://localhost:$port/up/phone" "${json[@]}" \
	    --data "{\"notification\":{\"devices\":[],\"x\":\"$(
	    printf '%04096d' 0)\"}}"
	ok 'unifiedpush: not too large' answered 413 '"code":41303'
	request "https://localhost:$port/up/phone-507?up=1" "${json[@]}" \
	    --data "$good"
	ok 'unifiedpush script: 507' answered 507 '"code":50701'
}

check_http1()
{
	local port=$webpush_mozilla_port path=/wpush/v2 statuses
	local up=https://localhost:$unifiedpush_port/up
	local one=(--silent --http1.1 --cacert "$work/tls.pem" --max-time 5
	    --output "$work/out" --write-out '%{http_code}:%{num_connects} '
	    --data '{"notification":{"devices":[]}}'
	    --header 'content-type: application/json')

	good_push "$port" $path/rfc-1 --http1.1
	ok 'HTTP/1.1: a good message' answered 201
	ok 'HTTP/1.1: ... is all the same' test \
	    "$(last '"\(.http) \(.text) \(.plaintext | length)"')" = \
	    '1.1 rfc-1 41'
	ok 'HTTP/1.1: ... with its headers' headed '^ttl: 60'
	good_push "$port" $path/rfc-410 --http1.1 --no-alpn
	ok 'HTTP/1.1: without ALPN' answered 410 '"errno":106'
	good_push "$port" $path/rfc-1
	ok 'HTTP/1.1: not for who offers HTTP/2' test "$(last .http)" = 2
	control '{"webpush_mozilla":{"http1":true}}'
	good_push "$port" $path/rfc-1
	ok 'control: HTTP/1.1 only' test "$status $(last .http)" = '201 1.1'
	control '{}'
	statuses=$(curl "${one[@]}" "$up/0" --next "${one[@]}" "$up/1-404" \
	    --next "${one[@]}" "$up/2-slow50")
	ok 'HTTP/1.1: a connection that is kept' \
	    test "$statuses" = '200:1 404:0 200:0 '
	good_push "$port" $path/rfc-goaway --http1.1
	ok 'HTTP/1.1 script: goaway' headed '^connection: close'
	good_push "$port" $path/rfc-410-broken --http1.1
	ok 'HTTP/1.1 script: a body that breaks off' \
	    test "$status $result" = '410 18'
	good_push "$port" $path/rfc-cut --http1.1
	ok 'HTTP/1.1 script: cut' was_cut
	good_push "$port" $path/rfc-refuse --http1.1
	ok 'HTTP/1.1 script: refuse is no answer' test "$result" = 52
	good_push "$port" $path/rfc-hang --http1.1 --max-time 1
	ok 'HTTP/1.1 script: hang' test "$result" = 28
	good_push "$port" $path/rfc-500-big --http1.1
	ok 'HTTP/1.1 script: big' test "$(wc -c <"$work/out")" -gt 1000000
	body=$work/large good_push "$port" $path/rfc-1 --http1.1
	ok 'HTTP/1.1: a large body' answered 413
	request "https://localhost:$port/" --http1.1 --request-target 'a b'
	ok 'HTTP/1.1: what makes no sense ends the connection' was_cut
}

make_tls
make_ec_key vapid
make_ec_key bound
make_ec_key other
make_bodies
start "{\"webpush\":[
    {\"name\":\"rfc\",\"private_key\":\"$rfc_private_key\",
     \"auth\":\"$rfc_auth\"},
    {\"name\":\"bound\",\"vapid_public_key_file\":\"bound.pub\"}]}"
declare -A credentials=()
for port in $webpush_apple_port $webpush_mozilla_port $webpush_google_port \
    $webpush_microsoft_port $unifiedpush_port; do
	credentials[$port]=$(vapid vapid "$(claims "$port")")
done
ok "ready: a given subscription's public key" \
    test "$webpush_p256dh_rfc" = "$rfc_p256dh"
ok 'ready: ... and secret' test "$webpush_auth_rfc" = "$rfc_auth"
ok 'ready: those that were made' \
    test "${#webpush_p256dh}:${#webpush_auth}" = 87:22
check_decryption
check_apple
check_mozilla
check_google
check_microsoft
check_unifiedpush
check_http1
stop
