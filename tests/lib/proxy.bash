# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# tinyproxy, a proxy between the gateway and the phone networks.  For `load`,
# after stage.bash, which has it end with the stage.

# start_proxy [USER PASSWORD]: at PROXY_PORT, a new one if there is none.
start_proxy() {
	local try
	for try in 1 2 3 4 5 6 7 8; do
		: "${PROXY_PORT:=$((RANDOM % 20000 + 10000))}"
		write_proxy_conf "$@"
		tinyproxy -d -c "$STAGE/tinyproxy.conf" \
			>"$STAGE/tinyproxy.out" 2>&1 3>&- &
		PROXY_PID=$!
		wait_until 10 proxy_listens_or_died
		if kill -0 "$PROXY_PID" 2>/dev/null; then
			echo "$PROXY_PID" >>"$STAGE/pids"
			return 0
		fi
		PROXY_PORT=
	done
	echo "tinyproxy did not start (try $try):" >&2
	cat "$STAGE/tinyproxy.out" >&2
	return 1
}

write_proxy_conf() {
	cat >"$STAGE/tinyproxy.conf" <<-END
	Port $PROXY_PORT
	Listen 127.0.0.1
	Timeout 600
	LogFile "$STAGE/tinyproxy.log"
	LogLevel Connect
	MaxClients 100
	END
	if [ $# -gt 0 ]; then
		echo "BasicAuth $1 $2" >>"$STAGE/tinyproxy.conf"
	fi
}

proxy_listens_or_died() {
	! kill -0 "$PROXY_PID" 2>/dev/null ||
		(: <>"/dev/tcp/127.0.0.1/$PROXY_PORT") 2>/dev/null
}
