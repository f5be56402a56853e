# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What demo/run and demo/try show, and how: on a stage (tests/lib/stage.bash)
# with phones that are pushkeys.  A device token of Apple's is the hexadecimal
# form of a name here, so it can be said in words.

if [[ -t 1 && ${TERM:-dumb} != dumb ]]; then
	bold=$'\e[1m' faint=$'\e[2m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[m'
else
	bold='' faint='' green='' red='' plain=''
fi

# The month of messages and keys.
MONTH=$(date -u +%Y-%m)
# The caller that has not been answered yet, or nothing.
caller=
failures=0

# --- encryption --------------------------------------------------------------

# secret_of PHONE: the file with what the app there and the service share.
secret_of() {
	local file=$STAGE/secrets/$1

	mkdir -p "$STAGE/secrets"
	[[ -s $file ]] || openssl rand -hex 32 >"$file"
	echo "$file"
}

# message PHONE DEVICE TEXT: an encrypted notification, as the service makes it.
message() {
	encrypted "$2" "$(printf '{ "ciphertext": "%s", "%s": "%s" }' \
		"$(printf %s "$3" | "$COMMAND" encrypt --month "$MONTH" \
			--secret-file "$(secret_of "$1")")" \
		time_message_encrypted "$MONTH")"
}

# --- requests and records ----------------------------------------------------

heading() {
	printf '\n%s%s%s\n' "$bold" "$1" "$plain"
}

# shellcheck disable=SC2016
pushkeys='
	def unhex: explode | map(if . >= 97 then . - 87 else . - 48 end) |
		[ range(0; length; 2) as $i | .[$i] * 16 + .[$i + 1] ] |
		implode;
	def in_words: gsub("(?<key>([0-9a-f]{2}){8,})";
		"\(.key[:8])... (\(.key | unhex))");'

# abridged: JSON with its long texts cut short, and pushkeys said in words.
abridged() {
	jq -c "$pushkeys"'walk(if type != "string" then .
		elif test("^([0-9a-f]{2}){8,}$") then in_words
		elif length > 60 then "\(.[:16])... (\(length) characters)"
		else . end)' "$@"
}

# wrapped INDENT: breaks long lines after commas.
wrapped() {
	awk -v indent="$1" '{
		count = split($0, part, ",")
		line = indent
		for (i = 1; i <= count; i++) {
			if (i < count)
				part[i] = part[i] ","
			if (i > 1 && length(line part[i]) > 78) {
				print line
				line = indent "  "
			}
			line = line part[i]
		}
		print line
	}'
}

# show_request PATH FILE: each notification begins a line.
show_request() {
	echo "${faint}POST https://localhost:$PORT$1$plain"
	abridged "$2" | jq -c '.notifications[]? // .' | wrapped '  '
}

# show_record: what the networks received since clear_record, and their answers.
show_record() {
	heading "What the phone networks received, and answered"
	abridged "$STAGE/record.json" | jq -r "$pushkeys"'
		def network: { apns: "APNs", fcm: "FCM", oauth: "OAuth" };
		def headers: .headers | to_entries[] | select(.key |
			IN("apns-topic", "apns-push-type", "apns-priority")) |
			"\(.key): \(.value)";
		"request \(network[.service])  \(.method) \(.path | in_words)",
		"header \(headers)",
		if .service == "oauth" then
			"header (an assertion, for an access token)"
		else
			"body \(.body | tojson)"
		end,
		"answer \(.status) \(.reason // "OK")" +
			if .delay_ms > 0 then ", after \(.delay_ms) ms"
			else "" end' | while read -r kind text; do
		case $kind in
		request) echo "  $text" ;;
		header) echo "    $faint$text$plain" ;;
		body) wrapped '    ' <<<"$text" ;;
		answer) echo "    -> $text" ;;
		esac
	done
}

# phones: "PHONE CIPHERTEXT" for each encrypted message that a network took.
phones() {
	jq -r 'select(.status == 200 and .text != null) |
		(.body.ciphertext // .body.message.data.ciphertext?) as $it |
		select($it != null) | "\(.text) \($it)"' "$STAGE/record.json"
}

# decrypted PHONE CIPHERTEXT: the text, as the app there shows it.
decrypted() {
	printf %s "$2" | "$COMMAND" decrypt --month "$MONTH" \
		--secret-file "$(secret_of "$1")"
}

show_phones() {
	local phone ciphertext

	heading "What the apps on the phones decrypt and show"
	[[ -n $(phones) ]] || echo "  (no message came to a phone)"
	while read -r phone ciphertext; do
		printf '  %-24s "%s"\n' "$phone" \
			"$(decrypted "$phone" "$ciphertext")"
	done < <(phones)
}

# milliseconds_since MICROSECONDS
milliseconds_since() {
	# In some languages it has a comma.
	echo $(((${EPOCHREALTIME/[.,]/} - $1) / 1000))
}

# post_and_show PATH FILE: posts the file, and shows each line of the answer
# with the milliseconds from the request to its beginning.  Sets ANSWER to all
# of it, and TIMES to the milliseconds, line by line.
post_and_show() {
	local begin status=0 line='' text answer

	heading "The answer, as it arrives"
	begin=${EPOCHREALTIME/[.,]/}
	ANSWER=
	TIMES=()
	exec {answer}< <(exec curl -sSN --max-time 30 \
		--cacert "$STAGE/web-server-ca.pem" \
		--cert "$STAGE/caller-erezept.pem" \
		--key "$STAGE/caller-erezept-key.pem" \
		-H 'Content-Type: application/json' --data-binary "@$2" \
		"https://localhost:$PORT$1" 2>&1)
	caller=$!
	# A result is shown when it is here, before the end of its line is.
	until ((status > 0 && status <= 128)); do
		status=0
		IFS= read -r -t 0.02 -u "$answer" text || status=$?
		if [[ -z $line && -n $text ]]; then
			TIMES+=("$(milliseconds_since "$begin")")
			printf '  %s%5d ms%s  ' "$faint" "${TIMES[-1]}" "$plain"
		fi
		printf '%s' "$text"
		line+=$text
		if ((status <= 128)) && [[ -n $line ]]; then
			ANSWER+=$line$'\n'
			line=
			echo
		fi
	done
	exec {answer}<&-
	wait "$caller" || :
	caller=
	say_whose_pushkeys
}

# Device tokens of Apple's in the last answer, in words.
say_whose_pushkeys() {
	local key

	while read -r key; do
		echo "            (${key:0:8}... is $(jq -nr --arg key "$key" \
			"$pushkeys"'$key | unhex'))"
	done < <(grep -oE '"([0-9a-f]{2}){8,}"' <<<"$ANSWER" | tr -d '"')
}

# --- what must be ------------------------------------------------------------

# must SENTENCE COMMAND...: the sentence holds if the command succeeds.
must() {
	local sentence=$1

	shift
	if "$@" >/dev/null 2>&1; then
		echo "  ${green}ok$plain      $sentence"
	else
		echo "  ${red}NOT OK$plain  $sentence"
		failures=$((failures + 1))
	fi
}

# answered JQ-FILTER: true of the last answer.
answered() {
	jq -e "$1" <<<"$ANSWER"
}

# result ID STATUS [REJECTED]: what the answer says about this notification.
result() {
	answered ".results[] | select(.id == \"$1\") | .status == \"$2\" and
		.rejected == [ ${3:+\"$3\"} ]"
}

# shows PHONE TEXT: the app on this phone shows this text.
shows() {
	local ciphertext

	ciphertext=$(phones | sed -n "s/^$1 //p")
	[[ $(decrypted "$1" "$ciphertext") = "$2" ]]
}
