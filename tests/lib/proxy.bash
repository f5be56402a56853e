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

# hold_proxy_port: nobody listens at PROXY_PORT, nor can another test take it,
# until the process PROXY_PID is stopped.
hold_proxy_port() {
	rm -f "$STAGE/proxy.held"
	python3 - "${PROXY_PORT:-0}" "$STAGE/proxy.held" <<-'END' 3>&- &
	import os, signal, socket, sys
	held = socket.socket()
	held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	held.bind(("127.0.0.1", int(sys.argv[1])))
	with open(sys.argv[2] + ".new", "w") as file:
	    print(held.getsockname()[1], file=file)
	os.rename(sys.argv[2] + ".new", sys.argv[2])
	signal.pause()
	END
	PROXY_PID=$!
	echo "$PROXY_PID" >>"$STAGE/pids"
	wait_until 10 test -s "$STAGE/proxy.held"
	read -r PROXY_PORT <"$STAGE/proxy.held"
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
