#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What is refused, with which words, and which of two mistakes is named.

load ../lib/stage.bash

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	stage_start
}

teardown_file() {
	stage_close
}

# refused CODE ERROR [DETAILS]: the last answer says exactly this.
refused() {
	local expected
	expected=$(jq -cn --arg error "$2" --argjson details "${3:-null}" \
		'{ error: $error } +
		if $details == null then {} else { details: $details } end')
	[ "$CODE" = "$1" ] && [ "$(answer .)" = "$expected" ] &&
		[ "$(header content-type)" = application/json ] || {
		echo "expected $1 $expected"
		echo "got      $CODE $BODY"
		return 1
	}
}

# many COUNT: a batch of so many items without devices.
many() {
	jq -cn --argjson count "$1" '{ notifications: [ range($count) |
		{ id: "\(.)", notification: { devices: [] } } ] }'
}

# sized BYTES: a notification whose compact serialisation has so many bytes.
sized() {
	jq -cn --argjson size "$1" '{ devices: [], room_name: "" } |
		.room_name = ("x" * ($size - (tojson | utf8bytelength)))'
}

UNKNOWN="There is no such operation."
METHOD="The operation takes POST only."
CERTIFICATE="Missing or invalid mutual TLS (mTLS) certificate."

@test "an unknown path is 404" {
	local path
	for path in / /push/v1 /push/v1/notifyx /push/v1/notify/batch/x \
		/push/v2/notify /xpush/v1/notify2; do
		post "$path" '{}'
		refused 404 "$UNKNOWN"
	done
}

@test "a wrong method is 405 and says which is right" {
	local method
	for method in GET PUT DELETE PATCH OPTIONS; do
		request /push/v1/notify -X "$method"
		refused 405 "$METHOD"
		[ "$(header allow)" = POST ]
	done
}

@test "404 comes before 405, and both before 401" {
	request /unknown -X DELETE
	refused 404 "$UNKNOWN"
	request /push/v1/notify -X DELETE
	refused 405 "$METHOD"
}

@test "401 comes before 413 and 400" {
	# Over the gateway's limit; the web server's own is a little above it.
	head -c 1060000 /dev/zero >"$BATS_TEST_TMPDIR/zeros"
	request /push/v1/notify --data-binary "@$BATS_TEST_TMPDIR/zeros"
	refused 401 "$CERTIFICATE"
	request /push/v1/notify -d '{'
	refused 401 "$CERTIFICATE"
}

@test "a body over the limit is 413, with and without Content-Length" {
	local details='{ "max_request_size_kb": 1024 }'
	head -c $((1024 * 1024 + 1)) /dev/zero >"$BATS_TEST_TMPDIR/body"
	post /push/v1/notify "@$BATS_TEST_TMPDIR/body"
	refused 413 "Notification object is too large." "$details"
	post /push/v1/notify/batch "@$BATS_TEST_TMPDIR/body"
	refused 413 "Batch request payload is too large." "$details"
	post /push/v1/notifyEncrypted/batch "@$BATS_TEST_TMPDIR/body" \
		-H 'Transfer-Encoding: chunked'
	refused 413 "Batch request payload is too large." "$details"
}

@test "a body of exactly the limit is read" {
	{
		single "$(plain '{}')" | tr -d '\n'
		head -c 1048576 /dev/zero | tr '\0' ' '
	} | head -c 1048576 >"$BATS_TEST_TMPDIR/body"
	post /push/v1/notify "@$BATS_TEST_TMPDIR/body"
	[ "$CODE" = 200 ]
	post /push/v1/notify "@$BATS_TEST_TMPDIR/body" \
		-H 'Transfer-Encoding: chunked'
	[ "$CODE" = 200 ]
}

@test "413 comes before 400" {
	head -c 1100000 /dev/zero | tr '\0' '[' >"$BATS_TEST_TMPDIR/body"
	post /push/v1/notify "@$BATS_TEST_TMPDIR/body"
	[ "$CODE" = 413 ]
}

@test "a Content-Type that is not JSON is refused" {
	local type
	for type in text/plain application/x-www-form-urlencoded \
		application/jsonx ''; do
		request /push/v1/notify --cert "$STAGE/client.pem" \
			--key "$STAGE/client-key.pem" -H "Content-Type:$type" \
			--data-binary "$(single "$(plain '{}')")"
		refused 400 "Invalid data format" '{ "location": "",
			"reason": "Content-Type must be application/json" }'
	done
	for type in 'application/json; charset=utf-8' Application/JSON; do
		request /push/v1/notify --cert "$STAGE/client.pem" \
			--key "$STAGE/client-key.pem" -H "Content-Type: $type" \
			--data-binary "$(single "$(plain '{}')")"
		[ "$CODE" = 200 ]
	done
}

@test "the first violation is named by its place and a reason" {
	post /push/v1/notifyEncrypted/batch "$(batch "$(encrypted "$(ios a)")" \
		"$(encrypted "$(ios a)" '{ "ciphertext": "short" }')")"
	refused 400 "Invalid data format" '{
		"location": "/notifications/1/notification/ciphertext",
		"reason": "must be 1404 characters long" }'
	post /push/v1/notify "$(single "$(plain '{}' '{"app_id": 1}')")"
	refused 400 "Invalid data format" '{
		"location": "/notification/devices/0/app_id",
		"reason": "must be a string" }'
}

# takes_length LENGTH: a ciphertext of so many characters is taken.
takes_length() {
	local text
	printf -v text "%$1s" ''
	post /push/v1/notifyEncrypted/batch "$(batch "$(encrypted \
		"$(android phone)" "{\"ciphertext\":\"${text// /A}\"}")")"
	[ "$CODE" = 200 ]
}

@test "with ciphertext_length \"any\" 1368 characters are taken, and others" {
	run ! takes_length 1368
	write_config '.ciphertext_length = "any"'
	wait_until 10 takes_length 1368
	[ "$(record 'select(.service == "fcm") |
		.body.message.data.ciphertext | length')" = 1368 ]
	takes_length 1404
	[ "$(answer .summary.successful)" = 1 ]
	# No phone network takes so much.
	takes_length 8000
	[ "$(answer '.results[0] | [.status, .rejected, .error]')" = \
		'["failed",[],"notification is too long for the provider"]' ]
	post /push/v1/notifyEncrypted/batch "$(batch "$(encrypted \
		"$(android phone)" '{ "ciphertext": "" }')")"
	refused 400 "Invalid data format" '{
		"location": "/notifications/0/notification/ciphertext",
		"reason": "must not be empty" }'
	write_config
}

@test "a batch over the limit is refused, one at the limit is not" {
	post /push/v1/notify/batch "$(many 101)"
	refused 400 "Batch size exceeds maximum limit" \
		'{ "max_batch_size": 100 }'
	post /push/v1/notify/batch "$(many 100)"
	[ "$CODE" = 200 ]
	[ "$(answer .summary.successful)" = 100 ]
}

@test "duplicate ids are listed, each once" {
	local item
	item=$(plain '{}')
	post /push/v1/notify/batch "$(jq -cn --argjson n "$item" \
		'{ notifications: [ "a", "b", "a", "c", "c", "a" |
		{ id: ., notification: $n } ] }')"
	refused 400 "Duplicate notification IDs in batch" \
		'{ "duplicate_ids": ["a", "c"] }'
}

@test "a notification of 64 KiB passes, one byte more does not" {
	post /push/v1/notify/batch "$(batch "$(sized 65536)")"
	[ "$CODE" = 200 ]
	post /push/v1/notify/batch "$(batch "$(plain '{}')" "$(sized 65537)")"
	refused 400 "Individual notification too large" \
		'{ "max_notification_size_kb": 64 }'
	post /push/v1/notify "$(single "$(sized 65537)")"
	[ "$CODE" = 200 ]
}

@test "of two mistakes the higher one in the rank is named" {
	# A batch that is too large and wrong in one item.
	post /push/v1/notify/batch "$(many 150 |
		jq -c 'del(.notifications[120].notification.devices)')"
	refused 400 "Invalid data format" '{
		"location": "/notifications/120/notification/devices",
		"reason": "is required" }'
	# Too large a batch, with duplicate ids.
	post /push/v1/notify/batch "$(many 101 |
		jq -c '.notifications[1].id = "0"')"
	[ "$(answer .error)" = "Batch size exceeds maximum limit" ]
	# Duplicate ids, and a notification that is too large.
	post /push/v1/notify/batch "$(batch "$(plain '{}')" "$(sized 70000)" |
		jq -c '.notifications[1].id = "item-1"')"
	[ "$(answer .error)" = "Duplicate notification IDs in batch" ]
}

@test "nothing is delivered of a request that is refused" {
	clear_record
	post /push/v1/notify/batch "$(batch "$(plain '{}' "$(ios a)")" \
		"$(plain '{"prio": "urgent"}' "$(ios b)")")"
	refused 400 "Invalid data format" '{
		"location": "/notifications/1/notification/prio",
		"reason": "must be \"high\" or \"low\"" }'
	[ "$(record .)" = "" ]
}

# peak_kb: the most memory that a worker has had.
peak_kb() {
	local pid
	for pid in $(workers); do
		awk '/^VmHWM:/ { print $2 }' "/proc/$pid/status"
	done | sort -n | tail -1
}

@test "values that the API does not name are ignored, and take no memory" {
	local before
	{
		printf '{"notification":{"devices":[]},"x":[{}'
		printf ',{}%.0s' {1..300000}
		printf ']}'
	} >"$BATS_TEST_TMPDIR/body"
	post /push/v1/notify "$(single "$(plain '{}')")"
	before=$(peak_kb)
	post /push/v1/notify "@$BATS_TEST_TMPDIR/body"
	[ "$CODE" = 200 ]
	# As values of their own they would take 200 MiB; their text is here
	# a few times.
	grep -qa __asan_init "$GATEWAY" || (($(peak_kb) - before < 20000))
}

@test "a body with a coding is refused by its name" {
	local coding
	for coding in gzip br 'identity, gzip'; do
		post /push/v1/notify "$(single "$(plain '{}')")" \
			-H "Content-Encoding: $coding"
		refused 400 "Invalid data format" '{ "location": "",
			"reason": "Content-Encoding must be identity" }'
	done
	post /push/v1/notify "$(single "$(plain '{}')")" \
		-H "Content-Encoding: identity"
	[ "$CODE" = 200 ]
}

@test "the worker survives whatever a body holds" {
	local before after dir=$BATS_TEST_TMPDIR
	before=$(workers)
	head -c 1000000 /dev/zero | tr '\0' '[' >"$dir/brackets"
	head -c 1000000 /dev/zero | tr '\0' '"' >"$dir/quotes"
	head -c 1000000 /dev/urandom >"$dir/random"
	printf '{"notification":{"devices":[],"type":"\xc3\x28"}}' >"$dir/utf8"
	printf '{"notification":{"devices":[],"type":"\xed\xa0\x80"}}' \
		>"$dir/surrogate"
	printf '{"notification":{"devices":[' >"$dir/truncated"
	printf '{"notification":{"devices":[]}}\0{}' >"$dir/nul"
	: >"$dir/empty"
	local body
	for body in brackets quotes random utf8 surrogate truncated nul empty
	do
		post /push/v1/notify "@$dir/$body"
		[ "$CODE" = 400 ] || { echo "$body: $CODE $BODY"; false; }
		[ "$(answer .error)" = "Invalid data format" ]
		[ "$(answer .details.location)" = "" ]
	done
	post /push/v1/notify "$(single "$(plain '{}')")"
	[ "$CODE" = 200 ]
	after=$(workers)
	[ "$before" = "$after" ]
}
