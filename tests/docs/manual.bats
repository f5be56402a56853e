#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The manual pages and the example configuration say what the sources say.

load ../lib/stage.bash

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

# settings: "TABLE NAME" for each row of each table of settings in the
# sources: what the first capital-lettered macro in it is given, or .name.
settings() {
	awk '
	/^(static )?const struct setting [a-z_]+\[\] = \{/ {
		table = $(NF - 2)
		sub(/_settings\[\].*/, "", table)
		sub(/\[\].*/, "", table)
		rows = 1
		next
	}
	/^};/ { rows = 0 }
	rows && match($0, /[A-Z]+_[A-Z_]+\([a-z][a-z0-9_]*/) {
		name = substr($0, RSTART, RLENGTH)
		sub(/.*\(/, "", name)
		print table, name
		next
	}
	rows && match($0, /\.name = "[^"]+/) {
		name = substr($0, RSTART, RLENGTH)
		sub(/.*"/, "", name)
		print table, name
	}' "$ROOT"/src/*/*.c "$ROOT"/cgi-bin/*.c
}

# pages_settings: "NAME SECTION TYPE..." for each setting of the manual page.
page_settings() {
	awk '/^\.Ss / { section = $NF }
	/^\.It Cm / {
		name = $3
		sub(/^\.It Cm [^ ]+ Pq /, "")
		print name, section, $0
	}' "$FILE_PAGE"
}

@test "the pages are good mdoc" {
	command -v mandoc >/dev/null || skip "mandoc is not installed"
	# What is installed here, or which system this is, is not the matter.
	run bash -c 'mandoc -Tlint "$@" 2>/dev/null |
		grep -v -e "referenced manual not found" \
			-e "operating system explicitly specified"' - \
		"$PROGRAM_PAGE" "$FILE_PAGE"
	echo "$output"
	[ -z "$output" ]
}

@test "push-gateway.fcgi(8) lists each option, and no other" {
	diff <(grep -o 'getopt(argc, argv, "[^"]*"' "$ROOT/cgi-bin/push-gateway.c" |
		sed 's/.*"\(.*\)"/\1/' | tr -d : | grep -o . | sort) \
		<(sed -n 's/^\.It Fl \([A-Za-z]\).*/\1/p' "$PROGRAM_PAGE" | sort)
}

@test "push-gateway.fcgi(8) lists each variable of ours" {
	local name missing=
	while read -r name; do
		grep -q "^\.It Ev $name\$" "$PROGRAM_PAGE" ||
			tell "$PROGRAM_PAGE" \
				"add \".It Ev $name\" to ENVIRONMENT"
	done < <(grep -oh 'getenv("PUSH_GATEWAY_[A-Z_]*' "$ROOT"/src/*/*.c "$ROOT"/cgi-bin/*.c |
		sed 's/.*"//' | sort -u)
	[ -z "$missing" ]
}

@test "push-gateway.fcgi(8) lists each signal" {
	local name missing=
	while read -r name; do
		grep -q "\.\(It \|\)Dv .*\b$name\b" "$PROGRAM_PAGE" ||
			tell "$PROGRAM_PAGE" "add $name to SIGNALS"
	done < <(grep -oh '\(sigaddset(&set, \|signal(\)SIG[A-Z0-9]*' \
		"$ROOT/src/worker/worker.c" | grep -o 'SIG.*' | sort -u)
	[ -z "$missing" ]
}

@test "push-gateway.fcgi(8) lists each exit status" {
	diff <({
		sed -n '/MAIN_OK/,/^};/s/.*= \([0-9]\+\).*/\1/p' \
			"$ROOT/cgi-bin/push-gateway.c"
		sed -n 's/.*\<exit(\([0-9]*\));/\1/p' "$ROOT/src/base/log.c"
	} | sort -u) \
		<(sed -n '/^\.Sh EXIT STATUS/,/^\.Sh/s/^\.It \([0-9]*\)$/\1/p' \
			"$PROGRAM_PAGE" | sort -u)
}

@test "push-gateway.json(5) lists each setting" {
	local table name missing=
	[ "$(settings | wc -l)" -gt 20 ]
	while read -r table name; do
		page_settings | grep -q "^$name " ||
			tell "$FILE_PAGE" \
				"add \".It Cm $name Pq TYPE; default ...\" (of $table)"
	done < <(settings)
	[ -z "$missing" ]
}

@test "push-gateway.json(5) lists no setting that is not there" {
	local name rest missing=
	while read -r name rest; do
		settings | grep -q " $name\$" ||
			tell "$FILE_PAGE" "the sources have no $name ($rest)"
	done < <(page_settings)
	[ -z "$missing" ]
}

# place SECTION NAME: where a setting of that section stands.
place() {
	case $1 in
	level) echo ".$2" ;;
	log) echo ".log.$2" ;;
	clients) echo ".clients[0].$2" ;;
	apps) echo ".apps[].$2" ;;
	apns) echo ".apps[0].$2" ;;
	fcm) echo ".apps[1].$2" ;;
	*) echo "the test knows no section \"$1\"" >&2; return 1 ;;
	esac
}

# takes JQ-FILTER: true if the configuration so changed is good.
takes() {
	write_config "$1"
	"$GATEWAY" -t -c "$STAGE/push-gateway.json"
}

@test "the ranges of push-gateway.json(5) are the program's" {
	local name section type place range
	page_settings | grep -q ' integer from '
	while read -r name section type; do
		[[ $type =~ ^integer\ from\ ([0-9]+)\ to\ ([0-9]+)\; ]] ||
			{ echo "$name: integer from A to B; default C"; false; }
		range=("${BASH_REMATCH[@]:1}")
		place=$(place "$section" "$name")
		takes "$place = ${range[0]}"
		takes "$place = ${range[1]}"
		run takes "$place = ${range[1]}000"
		[[ $output == *"must be from ${range[0]} to ${range[1]}"* ]] ||
			{ echo "$name: $type: $output"; false; }
	done < <(page_settings | grep ' integer')
}

# number NAME: a default as the sources write it: a number, or a constant.
number() {
	if [[ $1 = [A-Z]* ]]; then
		number "$(grep -ohE "\b$1 = [0-9A-Z_ *]+" "$ROOT"/src/*/*.[ch] |
			sed 's/.*= //')"
	else
		echo $(($1))
	fi
}

# default_numbers: "NAME NUMBER" for each number that is a setting's default.
default_numbers() {
	local name value
	tr '\n' ' ' <<<"$(cat "$ROOT"/src/*/*.c "$ROOT"/cgi-bin/*.c)" | grep -oE \
		-e 'CONF_INTEGER\([a-z0-9_]+,[^)]*\)' \
		-e '[A-Z]+_(FIELD|SETTING)\([a-z0-9_]+\), \.type = SETTING_INTEGER,\s*\.number = [^,]+' |
		sed -E 's/^[^(]*\(([a-z0-9_]+).*(,|=) *([^,=)]+)\)?$/\1 \3/' |
		grep -v '^field ' | while read -r name value; do
		echo "$name $(number "$value")"
	done
}

@test "the defaults of push-gateway.json(5) are the program's" {
	diff <(default_numbers | sort -u) \
		<(page_settings | sed -nE \
		's/^([^ ]+) .*integer from .*; default ([0-9]+)$/\1 \2/p' |
		sort -u)
	[ "$(default_numbers | wc -l)" -ge 10 ]
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
	for page in "$PROGRAM_PAGE" "$FILE_PAGE"; do
		[ "$(grep '^\.Os' "$page")" = ".Os push-gateway $version" ]
	done
}
