# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# lighttpd: see tests/web-server.bash.  (It splits bin-path at blanks, so the
# worker's path must have none.)

lighttpd_write_configuration() {
	sed -e "${WEB_SERVER_EDIT-}" \
		-e "s|^server.port = 443|server.bind = \"127.0.0.1\"\nserver.port = $PORT|" \
		-e '/^server.username/d; /^server.groupname/d' \
		-e "s|/etc/push-gateway/tls|$STAGE|" \
		-e "s|/etc/push-gateway/|$STAGE/|" \
		-e "s|/usr/share/push-gateway/errors|$STAGE/errors|" \
		-e "s|/usr/libexec/push-gateway/|$STAGE/|" \
		-e "s|/run/lighttpd/|$STAGE/|" \
		-e "s|/var/cache/lighttpd/uploads|$STAGE|" \
		-e "s|/var/log/lighttpd/error.log|$STAGE/web-server.log|" \
		-e "s|/var/log/lighttpd/push-gateway.log|$STAGE/gateway.log|" \
		-e "s|/var/log/lighttpd/|$STAGE/|" \
		-e "s|\"max-procs\" => 2|\"max-procs\" => $WORKERS|" \
		"$ROOT/lighttpd/push-gateway.conf" >"$STAGE/lighttpd.conf"
}

lighttpd_run() {
	exec lighttpd -D -f "$STAGE/lighttpd.conf"
}
