#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
#	run.sh [REQUESTS]
#
# Three hosts behind two HAProxy, under a steady load of ten callers.  One after
# the other, each for as many REQUESTS (1020), a host is killed, comes back with
# an empty state directory, freezes, is cut off, loses packets, is far away, all
# are upgraded, a HAProxy is reloaded, one is killed.  What callers were told is
# compared, device by device, with what the providers have seen, and how long it
# took with how long it takes when all is well (judge.py).
#
# As root; prints TAP, and in comments the table of doc/SCALING.md.
set -euo pipefail

# A caller is held up once by a fault: of so many requests, one in a hundred is
# more than all callers.
requests=${1:-1020}
callers=10
# shellcheck source=tests/cluster/cluster.bash
. "$(dirname "${BASH_SOURCE[0]}")/cluster.bash"

# --- the story ---------------------------------------------------------------

# phase NAME: what the load is under from now on.
phase()
{
	echo "$1" >"$STAGE/phase.new"
	mv "$STAGE/phase.new" "$STAGE/phase"
	now=$1
	told=$(wc -l <"$STAGE/told.json")
}

# told COUNT: so many requests of this phase have ended.
told()
{
	(($(tail -n "+$((told + 1))" "$STAGE/told.json" |
		grep -c "\"phase\": \"$now\"") >= $1))
}

# last COUNT: until they have.
last()
{
	until told "$1"; do
		read -rt 0.2 <> <(:) || :
		kill -0 "$caller"
	done
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
	last "$callers"
}

# Another way to the second host, which takes 200 ms there and back.
start_delay()
{
	exec ip netns exec "$net-host2" python3 "$here/delay.py" 0.1 \
		10.77.0.12 9100 10.77.0.12 9000 >>"$STAGE/delay.log" 2>&1 3>&- &
	delay=$!
	disown
}

# serves_again HOST: it is ready, and has found out that the providers, which it
# could not reach either, are there again.
serves_again()
{
	ready "$1" && inside lb2 curl -fsS -m 2 -o "$STAGE/metrics" \
		"http://127.0.0.1:9464/$1/metrics" &&
		! grep -q '^push_gateway_account_open{.* 1$' "$STAGE/metrics"
}

story()
{
	local pid host

	phase "all well"
	last "$requests"
	phase "kill"
	last "$callers"
	fault signal host1 KILL
	last "$requests"
	rm -rf "$STAGE/state-1"
	phase "back, without state"
	start_host 1
	wait_until 20 ready host1
	last "$((requests / 2))"
	phase "freeze"
	last "$callers"
	fault signal host2 STOP
	last "$requests"
	signal host2 CONT
	over host2
	phase "cut"
	last "$callers"
	fault ip -n "$net-switch" link set host3 down
	last "$requests"
	phase "back from the cut"
	ip -n "$net-switch" link set host3 up
	wait_until 40 serves_again host3
	over host3
	phase "loss"
	inside host1 iptables -A INPUT -m statistic --mode random \
		--probability 0.05 -j DROP
	last "$requests"
	inside host1 iptables -F INPUT
	over host1
	phase "delay"
	inside host2 iptables -t nat -A PREROUTING -p tcp --dport 9000 \
		-j REDIRECT --to-ports 9100
	last "$requests"
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
	last "$callers"
	fault kill -USR2 "$(cat "$STAGE/lb1.pid")"
	last "$((requests / 2))"
	phase "kill HAProxy"
	last "$callers"
	fault signal lb1 KILL
	last "$requests"
	phase "between"
	start_haproxy lb1
	over host1 host2 host3
}

tell()
{
	local status=0

	python3 "$here/judge.py" "$STAGE" "$callers" >"$STAGE/phases" \
		2>"$STAGE/mistakes" || status=1
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

main()
{
	echo 1..1
	cluster_open
	start_delay
	: >"$STAGE/faults"
	: >"$STAGE/told.json"
	phase "between"
	inside caller python3 "$here/caller.py" "$STAGE" "$callers" 0.05 \
		10.77.0.21 10.77.0.22 >"$STAGE/caller.log" 2>&1 3>&- &
	caller=$!
	last "$callers"
	story
	: >"$STAGE/stop"
	wait "$caller"
	tell
}

main
