#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What an image holds and runs, on a copy of this machine in the place of an
# image; what the chart and the compose file ask for.

load ../lib/stage.bash
load mounted.bash

CHART=$ROOT/deploy/helm/push-gateway

setup() {
	stage_open "$BATS_TEST_TMPDIR/stage"
}

teardown() {
	stage_close
}

# --- what an image runs ------------------------------------------------------

# The copy's root is overlaid and then read-only; its writes go to memory.
# Becomes what runs in it: "serve", as user 10001.
become_image() {
	exec unshare --mount bash -ec '
	cd "$STAGE"
	mount -t tmpfs --make-private tmpfs machine
	mkdir machine/{upper,work,root}
	root=$STAGE/machine/root
	mount -t overlay overlay -o \
		"lowerdir=/,upperdir=$STAGE/machine/upper,workdir=$STAGE/machine/work" \
		"$root"
	make -C "$BUILD" install \
		DESTDIR="$root" prefix=/usr exec_prefix=/usr \
		libexecdir=/usr/libexec datarootdir=/usr/share \
		sysconfdir=/etc runstatedir=/run \
		SYSTEMD_UNIT_DIR=/usr/lib/systemd/system \
		TMPFILES_DIR=/usr/lib/tmpfiles.d >install.log 2>&1
	# As deploy/Containerfile does.
	cp "$ROOT"/deploy/{serve,write-configuration} "$root/usr/local/bin"
	write_configuration=$root/usr/local/bin/write-configuration
	"$write_configuration" \
		"$root/usr/share/doc/push-gateway/examples/lighttpd" \
		"$root/etc/lighttpd"
	sed -i "s/8443/$PORT/; s/9464/$ADMIN_PORT/" "$root"/etc/lighttpd/*.conf
	rm -rf "$root/etc/push-gateway"
	cp -a image "$root/etc/push-gateway"
	mount -o remount,ro "$root"
	mount -t proc proc "$root/proc"
	mount --rbind /dev "$root/dev"
	mount -t tmpfs -o mode=0770,uid=10001,gid=10001 tmpfs "$root/run"
	exec chroot --userspec=10001:10001 "$root" /usr/local/bin/serve'
}

# write_mounted: what an operator mounts on /etc/push-gateway.
write_mounted() {
	stage_prepare '.state_directory = "/run/push-gateway"'
	mkdir -p "$STAGE/machine"
	copy_mounted
}

listens() {
	curl -s -o /dev/null --cacert "$STAGE/providers-ca.pem" \
		"https://localhost:$PORT/"
}

@test "an image serves with a read-only root, as nobody in particular, and drains" {
	[ "$EUID" = 0 ] || skip "it takes root"
	unshare --mount true 2>/dev/null || skip "it takes mounts of its own"
	local server caller
	write_mounted
	export STAGE BUILD ROOT PORT=$((RANDOM % 20000 + 10000))
	export ADMIN_PORT=$((PORT + 1))
	(become_image) >"$STAGE/serve.log" 2>&1 3>&- &
	server=$!
	echo "$server" >>"$STAGE/pids"
	wait_until 20 listens || { cat "$STAGE"/{install,serve}.log; false; }
	post /push/v1/notify "$(single "$(plain '{}' "$(ios a)" "$(android a)")")"
	[ "$CODE" = 200 ]
	[ "$(record .service | sort -u | xargs)" = 'apns fcm oauth' ]
	curl -fsS "http://127.0.0.1:$ADMIN_PORT/health/ready"
	# It writes nowhere but in /run.
	[ "$(ps -o uid= -p "$server" | tr -d ' ')" = 10001 ]
	run ! chroot --userspec=10001:10001 "/proc/$server/root" \
		touch /etc/x /var/x /tmp/x
	ANSWER_FILE=slow post /push/v1/notify \
		"$(single "$(plain '{}' "$(android slow3000)")")" 3>&- &
	caller=$!
	wait_until 10 grep -q slow3000 "$STAGE/record.json"
	kill -TERM "$server"
	wait "$caller"
	grep -q ' 200' "$STAGE/slow.headers"
	wait_until 15 has_ended "$server"
	run ! listens
}

@test "of the shipped files an image changes what it must, and nothing else" {
	mkdir "$STAGE/to"
	"$ROOT/deploy/write-configuration" "$ROOT/lighttpd" "$STAGE/to"
	run ! grep -rE '^server\.(username|groupname)|/var/log|":443"|/run/push-gateway-uploads' \
		"$STAGE/to"
	grep -q '":8443"' "$STAGE/to/60-push-gateway.conf"
	[ "$(cat "$STAGE"/to/* | grep -c '":9464"')" = 1 ]
}

# --- what is asked for -------------------------------------------------------

chart() {
	/usr/bin/python3 "$ROOT/tests/deploy/chart.py" "$CHART" >"$STAGE/chart"
}

# holds JQ-FILTER: true of the chart's objects, by kind.
holds() {
	jq -e "INDEX(.kind) | $1" "$STAGE/chart" >/dev/null || {
		echo "not so: $1"
		return 1
	}
}

@test "the chart runs pods that may do nothing, and drain" {
	chart
	holds 'keys == ["Deployment","NetworkPolicy","PodDisruptionBudget","Service"]'
	holds '.Deployment.spec.template.spec | .securityContext.runAsNonRoot and
		(.containers[0].securityContext | .readOnlyRootFilesystem and
		(.allowPrivilegeEscalation | not) and
		.capabilities.drop == ["ALL"])'
	# The pause, a request's time, and two seconds.
	holds '.Deployment.spec.template.spec.terminationGracePeriodSeconds >= 15'
	holds '.Deployment.spec.template.spec.containers[0] |
		.readinessProbe.httpGet == {path: "/health/ready", port: "operator"}
		and .livenessProbe.httpGet.path == "/health/live"'
	holds '.Deployment.spec.replicas == 2'
	# What selects, selects the pods.
	holds '.Deployment.spec.template.metadata.labels as $labels |
		[ .Service.spec.selector, .Deployment.spec.selector.matchLabels,
		.NetworkPolicy.spec.podSelector.matchLabels,
		.PodDisruptionBudget.spec.selector.matchLabels ] |
		all(. == $labels)'
}

@test "in the chart nobody but Prometheus reaches the operator's listener" {
	chart
	holds '[ .NetworkPolicy.spec.ingress[] |
		select(any(.ports[]; .port == "operator")) ] |
		length == 1 and (.[0].from | length == 1)'
	holds '[ .Service.spec.ports[].targetPort ] == ["https"]'
}

@test "Helm renders the same" {
	type -P helm >/dev/null || skip "there is no helm here"
	chart
	helm lint "$CHART"
	diff <(helm template push "$CHART" | /usr/bin/python3 -c '
import json, sys, yaml
print(json.dumps([x for x in yaml.safe_load_all(sys.stdin) if x]))' |
		jq -S 'sort_by(.kind)') <(jq -S 'sort_by(.kind)' "$STAGE/chart")
}

@test "the compose file asks for the same, on this host" {
	/usr/bin/python3 -c 'import json, sys, yaml
print(json.dumps(yaml.safe_load(open(sys.argv[1]))))' \
		"$ROOT/deploy/compose.yaml" >"$STAGE/compose"
	jq -e '.services["push-gateway"] | .read_only and
		.cap_drop == ["ALL"] and .user == "10001:10001" and
		(.ports | index("127.0.0.1:9464:9464") != null)' "$STAGE/compose"
	[ -e "$ROOT/$(jq -r '.services["push-gateway"].build.dockerfile' \
		"$STAGE/compose")" ]
}
