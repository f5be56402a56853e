#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
#	throughput.sh [PERCENT [REQUESTS [ROUNDS]]]
#
# How far it bends: the throughput of one, two and three hosts, each with the
# same PERCENT (10) of a CPU, so that they are the limit, and neither what is
# around them nor what else the machine has to do.  Each host is sent so many
# REQUESTS (300), batches of ten, in each of ROUNDS (7).  On a busy machine the
# hosts do not get quite all of their share; so what is judged is how many they
# serve for the CPU time that they had, in the round in which a request took least
# of it, for whoever else uses the processor's caches can only add to it.  Where
# they had far less than their share, nothing is judged.
#
# As root; prints TAP, and in comments the tables of doc/SCALING.md.
set -euo pipefail

percent=${1:-10}
requests=${2:-300}
rounds=${3:-7}
# shellcheck source=tests/cluster/cluster.bash
. "$(dirname "${BASH_SOURCE[0]}")/cluster.bash"

sentence="two hosts serve 1.9 times as much as one, three 2.8 times"

# --- shares of a CPU ---------------------------------------------------------

# Control groups of version 1 or 2, whichever has the controller.
if [ -e /sys/fs/cgroup/cpu/cpu.shares ] ||
	[ -e /sys/fs/cgroup/cpu/cpu.cfs_period_us ]; then
	version=1 groups=/sys/fs/cgroup/cpu/$net
else
	version=2 groups=/sys/fs/cgroup/$net
fi

# make_groups: one for all of the cluster, which comes before what else the
# machine has to do, and in it one for each host, with its share.
make_groups()
{
	local name quota=$((percent * 1000)) period=100000

	mkdir "$groups" "$groups"/{host1,host2,host3,others}
	case $version in
	1)
		echo 100000 >"$groups/cpu.shares"
		for name in host1 host2 host3; do
			echo "$period" >"$groups/$name/cpu.cfs_period_us"
			echo "$quota" >"$groups/$name/cpu.cfs_quota_us"
		done
		;;
	2)
		echo +cpu >"$groups/cgroup.subtree_control"
		echo 10000 >"$groups/cpu.weight"
		for name in host1 host2 host3; do
			echo "$quota $period" >"$groups/$name/cpu.max"
		done
		;;
	esac
}

# move NAME GROUP: all that runs there.
move()
{
	local pid

	for pid in $(ip netns pids "$net-$1"); do
		echo "$pid" >"$groups/$2/cgroup.procs"
	done
}

share_out()
{
	local name

	make_groups
	for name in host1 host2 host3; do
		move "$name" "$name"
	done
	for name in lb1 lb2 providers; do
		move "$name" others
	done
}

forget_shares()
{
	[ ! -e "$groups" ] || rmdir "$groups"/{host1,host2,host3,others} "$groups"
}

# periods NAME: how many there were, and in how many all of the share was used.
periods()
{
	awk '/^nr_periods/ { all = $2 } /^nr_throttled/ { used = $2 }
		END { print all, used }' "$groups/$1/cpu.stat"
}

# --- the measurement ---------------------------------------------------------

# load COUNT: what that many hosts can take; prints requests a second.
load()
{
	(
		echo "$BASHPID" >"$groups/others/cgroup.procs"
		inside caller "$BUILD/tests/bench/bench-load" \
			https://10.77.0.22/push/v1/notify/batch \
			"$STAGE/providers-ca.pem" "$STAGE/client.pem" \
			"$STAGE/client-key.pem" "$STAGE/ten.json" \
			$(($1 * requests)) $(($1 * 24)) $(($1 * 48)) ''
	) | sed -n 's/^{/{/p' | tail -n 1 >"$STAGE/load"
	jq 'if .failed > 0 then error("failed") else
		.requests * 1000 / .ms end' "$STAGE/load"
}

# cpu_ns PID...: the CPU time that they have had.
cpu_ns()
{
	local pid

	for pid; do
		cat "/proc/$pid"/task/*/schedstat
	done | awk '{ sum += $1 } END { printf "%.0f\n", sum }'
}

# cost_ns COUNT: what the first so many hosts have had for each of their requests.
cost_ns()
{
	local i sum=0

	for ((i = 1; i <= $1; i++)); do
		# shellcheck disable=SC2046
		sum=$((sum + $(cpu_ns $(ip netns pids "$net-host$i"))))
	done
	echo $((sum / ($1 * requests)))
}

# measure COUNT: a line "COUNT RATE USED COST" to $STAGE/measured, which says in
# what percentage of the time a host had used up its share, of the one that did so
# least, and how many ns of CPU time a request took of the hosts.
measure()
{
	local name before=() after i used least=100 rate cost

	for name in host1 host2 host3; do
		socat - "UNIX:$STAGE/lb2.sock" >/dev/null <<<"set server push-gateway/$name state $(
			((${name#host} <= $1)) && echo ready || echo maint)"
		before+=("$(periods "$name")")
	done
	cost=$(cost_ns "$1")
	rate=$(load "$1")
	cost=$(($(cost_ns "$1") - cost))
	for ((i = 0; i < $1; i++)); do
		after=$(periods "host$((i + 1))")
		used=$(awk '{ print int(($4 - $2) * 100 / ($3 - $1 + !($3 - $1))) }' \
			<<<"${before[i]} $after")
		((used >= least)) || least=$used
	done
	echo "$1 $rate $least $cost" >>"$STAGE/measured"
}

# figures COUNT: as JSON, of the rounds with so many hosts: medians, and the least
# cost.
figures()
{
	jq -nR --argjson count "$1" '
	def median: sort | .[length / 2 | floor];
	[ inputs / " " | map(tonumber) | select(.[0] == $count) ] |
	{ rate: map(.[1]) | median, used: map(.[2]) | median,
	  cost: map(.[3]) | min }' "$STAGE/measured"
}

# all_ns: of HAProxy, and of the workers.
all_ns()
{
	# shellcheck disable=SC2046
	echo "$(cpu_ns $(ip netns pids "$net-lb2"))" \
		"$(cpu_ns $(workers_of host1) $(workers_of host2) $(workers_of \
			host3))"
}

# tell_costs: of each of the notifications; and what providers have of hosts.
tell_costs()
{
	local name worker
	# With those of the warm-up.
	local sent=$((rounds * 6 * (requests + 48) * 10))

	echo "$ns $(all_ns)" | awk -v sent="$sent" '{
		print "# CPU us a notification, HAProxy | " \
			int(($3 - $1) / 1000 / sent)
		print "# CPU us a notification, workers | " \
			int(($4 - $2) / 1000 / sent) }'
	for name in host1 host2 host3; do
		for worker in $(workers_of "$name"); do
			awk '/^Pss:/ { print $2 }' "/proc/$worker/smaps_rollup"
		done
		inside lb2 curl -fsS -m 10 "http://127.0.0.1:9464/$name/metrics" \
			>>"$STAGE/metrics"
	done | sort -n | tail -n 1 | sed 's/^/# KB of the largest worker | /'
	awk '/^push_gateway_provider_connections{provider="apns"/ {
			connections += $2 }
		/^push_gateway_tokens_minted_total{provider="apns"/ {
			tokens += $2 }
		END { print "# connections at APNs | " connections
			print "# tokens minted for APNs | " tokens }' \
		"$STAGE/metrics"
}

tell()
{
	local i

	for i in 1 2 3; do
		figures "$i"
	done | jq -s '.[0].cost as $one | to_entries |
		map(.value + { hosts: (.key + 1),
			times: ((.key + 1) * $one / .value.cost) })' \
		>"$STAGE/figures"
	echo "# hosts | notifications/s | at the limit, % of the time |" \
		"times as many for the CPU time"
	jq -r '.[] | "# \(.hosts) | \(.rate * 10 | round) | \(.used) | \(
		.times * 100 | round / 100)"' "$STAGE/figures"
	tell_costs
	if ! jq -e 'all(.used >= 75)' "$STAGE/figures" >/dev/null; then
		echo "ok 1 - $sentence # SKIP not the hosts' share was the" \
			"limit, but what else the machine had to do"
		return
	fi
	jq -e '.[1].times >= 1.9 and .[2].times >= 2.8' "$STAGE/figures" \
		>/dev/null ||
		echo -n "not "
	echo "ok 1 - $sentence"
}

main()
{
	local i round ns items=()

	cluster_open
	echo 1..1
	if ! share_out 2>"$STAGE/shares.log"; then
		echo "ok 1 - $sentence # SKIP no shares of a CPU can be had here"
		return
	fi
	for i in {1..10}; do
		items+=("$(plain '{}' "$(ios "m$i")")")
	done
	batch "${items[@]}" >"$STAGE/ten.json"
	control '{}'
	ns=$(all_ns)
	for ((round = 1; round <= rounds; round++)); do
		for i in 1 2 3; do
			measure "$i"
		done
	done
	tell
}

main
