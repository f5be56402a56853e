#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# lighttpd's files as Debian uses them, and what its workers do alone.

load ../lib/stage.bash

setup_file() {
	WEB_SERVER=lighttpd
	stage_open "$BATS_FILE_TMPDIR"
	stage_start
}

teardown_file() {
	stage_close
}

@test "a worker that is told to leave under load loses not one request" {
	control '{"fcm": {"latency_ms": 20}}'
	single "$(plain '{}' "$(android phone)")" >"$STAGE/single.json"
	local leaver
	leaver=$(workers | head -n 1)
	"$BUILD/tests/bench/bench-load" \
		"https://localhost:$PORT/push/v1/notify" \
		"$STAGE/providers-ca.pem" "$STAGE/client.pem" \
		"$STAGE/client-key.pem" "$STAGE/single.json" 2000 40 0 '' \
		>"$STAGE/load" 2>&1 3>&- &
	local load=$!
	wait_until 20 recorded 300
	kill -TERM "$leaver"
	wait "$load"
	has_ended "$leaver"
	grep -q '"requests":2000,"failed":0,' "$STAGE/load"
}

# recorded COUNT: so many requests reached the providers.
recorded() {
	(($(wc -l <"$STAGE/record.json") > $1))
}

one() {
	post /push/v1/notify "$(single "$(plain "$1" "$(android phone)")")" \
		--max-time 20
}

@test "thousands of idle connections keep nobody out" {
	ulimit -n "$(ulimit -Hn)"
	perl -MIO::Socket::INET -e '$| = 1; my ($port, @open) = @ARGV;
		push @open, IO::Socket::INET->new("127.0.0.1:$port") // die $!
			for 1 .. 2100;
		print "open\n"; sleep 60' "$PORT" \
		>"$STAGE/idle" 2>&1 3>&- &
	local idle=$!
	wait_until 20 grep -q open "$STAGE/idle"
	one '{}'
	[ "$CODE" = 200 ]
	kill "$idle"
}

@test "a body over the gateway's limit is not kept for long" {
	local size
	head -c 1048577 /dev/zero | tr '\0' ' ' >"$STAGE/large"
	post /push/v1/notify "@$STAGE/large" --http1.1
	[ "$CODE" = 413 ]
	[ "$(answer .details.max_request_size_kb)" = 1024 ]
	# What is larger is refused by its announcement: nothing comes to files.
	head -c 2000000 /dev/zero >"$STAGE/large"
	post /push/v1/notify "@$STAGE/large" --http1.1
	[ "$CODE" = 413 ]
	[ "$(answer .details)" = null ]
	size=$(du -sk "$STAGE/uploads" | cut -f1)
	((size < 100))
}

@test "where no more fits into the upload directory small bodies still go" {
	local long
	printf -v long '{"content":{"body":"%*s"}}' 100000 ''
	one "$long"
	[ "$CODE" = 200 ]
	mv "$STAGE/uploads" "$STAGE/uploads.full"
	# lighttpd closes in the middle of such a body, or answers.
	one "$long" || CODE=000
	[ "$CODE" != 200 ]
	one '{}'
	[ "$CODE" = 200 ]
	mv "$STAGE/uploads.full" "$STAGE/uploads"
	one "$long"
	[ "$CODE" = 200 ]
}

# debian_configuration NAME: Debian's own lighttpd.conf with conf-available/
# NAME and what its first lines say that it depends on, as lighty-enable-mod
# does.
debian_configuration() {
	local file needs directory=$STAGE/debian
	rm -rf "$directory"
	mkdir -p "$directory/conf-enabled"
	file=$(echo "$ROOT"/lighttpd/[0-9][0-9]-"$1.conf")
	needs=$(sed -n 's/^# -\*- depends: \(.*\) -\*-$/\1/p' "$file")
	for file in "$file" "$ROOT"/lighttpd/[0-9][0-9]-"$needs.conf"; do
		lighttpd_localize "$file" >"$directory/conf-enabled/${file##*/}"
	done
	sed -e "s|/etc/lighttpd/conf-enabled|$directory/conf-enabled|" \
		-e "s|^server.port .*|server.port = $DEBIAN_PORT|" \
		-e '/^server.username/d; /^server.groupname/d' \
		-e '/^server.pid-file/d' -e '/use-ipv6/d' \
		-e "s|/var/log/lighttpd/error.log|$STAGE/debian.log|" \
		/etc/lighttpd/lighttpd.conf >"$directory/lighttpd.conf"
}

# In the place of the stage's own, for the rest of the file.
start_debian() {
	stop "$WEB_SERVER_PID"
	DEBIAN_PORT=$((PORT - 1)) debian_configuration "$1"
	"$(type -P lighttpd)" -D -f "$STAGE/debian/lighttpd.conf" \
		>"$STAGE/debian.out" 2>&1 3>&- &
	export WEB_SERVER_PID=$!
	echo "$WEB_SERVER_PID" >>"$STAGE/pids"
	wait_until 10 web_server_answers
}

@test "Debian's own lighttpd.conf takes each of the snippets" {
	[ -r /etc/lighttpd/lighttpd.conf ] || skip "that is not there"
	local file name
	for file in "$ROOT"/lighttpd/60-*.conf; do
		name=$(basename "${file#*60-}" .conf)
		DEBIAN_PORT=80 debian_configuration "$name"
		run lighttpd -tt -f "$STAGE/debian/lighttpd.conf"
		[ "$status" = 0 ] || { echo "$name: $output"; false; }
		[[ $output != *WARNING* ]] || { echo "$name: $output"; false; }
	done
}

@test "there the gateway serves, and the server's own errors are JSON" {
	[ -r /etc/lighttpd/lighttpd.conf ] || skip "that is not there"
	start_debian push-gateway
	post /push/v1/notify "$(single "$(plain '{}' "$(ios phone)")")"
	[ "$CODE" = 200 ]
	request /push/v1/notify -X POST \
		-H "X-Long: $(printf 'x%.0s' {1..9000})"
	[ "$CODE" = 431 ]
	[ "$(header content-type)" = application/json ]
	[ "$(answer '.error | type')" = string ]
	# It is not on the other port, which is Debian's.
	[ "$(curl -s -o /dev/null -w '%{http_code}' -d '{}' \
		"http://localhost:$((PORT - 1))/push/v1/notify")" = 404 ]
}
