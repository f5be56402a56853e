#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# From a sygnal.yaml to a gateway that delivers: contrib/sygnal2push-gateway.

load ../lib/stage.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR/stage"
	# As Apple makes them: the subject's user id is the bundle id.
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj "/UID=de.gematik.erezept.ios/CN=Apple Push Services" \
		-days 40 -keyout "$STAGE/push-key.pem" -out "$STAGE/push.pem" \
		2>>"$STAGE/openssl.log"
	cat "$STAGE/push.pem" "$STAGE/push-key.pem" >"$STAGE/apns.pem"
	add_account apns "{
		certificate_sha256: \"$(certificate_digest push)\",
		topics: [ \"de.gematik.erezept.ios\" ] }"
	make_webpush_keys
	start_simulator
	write_service_account
	write_sygnal_configuration
}

teardown_file() {
	stage_close
}

# Each kind of app, with each setting.
write_sygnal_configuration() {
	cat >"$STAGE/sygnal.yaml" <<-'END'
	log:
	  setup:
	    version: 1
	    root: { handlers: [ stderr ], level: WARNING }
	  access: { x_forwarded_for: false }
	http: { bind_addresses: [ '127.0.0.1' ], port: 5000 }
	metrics: { prometheus: { enabled: true } }
	apps:
	  org.example.ios.key:
	    type: apns
	    keyfile: AuthKey_ABC1234567.p8
	    key_id: ABC1234567
	    team_id: TEAM123456
	    topic: de.gematik.erezept.ios
	    push_type: alert
	    convert_device_token_to_hex: false
	    inflight_request_limit: 512
	    max_connections: 100
	  org.example.ios.certificate:
	    type: apns
	    platform: sandbox
	    certfile: apns.pem
	    topic: something.else
	    send_badge_counts: false
	  org.example.android*:
	    type: gcm
	    api_version: v1
	    project_id: gematik-project
	    service_account_file: service-account.json
	    max_connections: 20
	    fcm_options:
	      content_available: true
	      android: { priority: high, direct_boot_ok: true }
	      apns: { payload: { aps: { mutable-content: 1 } } }
	  org.example.legacy:
	    type: gcm
	    api_key: not-to-be-shown
	  org.example.web:
	    type: webpush
	    vapid_private_key: vapid.pem
	    vapid_contact_email: push@example.org
	    allowed_endpoints: [ '*.push.example', 'LOCALHOST:8443' ]
	    ttl: 60
	  org.example.plugin:
	    type: example.plugin.Pushkin
	END
}

# convert [OPTION...]: push-gateway.json beside it, and $output what is said.
convert() {
	run -0 --separate-stderr "$ROOT/contrib/sygnal2push-gateway" "$@" \
		"$STAGE/sygnal.yaml"
	printf '%s\n' "$output" >"$STAGE/push-gateway.json"
	output=$stderr
}

# says PLACE WORDS
says() {
	grep -F -- "$STAGE/sygnal.yaml: $1: " <<<"$output" | grep -qF -- "$2" || {
		echo "expected of $1: $2"
		echo "$output"
		return 1
	}
}

# entry APP_ID JQ-FILTER: of the configuration, without its comments.
entry() {
	sed -e '\|^/\*|,\|\*/|d' -e 's|/\*.*\*/||' -e '/^ *\/\//d' \
		"$STAGE/push-gateway.json" |
		tr -d '\n' | sed 's/, *\]/]/g' |
		jq -c --arg id "$1" ".apps[] | select(.app_id == \$id) | $2"
}

@test "what is converted is a good configuration" {
	convert --addresses 127.0.0.0/8
	"$GATEWAY" -t -c "$STAGE/push-gateway.json"
	[ "$(entry org.example.ios.key '[.topic, .push_type, .payload,
		.max_connections, .environment]')" = \
		'["de.gematik.erezept.ios","alert","matrix",64,null]' ]
	[ "$(entry org.example.ios.certificate '[.topic, .environment,
		.send_badge_counts, .certificate_file]')" = \
		'["de.gematik.erezept.ios","sandbox",false,"apns.pem"]' ]
	[ "$(entry 'org.example.android*' '[.fcm_options,
		.max_connections]')" = '[{"android":{"direct_boot_ok":true},'$(
		)'"apns":{"payload":{"aps":{"mutable-content":1}}}},20]' ]
	[ "$(entry org.example.legacy .)" = '' ]
	grep -q '"level": "warn"' "$STAGE/push-gateway.json"
}

@test "what is not carried over is said, and why" {
	convert
	local ios=apps.org.example.ios
	says $ios.key.convert_device_token_to_hex 'hex and as Base64'
	says $ios.key.inflight_request_limit 'max_requests_in_flight'
	says $ios.key.max_connections 'at most 64'
	says $ios.certificate.topic 'takes precedence'
	says "apps.org.example.android*.fcm_options.content_available" 'blocks'
	says "apps.org.example.android*.fcm_options.android.priority" \
		"the notification's"
	says apps.org.example.legacy 'switched off the legacy API'
	says apps.org.example.web.allowed_endpoints 'without its port'
	says apps.org.example.plugin 'type "example.plugin.Pushkin" is unknown'
	says http 'the web server listens'
	says metrics doc/METRICS.md
	says clients --addresses
	[[ $output != *not-to-be-shown* ]]
	# Nobody may call then.
	"$GATEWAY" -t -c "$STAGE/push-gateway.json"
	grep -qF '"clients": []' "$STAGE/push-gateway.json"
	[ "$(entry org.example.web '[.provider, .subject, .vapid_key_file,
		.time_to_live_s, .allowed_endpoints, .payload]')" = \
		'["webpush","mailto:push@example.org","vapid.pem",60,'$(
		)'["*.push.example","localhost"],"matrix"]' ]
}

@test "a proxy's password stays out of the configuration and the messages" {
	cp "$STAGE/sygnal.yaml" "$STAGE/sygnal.yaml.saved"
	echo 'proxy: "http://user:not-to-be-shown@proxy.example:3128"' \
		>>"$STAGE/sygnal.yaml"
	convert
	mv "$STAGE/sygnal.yaml.saved" "$STAGE/sygnal.yaml"
	says proxy proxy_credentials_file
	grep -qF '"proxy": "http://proxy.example:3128"' \
		"$STAGE/push-gateway.json"
	"$GATEWAY" -t -c "$STAGE/push-gateway.json"
	[[ $output != *not-to-be-shown* ]]
	run ! grep -q not-to-be-shown "$STAGE/push-gateway.json"
}

@test "what is no configuration of Sygnal's is refused" {
	local text
	for text in '{' 'a: b' 'apps: 5' '- a' 'apps: { a: 5 }'; do
		echo "$text" >"$STAGE/odd.yaml"
		run -1 "$ROOT/contrib/sygnal2push-gateway" "$STAGE/odd.yaml"
		[[ $output == "$STAGE/odd.yaml: is not "* ]]
		[[ $output != *Traceback* ]]
	done
	run -1 "$ROOT/contrib/sygnal2push-gateway" "$STAGE/none.yaml"
	[[ $output == *"No such file"* ]]
}

# to_matrix APP PUSHKEY [JSON]: as a homeserver, without a certificate.
to_matrix() {
	request /_matrix/push/v1/notify -H 'Content-Type: application/json' \
		--data-binary "$(single "{\"event_id\":\"\$e\",$(
		)\"room_id\":\"!r\",\"counts\":{\"unread\":2},$(
		)\"devices\":[$(device "$1" "$2" "${3:-{\}}")]}")"
	[ "$CODE" = 200 ] || { echo "$CODE $BODY"; tail "$STAGE/gateway.log"; false; }
	[ "$BODY" = '{"rejected":[]}' ] || { echo "$CODE $BODY"; tail -3 "$STAGE/gateway.log"; false; }
}

@test "what is converted delivers each notification once" {
	convert --addresses 127.0.0.0/8
	# But for where the services and their CA are.
	sed -i -e 's|^{|{ "state_directory": "state",|' \
		-e 's|^{|{ "ca_file": "providers-ca.pem",|' \
		-e "s|: \"apns\"|&, \"url\": \"https://localhost:$apns_port\"|" \
		-e "s|: \"fcm\"|&, \"url\": \"https://localhost:$fcm_port\"|" \
		-e "s|: \"webpush\"|&, \"allowed_ports\": [$webpush_apple_port],$(
		) \"allow_private\": [\"127.0.0.0/8\", \"::1\"]|" \
		"$STAGE/push-gateway.json"
	start_web_server
	to_matrix org.example.ios.key "$(apns_pushkey key)"
	# As long as real ones.
	to_matrix org.example.ios.key \
		"$(printf %s base64-of-what-has-32-characters | base64)"
	to_matrix org.example.ios.certificate "$(apns_pushkey certificate)"
	to_matrix org.example.android.one android
	to_matrix org.example.web "$webpush_p256dh" \
		"$(webpush_device x webpush_apple phone | jq -c '{ data }')"
	[ "$(record 'select(.text == "phone") | .plaintext |
		[.event_id, .room_id, .unread]')" = '["$e","!r",2]' ]
	[ "$(record 'select(.service == "apns" or .service == "fcm") |
		.text' | sort | tr '\n' ' ')" = "android $(
		)base64-of-what-has-32-characters certificate key " ]
	[ "$(record 'select(.text == "key") |
		.body | [.event_id, .room_id, .unread_count]')" = \
		'["$e","!r",2]' ]
	[ "$(record 'select(.text == "certificate") | .body.unread_count')" = null ]
	[ "$(record 'select(.text == "android") | .body.message |
		[.data.event_id, .data.unread, .android.direct_boot_ok]')" = \
		'["$e","2",true]' ]
}
