#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# doc/MATRIX.md's configurations and commands lead to a delivered notification.

load ../lib/stage.bash

export WEB_SERVER=lighttpd-pool PLAIN=1

setup_file() {
	stage_open "$BATS_FILE_TMPDIR/stage"
	start_simulator
	write_service_account
	write_page_configuration "Your own homeserver"
	start_web_server
}

teardown_file() {
	stage_close
}

setup() {
	clear_record
}

# block KIND HEADING: what the section has in blocks of that kind.
block() {
	awk -v kind="\`\`\`$1" -v heading="$2" '
	/^```/ { on = here && $0 == kind; next }
	on { print; next }
	/^#+ / { sub(/^#+ /, ""); here = $0 == heading }' "$ROOT/doc/MATRIX.md"
}

# write_page_configuration HEADING: but for where the services are.
write_page_configuration() {
	block json "$1" | jq --arg fcm "https://localhost:$fcm_port" \
		--arg apns "https://localhost:$apns_port" '
		(.apps[] | select(.provider == "fcm")).url = $fcm |
		(.apps[] | select(.provider == "apns")).url = $apns |
		.ca_file = "providers-ca.pem" | .state_directory = "state"' \
		>"$STAGE/push-gateway.json.new"
	mv "$STAGE/push-gateway.json.new" "$STAGE/push-gateway.json"
}

# The page's command, which opens the second listener in the shipped file.
open_listener() {
	local file=$STAGE/60-push-gateway-pool.conf command
	cp "$ROOT/lighttpd/60-push-gateway-pool.conf" "$file"
	command=$(block sh "Your own homeserver")
	bash -ec "${command/\/etc\/lighttpd\/conf-available/"$STAGE"}"
	sed -n '/127.0.0.1:8448/,/^}/p' "$file" >"$STAGE/listener.conf"
	grep -q '^\$SERVER' "$STAGE/listener.conf"
}

# In the place of the tests' own.
lighttpd_add_plain_port() {
	open_listener
	sed -i "s|127.0.0.1:8448|127.0.0.1:$PLAIN_PORT|" "$STAGE/listener.conf"
	lighttpd_localize "$STAGE/listener.conf" >>"$STAGE/lighttpd.conf"
}

# try_it URL: the page's command, to there.
try_it() {
	local command
	command=$(block sh "Try it")
	command=${command/server-ca.pem/"$STAGE/providers-ca.pem"}
	command=${command/https:\/\/push.example\//"$1"}
	run -0 bash -c "${command/curl/curl -sS --max-time 30}"
	[ "$output" = "$(block answer "Try it")" ]
}

delivered_once() {
	[ "$(record 'select(.service == "fcm") | .body.message |
		[.token, .data.event_id, .data.room_id, .data.unread]')" = \
		'["a-pushkey","$e","!r:example.org","1"]' ]
}

@test "a homeserver on a private listener" {
	"$GATEWAY" -t -c "$STAGE/push-gateway.json"
	try_it "http://127.0.0.1:$PLAIN_PORT/"
	delivered_once
	# On the public one nobody vouches for it.
	request /_matrix/push/v1/notify -H 'Content-Type: application/json' \
		--data-binary "$(single "$(plain '{}' \
			"$(device org.example.android phone)")")"
	[ "$CODE" = 401 ]
}

@test "a homeserver anywhere" {
	write_page_configuration "Homeservers everywhere"
	"$GATEWAY" -t -c "$STAGE/push-gateway.json"
	wait_until 10 try_it "https://localhost:$PORT/"
	delivered_once
	# On the path of Matrix alone.
	request /push/v1/notify -H 'Content-Type: application/json' \
		--data-binary "$(single "$(plain '{}' \
			"$(device org.example.android phone)")")"
	[ "$CODE" = 401 ]
}

@test "the converter takes what the page gives it" {
	local command
	command=$(block sh "From Sygnal")
	command=${command/\/usr\/share\/push-gateway/"$ROOT/contrib"}
	cd "$STAGE"
	cat >sygnal.yaml <<-'END'
	apps:
	  org.example.android:
	    type: gcm
	    api_version: v1
	    service_account_file: service-account.json
	END
	mkdir -p converted
	cp service-account.json converted
	run -0 bash -c "${command/>push/>converted/push}"
	"$GATEWAY" -t -c converted/push-gateway.json
}
