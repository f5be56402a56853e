# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Apache as Debian configures it, and one site: see tests/lib/web-server.bash.

# apache_site: the file that is shipped for WEB_SERVER.
apache_site() {
	case $WEB_SERVER in
	apache-fcgid) echo "$ROOT/apache/push-gateway.conf" ;;
	apache-cgi) echo "$ROOT/apache/push-gateway-cgi.conf" ;;
	apache-proxy) echo "$ROOT/apache/push-gateway-proxy.conf" ;;
	esac
}

# apache_modules: those that Debian enables, and those that the site's own
# comment says must be.
apache_modules() {
	local name

	# What a2enmod adds by itself.
	local -A needs=([ssl]=socache_shmcb [proxy_fcgi]=proxy)
	echo mpm_event authz_core authz_host alias deflate dir env filter \
		mime negotiation reqtimeout setenvif status
	for name in $(sed -n 's/^#\ta2enmod //p' "$(apache_site)"); do
		echo "${needs[$name]-}" "$name"
	done
}

apache_write_configuration() {
	local name

	for name in $(apache_modules); do
		echo "LoadModule ${name}_module" \
			"/usr/lib/apache2/modules/mod_$name.so"
	done >"$STAGE/apache.conf"
	((EUID != 0)) || printf '%s www-data\n' User Group \
		>>"$STAGE/apache.conf"
	cat >>"$STAGE/apache.conf" <<-EOF
	ServerRoot "$STAGE"
	DefaultRuntimeDir "$STAGE"
	PidFile "$STAGE/apache.pid"
	ServerName localhost
	Listen 127.0.0.1:$PORT
	# The workers write to this one.
	ErrorLog "$STAGE/gateway.log"
	TypesConfig /etc/mime.types
	Include "$ROOT/apache/push-gateway-threads.conf"
	<Directory />
		AllowOverride None
		Require all denied
	</Directory>
	<IfModule ssl_module>
		SSLSessionCache "shmcb:$STAGE/ssl_scache(512000)"
		SSLSessionCacheTimeout 300
		SSLCipherSuite HIGH:!aNULL
	</IfModule>
	<IfModule fcgid_module>
		FcgidConnectTimeout 20
		FcgidIPCDir "$STAGE/fcgid"
		FcgidProcessTableFile "$STAGE/fcgid.table"
		AddHandler fcgid-script .fcgi
	</IfModule>
	RequestReadTimeout header=20-40,minrate=500
	RequestReadTimeout body=10,minrate=500
	Include "$STAGE/site.conf"
	EOF
	sed "s|/usr/share/push-gateway/errors|$STAGE/errors|" \
		"$ROOT/errors/apache-errors.conf" >"$STAGE/apache-errors.conf"
	sed -e "${WEB_SERVER_EDIT-}" -e "s|\*:443|127.0.0.1:$PORT|" \
		-e "s|127.0.0.1:9464|127.0.0.1:$ADMIN_PORT|" \
		-e "s|127.0.0.1:8448|127.0.0.1:$HOMESERVER_PORT|" \
		-e "s|/usr/share/push-gateway/|$STAGE/|" \
		-e "s|/etc/push-gateway/tls/|$STAGE/|" \
		-e "s|/etc/push-gateway/|$STAGE/|" \
		-e "s|/usr/libexec/push-gateway|$STAGE|" \
		-e "s|/run/push-gateway.sock|$STAGE/push-gateway.sock|" \
		-e "s|/var/log/apache2/push-gateway-error.log|$STAGE/web-server.log|" \
		-e "s|/var/log/apache2/push-gateway-|$STAGE/|" \
		"$(apache_site)" >"$STAGE/site.conf"
}

apache_add_plain_port() {
	echo "Listen 127.0.0.1:$PLAIN_PORT" >>"$STAGE/apache.conf"
	sed -e '/^[[:space:]]*SSL/d' -e '/^# The operator/,$d' \
		-e "s|127.0.0.1:$PORT|127.0.0.1:$PLAIN_PORT|" \
		"$STAGE/site.conf" >"$STAGE/plain.conf"
	echo "Include \"$STAGE/plain.conf\"" >>"$STAGE/apache.conf"
}

apache_run() {
	exec apache2 -DFOREGROUND -f "$STAGE/apache.conf"
}

apache_finds_no_mistake() {
	"$STAGE/push-gateway-crl" check-sites "$STAGE" &&
		apache2 -t -f "$STAGE/apache.conf"
}

apache_reloads_by() {
	echo USR1
}
