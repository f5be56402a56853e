#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# README.md and doc/ say what the gateway says of itself.

load ../lib/stage.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	export apns_port=1 fcm_port=2 oauth_port=3
}

# blocks KIND FILE: all blocks of that kind, with a line between them.
blocks() {
	awk -v kind="\`\`\`$1" '
	$0 == kind { on = 1; next }
	/^```$/ { if (on) print "---"; on = 0 }
	on' "$ROOT/$2"
}

@test "README.md is short" {
	[ "$(wc -l <"$ROOT/README.md")" -le 130 ]
}

@test "each link of each page leads somewhere" {
	local pages
	mapfile -t pages < <(find "$ROOT" -name '*.md' \
		-not -path "$BUILD/push-gateway-*" -not -path '*/.git/*')
	run perl "$ROOT/tests/lib/links.pl" "${pages[@]}"
	echo "$output"
	[ "$status" = 0 ]
	[[ $output != "0 links"* ]]
}

@test "a link that leads nowhere is found" {
	cd "$BATS_TEST_TMPDIR"
	printf '%s\n' '# One `two`, three' '[good](page.md#one-two-three)' \
		'[good](#one-two-three) [good](https://example.org/)' \
		'`[code](none)`' '```' '[code](none)' '```' >page.md
	run perl "$ROOT/tests/lib/links.pl" page.md
	[ "$output" = "2 links, 0 broken" ]
	echo '[a](none.md) [b](#two) [c](page.md)' >>page.md
	run perl "$ROOT/tests/lib/links.pl" page.md
	[ "$status" = 1 ]
	[ "$output" = "page.md: none.md
page.md: #two
5 links, 2 broken" ]
}

@test "tests/README.md says what is where" {
	local directory missing=
	for directory in "$ROOT"/tests/*/; do
		directory=${directory%/}
		grep -qF "| \`${directory##*/}/\` |" "$ROOT/tests/README.md" ||
			missing+="${directory##*/} "
	done
	echo "$missing"
	[ -z "$missing" ]
}

# named PAGE: the files that it names as code, but for those to be filled in.
named() {
	grep -oE '`[A-Za-z0-9._-]+/[A-Za-z0-9./_-]*`' "$ROOT/$1" | tr -d '`' |
		grep -v -e NAME -e MODULE -e PROVIDER -e TARGET | sort -u
}

# is_there NAME: as a path from the top, from src/ or from tests/; a module, or a
# test program, by its source.
is_there() {
	[ -e "$ROOT/$1" ] || [ -e "$ROOT/src/$1" ] || [ -e "$ROOT/tests/$1" ] ||
		[ -e "$ROOT/src/$1.h" ] || [ -e "$ROOT/src/$1.c" ] ||
		[ -e "$ROOT/tests/$1.c" ]
}

@test "each file that a page for developers names is there" {
	local page name missing=
	for page in ARCHITECTURE.md CONTRIBUTING.md tests/README.md; do
		[ -n "$(named $page)" ]
		while read -r name; do
			is_there "$name" || missing+="$page: $name"$'\n'
		done < <(named $page)
	done
	echo "$missing"
	[ -z "$missing" ]
}

@test "doc/API.md lists each phrase of an item's error, and no other" {
	diff <(described phrase | sort) \
		<(sed -n '/^| `error` of an item/,/^$/p' "$ROOT/doc/API.md" |
		sed '1,2d; /^$/d; s/^| \([^|]*\) |.*/\1/' | sort)
}

@test "doc/METRICS.md lists each metric with its labels, and no other" {
	diff <(described metric | cut -f 1,3 | tr '\t,' '  ' | sed 's/ $//' |
		sort) \
		<(sed -n 's/^| `\(push_gateway_[a-z_]*\)` | \([^|]*\)|.*/\1 \2/p' \
			"$ROOT/doc/METRICS.md" | tr -d , |
		sed 's/  */ /g; s/ $//' | sort)
	[ "$(grep -c '^| `push_gateway_' "$ROOT/doc/METRICS.md")" -ge 15 ]
}

@test "doc/PHONES.md has a row for each provider, and for no other" {
	diff <(described provider | sort) \
		<(sed -nE 's/^\| [^|]* \| `([a-z]+)` \|.*/\1/p' \
			"$ROOT/doc/PHONES.md" | sort -u)
}

# troubles: what the first column of doc/TROUBLESHOOTING.md quotes of the program,
# in the parts between what differs.
troubles() {
	sed -n 's/^| \([^|]*\) |.*/\1/p' "$ROOT/doc/TROUBLESHOOTING.md" |
		grep -o '`[^`]*`' | tr -d '`' | sed 's/ *… */\n/g' | grep -E '.{4}' |
		sort -u
}

@test "doc/TROUBLESHOOTING.md quotes what the programs say" {
	local part missing=
	while IFS= read -r part; do
		grep -qaF -- "$part" "$GATEWAY" ||
			grep -qaF -- "$part" "$COMMAND" || missing+="$part"$'\n'
	done < <(troubles)
	echo "$missing"
	[ -z "$missing" ]
	[ "$(troubles | wc -l)" -ge 40 ]
}

@test "README.md has the limits that are the program's defaults" {
	local value name count=0
	while read -r value name; do
		described setting | cut -f 2,4 |
			grep -qxF "$name"$'\t'"default $value" ||
			{ echo "$name is not $value"; false; }
		count=$((count + 1))
	done < <(sed -nE 's/^\| [^|]* \| ([0-9]+)[^|]* \| `([a-z_]+)` \|$/\1 \2/p' \
		"$ROOT/README.md")
	((count >= 5))
}

@test "README.md's configuration is good, and doc/INSTALL.md's" {
	blocks json README.md | sed '/^---$/,$d' >"$STAGE/push-gateway.json"
	"$GATEWAY" -t -c "$STAGE/push-gateway.json"
	diff <(sed -n '/push-gateway.json <<.END.$/,/^END$/{//!p}' \
		"$ROOT/doc/INSTALL.md") "$STAGE/push-gateway.json"
}

# Which readme-servers.bats runs.
@test "each command of README.md stands in doc/INSTALL.md" {
	local block='' line count=0
	while IFS= read -r line; do
		if [ "$line" != --- ]; then
			block+=$line$'\n'
			continue
		fi
		[[ $(blocks sh doc/INSTALL.md)$'\n' == *"---"$'\n'"$block---"* ]] ||
			{ echo "$block"; false; }
		block=''
		count=$((count + 1))
	done < <(blocks sh README.md)
	((count >= 2))
}

@test "CONTRIBUTING.md names each package that bootstrap installs" {
	local name
	for name in $(sed -n "/^packages='/,/^'/p" "$ROOT/bootstrap" |
		awk 'NF > 1 { print $1 }'); do
		[ "$name" = libc6-dev ] ||
			grep -qw -- "$name" "$ROOT/CONTRIBUTING.md" ||
			{ echo "$name"; false; }
	done
}

@test "bootstrap says what it takes" {
	run "$ROOT/bootstrap" --help
	[ "$status" = 0 ]
	[[ $output == *"demo [--keep]"* ]]
	run "$ROOT/bootstrap" nonsense
	[ "$status" != 0 ]
}
