#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The dashboard and the alerts that are shipped, by a real Prometheus.

load ../lib/stage.bash

DASHBOARD=$ROOT/monitoring/dashboard.json
ALERTS=$ROOT/monitoring/alerts.yml

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
}

teardown_file() {
	stage_close
}

panels() {
	/usr/bin/python3 "$ROOT/tests/monitoring/panels.py" "$DASHBOARD" "$@"
}

alerts() {
	sed -n 's/^ *- alert: //p' "$ALERTS"
}

@test "the rules are valid, and each fires when it must" {
	promtool check rules "$ALERTS"
	promtool test rules "$ROOT/tests/monitoring/alerts-test.yml"
	# Each is tried.
	diff <(alerts | sort) <(sed -n 's/^        alertname: //p' \
		"$ROOT/tests/monitoring/alerts-test.yml" | sort)
}

@test "doc/ALERTS.md has a paragraph on each alert, and on no other" {
	diff <(alerts) <(sed -n 's/^## \(PushGateway.*\)/\1/p' \
		"$ROOT/doc/ALERTS.md")
	local alert part
	for alert in $(alerts); do
		grep -qF "runbook: doc/ALERTS.md#${alert,,}" "$ALERTS"
		for part in Means "Look at" Do; do
			awk -v heading="## $alert" '/^## /{ on = $0 == heading }
				on' "$ROOT/doc/ALERTS.md" |
				grep -q "^\*\*$part\*\*" ||
				{ echo "$alert: $part"; false; }
		done
	done
}

@test "each metric of rules and dashboard is one of the program's" {
	local name
	for name in $({ panels queries; cat "$ALERTS"; } |
		grep -oE 'push_gateway_[a-z_]+' | sort -u); do
		described metric | grep -qE "^${name%_bucket}\b" ||
			{ echo "$name"; false; }
	done
}

# start_prometheus: on PROMETHEUS, an address; it scrapes the web server.
start_prometheus() {
	PROMETHEUS=127.0.0.1:$((RANDOM % 20000 + 10000))
	cat >"$STAGE/prometheus.yml" <<-EOF
	global: {scrape_interval: 1s, evaluation_interval: 1s}
	rule_files: ["$ALERTS"]
	scrape_configs:
	  - job_name: push-gateway
	    static_configs: [{targets: ["127.0.0.1:$ADMIN_PORT"]}]
	EOF
	promtool check config "$STAGE/prometheus.yml"
	prometheus --config.file="$STAGE/prometheus.yml" \
		--storage.tsdb.path="$STAGE/tsdb" \
		--web.listen-address="$PROMETHEUS" \
		>"$STAGE/prometheus.out" 2>&1 3>&- &
	echo $! >>"$STAGE/pids"
	wait_until 20 curl -fsS "http://$PROMETHEUS/-/ready"
}

# push JSON...: a batch of these devices, an item each.
push() {
	local device items=()
	for device; do
		items+=("$(plain '{}' "$device")")
	done
	post /push/v1/notify/batch "$(batch "${items[@]}")" &&
		[ "$CODE" = 200 ]
}

# What a host has seen in some bad weeks.
make_trouble() {
	local i all=()
	control '{"oauth": {"rubbish": true}}'
	push "$(android first)"
	control '{}'
	push "$(ios first)" "$(android first)"
	control '{"apns": {"answer": {"status": 400,
		"reason": "BadDeviceToken"}}}'
	for i in {1..15}; do
		all+=("$(ios "a$i")")
	done
	push "${all[@]}"
	control '{"apns": {"closed": true, "cut_connections": true}}'
	push "$(ios b)" "$(ios c)"
	control '{}'
	write_config "$CONFIG | .max_batch_size = 99"
}

every_query_has_data() {
	push "$(ios a)" "$(android a)" "$(android b-404)" \
		"$(android c-403-bare)" "$(device none x)"
	request /push/v1/notify -d '{}'
	panels ask "http://$PROMETHEUS" >"$STAGE/without"
}

rules_are_evaluated() {
	curl -fsS "http://$PROMETHEUS/api/v1/rules" | jq -e '[
		.data.groups[].rules[] | .health ] |
		length > 0 and all(. == "ok")'
}

@test "every query of the dashboard has data while the gateway is at work" {
	make_certificate push clients DNS:push.example
	cat "$STAGE/push.pem" "$STAGE/push-key.pem" >"$STAGE/apns.pem"
	CONFIG='.breaker_failures = 2 | .breaker_pause_s = 1 |
		.apps += [ .apps[0] | del(.key_file, .key_id, .team_id) |
		.app_id = "other" | .certificate_file = "apns.pem" ]'
	WORKERS=1 stage_start "$CONFIG"
	start_prometheus
	make_trouble
	wait_until 30 every_query_has_data || { cat "$STAGE/without"; false; }
	wait_until 20 rules_are_evaluated
}
