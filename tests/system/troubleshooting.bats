#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The troubles of doc/TROUBLESHOOTING.md, each made here: what the page quotes is
# what an operator sees.

load ../lib/stage.bash

export WORKERS=1
WRONG_KEY="key_id, team_id or key_file is wrong, the key was revoked, or this host's clock is ahead"

setup() {
	stage_open "$BATS_TEST_TMPDIR/stage"
	LOG=$STAGE/gateway.log
}

teardown() {
	stage_close
}

# push: one notification to a phone of each kind.
push() {
	post /push/v1/notify/batch "$(batch "$(plain '{}' "$(ios a)")" \
		"$(plain '{}' "$(android a)")")"
}

# said FILE QUOTE: what the page quotes stands in the file; … is anything.
said() {
	grep -qF -- "\`$2\`" "$ROOT/doc/TROUBLESHOOTING.md" || {
		echo "doc/TROUBLESHOOTING.md does not quote: $2"
		return 1
	}
	grep -q -- "$(sed 's/[][\.*^$]/\\&/g; s/…/.*/g' <<<"$2")" "$1" || {
		echo "not said: $2"
		cat "$1"
		return 1
	}
}

# tells FILE WORDS: of another program, as the page has it in quotes.
tells() {
	grep -qF -- "\"$2\"" "$ROOT/doc/TROUBLESHOOTING.md" || {
		echo "doc/TROUBLESHOOTING.md does not quote: $2"
		return 1
	}
	grep -qF -- "$2" "$1" || {
		echo "not said: $2"
		cat "$1"
		return 1
	}
}

# logs QUOTE...
logs() {
	local quote
	for quote; do
		said "$LOG" "$quote"
	done
}

# probes QUOTE...: push-gateway probe fails, and says so.
probes() {
	local quote
	run "$COMMAND" probe -c "$STAGE/push-gateway.json"
	[ "$status" = 69 ]
	printf '%s\n' "$output" >"$STAGE/probed"
	for quote; do
		said "$STAGE/probed" "$quote"
	done
}

# checks QUOTE...: push-gateway check says so.
checks() {
	local quote
	"$COMMAND" check -c "$STAGE/push-gateway.json" >"$STAGE/checked" 2>&1 ||
		:
	for quote; do
		said "$STAGE/checked" "$quote"
	done
}

# apple STATUS REASON: what Apple answers from now on.
apple() {
	control "{\"apns\": {\"answer\": {\"status\": $1, \"reason\": \"$2\"}}}"
}

google() {
	control "{\"fcm\": {\"answer\": {\"status\": $1, \"reason\": \"$2\"}}}"
}

@test "wrong key id" {
	stage_start '.apps[0].key_id = "XYZ1234567"'
	push
	logs 'provider rejected our credentials: …' InvalidProviderToken \
		"$WRONG_KEY"
	probes "$WRONG_KEY"
}

@test "wrong team" {
	stage_start '.apps[0].team_id = "TEAM999999"'
	push
	logs 'provider rejected our credentials: …' InvalidProviderToken
	probes "$WRONG_KEY"
}

@test "wrong topic" {
	stage_start '.apps[0].topic = "de.gematik.other"'
	push
	logs 'provider rejected our credentials: …' TopicDisallowed \
		'the key or certificate is not for this "topic"'
	probes 'the key or certificate is not for this "topic"'
}

@test "devices of the sandbox at production, and of another app" {
	stage_start
	apple 400 BadDeviceToken
	push
	logs 'a pushkey was rejected (…) before anything was delivered for this app' \
		BadDeviceToken
	[[ $(answer '.results[0].error') == *"has not delivered anything yet" ]]
}

@test "a key of the other environment, and one that was used too often" {
	stage_start
	apple 403 BadEnvironmentKeyInToken
	push
	logs 'the key is for the other environment: see "environment"'
	probes 'the key is for the other environment: see "environment"'
}

@test "a service account of another project, or a disabled API" {
	stage_start
	google 403 PERMISSION_DENIED
	push
	logs 'the service account may not send for this project, or its Firebase Cloud Messaging API is disabled'
	probes 'the service account may not send for this project, or its Firebase Cloud Messaging API is disabled'
}

@test "a service account whose key was deleted, or all of it" {
	local words="this key of the service account was deleted or disabled: make a new one"
	openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
		-out "$STAGE/fcm-key.pem" 2>>"$STAGE/openssl.log"
	stage_start
	push
	logs 'no token: …' 'the token endpoint answered …' \
		invalid_grant 'Invalid JWT Signature' "$words"
	probes "$words"
	jq '.client_email = "gone@gematik-project.example"' \
		"$STAGE/service-account.json" >"$STAGE/gone.json"
	write_config '.apps[1].service_account_file = "gone.json"'
	probes invalid_grant 'Invalid grant: account not found' \
		'the service account was deleted'
	control '{"oauth": {"answer": {"status": 400, "body":
		{"error": "invalid_grant"}}}}'
	probes "the service account's key was deleted, or this host's clock is wrong"
}

# clock_is SECONDS: by so many ours is ahead of the providers', or behind.
clock_is() {
	local simulator=$SIMULATOR
	! grep -q __asan_init "$SIMULATOR" ||
		skip "the address sanitizer takes no preloaded library"
	perl -e 'print pack "q", -$ARGV[0]' -- "$1" >"$STAGE/day"
	printf '#!/bin/sh\nexec env LD_PRELOAD=%q PRELOAD_DAY=%q %q "$@"\n' \
		"$BUILD/tests/lib/preload.so" "$STAGE/day" "$simulator" \
		>"$STAGE/simulator"
	chmod +x "$STAGE/simulator"
	SIMULATOR=$STAGE/simulator stage_start
}

@test "a clock that is two hours behind" {
	clock_is -7200
	push
	logs ExpiredProviderToken "is this host's clock right?" \
		invalid_grant 'Invalid JWT: Token must be a short-lived token' \
		"this host's clock is wrong: set it"
	probes "is this host's clock right?" "this host's clock is wrong: set it"
}

@test "a clock that is two hours ahead" {
	clock_is 7200
	push
	logs InvalidProviderToken "$WRONG_KEY" \
		invalid_grant 'Invalid JWT: Token must be a short-lived token' \
		"this host's clock is wrong: set it"
}

@test "tokens that were made too often" {
	local words='tokens of this key were made too often, here or elsewhere: wait for 20 minutes'
	stage_start
	apple 429 TooManyProviderTokenUpdates
	push
	logs 'provider is overloaded' TooManyProviderTokenUpdates "$words"
	probes TooManyProviderTokenUpdates "$words"
}

@test "a key that is missing" {
	rm "$STAGE/AuthKey_ABC1234567.p8"
	stage_start
	checks 'cannot read …'
	logs 'cannot read …'
}

# networks STATUS REASON STATUS REASON: what Apple and Google answer.
networks() {
	control "{\"apns\": {\"answer\": {\"status\": $1, \"reason\": \"$2\"}},
		\"fcm\": {\"answer\": {\"status\": $3, \"reason\": \"$4\"}}}"
}

@test "devices of another app, of another project, and those that are gone" {
	stage_start
	networks 400 DeviceTokenNotForTopic 403 SENDER_ID_MISMATCH
	push
	logs 'a pushkey was rejected (…) before anything was delivered for this app' \
		DeviceTokenNotForTopic \
		'it is a device of another app: see "topic"' \
		SENDER_ID_MISMATCH "it is a device of another project's app"
	networks 410 Unregistered 404 UNREGISTERED
	push
	logs Unregistered UNREGISTERED
	control '{}'
	run -69 "$COMMAND" send -c "$STAGE/push-gateway.json" --yes \
		"$IOS_APP" "$(apns_pushkey a-410)"
	printf '%s\n' "$output" >"$STAGE/sent"
	said "$STAGE/sent" 'the app was removed from this phone'
}

@test "an expired certificate, and one that will be" {
	make_certificate_for_days '9 days ago' yesterday over clients \
		DNS:push.example
	cat "$STAGE/over.pem" "$STAGE/over-key.pem" >"$STAGE/apns.pem"
	stage_start '.apps[0] |= (del(.key_file, .key_id, .team_id) +
		{ certificate_file: "apns.pem" })'
	logs '… contains a certificate that expired at …'
	checks '… contains a certificate that expired at …'
	make_certificate_for_days yesterday '5 days' soon clients \
		DNS:push.example
	cat "$STAGE/soon.pem" "$STAGE/soon-key.pem" >"$STAGE/apns.pem"
	write_config '.apps[0] |= (del(.key_file, .key_id, .team_id) +
		{ certificate_file: "apns.pem", alert_title: "new" })'
	wait_until 10 grep -q 'credentials expire' "$LOG"
	logs 'its credentials expire in less than …'
}

@test "a provider that is down, and a proxy that is not there" {
	stage_start '.proxy = "http://127.0.0.1:9"'
	push
	logs 'no response: …' 'the token endpoint cannot be reached: …' \
		'(through the proxy …)'
	tells "$LOG" 'Failed to connect'
	probes 'no answer: …' '(through the proxy …)'
}

@test "no name server, a proxy that refuses, and one that looks into TLS" {
	local proxy port
	! grep -q __asan_init "$COMMAND" ||
		skip "the address sanitizer takes no preloaded library"
	stage_start '.apps[0].url = "https://slow.test" |
		.request_timeout_ms = 3000'
	perl -e 'print pack "q", -1' >"$STAGE/slow"
	run -69 env LD_PRELOAD="$BUILD/tests/lib/preload.so" \
		PRELOAD_SLOW="$STAGE/slow" \
		"$COMMAND" probe -c "$STAGE/push-gateway.json" "$IOS_APP"
	printf '%s\n' "$output" >"$STAGE/probed"
	said "$STAGE/probed" 'no answer: …'
	tells "$STAGE/probed" 'Could not resolve host'
	# It refuses all names.
	perl -MIO::Socket -e 'my $s = IO::Socket::INET->new(Listen => 9,
		LocalAddr => "127.0.0.1") or die; open my $f, ">", $ARGV[0];
		print $f $s->sockport . "\n"; close $f;
		while (my $c = $s->accept) { while (<$c>) { last if /^\r$/ }
		print $c "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n" }' \
		"$STAGE/proxy.port" 3>&- &
	proxy=$!
	echo "$proxy" >>"$STAGE/pids"
	wait_until 10 test -s "$STAGE/proxy.port"
	port=$(<"$STAGE/proxy.port")
	write_config ".proxy = \"http://127.0.0.1:$port\""
	probes '(through the proxy …)'
	tells "$STAGE/probed" 'CONNECT tunnel failed, response 403'
	grep -qF "(through the proxy 127.0.0.1:$port)" "$STAGE/probed"
	write_config '.ca_file = "clients-ca.pem"'
	probes 'no answer: …'
	tells "$STAGE/probed" 'SSL certificate problem'
	write_config
	control '{"apns": {"answer": {"status": 200, "body": "<html>"}},
		"fcm": {"answer": {"status": 200, "body": "<html>"}}}'
	probes 'something else answers there: a proxy?' 'not APNs' 'not FCM'
}

@test "a provider that fails again and again, and recovers" {
	stage_start '.breaker_failures = 2 | .breaker_pause_s = 1'
	google 503 UNAVAILABLE
	push
	push
	logs 'circuit breaker open…: …'
	control '{}'
	wait_until 10 delivered
	logs recovered
}

delivered() {
	push
	[ "$(answer .summary.successful)" = 2 ]
}

@test "a wrong file of CAs, and none" {
	stage_start '.ca_file = "none.pem"'
	push
	logs 'no provider can be reached: …' ca_file
	checks 'cannot read …'
}

@test "callers that are not listed, or show no certificate" {
	make_certificate stranger clients DNS:stranger.example
	stage_start
	request /push/v1/notify --cert "$STAGE/stranger.pem" \
		--key "$STAGE/stranger-key.pem" \
		-H 'Content-Type: application/json' -d '{}'
	[ "$CODE" = 401 ]
	logs 'verified certificate matches no configured client' \
		': certificate_sha256 … issuer_sha256 … san_dns…'
	request /push/v1/notify -H 'Content-Type: application/json' -d '{}'
	[ "$CODE" = 401 ]
	logs 'refused: …' 'SSL_CLIENT_VERIFY is …'
}

@test "a CRL that is past its next update" {
	make_stale_crl clients
	stage_start '.tls_watch = [ "clients-crl.pem" ]'
	push
	[ "$CODE" = 401 ]
	logs 'refused: …' 'SSL_CLIENT_VERIFY is …' 'tls_watch: …' \
		'that ended at …'
	# lighttpd, too, tells why.
	grep -q 'CRL has expired' "$STAGE/web-server.log"
}

@test "a certificate of the web server that ends soon" {
	make_certificate_for_days yesterday '5 days' soon clients DNS:x.example
	stage_start '.tls_watch = [ "soon.pem" ]'
	wait_until 5 grep -q 'tls_watch' "$LOG"
	logs 'tls_watch: …' 'contains … that ends in less than …'
	checks 'tls_watch: …'
}

@test "a secret that the web server does not send" {
	echo 'correct horse' >"$STAGE/secret"
	chmod 600 "$STAGE/secret"
	stage_start '.fastcgi_secret_file = "secret"'
	push
	[ "$CODE" = 401 ]
	logs 'the web server did not send the secret of fastcgi_secret_file'
}

@test "apps that are not configured, or not allowed, and a wrong path" {
	local words
	stage_start '.clients[0].apps = [ "gematik-project.*" ]'
	for words in 'app_id is not allowed for this client' \
		'app_id is not configured'; do
		push
		[ "$(answer '.results[0].error')" = "$words" ]
		answer '.results[0].error' >"$STAGE/told"
		said "$STAGE/told" "$words"
		logs "$words"
		write_config 'del(.apps[0])'
		wait_until 10 grep -q 'configuration reloaded' "$LOG"
	done
	post /wrong/push/notify '{}'
	[ "$CODE" = 404 ]
	logs 'refused: …' 'path …'
	grep -q 'refused: 404: path /wrong/push/notify' "$LOG"
}

@test "a state directory of another user, and one that is open" {
	[ "$EUID" = 0 ] || skip "it takes root"
	stage_prepare
	mkdir -m 777 "$STAGE/state"
	chmod 777 "$STAGE/state"
	checks 'the state directory … is open to others: chmod 0700 …'
	chmod 700 "$STAGE/state"
	chown nobody "$STAGE/state"
	run perl "$ROOT/tests/lib/fastcgi.pl" serve "$STAGE/socket" \
		"$GATEWAY" -c "$STAGE/push-gateway.json"
	printf '%s\n' "$output" >"$STAGE/started"
	said "$STAGE/started" \
		"the state directory … belongs to user …, not to this worker's user …"
}

@test "started by hand, and a changed file with a mistake" {
	stage_start
	run "$GATEWAY" -c "$STAGE/push-gateway.json" <"$STAGE/push-gateway.json"
	printf '%s\n' "$output" >"$STAGE/started"
	said "$STAGE/started" \
		'file descriptor … is not a listening FastCGI socket: a web server starts this program'
	write_config '.max_batch_size = 0'
	wait_until 5 grep -q 'keeping the previous' "$LOG"
	logs 'keeping the previous configuration: …'
}

@test "a secret that everybody may write" {
	stage_prepare
	chmod 666 "$STAGE/AuthKey_ABC1234567.p8"
	checks '… may be written by everybody, so it is not used: chmod o-w …'
	start_web_server
	logs '… may be written by everybody, so it is not used: chmod o-w …'
}

# started OPTION...: a worker that does not start says so.
started() {
	run -78 perl "$ROOT/tests/lib/fastcgi.pl" serve "$STAGE/socket" \
		"$GATEWAY" -c "$STAGE/push-gateway.json"
	printf '%s\n' "$output" >"$STAGE/started"
}

@test "a state directory that cannot be made" {
	stage_prepare '.state_directory = "missing/state"'
	started
	said "$STAGE/started" 'cannot make the state directory …'
	checks 'cannot make the state directory …'
}

# fills a port, and does not accept.
take_port() {
	perl -MIO::Socket -e 'my $s = IO::Socket::INET->new(Listen => 1,
		LocalAddr => "127.0.0.1") or die; open my $f, ">", $ARGV[0];
		print $f $s->sockport . "\n"; close $f; sleep 600' \
		"$STAGE/taken" 3>&- &
	echo $! >>"$STAGE/pids"
	wait_until 10 test -s "$STAGE/taken"
	PORT=$(<"$STAGE/taken")
	export PORT ADMIN_PORT=$((PORT + 2)) HOMESERVER_PORT=$((PORT + 3))
}

@test "a port that another program has" {
	stage_prepare
	take_port
	install_gateway
	for WEB_SERVER in lighttpd apache-fcgid haproxy; do
		# It is not everywhere.
		[ "$WEB_SERVER" != haproxy ] || type haproxy || continue
		((EUID != 0)) || [ "$WEB_SERVER" != apache-fcgid ] ||
			open_stage_to_apache
		"${WEB_SERVER%%-*}_write_configuration"
		run "${WEB_SERVER%%-*}_run"
		[ "$status" != 0 ]
		{
			printf '%s\n' "$output"
			cat "$STAGE"/web-server.log || :
		} >"$STAGE/bound" 2>/dev/null
		tells "$STAGE/bound" 'Address already in use'
		case $WEB_SERVER in
		# What Debian 12's says, and Debian 13's.
		lighttpd) tells "$STAGE/bound" "can't bind to socket" ||
			tells "$STAGE/bound" 'bind()' ;;
		haproxy) tells "$STAGE/bound" 'cannot bind socket' ;;
		*) tells "$STAGE/bound" 'could not bind' ;;
		esac
	done
	run systemd-socket-activate -l "127.0.0.1:$PORT" "$GATEWAY"
	[[ $status != 0 && $output == *"Address already in use"* ]]
}

@test "a FastCGI socket on a network, without a secret" {
	stage_prepare
	run -78 perl -MIO::Socket -e 'my $s = IO::Socket::INET->new(Listen => 1,
		LocalAddr => "127.0.0.1") or die; open STDIN, "<&", $s;
		exec @ARGV' "$GATEWAY" -c "$STAGE/push-gateway.json"
	printf '%s\n' "$output" >"$STAGE/started"
	said "$STAGE/started" \
		'the FastCGI socket is on a network: that needs fastcgi_secret_file, or allow_tcp_without_secret'
}

@test "no worker, and too few" {
	WEB_SERVER=lighttpd-pool stage_start '.clients[0].max_rate_per_minute = 1 |
		.request_timeout_ms = 1500'
	push
	push
	[ "$(answer '.results[0].error')" = \
		'gateway is overloaded, nothing was sent' ]
	stop "$POOL_PID"
	push
	[ "$CODE" = 503 ]
}

@test "an app without its key, and one at its limit" {
	stage_prepare
	mv "$STAGE/AuthKey_ABC1234567.p8" "$STAGE/away"
	start_web_server
	post /push/v1/notify/batch "$(batch "$(plain '{}' "$(ios a)")")"
	[ "$(answer '.results[0].error')" = \
		'gateway has no usable credentials for this app' ]
	stop "$WEB_SERVER_PID"
	mv "$STAGE/away" "$STAGE/AuthKey_ABC1234567.p8"
	write_config '.request_timeout_ms = 1500 |
		.apps[].max_rate_per_minute = 1'
	start_web_server
	push
	push
	[ "$(answer '.results[0].error')" = \
		"gateway's rate limit for this app is reached" ]
}

@test "each row of the page is made here" {
	local row missing=0
	while IFS= read -r row; do
		is_made "$row" || {
			echo "not made: $row"
			missing=1
		}
	done < <(sed -n '/^| --- |/,/^$/ { /^| [^-]/p }' \
		"$ROOT/doc/TROUBLESHOOTING.md" | cut -d'|' -f2)
	((!missing))
}

# is_made ROW: something that only it quotes stands in a test.  (Apache's
# handshakes are in crl.bats.)
is_made() {
	local quote text
	[[ $1 != " the TLS handshake fails"* && $1 != " 503 from"* ]] ||
		return 0
	while IFS= read -r quote; do
		text=${quote:1:-1} text=${text%…}
		[ "$(grep -cF -- "$quote" "$ROOT/doc/TROUBLESHOOTING.md")" != 1 ] ||
			! grep -qF -- "$text" "$ROOT"/tests/system/*.bats ||
			return 0
	done < <(grep -oE '`[^`]+`|"[^"]+"' <<<"$1")
	return 1
}
