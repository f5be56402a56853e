# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Three hosts of two workers behind two HAProxy, the simulated providers and a
# caller, each in a network namespace of its own, with a cable to one switch:
#
#	cluster_open		makes all of it, and waits until all is ready
#
# It takes root, and skips the test where it cannot be.  All that runs there ends
# with the test.  With KEEP set, the directory stays.
#
# Set: STAGE, the directory (see tests/lib/stage.bash), and net, before the
# namespaces' names.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
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

# nobody NAME: no process is left in that namespace.
nobody()
{
	[ -z "$(ip netns pids "$net-$1")" ]
}

# Every process of the namespaces is ours, and only those.
leave()
{
	local name

	for name in host1 host2 host3 lb1 lb2 caller providers; do
		[ -e "/run/netns/$net-$name" ] || continue
		signal "$name" KILL 2>/dev/null || :
		wait_until 20 nobody "$name" || :
		ip netns del "$net-$name"
	done
	ip netns del "$net-switch" 2>/dev/null || :
	! declare -F forget_shares >/dev/null || forget_shares
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
		-e "s|/usr/share/push-gateway/\(dead-hosts\)|$ROOT/haproxy/\1|" \
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

# signal NAME SIGNAL: to all that runs there.
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

cluster_open()
{
	local i

	lay_cables
	prepare
	for i in 1 2 3; do
		start_host "$i"
	done
	start_haproxy lb1
	start_haproxy lb2
	for i in 1 2 3; do
		wait_until 20 ready "host$i"
	done
}
