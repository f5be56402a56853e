# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The web server of a stage (tests/lib/stage.bash): the files that are shipped for
# it, with other ports, paths and user, and nothing else changed.  Which one,
# the environment says:
#
#	WEB_SERVER		the files
#	lighttpd		lighttpd/push-gateway.conf, 60-push-gateway.conf
#	lighttpd-pool		... and 60-push-gateway-pool.conf
#	lighttpd-cgi		... and 60-push-gateway-cgi.conf
#	apache-fcgid		apache/push-gateway.conf
#	apache-proxy		apache/push-gateway-proxy.conf
#	apache-cgi		apache/push-gateway-cgi.conf
#	haproxy			haproxy/push-gateway.cfg
#
#	start_web_server	starts it, and the pool of workers it needs
#	restart_web_server	stops and starts it
#	reload_web_server	asks it to, as its unit's reload does
#	workers			prints the process ids of the workers
#
# WEB_SERVER_EDIT, a script for sed, is what an operator changes in the files.
#
# With PLAIN set, the same gateway is there without TLS, too: a mistake.
#
# Set by start_web_server:
#	PORT			where it listens on 127.0.0.1
#	PLAIN_PORT		and without TLS
#	ADMIN_PORT		where the operator's own is
#	HOMESERVER_PORT		that of homeservers, once its lines are no comment
#	WEB_SERVER_PID		its process
#	POOL_PID		that of the pool, if there is one
# and in $STAGE: web-server.log, its errors; gateway.log, the workers' log.
#
# A family of web servers is a file of its own that has
#
#	FAMILY_write_configuration	for WEB_SERVER and PORT
#	FAMILY_add_plain_port		the gateway without TLS, on PLAIN_PORT
#	FAMILY_run			becomes the web server
#	FAMILY_finds_no_mistake		as its unit looks before a reload
#	FAMILY_reloads_by		the signal for that

export WEB_SERVER=${WEB_SERVER:-lighttpd}
# Of a web server, or of its pool, where that is told how many.
export WORKERS=${WORKERS:-2}
PATH=$PATH:/usr/sbin

# shellcheck source=tests/lib/web-server-apache.bash
. "$ROOT/tests/lib/web-server-apache.bash"
# shellcheck source=tests/lib/web-server-haproxy.bash
. "$ROOT/tests/lib/web-server-haproxy.bash"
# shellcheck source=tests/lib/web-server-lighttpd.bash
. "$ROOT/tests/lib/web-server-lighttpd.bash"

# True if the web server answers; false if it is gone.
web_server_answers() {
	curl -s -o /dev/null --max-time 2 --cacert "$STAGE/providers-ca.pem" \
		"https://localhost:$PORT/.push-gateway-errors/"
}

web_server_answers_or_died() {
	! kill -0 "$WEB_SERVER_PID" 2>/dev/null || web_server_answers
}

# What the web server is pointed at.
install_gateway() {
	mkdir -p "$STAGE/errors"
	cp "$ROOT"/errors/*.html "$STAGE/errors"
	cp --remove-destination "$GATEWAY" "$STAGE/push-gateway.fcgi"
	cp "$ROOT/tls/push-gateway-crl" "$STAGE"
	mkdir -p "$STAGE/uploads"
}

# Apache never serves as root: if the tests are root's, the way to the stage is
# opened for www-data, and the stage is its own if the workers are Apache's.
# (The pool's workers are root's.)
open_stage_to_apache() {
	local directory=$STAGE

	[ -n "${POOL_PID-}" ] || chown -R www-data: "$STAGE"
	while directory=${directory%/*}; [ -n "$directory" ]; do
		[ ! -O "$directory" ] || chmod o+x "$directory"
	done
}

# Ports are taken at random: one that is in use is tried once more.
start_web_server() {
	local try family=${WEB_SERVER%%-*}

	install_gateway
	case $WEB_SERVER in
	*-pool|*-proxy) start_pool ;;
	haproxy) [ -n "${HOSTS-}" ] || start_pool ;;
	esac
	((EUID != 0)) || [ "$family" != apache ] || open_stage_to_apache
	for try in 1 2 3 4 5 6 7 8; do
		export PORT=$((RANDOM % 20000 + 10000))
		export ADMIN_PORT=$((PORT + 2)) HOMESERVER_PORT=$((PORT + 3))
		"${family}_write_configuration"
		if [ -n "${PLAIN-}" ]; then
			export PLAIN_PORT=$((PORT + 1))
			"${family}_add_plain_port"
		fi
		"${family}_run" >"$STAGE/web-server.out" 2>&1 3>&- &
		export WEB_SERVER_PID=$!
		if wait_until 10 web_server_answers_or_died &&
			kill -0 "$WEB_SERVER_PID" 2>/dev/null; then
			echo "$WEB_SERVER_PID" >"$STAGE/web-server.pid"
			echo "$WEB_SERVER_PID" >>"$STAGE/pids"
			return 0
		fi
		stop "$WEB_SERVER_PID"
		grep -qs 'in use' "$STAGE"/web-server.* "$STAGE/gateway.log" ||
			break
	done
	echo "$WEB_SERVER did not start (try $try):" >&2
	cat "$STAGE"/web-server.* "$STAGE/gateway.log" >&2
	return 1
}

# (A test that did so before told no other about its processes.)
restart_web_server() {
	local name
	for name in web-server pool; do
		[ ! -e "$STAGE/$name.pid" ] || stop "$(cat "$STAGE/$name.pid")"
	done
	start_web_server
}

# What is new is in force some time later; false if its unit finds a mistake
# first, and leaves it as it is.
reload_web_server() {
	local family=${WEB_SERVER%%-*}

	"${family}_finds_no_mistake" >>"$STAGE/web-server.out" 2>&1 &&
		kill "-$("${family}_reloads_by")" "$WEB_SERVER_PID"
}

# A pool of workers of its own, as systemd would hold it.
start_pool() {
	rm -f "$STAGE/push-gateway.sock"
	PUSH_GATEWAY_CONFIG=$STAGE/push-gateway.json \
		perl "$ROOT/tests/lib/fastcgi.pl" pool "$WORKERS" \
		"$STAGE/push-gateway.sock" "$STAGE/push-gateway.fcgi" \
		2>>"$STAGE/gateway.log" 3>&- &
	export POOL_PID=$!
	echo "$POOL_PID" >"$STAGE/pool.pid"
	echo "$POOL_PID" >>"$STAGE/pids"
	wait_until 10 test -S "$STAGE/push-gateway.sock"
	chmod 0600 "$STAGE/push-gateway.sock"
	((EUID != 0)) || chown www-data "$STAGE/push-gateway.sock"
}

workers() {
	pgrep -f "^$STAGE/push-gateway.fcgi" || :
}
