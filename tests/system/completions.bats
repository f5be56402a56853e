#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a shell offers after push-gateway.
# shellcheck disable=SC2034,SC2154

load ../lib/stage.bash

setup() {
	cd "$BATS_TEST_TMPDIR"
	mkdir bin
	ln -s "$COMMAND" bin/push-gateway
	PATH=$PWD/bin:$PATH
	touch "caller one.pem" caller-two.pem other.json
}

# offers WORD...: what bash offers for the last one, one on a line.
offers() {
	bash --norc -c '. "$1"
		COMP_WORDS=("${@:2}")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_push_gateway
		printf "%s\n" "${COMPREPLY[@]}"' - \
		"$ROOT/completions/bash/push-gateway" push-gateway "$@"
}

@test "bash offers each command" {
	diff <({
		push-gateway --help | awk '/^  [a-z]/ { print $1 }'
		printf '%s\n' --help --version
	} | sort) <(offers "" | sort)
	[ "$(offers enc)" = encrypt ]
	[ "$(offers help enc)" = encrypt ]
	[ -z "$(offers nonsense)" ]
}

@test "bash offers each option of a command" {
	local command
	for command in $(offers "" | grep -v '^-'); do
		diff <(push-gateway "$command" --help |
			grep -oE '^ +(-., )?--[a-z-]+' |
			sed 's/.*--/--/' | sort) \
			<(offers "$command" - | sort)
	done
	[ "$(offers encrypt --sec | xargs)" = "--secret-file --secret" ]
}

@test "bash offers what an option takes" {
	local file
	for file in -c --config; do
		[ "$(offers metrics "$file" oth)" = other.json ]
	done
	[ "$(offers encrypt --secret-file caller-)" = caller-two.pem ]
	[ "$(offers identity call | sort)" = \
		"$(printf '%s\n' "caller one.pem" caller-two.pem | sort)" ]
	[ "$(offers encrypt --month "")" = "$(date +%Y-%m)" ]
	[ "$(offers check --user roo)" = root ]
	# What an option takes that the shell cannot know is not a file.
	for file in secret text; do
		[ -z "$(offers encrypt "--$file" call)" ]
	done
}

@test "bash knows each option that takes something" {
	local command option missing=
	for command in $(offers "" | grep -v '^-'); do
		for option in $(push-gateway "$command" --help |
			grep -oE -e '--[a-z-]+ [A-Z]' | grep -oE -e '--[a-z-]+'); do
			grep -qE "(^|[^a-z-])$option($|[^a-z-])" \
				"$ROOT/completions/bash/push-gateway" &&
				grep -qE "(^|[^a-z-])$option($|[^a-z-])" \
				"$ROOT/completions/zsh/_push-gateway" || {
				echo "completions/: $command $option"
				missing=yes
			}
		done
	done
	[ -z "$missing" ]
}

# zsh_offers LINE: what zsh shows in a terminal for a tab at its end.
zsh_offers() {
	cat >offers.zsh <<-'EOF'
	zmodload zsh/zpty
	zpty shell zsh -f -i
	zpty -w shell "PROMPT= RPROMPT=; cd ${(q)PWD}; path=(${(q)PWD}/bin \$path)"
	zpty -w shell "fpath=(${(q)1} \$fpath); autoload -U compinit; compinit -u -D"
	# Only what comes once the line editor reads is not lost.
	zpty -w shell "LISTMAX=999; zle-line-init() { print -rn 'read''y!' }"
	zpty -w shell "zle -N zle-line-init"
	zpty -r -m shell text '*ready!*' || exit
	zpty -w -n shell "$2"$'\t\t'
	zpty -w -n shell $'\C-U'"print -r 'don''e!'"$'\n'
	zpty -r -m shell text '*done!*' || exit
	print -r -- "$text"
	zpty -d shell
	EOF
	timeout 60 zsh -f offers.zsh "$ROOT/completions/zsh" "$1" </dev/null
}

@test "zsh offers the same" {
	command -v zsh >/dev/null || skip "zsh is not installed"
	zsh -n "$ROOT/completions/zsh/_push-gateway"
	run zsh_offers "push-gateway "
	echo "$output"
	[[ $output == *decrypt*encrypt*identity*metrics* ]]
	run zsh_offers "push-gateway encrypt --"
	[[ $output == *--month*--secret-file* ]]
	run zsh_offers "push-gateway identity caller-"
	[[ $output == *two.pem* ]]
}
