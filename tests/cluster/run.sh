#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
#	run.sh [SECONDS]
#
# Three hosts of two workers behind two HAProxy, in network namespaces of their
# own, under a steady load.  One after the other, each for some SECONDS (12), a
# host is killed, comes back with an empty state directory, freezes, is cut off,
# loses packets, is far away, all are upgraded, a HAProxy is reloaded, one is
# killed.  What callers were told is compared, device by device, with what the
# providers have seen (judge.py).  Then the throughput of one, two and three
# hosts is measured, each with the same share of a CPU.
#
# As root; prints TAP, and in comments the table of doc/SCALING.md.  With MEASURE
# set to 0 nothing is measured.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
seconds=${1:-12}
callers=10
# shellcheck source=tests/lib/stage.bash
. "$here/../lib/stage.bash"

skip()
{
	echo "1..0 # SKIP $*"
	exit 0
}

((EUID == 0)) || skip "it takes root"
type -P haproxy ip iptables socat >/dev/null ||
	skip "it takes haproxy, iproute2, iptables and socat"

net=pg$$
stage=$(mktemp -d /tmp/cluster.XXXXXX)

# inside NAME COMMAND...: in that namespace.
inside()
{
	ip netns exec "$net-$1" "${@:2}"
}

# Every process of the namespaces is ours, and only those.
leave()
{
	local name

	for name in host1 host2 host3 lb1 lb2 caller providers; do
		ip netns pids "$net-$name" 2>/dev/null |
			xargs -r kill -KILL 2>/dev/null || :
		ip netns del "$net-$name" 2>/dev/null || :
		rmdir "/sys/fs/cgroup/cpu/$net-$name" 2>/dev/null || :
	done
	ip link del "$net" 2>/dev/null || :
	ip netns del "$net-switch" 2>/dev/null || :
	[ -n "${KEEP-}" ] || rm -rf "$stage"
}
trap leave EXIT

# --- the network -------------------------------------------------------------

# plug NAME ADDRESS: a namespace with a cable to the switch.
plug()
{
	ip netns add "$net-$1"
	ip -n "$net-$1" link add eth0 type veth peer name "$1" \
		netns "$net-switch"
	ip -n "$net-$1" addr add "10.77.0.$2/24" dev eth0
	ip -n "$net-$1" link set eth0 up
	ip -n "$net-$1" link set lo up
	ip -n "$net-switch" link set "$1" master switch up
}

lay_cables()
{
	ip netns add "$net-switch"
	ip -n "$net-switch" link add switch type bridge
	ip -n "$net-switch" link set switch up
	plug host1 11
	plug host2 12
	plug host3 13
	plug lb1 21
	plug lb2 22
	plug providers 31
	plug caller 41
}

# --- the programs ------------------------------------------------------------

prepare()
{
	local i

	stage_open "$stage"
	make_certificate server providers DNS:localhost,$(
		)IP:10.77.0.21,IP:10.77.0.22,IP:10.77.0.31 serverAuth
	cat "$STAGE/server.pem" "$STAGE/providers-ca.pem" \
		>"$STAGE/server-chain.pem"
	openssl rand -hex 16 >"$STAGE/secret"
	chmod 600 "$STAGE/secret"
	install_gateway
	control '{"apns": {"latency_ms": 50}, "fcm": {"latency_ms": 50}}'
	SIMULATOR_PROGRAM=$SIMULATOR
	SIMULATOR=start_simulator_there start_simulator --listen 10.77.0.31
	write_service_account
	for i in 1 2 3; do
		write_config "walk(if type == \"string\" then
			sub(\"localhost\"; \"10.77.0.31\") else . end) |
			.state_directory = \"state-$i\" |
			.fastcgi_secret_file = \"secret\""
		mv "$STAGE/push-gateway.json" "$STAGE/host$i.json"
	done
	write_haproxy
}

start_simulator_there()
{
	inside providers "$SIMULATOR_PROGRAM" "$@"
}

write_haproxy()
{
	ln -sf server-key.pem "$STAGE/server-chain.pem.key"
	sed -e "s|/etc/push-gateway/tls/|$STAGE/|g" \
		-e "s|/usr/share/push-gateway/errors|$STAGE/errors|" \
		-e "s|/run/haproxy/admin|$STAGE/\${NAME}|" \
		-e '/^\t\(chroot\|user\|group\) /d' \
		-e "s|^\(\tlog \)/dev/log .*|\1stdout format raw local0|" \
		-e 's|10.0.0.5:9000|10.77.0.11:9000|' \
		-e 's|10.0.0.6:9000|10.77.0.12:9000|' \
		-e 's|10.0.0.7:9000|10.77.0.13:9000|' \
		"$ROOT/haproxy/push-gateway.cfg" >"$STAGE/haproxy.cfg"
}

# start_host NUMBER: as systemd holds socket and workers; and a way to the token
# endpoint, which wants to be called localhost.
start_host()
{
	inside "host$1" socat \
		"TCP-LISTEN:$oauth_port,bind=127.0.0.1,fork,reuseaddr" \
		"TCP:10.77.0.31:$oauth_port" >/dev/null 2>&1 3>&- &
	disown
	PUSH_GATEWAY_CONFIG=$STAGE/host$1.json inside "host$1" \
		perl "$ROOT/tests/lib/fastcgi.pl" pool 2 "10.77.0.1$1:9000" \
		"$STAGE/push-gateway.fcgi" >>"$STAGE/host$1.log" 2>&1 3>&- &
	disown
}

# Another way to the second host, which takes 200 ms there and back.
start_delay()
{
	exec ip netns exec "$net-host2" python3 "$here/delay.py" 0.1 \
		10.77.0.12 9100 10.77.0.12 9000 >>"$STAGE/delay.log" 2>&1 3>&- &
	delay=$!
	disown
}

signal()
{
	ip netns pids "$net-$1" | xargs -r kill "-$2"
}

# workers_of HOST
workers_of()
{
	local pid

	for pid in $(ip netns pids "$net-$1"); do
		! tr '\0' ' ' <"/proc/$pid/cmdline" |
			grep -q "^$STAGE/push-gateway.fcgi" || echo "$pid"
	done
}

start_haproxy()
{
	NAME=$1 PUSH_GATEWAY_SECRET=$(cat "$STAGE/secret") inside "$1" \
		haproxy -W -f "$STAGE/haproxy.cfg" -p "$STAGE/$1.pid" \
		>>"$STAGE/$1.log" 2>&1 3>&- &
	disown
}

# ready HOST: both HAProxy say so.
ready()
{
	local name

	for name in lb1 lb2; do
		inside "$name" curl -fsS -m 2 -o "$STAGE/ready" \
			"http://127.0.0.1:9464/$1/health/ready" || return 1
		[ "$(socat - "UNIX:$STAGE/$name.sock" <<<'show stat' |
			awk -F, -v host="$1" '$1 == "push-gateway" &&
				$2 == host { print $18 }')" = UP ] || return 1
	done
}

# --- the story ---------------------------------------------------------------

# phase NAME: what the load is under from now on.
phase()
{
	echo "$1" >"$STAGE/phase.new"
	mv "$STAGE/phase.new" "$STAGE/phase"
	now=$1
}

# fault COMMAND...: it happens while that runs.
fault()
{
	local from=$EPOCHREALTIME

	"$@"
	echo "$now $from $EPOCHREALTIME" >>"$STAGE/faults"
}

# over HOST...: nothing of it is left.
over()
{
	local host

	for host; do
		wait_until 20 ready "$host"
	done
	phase "between"
	sleep 1
}

story()
{
	local pid host

	phase "all well"
	sleep "$seconds"
	phase "kill"
	sleep 1
	fault signal host1 KILL
	sleep "$seconds"
	rm -rf "$STAGE/state-1"
	phase "back, without state"
	start_host 1
	wait_until 20 ready host1
	sleep "$((seconds / 2))"
	phase "freeze"
	sleep 1
	fault signal host2 STOP
	sleep "$seconds"
	signal host2 CONT
	over host2
	phase "cut"
	sleep 1
	fault ip -n "$net-switch" link set host3 down
	sleep "$seconds"
	ip -n "$net-switch" link set host3 up
	over host3
	phase "loss"
	inside host1 iptables -A INPUT -m statistic --mode random \
		--probability 0.05 -j DROP
	sleep "$seconds"
	inside host1 iptables -F INPUT
	over host1
	phase "delay"
	inside host2 iptables -t nat -A PREROUTING -p tcp --dport 9000 \
		-j REDIRECT --to-ports 9100
	sleep "$seconds"
	kill -USR1 "$delay"
	over host2
	phase "upgrade"
	for host in host1 host2 host3; do
		for pid in $(workers_of "$host"); do
			kill "$pid"
			wait_until 20 has_ended "$pid"
			wait_until 20 ready "$host"
		done
	done
	phase "reload HAProxy"
	kill -USR2 "$(cat "$STAGE/lb1.pid")"
	sleep "$((seconds / 2))"
	phase "kill HAProxy"
	sleep 1
	fault signal lb1 KILL
	sleep "$((seconds / 2))"
	phase "between"
	start_haproxy lb1
	over host1 host2 host3
}

tell()
{
	local status=0

	python3 "$here/judge.py" "$STAGE" >"$STAGE/phases" 2>"$STAGE/mistakes" ||
		status=1
	{
		jq -rs '.[0] | keys_unsorted | join(" | ")' "$STAGE/phases"
		jq -r '[ .[] ] | join(" | ")' "$STAGE/phases"
		cat "$STAGE/mistakes"
	} | sed 's/^/# /'
	if ((status)); then
		echo -n "not "
	fi
	echo "ok 1 - whatever becomes of a host, callers are told the truth"
}

# --- throughput --------------------------------------------------------------

# As many hosts, each with 6 % of a CPU: how many items a second.
throughput()
{
	local name

	for name in host1 host2 host3; do
		socat - "UNIX:$STAGE/lb2.sock" >/dev/null <<<"set server push-gateway/$name state $(
			((${name#host} <= $1)) && echo ready || echo maint)"
	done
	sleep 1
	inside caller "$BUILD/tests/bench/bench-load" \
		https://10.77.0.22/push/v1/notify/batch "$STAGE/providers-ca.pem" \
		"$STAGE/client.pem" "$STAGE/client-key.pem" "$STAGE/ten.json" \
		$(($1 * 400)) $(($1 * 24)) $(($1 * 48)) '' |
		sed -n 's/^{/{/p' | tail -n 1 >"$STAGE/load-$1"
	jq '.failed as $failed | .requests * 1000 / .ms |
		if $failed > 0 then error("failed") else round end' \
		"$STAGE/load-$1"
}

# were_held COUNT: it was the quota that held the hosts back, and not what else
# the machine has to do.
were_held()
{
	local name

	for name in host1 host2 host3; do
		((${name#host} > $1)) || awk '
		/^nr_periods/ { periods = $2 }
		/^nr_throttled/ { throttled = $2 }
		END { exit throttled < periods / 4 }' \
			"/sys/fs/cgroup/cpu/$net-$name/cpu.stat" || return 1
	done
}

limit_hosts()
{
	local name group

	for name in host1 host2 host3; do
		group=/sys/fs/cgroup/cpu/$net-$name
		mkdir "$group" || return 1
		echo 100000 >"$group/cpu.cfs_period_us"
		echo 6000 >"$group/cpu.cfs_quota_us"
		ip netns pids "$net-$name" | while read -r pid; do
			echo "$pid" >"$group/cgroup.procs"
		done
	done
}

measure()
{
	local i items=() rate=()

	for i in {1..10}; do
		items+=("$(plain '{}' "$(ios "m$i")")")
	done
	batch "${items[@]}" >"$STAGE/ten.json"
	control '{}'
	inside host2 iptables -t nat -F PREROUTING
	kill "$delay"
	if ! limit_hosts 2>/dev/null; then
		echo "ok 2 - more hosts serve more # SKIP no CPU quota here"
		return
	fi
	for i in 1 2 3; do
		rate[i]=$(throughput "$i")
		if ! were_held "$i"; then
			echo "ok 2 - more hosts serve more # SKIP too busy:" \
				"the hosts did not get their share"
			return
		fi
	done
	echo "# batches of ten a second, by hosts: ${rate[*]}"
	jq -en --argjson one "${rate[1]}" --argjson two "${rate[2]}" \
		--argjson three "${rate[3]}" \
		'$two >= 1.9 * $one and $three >= 2.8 * $one' >/dev/null ||
		echo -n "not "
	echo "ok 2 - two hosts serve 1.9 times as much as one, three 2.8 times"
}

main()
{
	echo "1..$((${MEASURE-1} ? 2 : 1))"
	lay_cables
	prepare
	for i in 1 2 3; do
		start_host "$i"
	done
	start_delay
	start_haproxy lb1
	start_haproxy lb2
	for i in 1 2 3; do
		wait_until 20 ready "host$i"
	done
	: >"$STAGE/faults"
	phase "between"
	inside caller python3 "$here/caller.py" "$STAGE" "$callers" 0.1 \
		10.77.0.21 10.77.0.22 >"$STAGE/caller.log" 2>&1 3>&- &
	caller=$!
	sleep 3
	story
	: >"$STAGE/stop"
	wait "$caller"
	tell
	((!${MEASURE-1})) || measure
}

main
