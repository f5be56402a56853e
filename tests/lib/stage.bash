# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A stage: a directory with a certificate authority, keys, a configuration,
# the simulated providers and a web server with the gateway behind it.
#
#	stage_open DIRECTORY	makes everything but the processes
#	stage_prepare [JQ]	starts the simulator, writes a configuration
#	stage_start [JQ]	the same, and starts the web server
#	stage_close		stops every process that was started
#
# Each stage has ports of its own, so many can stand side by side.
#
# Set by stage_open:
#	STAGE		the directory
#	GATEWAY		the worker's program
#	SIMULATOR	the simulator's program
#	COMMAND		the operator's command
#
# Which web server, and what is set for it: see tests/lib/web-server.bash.

if declare -F bats_require_minimum_version >/dev/null; then
	bats_require_minimum_version 1.5.0
fi

ROOT=${abs_top_srcdir:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
BUILD=${abs_top_builddir:-$ROOT}
GATEWAY=${GATEWAY:-$BUILD/cgi-bin/push-gateway.fcgi}
SIMULATOR=${SIMULATOR:-$BUILD/tests/simulator/push-simulator}
COMMAND=${COMMAND:-$BUILD/bin/push-gateway}

# The apps of the stage's configuration.
IOS_APP=de.gematik.erezept.ios.apns
ANDROID_APP=gematik-project.erezept.firebase

# shellcheck source=tests/lib/web-server.bash
. "$ROOT/tests/lib/web-server.bash"

# longest MS: what takes at most so many ms on an idle machine may take so many
# on this one, as busy as it is now.  (20 processes take some 25 ms there.)
longest() {
	local from=${EPOCHREALTIME//[.,]/} i took
	for i in {1..20}; do
		env true
	done
	took=$(((${EPOCHREALTIME//[.,]/} - from) / 1000))
	echo $(($1 * (took > 50 ? took : 50) / 50))
}

# wait_until SECONDS COMMAND...: true as soon as the command is, false if it
# is not in four times that time: a busy machine is no failure.
wait_until() {
	local deadline=$((SECONDS + 4 * $1))
	shift
	until "$@" >/dev/null 2>&1; do
		((SECONDS < deadline)) || return 1
		read -rt 0.02 <> <(:) || :
	done
}

# described KIND: what the gateway's own tables say; see tests/docs/describe.c.
described() {
	"$BUILD/tests/docs/describe" | sed -n "s/^$1\t//p"
}

# --- keys and certificates ---------------------------------------------------

# make_ca NAME: NAME-ca.pem, NAME-ca-key.pem
make_ca() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj "/O=Push Gateway Test/CN=$1 CA" -days 3650 \
		-keyout "$STAGE/$1-ca-key.pem" -out "$STAGE/$1-ca.pem" \
		2>>"$STAGE/openssl.log"
}

# make_certificate NAME CA SAN [EXTENDED-KEY-USAGE] [x509-OPTION...]:
# NAME.pem and NAME-key.pem, of the kind CERTIFICATE_KEY: a curve, or rsa:BITS.
make_certificate() {
	local name=$1 ca=$2 san=$3 usage=${4:-clientAuth}
	local key=(ec -pkeyopt "ec_paramgen_curve:${CERTIFICATE_KEY:-P-256}")
	shift $(($# < 4 ? $# : 4))
	[[ ${CERTIFICATE_KEY-} != rsa:* ]] || key=("$CERTIFICATE_KEY")
	openssl req -newkey "${key[@]}" -nodes \
		-subj "/O=Push Gateway Test/CN=$name" \
		-keyout "$STAGE/$name-key.pem" -out "$STAGE/$name.csr" \
		2>>"$STAGE/openssl.log"
	openssl x509 -req -in "$STAGE/$name.csr" -days 30 \
		-CA "$STAGE/$ca-ca.pem" -CAkey "$STAGE/$ca-ca-key.pem" \
		-set_serial "0x$(openssl rand -hex 8)" \
		-extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=%s\n' \
			"$san" "$usage") "$@" \
		-out "$STAGE/$name.pem" 2>>"$STAGE/openssl.log"
}

# sign_with_ca CA OPTION...: what a certificate authority does by its database.
sign_with_ca() {
	local ca=$1
	shift
	if [ ! -e "$STAGE/$ca.index" ]; then
		: >"$STAGE/$ca.index"
		cat >"$STAGE/$ca.conf" <<-EOF
		[ca]
		default_ca = us
		[us]
		certificate = $STAGE/$ca-ca.pem
		private_key = $STAGE/$ca-ca-key.pem
		database = $STAGE/$ca.index
		new_certs_dir = $STAGE
		rand_serial = yes
		default_md = sha256
		default_days = 30
		default_crl_days = 30
		policy = any
		[any]
		organizationName = optional
		commonName = optional
		EOF
	fi
	openssl ca -batch -config "$STAGE/$ca.conf" -notext "$@" \
		2>>"$STAGE/openssl.log"
}

# make_certificate_for_days FROM TO NAME CA SAN: as make_certificate, valid from
# one date to the other ("30 days ago").
# (openssl x509 of version 3.5 makes none that has already ended.)
make_certificate_for_days() {
	local from=$1 to=$2 name=$3 ca=$4 san=$5
	make_certificate "$name" "$ca" "$san"
	sign_with_ca "$ca" -in "$STAGE/$name.csr" -out "$STAGE/$name.pem" \
		-startdate "$(date -ud "$from" +%Y%m%d%H%M%SZ)" \
		-enddate "$(date -ud "$to" +%Y%m%d%H%M%SZ)" \
		-extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=clientAuth\n' \
			"$san")
}

# make_intermediate_ca NAME CA: NAME-ca.pem, NAME-ca-key.pem and NAME-crl.pem, a
# certificate authority below another one.
make_intermediate_ca() {
	make_certificate "$1-ca" "$2" "DNS:$1.example" clientAuth -extfile \
		<(printf '%s\n' basicConstraints=critical,CA:TRUE \
			keyUsage=critical,keyCertSign,cRLSign)
	make_crl "$1"
}

# make_crl CA [NAME...]: CA-crl.pem, in which these certificates are revoked.
make_crl() {
	local ca=$1 name
	shift
	for name; do
		sign_with_ca "$ca" -revoke "$STAGE/$name.pem"
	done
	sign_with_ca "$ca" -gencrl -out "$STAGE/$ca-crl.pem"
}

# make_stale_crl CA: CA-crl.pem, whose next update was due yesterday.
make_stale_crl() {
	sign_with_ca "$1" -gencrl -out "$STAGE/$1-crl.pem" \
		-crl_lastupdate "$(date -ud '30 days ago' +%Y%m%d%H%M%SZ)" \
		-crl_nextupdate "$(date -ud yesterday +%Y%m%d%H%M%SZ)"
}

make_provider_keys() {
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
		-out "$STAGE/AuthKey_ABC1234567.p8" 2>>"$STAGE/openssl.log"
	openssl pkey -in "$STAGE/AuthKey_ABC1234567.p8" -pubout \
		-out "$STAGE/apns-public.pem"
	openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
		-out "$STAGE/fcm-key.pem" 2>>"$STAGE/openssl.log"
	openssl pkey -in "$STAGE/fcm-key.pem" -pubout \
		-out "$STAGE/fcm-public.pem"
	cat >"$STAGE/accounts.json" <<-EOF
	{ "apns": [ { "team_id": "TEAM123456", "key_id": "ABC1234567",
	    "public_key_file": "apns-public.pem",
	    "topics": [ "de.gematik.erezept.ios" ] } ],
	  "fcm": [ { "project_id": "gematik-project",
	    "client_email": "push@gematik-project.example",
	    "private_key_id": "0123456789abcdef",
	    "public_key_file": "fcm-public.pem" } ] }
	EOF
}

# make_webpush_keys: before the simulator starts, vapid.pem and the former
# vapid-previous.pem.  Subscriptions were made with the first; those whose
# token's first word is "old", with the other; "free" ones take any.
make_webpush_keys() {
	local name
	for name in vapid vapid-previous; do
		openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
			-out "$STAGE/$name.pem" 2>>"$STAGE/openssl.log"
		openssl pkey -in "$STAGE/$name.pem" -pubout \
			-out "$STAGE/$name-public.pem"
	done
	add_account webpush '{ vapid_public_key_file: "vapid-public.pem" },
		{ name: "old",
		  vapid_public_key_file: "vapid-previous-public.pem" },
		{ name: "free" }'
}

# make_hms_keys: before the simulator starts, an app at Huawei: hms-secret of
# the client "hms-client", and hms-account.json, its service account.
make_hms_keys() {
	openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
		-out "$STAGE/hms-key.pem" 2>>"$STAGE/openssl.log"
	openssl pkey -in "$STAGE/hms-key.pem" -pubout \
		-out "$STAGE/hms-public.pem"
	# What a form must escape.
	printf 'se/cr+et=&\n' >"$STAGE/hms-secret"
	jq -n --rawfile key "$STAGE/hms-key.pem" '{
		project_id: "hms-project", key_id: "hms-key",
		private_key: $key, sub_account: "hms-account" }' \
		>"$STAGE/hms-account.json"
	add_account hms '{ app_id: "hms-app", project_id: "hms-project",
		client_id: "hms-client", client_secret: "se/cr+et=&",
		key_id: "hms-key", sub_account: "hms-account",
		public_key_file: "hms-public.pem" }'
}

# make_external_account [EMAIL]: before the simulator starts, subject-token,
# with which Google's token service lets send for the stage's project, or as
# that service account.
make_external_account() {
	printf 'subject-%s\n' "$(openssl rand -hex 16)" >"$STAGE/subject-token"
	add_account external "{ audience: \"$EXTERNAL_AUDIENCE\",
		subject_token: \"$(cat "$STAGE/subject-token")\",
		subject_token_type: \"urn:ietf:params:oauth:token-type:jwt\",
		project_id: \"gematik-project\" } +
		if \"${1-}\" == \"\" then {} else
			{ service_account: \"${1-}\" } end"
}

EXTERNAL_AUDIENCE=//iam.googleapis.com/projects/1/locations/global/$(
	)workloadIdentityPools/pool/providers/stage

# add_account SERVICES JQ: entries of the simulator's accounts.
add_account() {
	jq --arg name "$1" ".[\$name] += [ $2 ]" "$STAGE/accounts.json" \
		>"$STAGE/accounts.json.new"
	mv "$STAGE/accounts.json.new" "$STAGE/accounts.json"
}

# --- configuration -----------------------------------------------------------

# The service account names the token endpoint, so the simulator's port.
write_service_account() {
	jq -n --rawfile key "$STAGE/fcm-key.pem" \
		--arg token "https://localhost:$oauth_port/token" '{
		type: "service_account", project_id: "gematik-project",
		private_key_id: "0123456789abcdef", private_key: $key,
		client_email: "push@gematik-project.example",
		token_uri: $token }' >"$STAGE/service-account.json"
	chmod 600 "$STAGE/service-account.json"
}

# write_external_account [EMAIL [JQ-FILTER]]: external-account.json, as Google's
# console gives it to those who may not have a key; the source is the file.
write_external_account() {
	jq -n --arg sts "https://localhost:$oauth_port/v1" --arg email "${1-}" \
		--arg audience "$EXTERNAL_AUDIENCE" '{
		type: "external_account", audience: $audience,
		subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
		token_url: "\($sts)/token",
		credential_source: { file: "subject-token" } } +
		if $email == "" then {} else {
		service_account_impersonation_url: ($sts +
			"/projects/-/serviceAccounts/\($email)" +
			":generateAccessToken") } end |
		'"${2:-.}" >"$STAGE/external-account.json"
}

# write_config [JQ-FILTER]: the stage's configuration, changed by the filter.
write_config() {
	jq -n --arg apns "https://localhost:$apns_port" \
		--arg fcm "https://localhost:$fcm_port" \
		--arg client "$(certificate_digest client)" \
		--arg ios "$IOS_APP" '{
		state_directory: "state", ca_file: "providers-ca.pem",
		clients: [ { name: "erezept", certificate_sha256: [ $client ],
			apps: [ "de.gematik.erezept.*", "gematik-project.*" ] } ],
		apps: [
			{ app_id: $ios, provider: "apns", url: $apns,
			  key_file: "AuthKey_ABC1234567.p8",
			  key_id: "ABC1234567", team_id: "TEAM123456",
			  alert_body: "Neue Nachricht" },
			{ app_id: "gematik-project.*.firebase",
			  provider: "fcm", url: $fcm,
			  service_account_file: "service-account.json" } ] } |
		'"${1:-.}" >"$STAGE/push-gateway.json.new"
	mv "$STAGE/push-gateway.json.new" "$STAGE/push-gateway.json"
}

# configuration_refused WORDS: the test of the configuration says so.
configuration_refused() {
	run "$GATEWAY" -t -c "$STAGE/push-gateway.json"
	# shellcheck disable=SC2154
	[ "$status" = 78 ] && [[ $output == *"$1"* ]] || {
		echo "expected: $1"
		echo "$status: $output"
		return 1
	}
}

# certificate_digest NAME
certificate_digest() {
	openssl x509 -in "$STAGE/$1.pem" -noout -fingerprint -sha256 |
		cut -d= -f2
}

# --- the stage ---------------------------------------------------------------

stage_open() {
	export STAGE=$1
	mkdir -p "$STAGE"
	: >"$STAGE/pids"
	make_ca clients
	make_crl clients
	make_ca providers
	make_certificate server providers \
		DNS:localhost,IP:127.0.0.1,IP:::1 serverAuth
	make_certificate client clients DNS:erezept.example
	cat "$STAGE/server.pem" "$STAGE/providers-ca.pem" \
		>"$STAGE/server-chain.pem"
	make_provider_keys
	: >"$STAGE/record.json"
	echo '{}' >"$STAGE/control.json"
}

# start_simulator [OPTION...]
start_simulator() {
	rm -f "$STAGE/simulator.ready"
	"$SIMULATOR" --keep --certificate "$STAGE/server-chain.pem" \
		--key "$STAGE/server-key.pem" \
		--accounts "$STAGE/accounts.json" \
		--control "$STAGE/control.json" \
		--record "$STAGE/record.json" \
		--ready "$STAGE/simulator.ready" "$@" \
		>"$STAGE/simulator.log" 2>&1 3>&- &
	export SIMULATOR_PID=$!
	echo "$SIMULATOR_PID" >>"$STAGE/pids"
	wait_until 10 test -s "$STAGE/simulator.ready" || {
		cat "$STAGE/simulator.log" >&2
		return 1
	}
	set -a
	# shellcheck disable=SC1091
	. "$STAGE/simulator.ready"
	set +a
}

# control JSON: what the simulator does from the next request on.
control() {
	printf '%s\n' "$1" >"$STAGE/control.json.new"
	mv "$STAGE/control.json.new" "$STAGE/control.json"
}

stage_prepare() {
	start_simulator
	write_service_account
	write_config "${1:-.}"
}

stage_start() {
	stage_prepare "${1:-.}"
	start_web_server
}

# has_ended PID: true if it is gone, or only waits for its parent to notice.
has_ended() {
	[[ ! -r /proc/$1/stat || $(cut -d' ' -f3 "/proc/$1/stat") == Z ]]
}

# stop PID [SIGNAL]: asks a process to leave and waits until it has.
stop() {
	kill "-${2:-TERM}" "$1" 2>/dev/null || :
	wait_until 20 has_ended "$1" || kill -KILL "$1"
	wait "$1" 2>/dev/null || :
}

# stage_close: fails if a process is left, a sanitizer complained, or an
# answer was not as described.
stage_close() {
	local pid children
	while read -r pid; do
		children=$(pgrep -P "$pid" || :)
		stop "$pid"
		for pid in $children; do
			wait_until 20 has_ended "$pid" || kill -KILL "$pid"
		done
	done <"$STAGE/pids"
	: >"$STAGE/pids"
	wait_until 10 nobody_is_left || {
		echo "left behind:" "$(pgrep -af -- "$STAGE/")" >&2
		return 1
	}
	! grep -aE 'Sanitizer|runtime error:' "$STAGE"/*.log >&2 &&
		check_answers
}

# No process has the stage in its words.
nobody_is_left() {
	! pgrep -f -- "$STAGE/"
}

# check_answers: every answer of the stage is one that doc/push-gateway.openapi
# .yaml describes.
check_answers() {
	[ -s "$STAGE/answers.json" ] || return 0
	openapi answers "$ROOT/doc/push-gateway.openapi.yaml" \
		"$STAGE/answers.json" >&2
}

# openapi ARGUMENT...: with Debian's python3, which has the modules it needs.
openapi() {
	/usr/bin/python3 "$ROOT/tests/lib/openapi.py" "$@"
}

# --- requests ----------------------------------------------------------------

# request PATH [curl-OPTION...]: sets CODE and BODY.  A request in the
# background needs an ANSWER_FILE, the name of its own file, set before.
# Every answer is noted in $STAGE/answers.json, for tests/lib/openapi.py.
request() {
	local path=$1 file=$STAGE/${ANSWER_FILE:-answer} method
	shift
	read -r CODE method < <(curl -sS --max-time 30 --path-as-is \
		--cacert "$STAGE/providers-ca.pem" \
		-D "$file.headers" -o "$file" -w '%{http_code} %{method}\n' \
		"$@" "https://localhost:$PORT$path" 2>"$file.log")
	[ "$CODE" != 000 ] || {
		cat "$file.log" >&2
		return 1
	}
	BODY=$(cat "$file")
	# Of several requests at once, one writes at a time.
	flock "$STAGE/answers.json.lock" jq -cn \
		--arg method "$method" --arg path "$path" \
		--argjson status "$CODE" --arg type "$(header content-type)" \
		--rawfile body "$file" '$ARGS.named' >>"$STAGE/answers.json"
}

# post PATH JSON [curl-OPTION...]: as the stage's client; the JSON is a text,
# or @FILE.
post() {
	local path=$1 json=$2
	shift 2
	request "$path" --cert "$STAGE/client.pem" \
		--key "$STAGE/client-key.pem" -H 'Content-Type: application/json' \
		--data-binary "$json" "$@"
}

# answer JQ-FILTER: a part of the last answer.
answer() {
	jq -cr "$1" <<<"$BODY"
}

# header NAME: of the last answer.
header() {
	tr -d '\r' <"$STAGE/${ANSWER_FILE:-answer}.headers" |
		awk -v name="$1" -F': ' 'tolower($1) == tolower(name) { print $2 }'
}

# --- contents ----------------------------------------------------------------

# Hundreds of them are made in a test: jq is asked only if there is something
# to merge or to quote.

# joined JSON...: with commas between them.
joined() {
	local IFS=,
	printf %s "$*"
}

# merged JSON JSON: the members of both objects.
merged() {
	if [ "$2" = '{}' ]; then
		printf '%s\n' "$1"
	else
		jq -cn --argjson first "$1" --argjson more "$2" '$first + $more'
	fi
}

# apns_pushkey TEXT: a device token that the simulator reads as the text.
apns_pushkey() {
	local LC_ALL=C i
	for ((i = 0; i < ${#1}; i++)); do
		printf %02x "'${1:i:1}"
	done
}

# device APP PUSHKEY [JSON]: a device, with further members.
device() {
	local key=$2
	if [[ $key =~ ^[A-Za-z0-9._-]*$ ]]; then
		key=\"$key\"
	else
		key=$(jq -cn --arg key "$key" '$key')
	fi
	merged "{\"app_id\":\"$1\",\"pushkey\":$key}" "${3:-{\}}"
}

ios() {
	device "$IOS_APP" "$(apns_pushkey "$1")" "${2:-{\}}"
}

android() {
	device "$ANDROID_APP" "$1" "${2:-{\}}"
}

# webpush_endpoint SERVICE TOKEN: where a browser (webpush_apple, _mozilla,
# _google, _microsoft) or a distributor (unifiedpush) lets itself be called.
webpush_endpoint() {
	local port=${1}_port path
	case $1 in
	webpush_apple) path=/$2 ;;
	webpush_mozilla) path=/wpush/v2/$2 ;;
	webpush_google) path=/wp/$2 ;;
	webpush_microsoft) path=/w/?token=$2 ;;
	unifiedpush) path=/up/$2 ;;
	esac
	printf 'https://localhost:%s%s\n' "${!port}" "$path"
}

# webpush_device APP SERVICE TOKEN [JSON]: a browser's, with the keys of its
# subscription.
webpush_device() {
	local name=${3%%-*} p256dh auth
	# shellcheck disable=SC2154 # of simulator.ready
	p256dh=$webpush_p256dh auth=$webpush_auth
	case $name in
	old|free) p256dh=webpush_p256dh_$name auth=webpush_auth_$name
		p256dh=${!p256dh} auth=${!auth} ;;
	esac
	device "$1" "$p256dh" "$(merged "{\"data\":{\"endpoint\":\"$(
		webpush_endpoint "$2" "$3")\",\"auth\":\"$auth\"}}" \
		"${4:-{\}}")"
}

# unifiedpush_device APP TOKEN [JSON]: one without keys.
unifiedpush_device() {
	device "$1" "$(webpush_endpoint unifiedpush "$2")" "${3:-{\}}"
}

# As long as real ones.
printf -v CIPHERTEXT 'A%.0s' {1..1404}

# encrypted DEVICE [JSON]: an encrypted notification.
encrypted() {
	merged "{\"ciphertext\":\"$CIPHERTEXT\",$(
		)\"time_message_encrypted\":\"2026-11\",$(
		)\"key_identifier\":\"7c2f1f0e-3c1e-4d0a-9c61-0d7e2c1b5a44\",$(
		)\"device\":$1}" "${2:-{\}}"
}

# plain JSON DEVICE...: a plain notification with these members.
plain() {
	local more=$1
	shift
	merged "{\"prio\":\"high\",\"devices\":[$(joined "$@")]}" "$more"
}

# batch NOTIFICATION...: with the ids item-1, item-2, ...
batch() {
	local notification items=()
	for notification; do
		items+=("{\"id\":\"item-$((${#items[@]} + 1))\",$(
			)\"notification\":$notification}")
	done
	printf '{"notifications":[%s]}\n' "$(joined "${items[@]}")"
}

single() {
	printf '{"notification":%s}\n' "$1"
}

# memory_kb: what the one worker has, without files.
memory_kb() {
	awk '/^RssAnon:/ { print $2 }' "/proc/$WORKER_PID/status"
}

# clear_record: forgets what the providers saw so far.
clear_record() {
	: >"$STAGE/record.json"
}

# record [JQ-FILTER]: what the providers saw, one line each; the filter is
# given one request.
record() {
	jq -cr "${1:-.}" <"$STAGE/record.json"
}
