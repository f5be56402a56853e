#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Whom the gateway believes to be a provider, and by which addresses it
# reaches them.

load ../lib/stage.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR/stage"
	make_ca others
}

setup() {
	clear_record
	rm -f "$STAGE"/*.log
	rm -rf "$STAGE/state"
}

teardown() {
	stage_close
}

# start [JQ-FILTER [ADDRESS]]: the simulator listens on that one alone.
start() {
	start_simulator --listen "${2-127.0.0.1}"
	write_service_account
	write_config "${1:-.}"
	start_web_server
}

push() {
	post /push/v1/notify "$(single "$(plain '{}' "$(ios "$1")" \
		"$(android "$1")")")"
}

pushed() {
	push "$1" && [ "$CODE" = 200 ] &&
		[ "$(record .service | sort -u | xargs)" = 'apns fcm oauth' ]
}

# --- certificates of the providers -------------------------------------------

# not_believed WORDS: nothing was sent to either, and the log says why.
not_believed() {
	push one
	[ "$CODE" = 503 ]
	[ ! -s "$STAGE/record.json" ]
	grep -q "apns-.*: no response: .*$1" "$STAGE/gateway.log"
	grep -q "fcm-.*: no token: the token endpoint cannot be reached: .*$1" \
		"$STAGE/gateway.log"
}

@test "without ca_file a provider of a CA of our own is not believed" {
	start 'del(.ca_file) | .request_timeout_ms = 3000'
	not_believed 'certificate'
}

@test "a provider of another CA than that of ca_file is not believed" {
	start '.ca_file = "others-ca.pem" | .request_timeout_ms = 3000'
	not_believed 'certificate'
}

@test "a provider whose certificate has another name is not believed" {
	start 'walk(if type == "string" then sub("localhost"; "127.0.0.2")
		else . end) | .request_timeout_ms = 3000' 127.0.0.2
	sed -i 's/localhost/127.0.0.2/' "$STAGE/service-account.json"
	wait_until 5 grep -q 'configuration reloaded' "$STAGE/gateway.log"
	not_believed '127.0.0.2'
}

@test "a ca_file that is missing sends nothing, and is picked up" {
	start '.ca_file = "new-ca.pem" | .request_timeout_ms = 3000'
	not_believed "$STAGE/new-ca.pem"
	cp "$STAGE/providers-ca.pem" "$STAGE/new-ca.pem"
	wait_until 20 pushed two
}

@test "a ca_file that changes is read again" {
	cp "$STAGE/others-ca.pem" "$STAGE/some-ca.pem"
	start '.ca_file = "some-ca.pem" | .request_timeout_ms = 3000'
	not_believed 'certificate'
	cp "$STAGE/providers-ca.pem" "$STAGE/some-ca.pem"
	wait_until 20 pushed two
}

# --- addresses ---------------------------------------------------------------

# reached_at ADDRESS HOST: by this host where only that address answers.
reached_at() {
	start "walk(if type == \"string\" then sub(\"localhost\"; \"$2\")
		else . end)" "$1"
	sed -i "s/localhost/$2/" "$STAGE/service-account.json"
	restart_web_server
	pushed one
	[ "$(compgen -G "$STAGE/state/*.token" | wc -l)" = 2 ]
}

need_ipv6() {
	grep -qs ' lo$' /proc/net/if_inet6 || skip 'there is no IPv6 here'
}

@test "a provider with an IPv4 address only is reached by its name" {
	reached_at 127.0.0.1 localhost
}

@test "a provider with an IPv4 address is reached by that" {
	reached_at 127.0.0.1 127.0.0.1
}

@test "a provider with an IPv6 address only is reached by its name" {
	need_ipv6
	reached_at ::1 localhost
}

@test "a provider with an IPv6 address is reached by that" {
	need_ipv6
	reached_at ::1 '[::1]'
}
