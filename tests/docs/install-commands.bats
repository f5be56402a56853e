#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# doc/INSTALL.md's commands, each as it stands there and in that order, lead from
# a bare Debian to a delivered notification, and doc/OPERATING.md's to a new CRL.

load ../lib/stage.bash

SECTIONS=(
	"lighttpd in front of a pool"
	"Apache with mod_proxy_fcgi"
	"lighttpd that starts the workers"
	"Apache with mod_fcgid"
	"lighttpd with CGI"
	"Apache with CGI"
)

# block KIND HEADING: what the section has in blocks of that kind.
block() {
	awk -v kind="\`\`\`$1" -v heading="$2" '
	/^```/ { on = here && $0 == kind; next }
	on { print; next }
	/^#+ / { sub(/^#+ /, ""); here = $0 == heading }' "$ROOT/doc/INSTALL.md"
}

# operate COLUMN HEADING: from the table of how each of them is operated.
operate() {
	awk -v column="$1" -v heading="$2" -F ' *\\| *' '
	/^\| \|/ {
		here = 0
		for (i = 3; i < NF; i++)
			if ($i == column)
				here = i
	}
	here && $2 == heading { gsub(/`/, ""); print $here }' \
		"$ROOT/doc/OPERATING.md"
}

# why_not: why it cannot be done here.
why_not() {
	if [ "$EUID" != 0 ]; then
		echo "it takes root"
	elif [ "$BUILD" != "$ROOT" ]; then
		echo "it takes a tree that is built in its own place"
	elif grep -q -e --enable-sanitizers -e --enable-coverage \
		"$BUILD/config.log"; then
		echo "it takes a tree as ./bootstrap builds it"
	elif ! may_mount; then
		echo "it takes the right to mount an overlay of this machine"
	fi
}

# In a chroot the first way fails; what is mounted then goes by itself, too.
own_mounts() {
	if unshare --mount true 2>/dev/null; then
		unshare --mount "$@"
	else
		unshare --mount --propagation unchanged "$@"
	fi
}

may_mount() {
	mkdir -p "$STAGE/try"
	# shellcheck disable=SC2016
	own_mounts unshare --mount --propagation unchanged --net --pid --fork \
		sh -ec 'trap "umount -R -l $0" EXIT
		mount -t tmpfs tmpfs "$0"
		mkdir "$0/upper" "$0/work" "$0/root"
		mount -t overlay overlay -o \
		"lowerdir=/,upperdir=$0/upper,workdir=$0/work" "$0/root"
		mount -t proc proc "$0/root/proc"' "$STAGE/try" 2>/dev/null
}

# What the operator has before the first command.
write_operator_files() {
	local operator=$MACHINES/operator

	make_certificate push.example providers \
		DNS:push.example,DNS:localhost serverAuth
	make_certificate leaver clients DNS:erezept.example
	mkdir -p "$operator"
	cp "$STAGE"/{AuthKey_ABC1234567.p8,clients-ca.pem,clients-crl.pem} \
		"$STAGE"/client{,-key}.pem "$operator"
	cp "$STAGE/providers-ca.pem" "$operator/server-ca.pem"
	cat "$STAGE/push.example.pem" "$STAGE/providers-ca.pem" \
		>"$operator/server-chain.pem"
	cp "$STAGE/push.example-key.pem" "$operator/server-key.pem"
	make_crl clients leaver
}

write_commands() {
	local section

	block sh "Install it" >"$MACHINES/install"
	block sh Configure >"$MACHINES/configure"
	block sh "Send a notification" >"$MACHINES/send"
	block json "Send a notification" >"$MACHINES/answer"
	# The commands for a pool, in the section's first paragraph.
	sed -n '/^## A new version/,/^Otherwise/p' "$ROOT/doc/OPERATING.md" |
		grep -o '`systemctl [^`]*' | tr -d '`' >"$MACHINES/restart"
	for section in "${SECTIONS[@]}"; do
		block sh "$section" >"$MACHINES/$section.commands"
		operate "new certificates and CRLs" "$section" \
			>"$MACHINES/$section.reload"
		operate "what that costs" "$section" \
			>"$MACHINES/$section.cost"
		operate "the workers' log" "$section" \
			>"$MACHINES/$section.log"
	done
}

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	export WHY_NOT MACHINES=$STAGE/machines
	mkdir "$MACHINES"
	WHY_NOT=$(why_not)
	[ -z "$WHY_NOT" ] || return 0
	write_operator_files
	write_commands
	own_mounts "$ROOT/tests/docs/install-machine" "$STAGE" "$MACHINES" \
		"${SECTIONS[@]}" || :
}

# delivers SECTION: all that is done on its machine came out well.
delivers() {
	[ -z "$WHY_NOT" ] || skip "$WHY_NOT"
	cat "$MACHINES/$1.out" || cat "$MACHINES/common.out"
	[ "$(cat "$MACHINES/$1.status")" = 0 ]
}

@test "each way that it shows is tried here" {
	diff <(sed -n '/^## Behind your web server/,/^## Send/s/^### //p' \
		"$ROOT/doc/INSTALL.md") <(printf '%s\n' "${SECTIONS[@]}")
}

@test "lighttpd in front of a pool" {
	delivers "$BATS_TEST_DESCRIPTION"
}

@test "Apache with mod_proxy_fcgi" {
	delivers "$BATS_TEST_DESCRIPTION"
}

@test "lighttpd that starts the workers" {
	delivers "$BATS_TEST_DESCRIPTION"
}

@test "Apache with mod_fcgid" {
	delivers "$BATS_TEST_DESCRIPTION"
}

@test "lighttpd with CGI" {
	delivers "$BATS_TEST_DESCRIPTION"
}

@test "Apache with CGI" {
	delivers "$BATS_TEST_DESCRIPTION"
}
