#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# "make install" and "make uninstall".

load ../lib/stage.bash

# Another prefix than configure's, so that the paths in files are seen to
# follow it, and each of the places that is off by default.
setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	export apns_port=1 fcm_port=2 oauth_port=3
	write_service_account
	write_config
	export INSTALLED=$STAGE/installed
	make_gateway install >"$STAGE/install.log" 2>&1 || {
		cat "$STAGE/install.log"
		return 1
	}
	find "$INSTALLED" -type f -printf '%P\n' | sort >"$STAGE/list"
}

# make_gateway TARGET [VARIABLE=VALUE...]
make_gateway() {
	make -C "$BUILD" "$@" DESTDIR="$INSTALLED" prefix=/opt/pg \
		exec_prefix=/opt/pg libexecdir=/opt/pg/worker \
		datarootdir=/opt/pg/share sysconfdir=/opt/etc \
		runstatedir=/opt/run APACHE_CONF_DIR=/opt/apache-conf \
		APACHE_SITES_DIR=/opt/apache \
		LIGHTTPD_CONF_DIR=/opt/lighttpd SYSTEMD_UNIT_DIR=/opt/units \
		SYSUSERS_DIR=/opt/sysusers TMPFILES_DIR=/opt/tmpfiles
}

# shipped DIRECTORY SOURCE...: the sources' names in the directory.
shipped() {
	local directory=$1 file
	shift
	for file; do
		[ ! -e "$file" ] || echo "$directory/${file##*/}"
	done
}

@test "each file is installed to its place, and nothing else is" {
	local document=opt/pg/share/doc/push-gateway
	{
		echo opt/pg/worker/push-gateway/push-gateway-crl
		echo opt/pg/worker/push-gateway/push-gateway.fcgi
		echo opt/pg/worker/push-gateway/web-certificates.so
		shipped "$document" "$ROOT"/{LICENSE,NEWS,*.md}
		shipped "$document/doc" "$ROOT"/doc/*
		shipped "$document/examples" "$ROOT/examples/push-gateway.json"
		shipped "$document/examples/apache" "$ROOT"/apache/*.conf
		shipped "$document/examples/lighttpd" "$ROOT"/lighttpd/*.conf
		shipped "$document/examples/haproxy" "$ROOT"/haproxy/*.cfg
		shipped "$document/examples/systemd/push-gateway.socket.d" \
			"$ROOT/systemd/push-gateway.socket.d"/*
		shipped opt/apache \
			"$ROOT"/apache/push-gateway{,-cgi,-proxy}.conf
		shipped opt/apache-conf "$ROOT/apache/push-gateway-threads.conf"
		shipped opt/pg/share/push-gateway \
			"$ROOT"/contrib/openssl-web-certificates/*.cnf \
			"$ROOT/contrib/sygnal2push-gateway" \
			"$ROOT/errors/apache-errors.conf" \
			"$ROOT/haproxy/dead-hosts.lua"
		shipped opt/lighttpd "$ROOT"/lighttpd/[0-9]*.conf
		shipped opt/pg/share/push-gateway/monitoring "$ROOT"/monitoring/*
		shipped opt/pg/share/push-gateway/errors \
			"$ROOT"/errors/*.html
		echo opt/pg/bin/push-gateway
		shipped opt/pg/share/bash-completion/completions \
			"$ROOT"/completions/bash/*
		shipped opt/pg/share/zsh/site-functions \
			"$ROOT"/completions/zsh/*
		echo opt/pg/share/man/man1/push-gateway.1
		echo opt/pg/share/man/man5/push-gateway.json.5
		echo opt/pg/share/man/man8/push-gateway.fcgi.8
		shipped opt/units "$ROOT"/systemd/push-gateway*.{service,socket,timer}
		for server in lighttpd apache2 haproxy; do
			shipped "opt/units/$server.service.d" \
				"$ROOT/systemd/$server.service.d"/*
		done
		shipped opt/sysusers "$ROOT"/systemd/sysusers.d/*
		shipped opt/tmpfiles "$ROOT"/systemd/tmpfiles.d/*
	} | sort | diff - "$STAGE/list"
}

@test "the installed worker runs" {
	local worker=$INSTALLED/opt/pg/worker/push-gateway/push-gateway.fcgi
	[ "$("$worker" -V)" = "$("$GATEWAY" -V)" ]
	[ "$("$INSTALLED/opt/pg/bin/push-gateway" --version)" = \
		"$("$GATEWAY" -V)" ]
	"$worker" -t -c "$STAGE/push-gateway.json"
	"$worker" -t -c "$INSTALLED/opt/pg/share/doc/push-gateway/examples/push-gateway.json"
}

@test "installed files name the paths that configure was given" {
	local file
	while read -r file; do
		run grep -nE '/usr/libexec/push-gateway|/usr/share/(doc/)?push-gateway|(^|[^t])/etc/push-gateway|(^|[^t])/run/push-gateway' \
			"$INSTALLED/$file"
		[ "$status" = 1 ] || { echo "$file: $output"; false; }
	done < <(grep -v -e '/doc/push-gateway/[^/]*$' -e '/doc/push-gateway/doc/' -e '\.fcgi$' \
		-e '/bin/push-gateway$' \
		"$STAGE/list")
	grep -qx 'ExecStart=/opt/pg/worker/push-gateway/push-gateway.fcgi -c /opt/etc/push-gateway/push-gateway.json' \
		"$INSTALLED/opt/units/push-gateway@.service"
	grep -q 'bin-path" => "/opt/pg/worker/push-gateway/push-gateway.fcgi"' \
		"$INSTALLED/opt/pg/share/doc/push-gateway/examples/lighttpd/60-push-gateway.conf"
}

@test "with the prefix of a system the files are as they are in the tree" {
	local file system=$STAGE/system
	make -C "$BUILD" install DESTDIR="$system" prefix=/usr \
		exec_prefix=/usr libexecdir=/usr/libexec \
		datarootdir=/usr/share sysconfdir=/etc runstatedir=/run \
		SYSTEMD_UNIT_DIR=/usr/lib/systemd/system \
		TMPFILES_DIR=/usr/lib/tmpfiles.d >"$STAGE/system.log" 2>&1
	cd "$system/usr"
	cmp "$ROOT/man/push-gateway.fcgi.8" \
		share/man/man8/push-gateway.fcgi.8
	cmp "$ROOT/systemd/push-gateway@.service" \
		lib/systemd/system/push-gateway@.service
	cmp "$ROOT/systemd/tmpfiles.d/push-gateway.conf" \
		lib/tmpfiles.d/push-gateway.conf
	for file in "$ROOT"/lighttpd/*.conf; do
		cmp "$file" \
			"share/doc/push-gateway/examples/lighttpd/${file##*/}"
	done
}

@test "each link of the installed pages leads somewhere" {
	local document=$INSTALLED/opt/pg/share/doc/push-gateway
	# The Debian package has it in its own file.
	rm "$document/LICENSE"
	run perl "$ROOT/tests/lib/links.pl" "$document"/*.md "$document"/doc/*.md
	echo "$output"
	[ "$status" = 0 ]
	[[ $output != "0 links"* ]]
}

@test "uninstall leaves no file, and none of our directories" {
	make_gateway uninstall >"$STAGE/uninstall.log" 2>&1
	run find "$INSTALLED" ! -type d -o -name '*push-gateway*' -o \
		-name examples
	echo "$output"
	[ -z "$output" ]
}

@test "debian/control names each package that bootstrap installs" {
	local name missing=
	while read -r name; do
		# These come with every build.
		[[ " gcc libc6-dev make " != *" $name "* ]] || continue
		grep -qE "^ $name( |,)" "$ROOT/debian/control" || {
			echo "debian/control: add \"$name\" to Build-Depends"
			missing=yes
		}
	done < <(sed -n "/^packages='/,/^'/p" "$ROOT/bootstrap" |
		awk 'NF > 1 { print $1 }')
	[ -z "$missing" ]
}

# units: installed where the paths in them are real.
units() {
	make -C "$BUILD" install prefix="$STAGE/real" \
		exec_prefix="$STAGE/real" libexecdir="$STAGE/real/libexec" \
		datarootdir="$STAGE/real/share" sysconfdir="$STAGE/real/etc" \
		runstatedir=/run APACHE_CONF_DIR= APACHE_SITES_DIR= \
		LIGHTTPD_CONF_DIR= \
		SYSTEMD_UNIT_DIR="$STAGE/units" \
		SYSUSERS_DIR="$STAGE/sysusers" TMPFILES_DIR="$STAGE/tmpfiles" \
		>"$STAGE/units.log" 2>&1
}

@test "systemd finds nothing wrong with the units" {
	command -v systemd-analyze >/dev/null ||
		skip "systemd is not installed"
	units
	run systemd-analyze verify --man=no "$STAGE/units/push-gateway.socket" \
		"$STAGE/units/push-gateway@.service" \
		"$STAGE/units/push-gateway-crl.service" \
		"$STAGE/units/push-gateway-crl.timer" \
		"$STAGE/units/push-gateway-metrics.service" \
		"$STAGE/units/push-gateway-metrics.timer"
	echo "$output"
	[ "$status" = 0 ]
	[[ $output != *push-gateway* ]]
}

@test "... nor with the socket's example for a network" {
	command -v systemd-analyze >/dev/null ||
		skip "systemd is not installed"
	units
	mkdir -p "$STAGE/units/push-gateway.socket.d"
	cp "$ROOT/systemd/push-gateway.socket.d/network.conf" \
		"$STAGE/units/push-gateway.socket.d"
	run systemd-analyze verify --man=no "$STAGE/units/push-gateway.socket"
	rm -r "$STAGE/units/push-gateway.socket.d"
	echo "$output"
	[ "$status" = 0 ]
	[[ $output != *push-gateway* ]]
}

# metrics_command: what the unit of the timer runs.
metrics_command() {
	sed -n '/^ExecStart=/,/[^\\]$/p' \
		"$STAGE/units/push-gateway-metrics.service" | tr -d '\\\n' |
		sed "s|^ExecStart=/bin/sh -c '||; s|'\$||"
}

@test "the metrics' unit writes them for node_exporter, at once or not at all" {
	units
	mkdir "$STAGE/collector"
	cd "$STAGE/collector"
	mkdir -p "$STAGE/real/etc/push-gateway"
	write_config
	cp "$STAGE/push-gateway.json" "$STAGE"/*.p8 "$STAGE"/*.json \
		"$STAGE/providers-ca.pem" "$STAGE/real/etc/push-gateway"
	mkdir -m 700 "$STAGE/real/etc/push-gateway/state"
	sh -c "$(metrics_command)"
	[ "$(ls)" = push-gateway.prom ]
	[ "$(stat -c %a push-gateway.prom)" = 644 ]
	echo '{' >"$STAGE/real/etc/push-gateway/push-gateway.json"
	run ! sh -c "$(metrics_command)"
	[ -e push-gateway.prom ]
}

# In tenths of the ten that an unprotected service has.
@test "systemd rates the exposure of a worker at 1.5 of 10 at most" {
	command -v systemd-analyze >/dev/null ||
		skip "systemd is not installed"
	units
	run systemd-analyze security --offline=true --threshold=15 \
		--no-pager "$STAGE/units/push-gateway@.service"
	echo "${lines[-1]}"
	[ "$status" = 0 ]
}
