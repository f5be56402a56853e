#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What the workers of a host count together.
# shellcheck disable=SC2034,SC2154

load ../lib/stage.bash

setup() {
	stage_open "$BATS_TEST_TMPDIR/stage"
}

teardown() {
	stage_close
}

# metrics: what -m prints, if that is good text for Prometheus.
metrics() {
	"$GATEWAY" -m -c "$STAGE/push-gateway.json" >"$STAGE/metrics.prom" &&
		/usr/bin/python3 "$ROOT/tests/lib/prometheus.py" \
			<"$STAGE/metrics.prom" &&
		cat "$STAGE/metrics.prom"
}

# counts NUMBER SERIES: the series, without its prefix, has that value.
counts() {
	metrics | grep -qxF "push_gateway_$2 $1"
}

# One that opens its own connection each time reaches both workers.
notify_both() {
	local i
	for i in 1 2 3 4 5 6; do
		post /push/v1/notify "$(single "$(plain '{}' \
			"$(ios "secret$i")" "$(android "secret$i")")")" ||
			return 1
	done
}

worker_count() {
	[ "$(workers | wc -l)" = 2 ]
}

@test "requests are counted over all workers, by operation and status" {
	stage_start
	wait_until 5 worker_count
	notify_both
	post /push/v1/notify/batch "$(batch "$(plain '{}' "$(ios a)")" \
		"$(plain '{}' "$(ios a)" "$(android dead-404)")" \
		"$(plain '{}' "$(android dead-404)")")"
	post /push/v1/notifyEncrypted/batch '{}'
	request /push/v1/none
	request /push/v1/notify
	request /push/v1/notify -d '{}'
	wait_until 5 counts 1 \
		'requests_total{operation="notify",status="401"}'
	counts 6 'requests_total{operation="notify",status="200"}'
	counts 1 'requests_total{operation="notify/batch",status="200"}'
	counts 1 \
		'requests_total{operation="notifyEncrypted/batch",status="400"}'
	counts 1 'requests_total{operation="notify",status="405"}'
	counts 1 'clients_refused_total'
	counts 6 'notifications_total{operation="notify",status="success"}'
	counts 1 \
		'notifications_total{operation="notify/batch",status="success"}'
	counts 1 \
		'notifications_total{operation="notify/batch",status="partial"}'
	counts 1 \
		'notifications_total{operation="notify/batch",status="failed"}'
	counts 6 'request_seconds_count{operation="notify"}'
	counts 6 'request_seconds_bucket{operation="notify",le="+Inf"}'
	counts 0 'metrics_dropped_total'
	counts 7 'client_requests_total{client="erezept",result="answered"}'
	counts 1 'client_requests_total{client="erezept",result="refused"}'
}

@test "counts outlive the workers" {
	local worker
	stage_start
	notify_both
	wait_until 5 counts 6 'requests_total{operation="notify",status="200"}'
	for worker in $(workers); do
		kill -KILL "$worker"
	done
	wait_until 10 has_ended "$worker"
	wait_until 10 notified
	wait_until 5 counts 7 'requests_total{operation="notify",status="200"}'
}

notified() {
	post /push/v1/notify "$(single "$(plain '{}' "$(ios again)")")" &&
		[ "$CODE" = 200 ]
}

@test "no pushkey is in the metrics, and no caller beside an app" {
	stage_start
	notify_both
	post /push/v1/notify "$(single "$(plain \
		'{"room_name": "Praxis", "sender": "@arzt:example"}' \
		"$(device nosuch.app secret)")")"
	wait_until 5 counts 7 'requests_total{operation="notify",status="200"}'
	run metrics
	[ "$status" = 0 ]
	[[ $output != *secret* ]]
	[[ $output != *"$(apns_pushkey secret)"* ]]
	[[ $output != *nosuch* ]]
	[[ $output != *Praxis* ]]
	[[ $output != *arzt* ]]
	[[ $output = *'_client_requests_total{client="erezept"'* ]]
	! grep 'erezept"' <<<"$output" | grep -v '^push_gateway_client_requests'
	! grep client= <<<"$output" | grep app=
	[ "$(stat -c %a "$STAGE/state/metrics")" = 600 ]
}

reloads() {
	(($(metrics | sed -n \
		"s/^push_gateway_configuration_reloads_total{result=\"$1\"} //p"
	) >= 2))
}

@test "each worker counts a reload, whether it succeeds or fails" {
	stage_start
	wait_until 5 worker_count
	write_config '.max_batch_size = 50'
	wait_until 10 reloads success
	# Its own configuration is read by -m, too: it gets one without mistake.
	cp "$STAGE/push-gateway.json" "$STAGE/good.json"
	echo '{' >"$STAGE/push-gateway.json"
	wait_until 10 reloads_failed
}

reloads_failed() {
	(($("$GATEWAY" -m -c "$STAGE/good.json" | sed -n \
		's/^push_gateway_configuration_reloads_total{result="failure"} //p'
	) >= 2))
}

@test "a configuration that is not taken takes no gauge back" {
	local series
	make_certificate push clients DNS:push.example
	cat "$STAGE/push.pem" "$STAGE/push-key.pem" >"$STAGE/apns.pem"
	stage_start '.apps[0] |= (del(.key_file, .key_id, .team_id) |
		.certificate_file = "apns.pem")'
	series=push_gateway_credentials_expiry_seconds
	series+="{app=\"$IOS_APP\"} $(date +%s -d "$(openssl x509 -noout \
		-enddate -in "$STAGE/push.pem" | cut -d= -f2)")"
	wait_until 5 worker_count
	wait_until 5 shows "$series"
	: >"$STAGE/apns.pem"
	wait_until 10 reloads failure
	shows "$series"
}

shows() {
	metrics | grep -qxF "$1"
}

@test "before anything was counted there are no metrics, which is no error" {
	apns_port=1 fcm_port=2 oauth_port=3
	write_config
	run --separate-stderr "$GATEWAY" -m -c "$STAGE/push-gateway.json"
	[ "$status" = 0 ]
	[ "$output$stderr" = "" ]
	[ ! -e "$STAGE/state" ]
	mkdir -m 700 "$STAGE/state"
	: >"$STAGE/state/metrics"
	run --separate-stderr "$GATEWAY" -m -c "$STAGE/push-gateway.json"
	[ "$status" = 0 ]
	[ "$output$stderr" = "" ]
}

@test "-m says what is wrong with the configuration or the state" {
	run --separate-stderr "$GATEWAY" -m -c "$STAGE/none.json"
	[ "$status" = 78 ]
	[ "$output" = "" ]
	[[ $stderr == *none.json* ]]
	apns_port=1 fcm_port=2 oauth_port=3
	write_config
	: >"$STAGE/state"
	run --separate-stderr "$GATEWAY" -m -c "$STAGE/push-gateway.json"
	[ "$status" = 78 ]
	[[ $stderr == *"cannot read $STAGE/state/metrics"* ]]
}

@test "a damaged file is replaced" {
	stage_prepare
	mkdir -m 700 "$STAGE/state"
	head -c 100000 /dev/urandom >"$STAGE/state/metrics"
	chmod 600 "$STAGE/state/metrics"
	start_web_server
	notify_both
	wait_until 5 counts 6 'requests_total{operation="notify",status="200"}'
}

@test "a file that is truncated or removed kills no worker and loses no request" {
	stage_start
	wait_until 5 worker_count
	notify_both
	local before harm
	before=$(workers)
	for harm in ': >"$STAGE/state/metrics"' \
		'truncate -s 100000 "$STAGE/state/metrics"' \
		'rm -r "$STAGE/state/metrics"'; do
		eval "$harm"
		notify_both
		[ "$CODE" = 200 ]
		# From the next second on both count in a new one.
		fresh() {
			notify_both
			metrics | grep -q '^push_gateway_requests_total{.*"200"} '
		}
		wait_until 5 fresh
	done
	[ "$(workers)" = "$before" ]
	grep -q 'state/metrics was truncated, removed or replaced' \
		"$STAGE/gateway.log"
}

@test "the check of the text finds mistakes" {
	local text good
	good=$'# HELP a_total A.\n# TYPE a_total counter\na_total{b="c"} 1\n'
	printf %s "$good" | /usr/bin/python3 "$ROOT/tests/lib/prometheus.py"
	for text in "$good$good" "${good%$'\n'}" "${good/HELP/HULP}" \
		"${good/counter/count}" "${good/1/x}" "${good/\"c/c}" \
		"${good}a_total{b=\"c\"} 2"$'\n' "${good}b_total 1"$'\n' \
		"${good//a_total/a}"; do
		printf %s "$text" >"$STAGE/text"
		! /usr/bin/python3 "$ROOT/tests/lib/prometheus.py" \
			<"$STAGE/text" 2>/dev/null ||
			{ echo "$text"; false; }
	done
}

@test "each metric has a help and a type, and a name as Prometheus wants it" {
	local name type labels help count=0
	while IFS=$'\t' read -r name type labels help; do
		case $type:$name in
		counter:push_gateway_*_total|histogram:push_gateway_*_seconds) ;;
		gauge:push_gateway_*_total) false ;;
		gauge:push_gateway_*) ;;
		*) echo "$type $name"; false ;;
		esac
		[[ $name =~ ^[a-z_]+$ && $help == [A-Z0-9]*. ]]
		# (metrics holds what is printed against help and type, too.)
		count=$((count + 1))
	done < <(described metric | awk -F'\t' -v OFS='\t' \
		'{ print $1, $2, ($3 == "" ? "-" : $3), $4 }')
	((count >= 30))
}

@test "histograms go from 5 ms to 10 s" {
	local name
	WORKERS=1 stage_start
	post /push/v1/notify "$(single "$(plain '{}' "$(android a)")")"
	wait_until 5 counts 1 'provider_seconds_count{provider="fcm"}'
	for name in request_seconds provider_seconds; do
		[ "$(metrics | sed -n "s/^push_gateway_${name}_bucket{.*le=\"\
\([^\"]*\)\"} .*/\1/p" | xargs)" = \
			'0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2 4 8 10 +Inf' ]
	done
}

@test "what becomes of devices is counted, with the reason" {
	WORKERS=1 stage_start
	post /push/v1/notify/batch "$(batch \
		"$(plain '{}' "$(ios a)" "$(android a)")" \
		"$(plain '{}' "$(ios b-410)" "$(android b-404)")" \
		"$(plain '{}' "$(ios c-429)" "$(android c-403-bare)")" \
		"$(plain '{}' "$(ios d-503-once)" "$(device none d)")" \
		"$(plain '{}' "$(device "$IOS_APP" nonsense)")")"
	local ios='provider="apns",app="de.gematik.erezept.ios.apns"'
	local android='provider="fcm",app="gematik-project.*.firebase"'
	wait_until 5 counts 2 \
		"verdicts_total{$ios,verdict=\"delivered\",reason=\"ok\"}"
	counts 1 "verdicts_total{$android,verdict=\"delivered\",reason=\"ok\"}"
	counts 1 "verdicts_total{$ios,verdict=\"rejected\",reason=\"Unregistered\"}"
	counts 1 "verdicts_total{$android,verdict=\"rejected\",reason=\"UNREGISTERED\"}"
	counts 1 "verdicts_total{$ios,verdict=\"later\",reason=\"TooManyRequests\"}"
	counts 1 'verdicts_total{provider="",app="",verdict="failed",reason="app unknown"}'
	counts 1 "attempts_total{$ios,result=\"ServiceUnavailable\"}"
	counts 2 "attempts_total{$ios,result=\"ok\"}"
	counts 5 'provider_seconds_count{provider="apns"}'
	[ "$(metrics | grep -c '^push_gateway_tokens_minted_total{.* 1$')" = 2 ]
	metrics | grep -q '^push_gateway_connections_opened_total{provider="fcm",account="fcm-'
}

@test "an open circuit breaker shows, and a token that cannot be obtained" {
	WORKERS=1 stage_start '.breaker_failures = 2 | .breaker_pause_s = 1'
	control '{"apns": {"closed": true}, "oauth": {"rubbish": true}}'
	post /push/v1/notify/batch "$(batch "$(plain '{}' "$(ios a)")" \
		"$(plain '{}' "$(ios b)")" "$(plain '{}' "$(android b)")")"
	is_open() {
		metrics | grep -q '^push_gateway_account_open{provider="apns",account="apns-.*} '"$1"'$'
	}
	wait_until 5 is_open 1
	metrics | grep -q '^push_gateway_account_opened_total{provider="apns",.*} 1$'
	metrics | grep -q '^push_gateway_token_failures_total{provider="fcm",.*} [1-9]'
	control '{}'
	again() {
		post /push/v1/notify "$(single "$(plain '{}' "$(ios a)")")"
		[ "$CODE" = 200 ]
	}
	wait_until 10 again
	wait_until 5 is_open 0
}

@test "a breaker that opened under a former configuration closes again" {
	local caller config
	config='.request_timeout_ms = 3000 | .breaker_failures = 2 |
		.breaker_pause_s = 1'
	WORKERS=1 stage_start "$config"
	control '{"apns": {"hang": true}}'
	ANSWER_FILE=former post /push/v1/notify/batch "$(batch \
		"$(plain '{}' "$(ios a)")" "$(plain '{}' "$(ios b)")")" 3>&- &
	caller=$!
	asked() {
		[ "$(record 'select(.service == "apns")' | wc -l)" = 2 ]
	}
	wait_until 2 asked
	write_config "$config | .max_batch_size = 50"
	wait_until 5 grep -q 'configuration reloaded' "$STAGE/gateway.log"
	wait "$caller"
	metrics | grep -q '^push_gateway_account_opened_total{provider="apns",.*} 1$'
	control '{}'
	gone() {
		post /push/v1/notify "$(single "$(plain '{}' "$(ios c)")")"
		! metrics | grep -q '^push_gateway_account_open{.*} 1$'
	}
	wait_until 20 gone
}

@test "pushkeys that a wrong setting makes look dead raise an alarm" {
	WORKERS=1 stage_start
	notify_both
	control '{"apns": {"answer": {"status": 400,
		"reason": "BadDeviceToken"}}}'
	local items=() i
	for i in {1..15}; do
		items+=("$(plain '{}' "$(ios "a$i")")")
	done
	post /push/v1/notify/batch "$(batch "${items[@]}")"
	wait_until 5 counts 1 "dead_share_alarm{app=\"$IOS_APP\"}"
	counts 6 "guarded_total{app=\"$IOS_APP\"}"
}

# metrics_of_good: of a configuration without a mistake beside the stage's.
metrics_of_good() {
	"$GATEWAY" -m -c "$STAGE/good.json"
}

good_shows() {
	metrics_of_good | grep -qxF "push_gateway_$1"
}

@test "the workers that live are counted, with their version" {
	local version worker
	version=$("$GATEWAY" -V)
	stage_start
	wait_until 5 worker_count
	wait_until 5 counts 2 workers
	counts 1 "build_info{version=\"${version#* }\"}"
	counts 1024 requests_in_flight_limit
	counts 0 requests_in_flight
	# Who only stands still lives.
	worker=$(workers | head -n 1)
	kill -STOP "$worker"
	counts 2 workers
	kill -CONT "$worker"
	kill -KILL $(workers)
	wait_until 10 counts 2 workers
	stop "$WEB_SERVER_PID"
	wait_until 10 nobody_works
	run ! grep -E '_workers|_build_info|_in_flight' <<<"$(metrics)"
}

nobody_works() {
	[ -z "$(workers)" ]
}

@test "requests in flight are those that are not answered" {
	local caller
	stage_start
	control '{"apns": {"latency_ms": 3000}}'
	ANSWER_FILE=slow post /push/v1/notify/batch "$(batch \
		"$(plain '{}' "$(ios a)")")" 3>&- &
	caller=$!
	wait_until 5 counts 1 requests_in_flight
	wait "$caller"
	wait_until 5 counts 0 requests_in_flight
}

# gauges NAME: the values of an account's gauge, one a provider.
gauges() {
	metrics | sed -n "s/^push_gateway_$1{provider=\"\([a-z]*\)\".*} /\1 /p"
}

@test "what is under way to each provider shows, and the age of its token" {
	local caller
	stage_start
	wait_until 5 worker_count
	control '{"apns": {"latency_ms": 3000}}'
	ANSWER_FILE=slow post /push/v1/notify/batch "$(batch \
		"$(plain '{}' "$(ios a)" "$(ios b)")")" 3>&- &
	caller=$!
	wait_until 5 eval 'gauges provider_requests_in_flight | grep -qx "apns 2"'
	gauges provider_connections | grep -Ex 'apns [1-4]'
	wait "$caller"
	wait_until 5 eval 'gauges provider_requests_in_flight | grep -qx "apns 0"'
	gauges provider_requests_in_flight_limit | grep -E 'apns [1-9]'
	gauges token_age_seconds | grep -Ex 'apns [0-9]{1,2}'
	counts 2 'permit_wait_seconds_count{provider="apns"}'
}

@test "a configuration that is refused shows, and since when the other holds" {
	local before loaded
	stage_start
	cp "$STAGE/push-gateway.json" "$STAGE/good.json"
	wait_until 5 counts 1 configuration_in_force
	before=$(loaded)
	((before <= $(date +%s) && before > $(date +%s) - 60))
	echo '{' >"$STAGE/push-gateway.json"
	wait_until 10 good_shows "configuration_in_force 0"
	[ "$(loaded)" = "$before" ]
	write_config '.max_batch_size = 50'
	wait_until 10 good_shows "configuration_in_force 1"
	wait_until 10 loaded_after "$before"
}

loaded() {
	metrics_of_good | sed -n \
		's/^push_gateway_configuration_loaded_timestamp_seconds //p'
}

loaded_after() {
	(($(loaded) > $1))
}

@test "an app whose credentials cannot be used shows" {
	mv "$STAGE/AuthKey_ABC1234567.p8" "$STAGE/key"
	stage_start
	wait_until 5 counts 0 "app_usable{app=\"$IOS_APP\"}"
	counts 1 'app_usable{app="gematik-project.*.firebase"}'
	mv "$STAGE/key" "$STAGE/AuthKey_ABC1234567.p8"
	wait_until 10 counts 1 "app_usable{app=\"$IOS_APP\"}"
}

@test "when the web server's certificate and CRL end is a metric" {
	make_certificate_for_days yesterday "5 days" soon clients DNS:x.example
	stage_start '.tls_watch = [ "soon.pem", "none.pem" ]'
	local ends
	ends=$(date -d "$(openssl x509 -in "$STAGE/soon.pem" -noout -enddate |
		cut -d= -f2)" +%s)
	wait_until 5 bash -c '"$@" | grep -qF "$0"' \
		"push_gateway_tls_expiry_seconds{file=\"$STAGE/soon.pem\"} $ends" \
		"$GATEWAY" -m -c "$STAGE/push-gateway.json"
	wait_until 5 grep -q 'warn: tls_watch: .*soon.pem contains a certificate that ends in less than 7 days' \
		"$STAGE/gateway.log"
	wait_until 5 grep -q 'warn: tls_watch: cannot read .*none.pem' \
		"$STAGE/gateway.log"
}
