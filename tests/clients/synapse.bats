#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A real Matrix homeserver: Synapse, from PyPI, with two users and their phones.
# SYNAPSE, a virtual environment that has it, spares installing it.

load ../lib/stage.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR/stage"
	export WHY_NOT=
	install_synapse || {
		WHY_NOT="Synapse cannot be installed from PyPI here"
		return 0
	}
	stage_start '.clients += [ { name: "homeserver",
		addresses: [ "127.0.0.0/8" ] } ] |
		.apps[].payload = "matrix"'
	start_synapse
	export ALICE BOB
	ALICE=$(sign_up alice)
	BOB=$(sign_up bob)
}

teardown_file() {
	stage_close
}

setup() {
	[ -z "$WHY_NOT" ] || skip "$WHY_NOT"
	control '{}'
	clear_record
}

teardown() {
	[ -z "${ROOM-}" ] || remove_pushers
}

# --- the homeserver ----------------------------------------------------------

install_synapse() {
	[ -z "${SYNAPSE-}" ] || return 0
	export SYNAPSE=$STAGE/synapse
	/usr/bin/python3 -m venv "$SYNAPSE" &&
		"$SYNAPSE/bin/pip" install --quiet matrix-synapse
} >"$STAGE/pip.log" 2>&1

write_homeserver() {
	cat >"$STAGE/homeserver.yaml" <<-END
	server_name: localhost
	pid_file: $STAGE/homeserver.pid
	listeners: [ { port: $SYNAPSE_PORT, bind_addresses: [ 127.0.0.1 ],
	  type: http, resources: [ { names: [ client ] } ] } ]
	database: { name: sqlite3, args: { database: "$STAGE/homeserver.db" } }
	log_config: $STAGE/log.yaml
	media_store_path: $STAGE/media
	signing_key_path: $STAGE/signing.key
	registration_shared_secret: secret
	bcrypt_rounds: 4
	report_stats: false
	trusted_key_servers: []
	ip_range_whitelist: [ 127.0.0.1 ]
	rc_message: { per_second: 1000, burst_count: 1000 }
	rc_joins: { local: { per_second: 1000, burst_count: 1000 } }
	rc_invites: { per_user: { per_second: 1000, burst_count: 1000 } }
	rc_login: { address: { per_second: 1000, burst_count: 1000 } }
	END
	cat >"$STAGE/log.yaml" <<-END
	version: 1
	handlers: { file: { class: logging.FileHandler,
	  filename: $STAGE/synapse.out } }
	root: { level: INFO, handlers: [ file ] }
	END
	cat /etc/ssl/certs/ca-certificates.crt "$STAGE/providers-ca.pem" \
		>"$STAGE/trusted.pem"
}

start_synapse() {
	export SYNAPSE_PORT=$((RANDOM % 20000 + 10000))
	write_homeserver
	"$SYNAPSE/bin/generate_signing_key" -o "$STAGE/signing.key"
	SSL_CERT_FILE=$STAGE/trusted.pem "$SYNAPSE/bin/python" \
		-m synapse.app.homeserver -c "$STAGE/homeserver.yaml" \
		>"$STAGE/synapse.err" 2>&1 3>&- &
	SYNAPSE_PID=$!
	echo "$SYNAPSE_PID" >>"$STAGE/pids"
	wait_until 60 answers_or_died && kill -0 "$SYNAPSE_PID" || {
		tail "$STAGE"/synapse.{err,out} >&2
		return 1
	}
}

answers_or_died() {
	! kill -0 "$SYNAPSE_PID" || curl -sf "$(matrix_url /versions)"
}

matrix_url() {
	echo "http://127.0.0.1:$SYNAPSE_PORT/_matrix/client$1"
}

# matrix TOKEN METHOD PATH [JSON]: prints the answer.
matrix() {
	curl -sS --fail-with-body --max-time 30 -X "$2" \
		-H "Authorization: Bearer $1" -d "${4:-{\}}" \
		"$(matrix_url "/v3$3")" || {
		echo "$2 $3 failed" >&2
		return 1
	}
}

# sign_up NAME: prints the token.
sign_up() {
	"$SYNAPSE/bin/register_new_matrix_user" --user "$1" --password secret \
		--no-admin --shared-secret secret \
		"http://127.0.0.1:$SYNAPSE_PORT" >>"$STAGE/sign-up.log" 2>&1
	curl -sS -d "{\"type\":\"m.login.password\",\"identifier\":{$(
		)\"type\":\"m.id.user\",\"user\":\"$1\"},$(
		)\"password\":\"secret\"}" "$(matrix_url /v3/login)" |
		jq -r .access_token
}

# add_pusher APP PUSHKEY [FORMAT]: of bob's.
add_pusher() {
	matrix "$BOB" POST /pushers/set "$(jq -cn --arg app "$1" --arg key "$2" \
		--arg format "${3-}" \
		--arg url "https://localhost:$PORT/_matrix/push/v1/notify" '{
		app_id: $app, pushkey: $key, kind: "http", lang: "de",
		app_display_name: "a", device_display_name: "d", append: false,
		data: ({ url: $url, default_payload: { cs: "secret" } } +
			if $format == "" then {} else { $format } end) }')" \
		>/dev/null
}

pushers() {
	matrix "$BOB" GET /pushers | jq -r '.pushers[].pushkey' | sort
}

remove_pushers() {
	local pusher
	while read -r pusher; do
		matrix "$BOB" POST /pushers/set "$pusher" >/dev/null
	done < <(matrix "$BOB" GET /pushers | jq -c '.pushers[] |
		{ app_id, pushkey, kind: null }')
	[ "$(pushers)" = "" ]
}

# make_room [JSON]: sets ROOM, with both of them and a third, so that it is no
# chat of two, in which every message counts more.
make_room() {
	ROOM=$(matrix "$ALICE" POST /createRoom "$(merged \
		'{"name":"Praxis","preset":"private_chat"}' "${1:-{\}}")" |
		jq -r .room_id)
	invite
	matrix "$BOB" POST "/join/$ROOM" >/dev/null
	wait_until 20 both_are_in
}

both_are_in() {
	[ "$(matrix "$ALICE" GET "/rooms/$ROOM/joined_members" |
		jq '.joined | length')" = 2 ]
}

invite() {
	matrix "$ALICE" POST "/rooms/$ROOM/invite" \
		'{"user_id":"@bob:localhost"}' >/dev/null
}

# say JSON [TYPE]: alice sends an event; prints its id.
say() {
	matrix "$ALICE" PUT "/rooms/$ROOM/send/${2:-m.room.message}/$RANDOM$RANDOM" \
		"$1" | jq -r .event_id
}

text() {
	say "$(jq -cn --arg body "$1" '{ msgtype: "m.text", body: $body } +
		if $ARGS.positional == [] then {} else
		{ "m.mentions": { user_ids: $ARGS.positional } } end' \
		--args "${@:2}")"
}

# --- the phones --------------------------------------------------------------

# seen NAME JQ-FILTER: what reached the phone, a line for each push.
seen() {
	record "select(.text == \"$1\" and .status == 200) | .body |
		(.message.data // .) | $2"
}

# has_seen NAME COUNT FILTER VALUE: so many pushes of that value.
has_seen() {
	[ "$(seen "$1" "$3" | grep -cxF -- "$4")" = "$2" ]
}

# gets NAME EVENT: the push of the event reaches the phone, once.
gets() {
	wait_until 20 has_seen "$1" 1 .event_id "$2" || {
		record '[.text, .status, .body]'
		return 1
	}
}

@test "each kind of event reaches both kinds of phones in both formats once" {
	local names=(ios ios-ids android android-ids) name event
	local message mention call
	make_room
	add_pusher "$IOS_APP" "$(apns_pushkey ios)"
	add_pusher "$IOS_APP" "$(apns_pushkey ios-ids)" event_id_only
	add_pusher "$ANDROID_APP" android
	add_pusher "$ANDROID_APP" android-ids event_id_only
	message=$(text hello)
	mention=$(text 'bob: look' @bob:localhost)
	call=$(say '{"call_id":"1","version":0,"lifetime":60000,
		"offer":{"type":"offer","sdp":"m=video"}}' m.call.invite)
	for name in "${names[@]}"; do
		for event in "$message" "$mention" "$call"; do
			gets "$name" "$event"
		done
	done
	[ "$(seen ios "select(.event_id == \"$message\") |
		.aps.alert[\"loc-args\"]")" = '["alice","Praxis","hello"]' ]
	[ "$(seen ios "select(.event_id == \"$call\") |
		.aps.alert[\"loc-key\"]")" = VIDEO_CALL_FROM_USER ]
	[ "$(seen android "select(.event_id == \"$mention\") |
		[.content_body, .cs, .room_name]")" = \
		'["bob: look","secret","Praxis"]' ]
	[ "$(seen android-ids "select(.event_id == \"$message\") |
		[.room_id, .cs, .sender, .content_body]")" = \
		"[\"$ROOM\",\"secret\",null,null]" ]
	[ "$(seen ios-ids "select(.event_id == \"$message\") |
		[.room_id, .cs, .aps.alert[\"loc-key\"]]")" = \
		"[\"$ROOM\",\"secret\",null]" ]
	# What was read sets the badge back.
	matrix "$BOB" POST "/rooms/$ROOM/receipt/m.read/$call" >/dev/null
	wait_until 20 has_seen ios 1 . '{"aps":{"badge":0}}'
	# And nothing was refused, or sent twice.
	[ "$(record 'select(.violation != null)')" = "" ]
	for name in "${names[@]}"; do
		[ "$(seen "$name" '.event_id // empty' | sort | uniq -d)" = "" ]
	done
}

@test "an invitation, and an encrypted room" {
	local event
	add_pusher "$IOS_APP" "$(apns_pushkey ios)"
	make_room '{"initial_state":[{"type":"m.room.encryption","content":{
		"algorithm":"m.megolm.v1.aes-sha2"}}]}'
	wait_until 20 has_seen ios 1 '.aps.alert["loc-key"]' \
		USER_INVITE_TO_NAMED_ROOM
	event=$(say '{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"c",
		"device_id":"D","sender_key":"k","session_id":"s"}' \
		m.room.encrypted)
	gets ios "$event"
	[ "$(seen ios "select(.event_id == \"$event\") |
		.aps.alert[\"loc-key\"]")" = MSG_FROM_USER_IN_ROOM ]
}

@test "a dead pushkey makes the homeserver delete its pusher, and no other" {
	make_room
	add_pusher "$ANDROID_APP" gone-404
	add_pusher "$ANDROID_APP" alive
	gets alive "$(text hello)"
	wait_until 20 pushers_are alive
}

pushers_are() {
	[ "$(pushers)" = "$1" ]
}

@test "after a failure of the phone network nothing is lost or sent twice" {
	local first second
	make_room
	add_pusher "$ANDROID_APP" phone
	control '{"fcm":{"answer":{"status":503}}}'
	first=$(text first)
	second=$(text second)
	wait_until 20 has_failed phone
	control '{}'
	wait_until 60 has_seen phone 1 .event_id "$first"
	wait_until 60 has_seen phone 1 .event_id "$second"
	[ "$(seen phone .event_id)" = "$first"$'\n'"$second" ]
	pushers_are phone
}

has_failed() {
	[ -n "$(record "select(.text == \"$1\" and .status == 503)")" ]
}
