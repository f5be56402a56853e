#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The manual pages and the example configuration say what the sources say.

load ../lib/stage.bash

COMMAND_PAGE=$ROOT/man/push-gateway.1
PROGRAM_PAGE=$ROOT/man/push-gateway.fcgi.8
FILE_PAGE=$ROOT/man/push-gateway.json.5

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	export apns_port=1 fcm_port=2 oauth_port=3
	write_service_account
}

# tell PLACE WORDS: what is missing, to be added where.
tell() {
	echo "${1#"$ROOT/"}: $2"
	missing=yes
}

# page_settings: "SECTION NAME TYPE DEFAULT" for each setting of the manual page,
# with tabs between them; DEFAULT ends before words that are no value.
page_settings() {
	awk -v OFS='\t' '
	/^\.Ss / { section = $NF }
	/^\.Sh / { section = "" }
	section != "" && sub(/^\.It Cm /, "") {
		name = $1
		sub(/^[^ ]+ Pq /, "")
		type = $0
		sub(/;.*/, "", type)
		fallback = index($0, ";") ? $0 : ""
		sub(/^[^;]*; /, "", fallback)
		sub(/^default (Li|Pa) /, "default ", fallback)
		print section, name, type, fallback
	}' "$FILE_PAGE" | LC_ALL=C sort
}

# Where a default is a path it is configure's; the pages name the usual ones.
settings() {
	described setting | sed 's|default /.*/push-gateway$|default |;
		s|default $|default /run/push-gateway|' | LC_ALL=C sort -u
}

@test "the pages are good mdoc" {
	command -v mandoc >/dev/null || skip "mandoc is not installed"
	# What is installed here, or which system this is, is not the matter.
	run bash -c 'mandoc -Tlint "$@" 2>/dev/null |
		grep -v -e "referenced manual not found" \
			-e "operating system explicitly specified"' - \
		"$COMMAND_PAGE" "$PROGRAM_PAGE" "$FILE_PAGE"
	echo "$output"
	[ -z "$output" ]
}

# takes_option LETTER: the program knows the option.
takes_option() {
	run "$GATEWAY" "-$1" nonsense </dev/null
	[[ $output != *"invalid option"* ]]
}

@test "push-gateway.fcgi(8) lists each option, and no other" {
	local letter
	for letter in {A..Z} {a..z} {0..9}; do
		! takes_option "$letter" || echo "$letter"
	done >"$BATS_TEST_TMPDIR/options"
	diff <(sort "$BATS_TEST_TMPDIR/options") \
		<(sed -n 's/^\.It Fl \([A-Za-z0-9]\).*/\1/p' "$PROGRAM_PAGE" |
		sort)
	[ -s "$BATS_TEST_TMPDIR/options" ]
}

@test "push-gateway.fcgi(8) lists each variable of ours" {
	diff <(grep -aoE '\bPUSH_GATEWAY_[A-Z_]+' "$GATEWAY" | sort -u) \
		<(sed -n 's/^\.It Ev \(PUSH_GATEWAY_[A-Z_]*\)$/\1/p' \
			"$PROGRAM_PAGE" | sort -u)
}

# signals FIELD...: those in a mask of the worker's status.
signals() {
	local field mask number
	for field; do
		mask=$((16#$(awk -v field="$field:" '$1 == field { print $2 }' \
			"/proc/$WORKER_PID/status")))
		for number in {1..31}; do
			((!(mask >> (number - 1) & 1))) ||
				echo "SIG$(kill -l "$number")"
		done
	done | sort
}

@test "push-gateway.fcgi(8) lists each signal" {
	write_config
	# The shell has what it starts in the background ignore some, and a
	# sanitizer takes some for itself.
	env --default-signal \
		ASAN_OPTIONS="${ASAN_OPTIONS-}:handle_segv=0:handle_sigfpe=0" \
		UBSAN_OPTIONS="${UBSAN_OPTIONS-}:handle_segv=0:handle_sigfpe=0" \
		perl "$ROOT/tests/lib/fastcgi.pl" serve \
		"$STAGE/socket" "$GATEWAY" -c "$STAGE/push-gateway.json" \
		2>"$STAGE/worker.log" 3>&- &
	WORKER_PID=$!
	wait_until 10 grep -q serving "$STAGE/worker.log"
	# Those that it reads, and those for which it has code.
	signals SigBlk SigCgt >"$BATS_TEST_TMPDIR/taken"
	signals SigIgn >"$BATS_TEST_TMPDIR/ignored"
	stop "$WORKER_PID"
	cat "$BATS_TEST_TMPDIR"/{taken,ignored}
	diff "$BATS_TEST_TMPDIR/taken" <(sed -n 's/^\.It Dv \(SIG.*\)/\1/p' \
		"$PROGRAM_PAGE" | tr -d ' ' | tr , '\n' | sort)
	diff "$BATS_TEST_TMPDIR/ignored" \
		<(sed -n 's/^\.Dv \(SIG[A-Z]*\)$/\1/p' "$PROGRAM_PAGE" | sort)
}

@test "push-gateway.fcgi(8) lists each exit status" {
	diff <(described exit) \
		<(sed -n '/^\.Sh EXIT STATUS/,/^\.Sh/s/^\.It \([0-9]*\)$/\1/p' \
			"$PROGRAM_PAGE")
}

# command_options: "COMMAND OPTION..." for each command that --help lists, with
# its options but for those that all have.
command_options() {
	local command
	for command in $("$COMMAND" --help | awk '/^  [a-z]/ { print $1 }'); do
		echo "$command" "$("$COMMAND" "$command" --help |
			grep -oE '^ +(-., )?--[a-z-]+' | sed 's/.*--//' |
			grep -vx -e config -e json -e help | sort | xargs)"
	done | LC_ALL=C sort
}

# page_options: the same, as the sections of push-gateway(1) have them.
# decrypt has those of encrypt.
page_options() {
	local command options
	awk '
	/^\.S[sh] / {
		if (command != "")
			print command options
		command = options = ""
	}
	/^\.Ss push-gateway / { command = $3 }
	command != "" && /^\.It Fl / {
		for (i = 3; i <= NF; i++)
			if ($i ~ /^-/)
				options = options " " substr($i, 2)
	}' "$COMMAND_PAGE" |
		sed "s/^decrypt\$/decrypt$(shared_options)/" |
		while read -r command options; do
			echo "$command" "$(xargs -n 1 <<<"$options" | sort |
				xargs)"
		done | sed 's/ $//' | LC_ALL=C sort
}

shared_options() {
	echo " month secret secret-file start"
}

@test "push-gateway(1) lists each command and option, and no other" {
	diff <(command_options | sed 's/ $//') <(page_options)
	[ "$(command_options | wc -l)" -ge 4 ]
}

@test "push-gateway(1) shows each command in its synopsis" {
	diff <(command_options | cut -d' ' -f1) \
		<(sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESC/s/^\.Cm //p' \
			"$COMMAND_PAGE" | LC_ALL=C sort)
}

@test "push-gateway(1) lists each exit status" {
	diff <({ described exit; described exit-command; } | sort -n) \
		<(sed -n '/^\.Sh EXIT STATUS/,/^\.Sh/s/^\.It \([0-9]*\)$/\1/p' \
			"$COMMAND_PAGE")
}

@test "push-gateway.json(5) lists each setting, and no other" {
	diff <(settings | cut -f 1,2) <(page_settings | cut -f 1,2)
	[ "$(settings | wc -l)" -gt 20 ]
}

@test "the types and ranges of push-gateway.json(5) are the program's" {
	diff <(settings | cut -f 1-3) <(page_settings | cut -f 1-3)
}

# Where the table says neither, the page may say when a setting is required,
# or describe what holds without it: "default: ...".
@test "the defaults of push-gateway.json(5) are the program's" {
	local section name type fallback page missing=
	while IFS=$'\t' read -r section name type fallback; do
		page=$(page_settings | awk -F '\t' -v section="$section" \
			-v name="$name" '$1 == section && $2 == name { print $4 }')
		case $fallback:$page in
		"$page:$fallback") ;;
		:'default: '*|:'required with'*) ;;
		*)
			tell "$FILE_PAGE" "$section $name: \"$page\" is \"$fallback\""
			;;
		esac
	done < <(settings)
	[ -z "$missing" ]
}

@test "push-gateway.json(5) names each provider, and no other" {
	diff <(described provider) \
		<(awk '/^\.It Cm provider / { on = 1; next }
		/^\.(It|El)/ { on = 0 }
		on && /^\.Li / { print $2 }' "$FILE_PAGE")
	diff <(described provider | sort) \
		<(sed -n 's/^\.Ss apps of the provider //p' "$FILE_PAGE" | sort)
}

# examples PAGE DIRECTORY: each example of a configuration as a file.
examples() {
	awk -v directory="$2" '
	/^\.Bd -literal/ { getline; on = /^{/; if (on) count++ }
	/^\.Ed/ { on = 0 }
	on { gsub(/\\e/, "\\"); print >(directory "/" count ".json") }' "$1"
}

@test "each example of a configuration in the pages is good" {
	local page file
	for page in "$PROGRAM_PAGE" "$FILE_PAGE"; do
		mkdir "$STAGE/examples"
		cp "$STAGE/AuthKey_ABC1234567.p8" "$STAGE/service-account.json" \
			"$STAGE/examples"
		examples "$page" "$STAGE/examples"
		[ -e "$STAGE/examples/1.json" ]
		for file in "$STAGE/examples"/[0-9]*.json; do
			"$GATEWAY" -t -c "$file" || {
				cat "$file"
				false
			}
		done
		rm -r "$STAGE/examples"
	done
}

@test "the example configuration is good, with and without its slashes" {
	local file=$STAGE/example.json
	"$GATEWAY" -t -c "$ROOT/examples/push-gateway.json"
	sed 's|^\( *\)//|\1|' "$ROOT/examples/push-gateway.json" >"$file"
	run ! cmp -s "$ROOT/examples/push-gateway.json" "$file"
	echo user:password >"$STAGE/proxy-credentials"
	sed -i "s|/etc/ssl/certs/ca-certificates.crt|$STAGE/providers-ca.pem|" \
		"$file"
	run "$GATEWAY" -t -c "$file"
	echo "$output"
	[ "$status" = 0 ]
}

@test "the version is configure's wherever it is written" {
	local version page
	version=$(sed -n 's/^AC_INIT(\[push-gateway\], \[\(.*\)\])$/\1/p' \
		"$ROOT/configure.ac")
	[ -n "$version" ]
	[ "$("$GATEWAY" -V)" = "push-gateway $version" ]
	[[ $(head -n 1 "$ROOT/NEWS") == "Push Gateway $version "* ]]
	[[ $(head -n 1 "$ROOT/debian/changelog") == \
		"push-gateway ($version) "* ]]
	for page in "$COMMAND_PAGE" "$PROGRAM_PAGE" "$FILE_PAGE"; do
		[ "$(grep '^\.Os' "$page")" = ".Os push-gateway $version" ]
	done
}
