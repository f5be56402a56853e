#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Web Push and UnifiedPush, by strict counterparts of the push services.

load ../lib/stage.bash
load ../lib/one-worker.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	make_webpush_keys
	make_certificate server providers \
		DNS:localhost,DNS:turns.test,IP:127.0.0.1 serverAuth
	cat "$STAGE/server.pem" "$STAGE/providers-ca.pem" \
		>"$STAGE/server-chain.pem"
	start_simulator
	write_service_account
	write_webpush_config
	start_web_server
}

# write_webpush_config [JQ-FILTER]: the simulator is on this host, which is no
# place for a push service; "strict" does not know it.
write_webpush_config() {
	local ports
	ports=$(printf '%s\n' 443 "$webpush_apple_port" \
		"$webpush_mozilla_port" "$webpush_google_port" \
		"$webpush_microsoft_port" "$unifiedpush_port" | jq -cs .)
	write_config '.clients[0].apps += ["web*", "up*", "strict*"] |
		{ vapid_key_file: "vapid.pem", subject: "mailto:push@example.org",
		  allowed_ports: '"$ports"' } as $vapid |
		{ allow_private: ["127.0.0.0/8", "::1"] } as $here |
		.apps += [
		({ app_id: "web", provider: "webpush" } + $vapid + $here),
		({ app_id: "web.old", provider: "webpush",
		   vapid_previous_key_file: "vapid-previous.pem" } +
		   $vapid + $here),
		({ app_id: "web.matrix", provider: "webpush",
		   payload: "matrix" } + $vapid + $here),
		({ app_id: "web.listed", provider: "webpush",
		   allowed_endpoints: ["*.push.apple.com", "127.0.0.1"] } +
		   $vapid + $here),
		({ app_id: "up", provider: "unifiedpush" } + $vapid + $here),
		({ app_id: "up.anonymous", provider: "unifiedpush",
		   allowed_ports: '"$ports"' } + $here),
		({ app_id: "strict", provider: "webpush" } + $vapid),
		({ app_id: "strict.up", provider: "unifiedpush" } + $vapid)
		] | '"${1:-.}"
}

teardown_file() {
	stage_close
}

setup() {
	clear_record
	control '{}'
}

teardown() {
	[ -z "${WORKER_PID-}" ] || stop "$WORKER_PID"
}

SERVICES=(webpush_apple webpush_mozilla webpush_google webpush_microsoft)

# notify DEVICE...: a plain notification; what it is called is in the answer.
notify() {
	post /push/v1/notify "$(single "$(plain '{"event_id": "$e",
		"room_id": "!r"}' "$@")")"
}

# one DEVICE [JSON]: a batch of one plain notification.
one() {
	post /push/v1/notify/batch "$(batch "$(plain "${2:-{\}}" "$1")")"
}

# is STATUS REJECTED [PHRASE]: the one result of the last batch.
is() {
	[ "$(answer '.results[0] | [.status, .rejected]')" = "[\"$1\",$2]" ] &&
		[[ $(answer '.results[0].error // ""') == *"${3-}"* ]] || {
		answer .
		return 1
	}
}

@test "each push service takes what is encrypted, and the phone reads it" {
	local service
	for service in "${SERVICES[@]}"; do
		clear_record
		post /push/v1/notifyEncrypted/batch "$(batch "$(encrypted \
			"$(webpush_device web "$service" phone)" \
			'{"identifier":"i"}')")"
		is success '[]'
		[ "$(record .status)" = 201 ]
		[ "$(record '.plaintext | keys')" = \
			'["ciphertext","identifier","key_identifier","time_message_encrypted"]' ]
		[ "$(record '.plaintext.ciphertext | length')" = 1404 ]
		[ "$(record '.headers.ttl + " " + .headers.urgency')" = \
			'2419200 high' ]
		[ "$(record .vapid.sub)" = mailto:push@example.org ]
	done
}

@test "a plain notification has its content as it came" {
	post /push/v1/notify "$(single "$(plain '{"event_id": "$e",
		"content": {"a": {"b": [1]}}, "prio": "low"}' \
		"$(webpush_device web webpush_mozilla phone)")")"
	[ "$(answer .rejected)" = '[]' ]
	[ "$(record '.plaintext | [.event_id, .content, .prio]')" = \
		'["$e",{"a":{"b":[1]}},"low"]' ]
	[ "$(record .headers.urgency)" = low ]
}

@test "one for Matrix is over its pusher's default_payload, and its Topic its room's" {
	local service
	for service in "${SERVICES[@]}"; do
		clear_record
		notify "$(webpush_device web.matrix "$service" phone |
			jq -c '.data += {"default_payload": {"cs": "x"},
				"only_last_per_room": true}')"
		[ "$(answer .rejected)" = '[]' ]
		[ "$(record '.plaintext | [.cs, .event_id, .room_id]')" = \
			'["x","$e","!r"]' ]
		[ "$(record '.headers.topic | length')" = 32 ]
	done
}

@test "lengths tell little: two texts make one size" {
	local body sizes
	for body in a 'a text that is quite a bit longer than the other'; do
		post /push/v1/notify "$(single "$(plain \
			"{\"event_id\":\"\$e\",\"content\":{\"body\":\"$body\"}}" \
			"$(webpush_device web webpush_google phone)")")"
	done
	sizes=$(record .body_size | sort -u | wc -l)
	[ "$sizes" = 1 ]
}

@test "there is one VAPID token for each push service, and it is kept" {
	local service i tokens
	for service in "${SERVICES[@]}"; do
		for i in 1 2 3; do
			notify "$(webpush_device web "$service" "phone$i")"
		done
	done
	tokens=$(record .headers.authorization | sort -u | wc -l)
	# Each worker makes its own.
	((tokens == 4 * $(record .connection | sort -u | wc -l) / 4))
	[ "$(record .vapid.aud | sort -u | wc -l)" = 4 ]
}

@test "only a push service's own word about a subscription rejects it" {
	local service
	notify "$(webpush_device web webpush_mozilla alive)"
	for service in "${SERVICES[@]}" unifiedpush; do
		one "$(webpush_device web "$service" "x-410-$service")"
		is failed "$(answer '.results[0].rejected')"
		[ "$(answer '.results[0].rejected | length')" = 1 ] || {
			answer .
			false
		}
	done
	for word in 400 401 403 413 429 500 503 404-html 400-html 302; do
		one "$(webpush_device web webpush_mozilla "x-$word")"
		is failed '[]'
	done
	one "$(webpush_device web webpush_mozilla x-404)"
	[ "$(answer '.results[0].rejected | length')" = 1 ]
	[ "$(record 'select(.path == "/redirected")')" = '' ]
}

@test "a subscription of the former key is sent to with it" {
	local service
	for service in "${SERVICES[@]}"; do
		clear_record
		one "$(webpush_device web.old "$service" old-phone)"
		is success '[]'
		[ "$(record .status | tail -1)" = 201 ]
		one "$(webpush_device web "$service" old-phone)"
		is failed '[]' 'provider refused the notification'
	done
}

@test "UnifiedPush: with keys it is Web Push, without them Matrix' form" {
	one "$(device up "$(webpush_endpoint unifiedpush phone)" \
		"{\"data\":{\"p256dh\":\"$webpush_p256dh\",\"auth\":\"$webpush_auth\"}}")" \
		'{"event_id":"$e"}'
	is success '[]'
	[ "$(record .plaintext.event_id)" = '$e' ]
	clear_record
	for app in up up.anonymous; do
		clear_record
		one "$(unifiedpush_device "$app" phone)" '{"event_id":"$e",
			"room_id":"!r","sender":"s","counts":{"unread":1}}'
		is success '[]'
		[ "$(record .body)" = '{"notification":{"event_id":"$e",'$(
			)'"room_id":"!r","counts":{"unread":1},"prio":"high",'$(
			)'"devices":[]}}' ]
		[ "$(record .headers.authorization)" = null ]
	done
	post /push/v1/notifyEncrypted/batch "$(batch "$(encrypted \
		"$(unifiedpush_device up phone)")")"
	is failed '[]' 'pushkey is not valid'
	one "$(unifiedpush_device up x-410)"
	[ "$(answer '.results[0].rejected | length')" = 1 ]
	one "$(unifiedpush_device up x-507)"
	is failed '[]' overloaded
}

@test "an endpoint that may not be called is failed, and nobody is called" {
	local endpoint
	for endpoint in http://localhost/x https://user@localhost/x \
		"https://localhost:22/x" https://2130706433/x \
		"https://[::1]:22/x" https://10.0.0.1/x 'https://a/#x' x; do
		one "$(device web "$webpush_p256dh" "{\"data\":{\"endpoint\":$(
			)\"$endpoint\",\"auth\":\"$webpush_auth\"}}")"
		is failed '[]' 'endpoint of the device is not allowed'
	done
	one "$(webpush_device web.listed webpush_apple phone)"
	is failed '[]' 'endpoint of the device is not allowed'
	# Numbers for an address, as names: refused when they are connected to.
	one "$(webpush_device strict webpush_apple phone)"
	is failed '[]' 'endpoint of the device is not allowed'
	one "$(unifiedpush_device strict.up phone)"
	is failed '[]' 'endpoint of the device is not allowed'
	[ "$(record .service)" = '' ]
}

@test "a dead server harms no other" {
	local i callers=()
	control '{"webpush_apple":{"hang":true}}'
	for i in 1 2 3 4 5 6; do
		ANSWER_FILE=dead$i notify "$(webpush_device web webpush_apple \
			"phone$i")" 3>&- &
		callers+=($!)
	done
	notify "$(webpush_device web webpush_mozilla phone)"
	[ "$(answer .rejected)" = '[]' ]
	[ "$CODE" = 200 ]
	wait "${callers[@]}"
	# Its breaker is open by now; nobody else's is.
	one "$(webpush_device web webpush_apple phone)"
	is failed '[]'
	one "$(webpush_device web webpush_google phone)"
	is success '[]'
	"$COMMAND" metrics -c "$STAGE/push-gateway.json" >"$STAGE/metrics"
	run ! grep 'account_open{provider="webpush".* 1$' "$STAGE/metrics"
}

@test "no push service is named in the log, the metrics or a file" {
	"$COMMAND" metrics -c "$STAGE/push-gateway.json" >"$STAGE/metrics"
	grep -q 'account="webpush-' "$STAGE/metrics"
	grep -E 'provider="(webpush|unifiedpush)"' "$STAGE/metrics" \
		>"$STAGE/metrics.web"
	run ! grep -E "localhost|$webpush_apple_port" "$STAGE/metrics.web"
	run ! grep -E "localhost:[0-9]|$webpush_apple_port|$webpush_auth" \
		"$STAGE/gateway.log"
	run ! bash -c "ls '$STAGE/state' | grep -E 'localhost|webpush'"
}

@test "through a proxy the endpoints must be listed" {
	write_webpush_config '.proxy = "http://127.0.0.1:1"'
	configuration_refused '"allowed_endpoints" is missing'
	write_webpush_config
	"$GATEWAY" -t -c "$STAGE/push-gateway.json"
}

@test "probe reads the keys, and send shows what is encrypted" {
	run -0 "$COMMAND" probe web up -c "$STAGE/push-gateway.json"
	[[ $output == *"web (webpush): ok"* ]]
	[[ $output == *"nothing to ask without a phone"* ]]
	clear_record
	webpush_device web webpush_apple phone | jq .data >"$STAGE/data.json"
	run -0 "$COMMAND" send web "$webpush_p256dh" --yes --json \
		-c "$STAGE/push-gateway.json" --data-file "$STAGE/data.json"
	[ "$(jq -c '[.status, .verdict, .request.content.body]' \
		<<<"$output")" = '[201,"delivered","Test"]' ]
	[ "$(record .plaintext.content.body)" = Test ]
	run -69 "$COMMAND" send strict "$webpush_p256dh" --yes --json \
		-c "$STAGE/push-gateway.json" --data-file "$STAGE/data.json"
	[ "$(jq -c '[.status, .verdict, .cause]' <<<"$output")" = \
		'[0,"failed","endpoint of the device is not allowed"]' ]
	run -64 "$COMMAND" send web x --yes -c "$STAGE/push-gateway.json" \
		--data-file <(echo '[')
	run -74 "$COMMAND" send web x --yes -c "$STAGE/push-gateway.json" \
		--data-file /nonexistent
	run ! bash -c "ls '$STAGE/state' | grep webpush"
}

# What a name leads to is judged when it is connected to: this one leads here,
# by a resolver of the test's own, whenever and however it is asked.
@test "a name that leads to this host is failed, however it is spelled" {
	local name app='{ provider: "unifiedpush",
		allowed_ports: ['"$unifiedpush_port"'] }'
	grep -q __asan_init "$GATEWAY" &&
		skip "the address sanitizer takes no preloaded library"
	worker_setup
	start_worker '.clients[0].apps += ["strict", "open"] | .apps += [
		'"$app"' + { app_id: "strict" },
		'"$app"' + { app_id: "open", allow_private: ["127.0.0.1"] } ]' \
		LD_PRELOAD="$BUILD/tests/lib/preload.so" \
		PRELOAD_LOG="$WORK/preload"
	for name in rebinding.test 8.8.8.8.test 127-0-0-1.test; do
		send /push/v1/notify/batch "$(batch "$(plain '{}' "$(device \
			strict "https://$name:$unifiedpush_port/up/x")")")"
		[[ $OUT == *'endpoint of the device is not allowed'* ]] || {
			echo "$OUT"
			tail -3 "$WORK/log"
			false
		}
		grep -qi "lookup $name" "$WORK/preload"
	done
	# Where it is allowed it is called; the certificate is another one's.
	send /push/v1/notify/batch "$(batch "$(plain '{}' "$(device \
		open "https://rebinding.test:$unifiedpush_port/up/x")")")"
	[[ $OUT == *'provider cannot be reached'* ]]
	[ "$(record .service)" = '' ]
}

# turns DEVICE: a notification to a server by a name that turns.
turns() {
	send /push/v1/notify/batch "$(batch "$(plain '{}' "$(device \
		open "https://turns.test:$unifiedpush_port/up/$1")")")"
}

# One address stands for a public one, another for one that is not allowed.
@test "a name that leads to an allowed address first is not called elsewhere" {
	grep -q __asan_init "$GATEWAY" &&
		skip "the address sanitizer takes no preloaded library"
	worker_setup
	start_worker '.clients[0].apps += ["open"] | .apps += [
		{ app_id: "open", provider: "unifiedpush",
		  allowed_ports: ['"$unifiedpush_port"'],
		  allowed_endpoints: ["turns.test"],
		  allow_private: ["127.0.0.1"] } ]' \
		LD_PRELOAD="$BUILD/tests/lib/preload.so" \
		PRELOAD_LOG="$WORK/preload"
	turns phone
	[[ $OUT == *'"status":"success"'* ]]
	# Over the connection that there is; the next one is another's.
	turns phone
	[[ $OUT == *'"status":"success"'* ]]
	[ "$(grep -c 'lookup turns.test' "$WORK/preload")" = 1 ]
	clear_record
	control '{"unifiedpush": {"cut_next": 1}}'
	turns phone
	[[ $OUT == *'endpoint of the device is not allowed'* ]]
	turns phone
	[[ $OUT == *'endpoint of the device is not allowed'* ]]
	[ "$(grep -c 'lookup turns.test' "$WORK/preload")" -ge 3 ]
	[ "$(record .service | wc -l)" = 1 ]
}
