# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# HAProxy: see tests/lib/web-server.bash.  Its only host is the pool of the
# stage, by its socket, which is out of reach for a process in a chroot; or,
# with HOSTS set to some ADDRESS:PORT, these are host1, host2, ...

# haproxy_hosts: the script for sed that writes them.
haproxy_hosts() {
	local address i=0

	if [ -n "${HOSTS-}" ]; then
		for address in $HOSTS; do
			echo "s|^\(\tserver host$((++i)) \).*|\1$address|"
		done
		# Those that the file has beyond.
		echo "/^\tserver .*:9000$/d"
	else
		echo '/^\tserver host[0-9]/d'
		echo "s|#\(server here unix@\).*|\1$STAGE/push-gateway.sock|"
	fi
}

haproxy_write_configuration() {
	ln -sf server-key.pem "$STAGE/server-chain.pem.key"
	ln -sf server-key-2.pem "$STAGE/server-chain-2.pem.key"
	sed -e "${WEB_SERVER_EDIT-}" -e "s|bind :443|bind 127.0.0.1:$PORT|" \
		-e "s|127.0.0.1:9464|127.0.0.1:$ADMIN_PORT|" \
		-e "s|127.0.0.1 port 9464|127.0.0.1 port $ADMIN_PORT|" \
		-e "s|127.0.0.1:8448|127.0.0.1:$HOMESERVER_PORT|" \
		-e "s|/etc/push-gateway/tls/|$STAGE/|g" \
		-e "s|/usr/share/push-gateway/errors|$STAGE/errors|" \
		-e "s|/usr/share/push-gateway/\(dead-hosts\)|$ROOT/haproxy/\1|" \
		-e "s|/run/haproxy/|$STAGE/|" \
		-e '/^\t\(chroot\|user\|group\) /d' \
		-e "s|^\(\tlog \)/dev/log .*|\1stdout format raw local0|" \
		-e "$(haproxy_hosts)" \
		"$ROOT/haproxy/push-gateway.cfg" >"$STAGE/haproxy.cfg"
}

haproxy_add_plain_port() {
	{
		echo "frontend plain"
		echo "	bind 127.0.0.1:$PLAIN_PORT"
		sed -n '/^frontend callers/,/^# ---/p' "$STAGE/haproxy.cfg" |
			sed '/^frontend/d; /^\tbind/d'
	} >>"$STAGE/haproxy.cfg"
}

haproxy_run() {
	exec haproxy -W -f "$STAGE/haproxy.cfg" -p "$STAGE/haproxy.pid"
}

haproxy_finds_no_mistake() {
	"$STAGE/push-gateway-crl" check-haproxy "$STAGE/haproxy.cfg" &&
		haproxy -W -c -q -f "$STAGE/haproxy.cfg"
}

haproxy_reloads_by() {
	echo USR2
}
