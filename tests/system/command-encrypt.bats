#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# push-gateway encrypt and decrypt.
# shellcheck disable=SC2154

load ../lib/stage.bash

# The example that gematik's concept publishes.
SECRET=f2ca1bb6c7e907d06dafe4687e579fce76b37e4e93b7605022da52e6ccc26fd2
OCTOBER_SECRET=185fed66ea5cabbe00147bbd298b5dab0ed41b57ab254d35897b3a4504306e3b
OCTOBER_KEY=3b4adcd58dea98db8e9cb0f5763fcd04fe932d67926cc04b20ba2a2f304ffff9
NOVEMBER_SECRET=0c8662d90b04818afb317406fe7fcfcf8d103cd9bc6ad7847890d28620e85ec3
NOVEMBER_KEY=39aa5dacd538f53f4b956d84c9b8f2e26933274d160b9fd1a263a27681c6331b

setup() {
	cd "$BATS_TEST_TMPDIR"
	echo "$SECRET" >secret
}

# encrypt and decrypt [OPTION...]: in October, with the published secret.
encrypt() {
	"$COMMAND" encrypt --secret-file secret --month 2023-10 "$@"
}

decrypt() {
	"$COMMAND" decrypt --secret-file secret --month 2023-10 "$@"
}

# fails STATUS WORDS COMMAND...: that status, those words on the standard
# error, and nothing on the standard output.
fails() {
	local expected=$1 words=$2
	shift 2
	run --separate-stderr "$@"
	[ "$status" = "$expected" ] && [ -z "$output" ] &&
		[[ $stderr == *"$words"* ]] || {
		echo "expected: $expected $words"
		echo "$status: $output $stderr"
		return 1
	}
}

@test "a text comes back as it was" {
	local text=$'Neues E-Rezept für "Clara" \\ \n  '
	printf %s "$text" | encrypt >ciphertext
	[ "$(wc -c <ciphertext)" = 1405 ]
	[ "$(tail -c 1 ciphertext | od -An -tx1)" = " 0a" ]
	decrypt <ciphertext >decrypted
	printf %s "$text" | cmp - decrypted
	encrypt --text "$text" | decrypt >decrypted
	printf %s "$text" | cmp - decrypted
	encrypt --text "$text" >other
	run cmp ciphertext other
	[ "$status" = 1 ]
}

@test "no text, and 1018 bytes of it, come back; 1019 bytes do not go" {
	[ -z "$(encrypt --text '' | decrypt)" ]
	printf '%01018d' 0 >longest
	encrypt <longest | decrypt | cmp - longest
	printf '%01019d' 0 >longer
	fails 65 "1019 bytes" encrypt <longer
	head -c 100000 /dev/zero >longer
	fails 65 "longer than 1018 bytes" encrypt <longer
	printf '\xff' >binary
	fails 65 "not UTF-8" encrypt <binary
}

@test "secret and key are the published ones, month for month" {
	encrypt --text a --json >json
	[ "$(jq -r '[keys_unsorted[]] | join(" ")' json)" = \
		"month secret key ciphertext" ]
	[ "$(jq -r '[.month, .secret, .key] | join(" ")' json)" = \
		"2023-10 $OCTOBER_SECRET $OCTOBER_KEY" ]
	[ "$(jq -r '.ciphertext | length' json)" = 1404 ]
	# From the first secret over both months, and from October's.
	"$COMMAND" encrypt --secret-file secret --start 2023-10 \
		--month 2023-11 --text b --json >json
	[ "$(jq -r '[.month, .secret, .key] | join(" ")' json)" = \
		"2023-11 $NOVEMBER_SECRET $NOVEMBER_KEY" ]
	jq -r .ciphertext json >ciphertext
	"$COMMAND" decrypt --secret "${OCTOBER_SECRET^^}" --month 2023-11 \
		--json <ciphertext >json
	[ "$(jq -c . json)" = "{\"month\":\"2023-11\",\"secret\":\"$(
		)$NOVEMBER_SECRET\",\"key\":\"$NOVEMBER_KEY\",\"text\":\"b\"}" ]
}

@test "what another secret, month or hand made is not decrypted" {
	encrypt --text hello >ciphertext
	fails 65 "another secret or month" \
		"$COMMAND" decrypt --secret-file secret --month 2023-11 \
		<ciphertext
	fails 65 "another secret or month" \
		"$COMMAND" decrypt --secret "$OCTOBER_SECRET" --month 2023-10 \
		<ciphertext
	sed 's/^\(.\{500\}\)./\1%/' ciphertext >changed
	fails 65 "not base64" decrypt <changed
	head -c 1400 ciphertext >cut
	fails 65 "1404 characters" decrypt <cut
	fails 65 "1404 characters" decrypt </dev/null
	cat ciphertext ciphertext >twice
	fails 65 "1404 characters" decrypt <twice
	tr '\n' '\r' <ciphertext >ended
	echo >>ended
	[ "$(decrypt <ended)" = hello ]
}

@test "a secret can come from the standard input" {
	printf '%s\r\n' "$SECRET" | encrypt --secret-file - --text hello |
		decrypt >text
	[ "$(cat text)" = hello ]
	fails 64 "standard input, too" encrypt --secret-file - <secret
	fails 64 "standard input, too" decrypt --secret-file - <secret
}

@test "options that are no use are refused" {
	local wrong
	encrypt --text a >ciphertext
	for wrong in "" abc "${SECRET}0" "${SECRET%?}" "${SECRET%?}g" \
		" $SECRET" "${SECRET%??}::"; do
		fails 64 "64 hex digits" "$COMMAND" encrypt --secret "$wrong" \
			--month 2023-10 --text a
		printf %s "$wrong" >wrong
		fails 64 "64 hex digits" encrypt --secret-file wrong --text a
		fails 64 "64 hex digits" decrypt --secret-file wrong \
			<ciphertext
	done
	for wrong in "" 2023 2023-13 2023-00 23-10 2023-1 2023-10-01 x; do
		fails 64 "--month must be a month" encrypt --month "$wrong" \
			--text a
		fails 64 "--start must be a month" encrypt --start "$wrong" \
			--text a
	done
	fails 64 "--start must not be later" encrypt --start 2023-11 --text a
	fails 64 "--month is missing" "$COMMAND" encrypt \
		--secret "$SECRET" --text a
	fails 64 "--secret-file or --secret" "$COMMAND" encrypt \
		--month 2023-10 --text a
	fails 64 "--secret-file or --secret" encrypt --secret "$SECRET" \
		--text a
	fails 64 "usage: " encrypt --text a operand
	fails 64 "usage: " decrypt --text a
}

@test "what cannot be read or written is told" {
	fails 74 "nosuch: No such file" encrypt --secret-file nosuch --text a
	printf '%s\n%s\n' "$SECRET" "$SECRET" >lines
	fails 74 "one line" encrypt --secret-file lines --text a
	fails 74 "standard input cannot be read" encrypt <.
	run bash -c '"$@" >/dev/full' - "$COMMAND" encrypt \
		--secret "$SECRET" --month 2023-10 --text a
	[ "$status" = 74 ]
	[[ $output == *"standard output"* ]]
}

@test "no error names the secret" {
	local wrong=${SECRET%?}
	run -64 "$COMMAND" encrypt --secret "$wrong" --month 2023-10 --text a
	[[ $output != *"${wrong:5:20}"* ]]
	echo "$wrong" >wrong
	run -64 "$COMMAND" encrypt --secret-file wrong --month 2023-10 --text a
	[[ $output != *"${wrong:5:20}"* ]]
}
