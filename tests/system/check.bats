#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# push-gateway check, and -t of the worker: everything that will bite, at once.
# shellcheck disable=SC2154

load ../lib/stage.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	export apns_port=1 fcm_port=2 oauth_port=3
	write_service_account
	chmod 600 "$STAGE/service-account.json"
}

teardown_file() {
	stage_close
}

setup() {
	FILE=$STAGE/push-gateway.json
	chmod 600 "$STAGE/AuthKey_ABC1234567.p8" "$STAGE/service-account.json"
	rm -rf "$STAGE/state"
	write_config
}

# checked [OPTION...]: what the command says of the stage's configuration.
checked() {
	run --separate-stderr "$COMMAND" check -c "$FILE" "$@"
}

# line_of PATTERN: where the configuration has it first.
line_of() {
	grep -nm1 -- "$1" "$FILE" | cut -d: -f1
}

# finds errors|warnings SETTING PATTERN [WORDS]: what was read from JSON has one
# of that setting, with these words, at the line that matches the pattern.
finds() {
	jq -e --arg kind "$1" --arg setting "$2" --argjson line \
		"$(line_of "$3")" --arg words "${4-}" --arg file "$FILE" '
		.[$kind] | map(select(.setting == $setting and
			.line == $line and .column > 0 and .file == $file and
			(.words | contains($words)))) | length == 1' \
		>/dev/null <<<"$output" || {
		echo "no $1 of $2 in line $(line_of "$3"): ${4-}"
		jq . <<<"$output"
		return 1
	}
}

# found errors|warnings: how many there are.
found() {
	jq ".$1 | length" <<<"$output"
}

@test "a good configuration has neither errors nor warnings" {
	checked --json
	[ "$status" = 0 ]
	[ "$(jq -c . <<<"$output")" = \
		'{"errors":[],"warnings":[],"clients":1,"apps":2}' ]
	[ -z "$stderr" ]
	checked
	[ "$status" = 0 ]
	[[ $output == "$FILE: as user "*": 1 client, 2 apps, 0 errors, 0 warnings: OK" ]]
	run "$GATEWAY" -t -c "$FILE"
	[ "$status" = 0 ]
	[[ ${lines[-1]} == *": OK" ]]
	# Nothing is made.
	[ ! -e "$STAGE/state" ]
}

@test "all mistakes are told in one run, each with its place and value" {
	write_config '.request_timeout_ms = "8000" | .max_batch_sise = 5 |
		.log = { level: "loud", too: "syslog" } |
		.clients[0].certificate_sha256 = [ "abc", "zz" ] |
		.clients += [ { naem: "b", san_dns: [] } ] |
		.apps[0].key_id = "ABC123456" | .apps[0].team_id = "team123456" |
		.apps[0].environment = "prod" | .apps[0].key_fil = "x" |
		.apps[1].fcm_options = { android: { x: 1 }, y: 2 } |
		.apps += [ { app_id: "x.*", provider: "apns", key_file: "k" },
			{ app_id: "h", provider: "hms", version: 1 },
			{ app_id: "f", provider: "FCM" } ]'
	checked --json
	[ "$status" = 78 ]
	finds errors request_timeout_ms request_timeout 'must be an integer, not "8000"'
	finds errors max_batch_sise max_batch_sise 'did you mean "max_batch_size"?'
	finds errors log.level '"loud"' 'must be error, warn, info or debug, not "loud"'
	finds errors log.too '"too"' 'did you mean "to"?'
	finds errors certificate_sha256 '"abc"' 'SHA-256'
	finds errors certificate_sha256 '"zz"' 'SHA-256'
	finds errors naem naem 'did you mean "name"?'
	finds errors san_dns '"san_dns"' 'at least one value'
	finds errors key_id '"ABC123456"' 'not "ABC123456"'
	finds errors team_id team123456 'ten capital letters and digits'
	finds errors environment '"prod"' 'must be "production" or "sandbox"'
	finds errors key_fil '"key_fil"' 'did you mean "key_file"?'
	finds errors fcm_options.android.x '"x": 1' 'may not be set'
	finds errors fcm_options.y '"y": 2' 'may not be set'
	finds errors provider '"FCM"' 'there are: apns fcm'
	[ "$(jq -r '.errors[] | select(.words | contains("is missing")).setting' \
		<<<"$output" | xargs)" = \
		"name key_id team_id topic client_id client_secret_file hms_app_id" ]
	finds errors key_file '"key_file": "k"' 'No such file'
	[ "$(found errors)" = 23 ]
	[ "$(jq -c '[.clients, .apps]' <<<"$output")" = '[2,5]' ]
	# The same for people, and by the worker.
	checked
	[ "$status" = 78 ]
	[[ $stderr == *"$FILE:$(line_of '"prod"'):"*': environment: must be '* ]]
	[[ $output == *": 2 clients, 5 apps, 23 errors, "* ]]
	printf '%s\n' "$stderr" >"$BATS_TEST_TMPDIR/command"
	run --separate-stderr "$GATEWAY" -t -c "$FILE"
	[ "$status" = 78 ]
	diff "$BATS_TEST_TMPDIR/command" <(printf '%s\n' "$stderr")
}

@test "a setting that stands twice is an error for a worker, too" {
	sed -i '0,/"apps": \[/s//"apps": [], &/' "$FILE"
	sed -i 's/"provider": "fcm"/&,\n"url": "https:\/\/x.example"/' "$FILE"
	checked --json
	[ "$status" = 78 ]
	[ "$(jq -c '[.errors[].setting]' <<<"$output")" = '["apps","url"]' ]
	finds errors url x.example '"url" is set twice: what line' ||
		finds errors url "localhost:$fcm_port"
	run perl "$ROOT/tests/lib/fastcgi.pl" serve "$STAGE/socket" \
		"$GATEWAY" -c "$FILE"
	[ "$status" != 0 ]
	[[ $output == *"is set twice"* ]]
}

@test "apps of one account with different rates" {
	write_config '.apps[0].max_rate_per_minute = 600 |
		.apps += [ .apps[0] | .app_id = "de.gematik.epa.ios.apns" |
			.max_rate_per_minute = 60 ]'
	checked --json
	[ "$status" = 78 ]
	[ "$(found errors)" = 1 ]
	finds errors max_rate_per_minute '"max_rate_per_minute": 60,\?$' \
		'must be the same for all apps of an account, and is 600 for "de.gematik.erezept.ios.apns"'
	# A worker does not start with it either.
	run env GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=GET \
		PUSH_GATEWAY_CONFIG="$FILE" "$GATEWAY" </dev/null
	[ "$status" = 78 ]
	[[ $output == *'app de.gematik.epa.ios.apns: max_rate_per_minute: must be the same'* ]]
	# With another key it is another account.
	write_config '.apps[0].max_rate_per_minute = 600 |
		.apps += [ .apps[0] | .app_id = "de.gematik.epa.ios.apns" |
			.team_id = "TEAM999999" | .max_rate_per_minute = 60 ]'
	checked --json
	[ "$(found errors)" = 0 ]
}

@test "a state directory that workers cannot use" {
	write_config '.state_directory = "none/state"'
	checked --json
	[ "$status" = 78 ]
	finds errors state_directory state_directory 'there is no directory'
	[ ! -e "$STAGE/none" ]
	mkdir -m 777 "$STAGE/state"
	chmod 777 "$STAGE/state"
	write_config
	checked --json
	[ "$status" = 78 ]
	finds errors state_directory state_directory 'is open to others: chmod 0700'
	rmdir "$STAGE/state"
	: >"$STAGE/state"
	checked --json
	finds errors state_directory state_directory 'Not a directory'
}

@test "a file of CAs that is missing, or contains none" {
	local file
	echo nothing >"$STAGE/empty.pem"
	sed 's/^MII/MII!/' "$STAGE/providers-ca.pem" >"$STAGE/damaged.pem"
	for file in none.pem empty.pem damaged.pem clients-crl.pem; do
		write_config ".ca_file = \"$file\""
		checked --json
		[ "$status" = 78 ]
		finds errors ca_file ca_file "$file"
		[ "$(found errors)" = 1 ]
	done
}

@test "secrets that everybody may write are errors, or read, warnings" {
	chmod 644 "$STAGE/AuthKey_ABC1234567.p8"
	chmod 602 "$STAGE/service-account.json"
	write_config '.apps += [ .apps[0] | .app_id = "twin" | .topic = "t" ]'
	checked --json
	[ "$status" = 78 ]
	finds warnings key_file key_file 'may be read by everybody: chmod o-r'
	finds errors service_account_file service_account_file \
		'may be written by everybody'
	# The same file is told of once.
	[ "$(jq '[.warnings[] | select(.setting == "key_file")] | length' \
		<<<"$output")" = 1 ]
	chmod 620 "$STAGE/AuthKey_ABC1234567.p8"
	checked --json
	finds warnings key_file key_file 'may be written by its group'
	echo secret >"$STAGE/secret"
	chmod 644 "$STAGE/secret"
	write_config '.fastcgi_secret_file = "secret"'
	checked --json
	finds warnings fastcgi_secret_file fastcgi_secret_file 'read by everybody'
	: >"$STAGE/secret"
	checked --json
	[ "$status" = 78 ]
	finds errors fastcgi_secret_file fastcgi_secret_file 'is empty'
	rm "$STAGE/secret"
}

@test "what is of no use is a warning" {
	write_config '.clients += [ { name: "odd", san_dns: [ "*.erezept.example",
		"10.1.2.3", "https://x.example/", "a..b", "good.example" ],
		apps: [ "nobody.*", "gematik-project.erezept.firebase" ] } ] |
		.apps += [ .apps[0] | .app_id = "unaddressed" | .topic = "t" |
			.key_id = "ABC7654321" ]'
	checked --json
	[ "$status" = 0 ]
	finds warnings san_dns '\*.erezept' 'it is no pattern'
	finds warnings san_dns 10.1.2.3 'it is an address'
	finds warnings san_dns 'https://x' 'it is a URL'
	finds warnings san_dns 'a\.\.b' 'it is no DNS name'
	finds warnings apps 'nobody' 'matches the app_id of no app'
	finds warnings app_id unaddressed 'no client may address'
	finds warnings key_id ABC7654321 'does not match the key id in the file'\''s name, ABC1234567'
	[ "$(found warnings)" = 7 ]
	checked
	[ "$status" = 0 ]
	[[ $stderr == *": warning: san_dns: "* ]]
	[[ $output == *", 0 errors, 7 warnings: OK" ]]
	write_config '.clients = [] | .apps = []'
	checked --json
	[ "$status" = 0 ]
	finds warnings clients '"clients"' 'nobody may call'
	finds warnings apps '"apps"' 'nothing can be delivered'
}

@test "what ends soon is a warning" {
	make_certificate_for_days yesterday "20 days" soon clients DNS:x.example
	cat "$STAGE/soon.pem" "$STAGE/soon-key.pem" >"$STAGE/apns.pem"
	chmod 600 "$STAGE/apns.pem"
	write_config '.apps[0] |= (del(.key_file, .key_id, .team_id) +
		{ certificate_file: "apns.pem" }) |
		.tls_watch = [ "soon.pem", "providers-ca.pem", "none.pem",
			"clients-crl.pem" ]'
	checked --json
	[ "$status" = 0 ]
	finds warnings certificate_file certificate_file \
		'expires in less than 30 days'
	finds warnings tls_watch '"soon.pem"' \
		'contains a certificate that ends in less than 30 days'
	finds warnings tls_watch '"clients-crl.pem"' 'a CRL that ends in'
	finds warnings tls_watch '"none.pem"' 'No such file'
	[ "$(found warnings)" = 4 ]
	make_certificate_for_days "9 days ago" yesterday over clients DNS:x.example
	write_config '.tls_watch = [ "over.pem" ]'
	checked --json
	[ "$status" = 0 ]
	finds warnings tls_watch '"over.pem"' 'a certificate that ended at'
}

@test "--user sees what that user may read" {
	[ "$EUID" = 0 ] || skip "it takes root"
	local directory
	# Others may not enter those of tests.
	directory=$(mktemp -d /tmp/push-gateway-check.XXXXXX)
	chmod 755 "$directory"
	cp "$STAGE"/{AuthKey_ABC1234567.p8,service-account.json} "$directory"
	cp "$STAGE/providers-ca.pem" "$directory"
	chmod 644 "$directory/providers-ca.pem"
	jq --arg state "$directory/state" '.state_directory = $state' "$FILE" \
		>"$directory/push-gateway.json"
	FILE=$directory/push-gateway.json
	chmod 644 "$FILE"
	checked
	[ "$status" = 0 ]
	[[ $output == *": as user root: "* ]]
	[[ $stderr == *"checked as root, who may read every file"* ]]
	checked --user nobody --json
	[ "$status" = 78 ]
	finds errors key_file key_file 'Permission denied'
	finds errors service_account_file service_account_file 'Permission denied'
	finds warnings state_directory state_directory \
		'the user nobody may not make it'
	# Whose the state directory is, root becomes by itself.
	mkdir -m 700 "$directory/state"
	chown nobody "$directory/state"
	checked
	[ "$status" = 78 ]
	[[ $output == *": as user nobody: "* ]]
	run "$GATEWAY" -t -c "$FILE"
	[ "$status" = 78 ]
	[[ $output == *"Permission denied"* ]]
	checked --user nonsense
	[ "$status" = 64 ]
	[[ $stderr == *'no user "nonsense"'* ]]
	run setpriv --reuid=nobody --clear-groups "$COMMAND" check \
		-c "$FILE" --user daemon
	[ "$status" = 64 ]
	chmod 600 "$FILE"
	checked --user nobody --json
	jq -e '.errors[0] | .line == 1 and
		.words == "cannot be read: Permission denied"' <<<"$output"
	rm -r "$directory"
}

@test "a file that is not JSON is one error" {
	printf '{\n "clients": [],,\n "apps": [] }\n' >"$FILE"
	checked --json
	[ "$status" = 78 ]
	[ "$(jq -c '[.errors[] | [.line, .column, .setting]]' <<<"$output")" = \
		'[[2,16,""]]' ]
	[[ $(jq -r '.errors[0].words' <<<"$output") == *"','" ]]
	rm "$FILE"
	checked --json
	[ "$status" = 78 ]
	[[ $(jq -r '.errors[0].words' <<<"$output") == *"No such file"* ]]
}

@test "no value that may be a secret is repeated" {
	write_config '.proxy = "http://user:secret@proxy.example:3128" |
		.apps[0].key_id = "-----BEGIN PRIVATE KEY-----" |
		.apps[0].team_id = "-----BEGIN\nSECRET"'
	checked
	[ "$status" = 78 ]
	[[ $stderr == *": proxy: must not contain a password"* ]]
	[[ $stderr$output != *secret@* && $stderr != *BEGIN* ]]
}
