#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The image of deploy/Containerfile: podman builds it, from a bare Debian that
# debootstrap makes (or DEBIAN_BASE, a directory where it has made one), and runs
# it as deploy/compose.yaml says, in a network of its own with the simulator.

load ../lib/stage.bash
load mounted.bash

# engine ARGUMENT...: podman, apart from what this machine has of its own, for at
# most LIMIT seconds (120).
engine() {
	timeout "${LIMIT:-120}" podman --root "$STORE/root" --runroot "$STORE/run" \
		--storage-driver "$(cat "$STORE/driver")" --runtime runc \
		--cgroup-manager cgroupfs --events-backend none "$@"
}

# make_base: localhost/debian, of packages alone.
make_base() {
	local base=${DEBIAN_BASE-}
	if [ -z "$base" ]; then
		base=$STORE/base
		timeout 600 debootstrap --variant=minbase trixie "$base" ||
			return 1
	fi
	# With what this machine asks for packages by, if that is not the usual
	# way.
	mkdir -p "$STORE/more/etc/apt"
	cp -r "$base/etc/apt/apt.conf.d" /etc/apt/apt.conf.d "$STORE/more/etc/apt"
	tar -C "$base" -cf "$STORE/base.tar" \
		--exclude=./etc/apt/apt.conf.d . &&
		tar -C "$STORE/more" -rf "$STORE/base.tar" \
			./etc/apt/apt.conf.d &&
		LIMIT=600 engine import "$STORE/base.tar" localhost/debian:bare &&
		rm -rf --one-file-system "$STORE"/{base,base.tar,more}
}

# limits: a container gets no more than this machine may give.
limits() {
	printf -- '--ulimit=%s=10000:10000\n' nofile nproc
}

runs_containers() {
	local options
	mapfile -t options < <(limits)
	engine run --rm --network none "${options[@]}" \
		localhost/debian:bare true
}

# The sources alone: nothing that is built here.
copy_sources() {
	mkdir "$STORE/source"
	if git -C "$ROOT" rev-parse --is-inside-work-tree >/dev/null; then
		git -C "$ROOT" ls-files -z
	else
		(cd "$ROOT" && find . -type f ! -name '*.o' ! -name '*.a' -print0)
	fi 2>/dev/null | tar -C "$ROOT" --null -cf - -T - |
		tar -C "$STORE/source" -xf -
}

build_image() {
	LIMIT=800 engine build --isolation chroot --network host \
		--layers=false --build-arg BASE=localhost/debian:bare -t push-gateway \
		-f "$STORE/source/deploy/Containerfile" "$STORE/source"
}

# prepare_image: why there is none, in $STORE/why, if that is no failure.
prepare_image() {
	if [ "$EUID" != 0 ]; then
		echo "it takes root"
	elif ! type -P podman runc debootstrap ip >/dev/null; then
		echo "it takes podman, runc, debootstrap and iproute2"
	elif ! ip netns add "$NET"; then
		echo "it takes a network of its own"
	elif ! ip -n "$NET" link set lo up || ! make_base >&2; then
		echo "the packages cannot be reached"
	elif ! runs_containers >&2; then
		echo "podman runs no container here: $(tail -n 1 "$STORE/log")"
	fi 2>>"$STORE/log" >"$STORE/why"
}

setup_file() {
	STORE=$(mktemp -d /var/tmp/image.XXXXXX)
	NET=image-${STORE##*.}
	export STORE NET
	# Of a machine that is itself a container.
	echo overlay >"$STORE/driver"
	engine info >/dev/null 2>&1 || echo vfs >"$STORE/driver"
	prepare_image
	if [ ! -s "$STORE/why" ]; then
		local status=0
		copy_sources
		build_image >"$STORE/build.log" 2>&1 || status=$?
		if [ "$status" = 124 ]; then
			echo "it takes too long on a machine this busy" \
				>"$STORE/why"
		elif [ "$status" != 0 ]; then
			tail -n 40 "$STORE/build.log"
			return 1
		fi
	fi
}

teardown_file() {
	if type -P podman >/dev/null; then
		engine rm --all --force >/dev/null 2>&1 || :
	fi
	# Those of a build that was cut short, too.
	awk -v store="$STORE/" 'index($2, store) == 1 { print $2 }' \
		/proc/mounts | tac | xargs -r umount
	ip netns del "$NET" 2>/dev/null || :
	rm -rf --one-file-system "$STORE"
}

setup() {
	[ ! -s "$STORE/why" ] || skip "$(cat "$STORE/why")"
	stage_open "$BATS_TEST_TMPDIR/stage"
	PORT=8443 ADMIN_PORT=9464
}

teardown() {
	if [ ! -s "$STORE/why" ]; then
		engine rm --all --force >/dev/null
		stage_close
	fi
}

# --- in that network ---------------------------------------------------------

inside() {
	ip netns exec "$NET" "$@"
}

curl() {
	inside curl "$@"
}

start_simulator_there() {
	exec ip netns exec "$NET" "$BUILD/tests/simulator/push-simulator" "$@"
}

# What an operator mounts on /etc/push-gateway.
write_mounted() {
	SIMULATOR=start_simulator_there start_simulator
	write_service_account
	write_config '.state_directory = "/run/push-gateway"'
	copy_mounted
}

# What the compose file asks for, as podman's options, a line each.
asked_for() {
	/usr/bin/python3 -c 'if True:
		import sys, yaml
		asked = yaml.safe_load(open(sys.argv[1]))["services"]["push-gateway"]
		print("--user=" + asked["user"])
		print("--read-only=" + str(asked["read_only"]).lower())
		print("--stop-timeout=" + asked["stop_grace_period"].rstrip("s"))
		for option, name in (("cap-drop", "cap_drop"), ("tmpfs", "tmpfs"),
				     ("security-opt", "security_opt")):
			for value in asked[name]:
				print("--%s=%s" % (option, value))
	' "$ROOT/deploy/compose.yaml"
}

# start_image: the container "gateway".
start_image() {
	local options
	write_mounted
	mapfile -t options < <(asked_for; limits)
	engine run --detach --name gateway --network "ns:/run/netns/$NET" \
		--read-only-tmpfs=false "${options[@]}" \
		--volume "$STAGE/image:/etc/push-gateway:ro" push-gateway \
		>"$STAGE/run.log"
	wait_until 20 is_ready || {
		engine logs gateway
		return 1
	}
}

is_ready() {
	curl -fsS --max-time 2 "http://127.0.0.1:$ADMIN_PORT/health/ready"
}

listens() {
	curl -s -o /dev/null --cacert "$STAGE/providers-ca.pem" \
		"https://localhost:$PORT/"
}

# --- what it does ------------------------------------------------------------

@test "the image holds the gateway and no credentials, and needs no root" {
	engine inspect push-gateway | jq -e '.[0].Config |
		.User == "10001:10001" and .StopSignal == "SIGTERM" and
		(.ExposedPorts | keys) == ["8443/tcp", "9464/tcp"]'
	local options
	mapfile -t options < <(limits)
	engine run --rm --network none "${options[@]}" --entrypoint find \
		push-gateway /etc/push-gateway /src /tmp /var/lib/apt/lists \
		-type f >"$STAGE/files" 2>"$STAGE/missing" || :
	# Debian's package has an example there.
	[ "$(cat "$STAGE/files")" = /etc/push-gateway/push-gateway.json ]
	# The sources and what compiles them are not in it.
	grep -q "/src.*No such file" "$STAGE/missing"
}

@test "a container delivers for a caller with a certificate, and for no other" {
	start_image
	post /push/v1/notify "$(single "$(plain '{}' "$(ios a)" "$(android a)")")"
	[ "$CODE" = 200 ]
	[ "$(answer .rejected)" = '[]' ]
	[ "$(record 'select(.text == "a") | "\(.service) \(.status)"' | sort |
		xargs)" = 'apns 200 fcm 200' ]
	request /push/v1/notify -H 'Content-Type: application/json' \
		--data-binary "$(single "$(plain '{}' "$(ios b)")")"
	[ "$CODE" = 401 ]
	is_ready
}

@test "a container has no rights, and writes nowhere but in memory" {
	start_image
	post /push/v1/notify "$(single "$(plain '{}' "$(ios a)" "$(android a)")")"
	[ "$CODE" = 200 ]
	engine exec gateway sh -c 'cat /proc/[0-9]*/status' >"$STAGE/status"
	# One shell, one web server, two workers, and who asks.
	[ "$(grep -c ^Uid: "$STAGE/status")" -ge 5 ]
	run ! grep -vE '10001\s+10001\s+10001\s+10001$' \
		<(grep -E '^[UG]id:' "$STAGE/status")
	run ! grep -vE '\s0+$' <(grep '^Cap' "$STAGE/status")
	run ! grep -v '1$' <(grep '^NoNewPrivs' "$STAGE/status")
	local directory
	for directory in / /etc /etc/lighttpd /etc/push-gateway /usr /var \
		/var/log /var/tmp; do
		run ! engine exec gateway touch "$directory/x"
	done
	engine exec gateway test -s /run/push-gateway/apns-token -o \
		-n "$(engine exec gateway ls /run/push-gateway)"
	# Nothing was tried in vain, either.
	engine logs gateway >"$STAGE/gateway.log" 2>&1
	run ! grep -iE 'read-only|denied|not permitted' "$STAGE/gateway.log"
	[ -z "$(engine diff gateway | grep -v ' /\(etc\|run\|tmp\)$')" ]
}

@test "SIGHUP makes a container read the CRL again" {
	start_image
	make_crl clients client
	cat "$STAGE/clients-crl.pem" >"$STAGE/image/tls/clients-crl.pem"
	engine kill --signal HUP gateway
	is_refused() {
		post /push/v1/notify "$(single "$(plain '{}' "$(ios a)")")"
		[ "$CODE" = 401 ]
	}
	wait_until 10 is_refused
}

@test "SIGTERM lets a container answer what is in flight, and end" {
	local caller
	start_image
	ANSWER_FILE=slow post /push/v1/notify \
		"$(single "$(plain '{}' "$(android slow3000)")")" 3>&- &
	caller=$!
	wait_until 10 grep -q slow3000 "$STAGE/record.json"
	# It is sent by "stop", which kills when the grace period is over.
	engine stop gateway
	wait "$caller"
	grep -q ' 200' "$STAGE/slow.headers"
	[ "$(engine inspect gateway | jq '.[0].State.ExitCode')" = 0 ]
	run ! listens
}
