#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# doc/push-gateway.openapi.yaml is good, the gateway does what it says, and
# the tool that compares them sees when it does not.

load ../lib/stage.bash

DESCRIPTION=$ROOT/doc/push-gateway.openapi.yaml

# Debian's own Python has Debian's modules.
python() {
	/usr/bin/python3 "$@"
}

setup_file() {
	stage_open "$BATS_FILE_TMPDIR"
	stage_start
}

teardown_file() {
	stage_close
}

setup() {
	python -c 'import jsonschema, yaml' ||
		skip "python3-jsonschema or python3-yaml is missing"
	control '{}'
	clear_record
}

@test "the description is good" {
	openapi check "$DESCRIPTION"
}

# The batch and the notification that are too large are not among them, but
# below: they would fill the description.
@test "each example of a request is answered as it says" {
	local example count=0
	openapi examples "$DESCRIPTION" >"$STAGE/examples.json"
	while IFS= read -r example; do
		post "$(jq -r .path <<<"$example")" \
			"$(jq -r .body <<<"$example")"
		[ "$CODE" = "$(jq .status <<<"$example")" ] &&
			diff <(jq -S .expected <<<"$example") \
				<(jq -S . <<<"$BODY") || {
			jq -r '"\(.operation) \(.name): \(.status)"' <<<"$example"
			echo "$CODE $BODY"
			return 1
		}
		[ "$(header cache-control)" = no-store ]
		[ "$CODE" != 503 ] || [ "$(header retry-after)" = 30 ]
		count=$((count + 1))
	done <"$STAGE/examples.json"
	((count >= 25))
	[ "$(record 'select(.violation != null)')" = "" ]
	# Each operation has some, and each ciphertext is as long as real ones.
	[ "$(jq -r .operation "$STAGE/examples.json" | sort -u | wc -l)" = 4 ]
	[ "$(jq -r '.body | fromjson | .notifications[]?.notification |
		select(.ciphertext | tostring | length > 100) |
		.ciphertext | length' "$STAGE/examples.json" | sort -u)" = 1404 ]
	openapi answers "$DESCRIPTION" "$STAGE/answers.json"
}

@test "larger refusals, and those without a body, are as described too" {
	local path size=$((1024 * 1024 + 1))
	post /push/v1/notify/batch "$(jq -cn '{ notifications: [ range(101) |
		{ id: "\(.)", notification: { devices: [] } } ] }')"
	[ "$(answer .error)" = "Batch size exceeds maximum limit" ]
	post /push/v1/notify/batch "$(batch "$(jq -cn '{ devices: [],
		room_name: ("x" * 65536) }')")"
	[ "$(answer .error)" = "Individual notification too large" ]
	for path in /push/v1/notify /_matrix/push/v1/notify \
		/push/v1/notify/batch /push/v1/notifyEncrypted/batch; do
		head -c "$size" /dev/zero >"$BATS_TEST_TMPDIR/body"
		post "$path" "@$BATS_TEST_TMPDIR/body"
		[ "$CODE" = 413 ]
		head -c 5000000 /dev/zero >"$BATS_TEST_TMPDIR/body"
		post "$path" "@$BATS_TEST_TMPDIR/body" --http1.1
		[ "$CODE" = 413 ]
		request "$path" -d '{}'
		[ "$CODE" = 401 ]
		request "$path" -X DELETE
		[ "$CODE" = 405 ]
		request "$path/x"
		[ "$CODE" = 404 ]
		post "$path" '{"notification":'
		[ "$CODE" = 400 ]
	done
	(($(wc -l <"$STAGE/answers.json") >= 26))
	openapi answers "$DESCRIPTION" "$STAGE/answers.json"
}

# answer_line METHOD PATH STATUS TYPE BODY: as request notes it.
answer_line() {
	jq -cn --arg method "$1" --arg path "$2" --argjson status "$3" \
		--arg type "$4" --arg body "$5" '$ARGS.named'
}

@test "the web server's own errors are described" {
	local page status path method
	for page in "$ROOT"/errors/*.html; do
		status=$(basename "$page" .html)
		path=/push/v1/notify
		[ "$status" != 404 ] || path=/
		method=POST
		[ "$status" != 405 ] || method=TRACE
		answer_line "$method" "$path" "$status" application/json \
			"$(cat "$page")"
	done >"$BATS_TEST_TMPDIR/pages"
	(($(wc -l <"$BATS_TEST_TMPDIR/pages") >= 14))
	openapi answers "$DESCRIPTION" "$BATS_TEST_TMPDIR/pages"
}

# part JQ-FILTER: a part of the description.
part() {
	python -c 'import json, sys, yaml
json.dump(yaml.safe_load(sys.stdin), sys.stdout)' <"$DESCRIPTION" |
		jq -r ".components.schemas | $1"
}

@test "it lists each phrase of an item's error, and no other" {
	local prefixes
	diff <(described phrase | sort) \
		<(part '.ErrorDead.const, (.ErrorLater, .ErrorNever).enum[]' |
		sort)
	prefixes='some devices [^(]*: [(](?<causes>.*)[)]'
	diff <(part '(.ErrorLater, .ErrorNever).enum[]') \
		<(part ".ErrorBesideRejected.pattern |
		capture(\"$prefixes\").causes | split(\"|\")[]")
	diff <(part '.ErrorLater.enum[]') \
		<(part ".ErrorTryAgain.pattern |
		capture(\"$prefixes\").causes | split(\"|\")[]")
	diff <(part '.ErrorNever.enum[]') \
		<(part ".ErrorDoNotRepeat.pattern |
		capture(\"$prefixes\").causes | split(\"|\")[]")
}

# --- the tool sees what is wrong ---------------------------------------------

# broken STATEMENT WORDS: a description that the statement has changed is
# refused with these words.
broken() {
	python -c 'import json, sys, yaml
d = yaml.safe_load(sys.stdin)
paths, components = d["paths"], d["components"]
notify = paths["/push/v1/notify"]["post"]
request = notify["requestBody"]["content"]["application/json"]
schemas, responses = components["schemas"], components["responses"]
exec(sys.argv[1])
json.dump(d, sys.stdout)' "$1" <"$DESCRIPTION" >"$BATS_TEST_TMPDIR/broken.yaml"
	run openapi check "$BATS_TEST_TMPDIR/broken.yaml"
	[ "$status" = 1 ] && [[ $output == *"$2"* ]] || {
		printf '%s\n' "$1" "expected: $2" "got $status: $output"
		return 1
	}
}

@test "a description with a mistake in its structure is refused" {
	broken 'd["openapi"] = "3.0.3"' 'must be 3.1'
	broken 'd["info"]["licence"] = {}' "info has no field 'licence'"
	broken 'del d["info"]["title"]' "info must have 'title'"
	broken 'del responses["Forbidden"]' \
		"'#/components/responses/Forbidden' points to nothing"
	broken 'notify["responses"]["200"]["$ref"] = "#/components/schemas/Device"' \
		'is not in #/components/responses/'
	broken 'notify["responses"]["2oo"] = notify["responses"]["200"]' \
		"'2oo' is not a status"
	broken 'notify["sumary"] = ""' "operation has no field 'sumary'"
	broken 'notify["tags"] = ["pull"]' "the tag 'pull' is not declared"
	broken 'notify["operationId"] = "notifyBatch"' 'operationId stands twice'
	broken 'paths["/push/{version}"] = {"get": dict(notify, operationId="x")}' \
		"names in '/push/{version}'"
	broken 'd["servers"][0]["url"] = "https://{host}"' 'names in'
	broken 'd["security"] = [{"password": []}]' "scheme 'password'"
	broken 'schemas["Spare"] = {"type": "string"}' 'Spare: is not used'
	broken 'del responses["Forbidden"]["x-sent-by"]' 'x-sent-by cannot be'
	broken 'del responses["Forbidden"]["content"]' 'has no application/json'
	sed 's/^  title: /&one\n&/' "$DESCRIPTION" >"$BATS_TEST_TMPDIR/twice.yaml"
	run openapi check "$BATS_TEST_TMPDIR/twice.yaml"
	[ "$status" = 1 ]
	[[ $output == *"'title' is twice"* ]]
	run openapi check "$BATS_TEST_TMPDIR/none.yaml"
	[ "$status" = 1 ]
}

@test "a description with a mistake in a schema is refused" {
	broken 'schemas["Device"]["properties"]["app_id"]["$ref"] = "#/nowhere"' \
		"'#/nowhere' points to nothing"
	broken 'schemas["Device"]["requird"] = []' "no keyword 'requird'"
	broken 'schemas["Device"]["type"] = "objekt"' 'objekt'
	broken 'schemas["Device"]["required"] = "app_id"' "'app_id' is not"
	broken 'schemas["ReasonOfText"]["pattern"] = "("' 'ReasonOfText/pattern: '
	broken 'schemas["Priority"]["default"] = "middle"' "'middle'"
	broken 'schemas["Device"]["properties"]["again"] = {"$ref":
		"#/components/schemas/Device"}' 'leads back to itself'
	broken 'del schemas["Unavailable"]["additionalProperties"]' \
		"object is not closed"
}

@test "a description with a mistake in an example is refused" {
	broken 'del request["examples"]["badge"]["x-expected"]' \
		'must have x-expected'
	broken 'del request["examples"]["badge"]["value"]' \
		"example must have 'value'"
	broken 'request["examples"]["badge"]["value"]["notification"]["prio"] = 1' \
		"x-expected says None, the schema 'Invalid data format'"
	broken 'request["examples"]["notAnInteger"]["value"]["notification"]["counts"]["unread"] = 1' \
		"x-expected says 'Invalid data format', the schema None"
	broken 'request["examples"]["notAPriority"]["x-expected"]["body"]["details"]["location"] = "/notification/devices"' \
		"x-expected points to '/notification/devices'"
	broken 'request["examples"]["badge"]["x-expected"]["status"] = 201' \
		'201 is not described'
	broken 'request["examples"]["badge"]["x-expected"]["body"] = {}' \
		"'rejected' is a required"
	broken 'responses["Rejected"]["content"]["application/json"]["examples"]["none"]["value"]["rejected"] = [1]' \
		"1 is not of type 'string'"
}

# right METHOD PATH STATUS TYPE BODY: an answer that is as described.
right() {
	answer_line "$@" >>"$BATS_TEST_TMPDIR/right"
}

# wrong WORDS METHOD PATH STATUS TYPE BODY: one that is not, for this reason.
wrong() {
	WORDS+=("$1")
	shift
	answer_line "$@" >>"$BATS_TEST_TMPDIR/wrong"
}

# judge: the tool sees that all those are right, and why all these are wrong.
judge() {
	local i found
	openapi answers "$DESCRIPTION" "$BATS_TEST_TMPDIR/right"
	run openapi answers "$DESCRIPTION" "$BATS_TEST_TMPDIR/wrong"
	[ "$status" = 1 ]
	for i in "${!WORDS[@]}"; do
		found=$(awk -v line="wrong:$((i + 1)): " '/^[^\t]/ {
			on = index($0, line) } on' <<<"$output")
		[[ $found == *$'\n\t'*"${WORDS[i]}"* ]] || {
			echo "expected: ${WORDS[i]}"
			sed -n "$((i + 1))p" "$BATS_TEST_TMPDIR/wrong"
			echo "found: $found"
			return 1
		}
	done
}

WORDS=()
JSON=application/json

@test "an answer that is not as described is found" {
	local one=/push/v1/notify matrix=/_matrix/push/v1/notify
	right POST "$one" 200 $JSON '{"rejected":[]}'
	wrong "'more' was unexpected" \
		POST "$one" 200 $JSON '{"rejected":[],"more":1}'
	wrong "'rejected' is a required" POST "$one" 200 $JSON '{}'
	wrong 'non-unique' POST "$one" 200 $JSON '{"rejected":["a","a"]}'
	wrong "1 is not of type 'string'" POST "$one" 200 $JSON '{"rejected":[1]}'
	wrong "'text/html'" POST "$one" 200 text/html '{"rejected":[]}'
	wrong "''" POST "$one" 200 '' '{"rejected":[]}'
	wrong '204 is not described' POST "$one" 204 $JSON ''
	wrong '302 is not described' GET "$one" 302 $JSON ''
	wrong 'is not JSON' POST "$one" 200 $JSON '{"rejected":['
	wrong 'a name stands twice' \
		POST "$one" 200 $JSON '{"rejected":[],"rejected":[]}'
	wrong 'was expected' POST "$one" 401 $JSON '{"error":"Who?"}'
	wrong '401 is not described' POST "$one/x" 401 $JSON \
		'{"error":"Missing or invalid mutual TLS (mTLS) certificate."}'
	# Paths and methods.
	wrong '404 is not described' POST "/ios$one/?a" 404 $JSON \
		'{"error":"There is no such operation."}'
	wrong '200 is not described' POST "/$one" 200 $JSON '{"rejected":[]}'
	wrong '200 is not described' GET "$one" 200 $JSON '{"rejected":[]}'
	wrong '405 is not described' POST "$one" 405 $JSON \
		'{"error":"The operation takes POST only."}'
	right PUT "$matrix" 405 $JSON \
		'{"errcode":"M_UNRECOGNIZED","error":"The operation takes GET and POST only."}'
	wrong "'errcode' is a required" PUT "$matrix" 405 $JSON \
		'{"error":"The operation takes GET and POST only."}'
	right GET "$matrix" 200 $JSON \
		'{"gateway":"matrix","unifiedpush":{"gateway":"matrix"}}'
	wrong '405 is not described' GET "$matrix" 405 $JSON \
		'{"errcode":"M_UNRECOGNIZED","error":"The operation takes GET and POST only."}'
	wrong "'errcode' was unexpected" GET "$one" 405 $JSON \
		'{"errcode":"M_UNRECOGNIZED","error":"The operation takes POST only."}'
	right HEAD "$one" 405 $JSON ''
	wrong 'HEAD has no body' HEAD "$one" 405 $JSON \
		'{"error":"The operation takes POST only."}'
	right GET "$one" 501 $JSON \
		'{"error":"The server knows no such method or transfer coding."}'
	judge
}

@test "a refusal that is not as described is found" {
	local one=/push/v1/notify many=/push/v1/notify/batch
	invalid() {
		jq -cn --arg location "$1" --arg reason "$2" '{ error:
			"Invalid data format", details: $ARGS.named }'
	}
	right POST "$one" 400 $JSON "$(invalid /notification 'is required')"
	wrong 'is no place in the request' POST "$one" 400 $JSON \
		"$(invalid /notification/pushkey 'is required')"
	wrong 'is no place in the request' POST "$one" 400 $JSON \
		"$(invalid /notifications/1 'must be an object')"
	wrong '/details/reason: ' POST "$one" 400 $JSON \
		"$(invalid /notification 'is wrong')"
	wrong "'' was expected" POST "$one" 400 $JSON \
		"$(invalid /notification 'the body was cut short')"
	wrong ': ' POST "$one" 400 $JSON \
		'{"error":"Duplicate notification IDs in batch","details":{"duplicate_ids":["a"]}}'
	right POST "$many" 400 $JSON \
		'{"error":"Duplicate notification IDs in batch","details":{"duplicate_ids":["a"]}}'
	wrong '/details/duplicate_ids: ' POST "$many" 400 $JSON \
		'{"error":"Duplicate notification IDs in batch","details":{"duplicate_ids":[]}}'
	wrong "'duplicate_ids' was unexpected" POST "$many" 400 $JSON \
		'{"error":"Batch size exceeds maximum limit","details":{"max_batch_size":100,"duplicate_ids":["a"]}}'
	wrong 'only the web server' PUT "$many" 413 $JSON \
		'{"error":"Batch request payload is too large.","details":{"max_request_size_kb":1}}'
	wrong ': ' POST "$many" 413 $JSON \
		'{"error":"Notification object is too large.","details":{"max_request_size_kb":1}}'
	judge
}

# result STATUS REJECTED [ERROR]: an answer with one result.
result() {
	jq -cn --arg status "$1" --argjson rejected "$2" --arg error "${3-}" '{
		results: [ { id: "a", status: $status, rejected: $rejected } +
			if $error == "" then {} else { error: $error } end ],
		summary: { total: 1,
			successful: [ $status | select(. == "success") ] | length,
			failed: [ $status | select(. == "failed") ] | length,
			partial: [ $status | select(. == "partial") ] | length } }'
}

@test "a result that contradicts itself is found" {
	local plain=/push/v1/notify/batch path
	local encrypted=/push/v1/notifyEncrypted/batch
	local dead='pushkey is no longer valid' busy='provider is overloaded'
	for path in "$plain" "$encrypted"; do
		right POST "$path" 200 $JSON "$(result success '[]')"
		right POST "$path" 200 $JSON "$(result failed '["a"]' "$dead")"
		right POST "$path" 200 $JSON "$(result failed '[]' "$busy")"
		wrong ': ' POST "$path" 200 $JSON "$(result success '["a"]')"
		wrong ': ' POST "$path" 200 $JSON "$(result success '[]' "$busy")"
		wrong ': ' POST "$path" 200 $JSON "$(result failed '[]')"
		wrong ': ' POST "$path" 200 $JSON "$(result failed '[]' "$dead")"
		wrong ': ' POST "$path" 200 $JSON "$(result failed '[]' 'no idea')"
		wrong ': ' POST "$path" 200 $JSON \
			"$(result failed '[]' "$busy" | jq -c 'del(.summary)')"
		wrong 'summary: says' POST "$path" 200 $JSON \
			"$(result failed '[]' "$busy" | jq -c '.summary.failed = 0')"
		wrong "None is not of type 'string'" POST "$path" 200 $JSON \
			"$(result success '[]' | jq -c '.results[0].error = null')"
		wrong "1.0 is not of type 'integer'" POST "$path" 200 $JSON \
			"$(result success '[]' | sed 's/"total":1/"total":1.0/')"
	done
	right POST "$plain" 200 $JSON "$(result partial '["a"]')"
	wrong ': ' POST "$plain" 200 $JSON "$(result partial '[]')"
	wrong ': ' POST "$plain" 200 $JSON "$(result partial '[]' "$busy")"
	wrong ': ' POST "$encrypted" 200 $JSON "$(result partial '["a"]')"
	right POST "$plain" 200 $JSON "$(result failed '["a"]' "$busy")"
	wrong ': ' POST "$encrypted" 200 $JSON "$(result failed '["a"]' "$busy")"
	busy="some devices were not reached, retry: $busy"
	right POST "$plain" 200 $JSON "$(result failed '[]' "$busy")"
	wrong ': ' POST "$plain" 200 $JSON "$(result failed '["a"]' "$busy")"
	wrong ': ' POST "$plain" 200 $JSON "$(result partial '["a"]' "$busy")"
	judge
}

@test "a file of answers that cannot be read is a failure" {
	local file=$BATS_TEST_TMPDIR/answers
	run openapi answers "$DESCRIPTION" "$file"
	[ "$status" = 1 ]
	: >"$file"
	run openapi answers "$DESCRIPTION" "$file"
	[ "$status" = 1 ]
	[[ $output == *"holds no answers"* ]]
	answer_line POST /push/v1/notify 200 $JSON '{"rejected":[]}' >"$file"
	openapi answers "$DESCRIPTION" "$file"
	echo '{"method":"POST","path":"/push/v1/notify"' >>"$file"
	echo '{"method":"POST","path":"/push/v1/notify"}' >>"$file"
	echo '{"method":"POST","path":"/","status":"200","type":"","body":""}' \
		>>"$file"
	run openapi answers "$DESCRIPTION" "$file"
	[ "$status" = 1 ]
	[ "$(grep -c 'this is not an answer' <<<"$output")" = 3 ]
	[[ $output == *"4 answers, 3 of them not as described" ]]
	run openapi compare
	[ "$status" = 2 ]
}
