# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# lighttpd: see tests/lib/web-server.bash.  (It splits bin-path at blanks, so the
# worker's path must have none.)

# lighttpd_localize FILE: what is shipped, with other ports, paths and user.
lighttpd_localize() {
	sed -e "${WEB_SERVER_EDIT-}" \
		-e "s|^server.port = 443|server.bind = \"127.0.0.1\"\nserver.port = $PORT|" \
		-e "s|\":443\"|\"127.0.0.1:$PORT\"|" \
		-e "s|127.0.0.1:9464|127.0.0.1:$ADMIN_PORT|" \
		-e "s|127.0.0.1:8448|127.0.0.1:$HOMESERVER_PORT|" \
		-e '/^server.username/d; /^server.groupname/d' \
		-e "s|/etc/push-gateway/tls|$STAGE|" \
		-e "s|/etc/push-gateway/|$STAGE/|" \
		-e "s|/usr/share/push-gateway/errors|$STAGE/errors|" \
		-e "s|/usr/libexec/push-gateway/|$STAGE/|" \
		-e "s|/run/lighttpd|$STAGE|" \
		-e "s|/run/push-gateway-uploads|$STAGE/uploads|" \
		-e "s|/run/push-gateway.sock|$STAGE/push-gateway.sock|" \
		-e "s|/var/log/lighttpd/error.log|$STAGE/web-server.log|" \
		-e "s|/var/log/lighttpd/push-gateway.log|$STAGE/gateway.log|" \
		-e "s|/var/log/lighttpd/|$STAGE/|" \
		-e "s|\"max-procs\" => 2|\"max-procs\" => $WORKERS|" "$1"
}

# lighttpd_gateway: the shipped file that names WEB_SERVER's gateway.
lighttpd_gateway() {
	echo "60-push-gateway${WEB_SERVER#lighttpd}.conf"
}

lighttpd_write_configuration() {
	local file

	mkdir -p "$STAGE/conf-available"
	for file in 50-push-gateway-tls.conf "$(lighttpd_gateway)"; do
		lighttpd_localize "$ROOT/lighttpd/$file" \
			>"$STAGE/conf-available/$file"
	done
	lighttpd_localize "$ROOT/lighttpd/push-gateway.conf" |
		sed "s|^\(include .*\)60-push-gateway.conf|\1$(lighttpd_gateway)|" \
		>"$STAGE/lighttpd.conf"
}

lighttpd_add_plain_port() {
	sed -n -e "s|127.0.0.1:$PORT|127.0.0.1:$PLAIN_PORT|" \
		-e "s|$STAGE/push-gateway\"|$STAGE/plain\"|" \
		-e '/^\$SERVER\["socket"\] == "127.0.0.1:'"$PLAIN_PORT"'"/,/^}/p' \
		"$STAGE/conf-available/$(lighttpd_gateway)" \
		>>"$STAGE/lighttpd.conf"
}

# By its absolute path, which it starts again when it is reloaded.
lighttpd_run() {
	exec "$(type -P lighttpd)" -D -f "$STAGE/lighttpd.conf"
}

lighttpd_finds_no_mistake() {
	lighttpd -tt -f "$STAGE/lighttpd.conf"
}

lighttpd_reloads_by() {
	echo USR1
}
