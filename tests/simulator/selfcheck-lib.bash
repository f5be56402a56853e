# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the checks of push-simulator share.  The simulator is the first
# argument of the script, or $PUSH_SIMULATOR, or push-simulator beside it.
# They print TAP; each has a directory, $work, with $work/tls.pem, and the
# names of the ports that the simulator wrote.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
simulator=${1:-${PUSH_SIMULATOR:-$here/push-simulator}}
work=$(mktemp -d)
count=0
failed=0
pid=

leave()
{
	if [[ -n $pid ]]; then
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	fi
	rm -rf "$work"
}
trap leave EXIT

# ok DESCRIPTION CONDITION...: one line of TAP.
ok()
{
	local description=$1

	shift
	count=$((count + 1))
	if "$@"; then
		echo "ok $count - $description"
	else
		echo "not ok $count - $description"
		sed 's/^/# /' "$work/out" "$work/head" 2>/dev/null
		echo
		failed=$((failed + 1))
	fi
}

base64url()
{
	openssl base64 -A | tr '+/' '-_' | tr -d '='
}

# The DER of an ECDSA signature as R and S side by side (RFC 7518, 3.4).
der_to_raw()
{
	local hex part parts=()

	while read -r hex; do
		parts+=("$hex")
	done < <(openssl asn1parse -inform DER |
	    sed -n 's/.*INTEGER *:\([0-9A-F]*\)$/\1/p')
	for part in "${parts[@]}"; do
		hex=$(printf '%64s' "$part" | tr ' ' 0)
		while [[ -n $hex ]]; do
			printf '%b' "\\x${hex:0:2}"
			hex=${hex:2}
		done
	done
}

# es256_token KEY_FILE HEADER CLAIMS: signed with the key, whatever they say.
es256_token()
{
	local head claims

	head=$(printf %s "$2" | base64url)
	claims=$(printf %s "$3" | base64url)
	printf '%s.%s.%s' "$head" "$claims" "$(
		printf '%s.%s' "$head" "$claims" |
		openssl dgst -sha256 -sign "$1" | der_to_raw | base64url)"
}

hex()
{
	printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n'
}

request()
{
	: >"$work/out"
	: >"$work/head"
	status=$(curl --silent --http2 --cacert "$work/tls.pem" --max-time 5 \
	    --output "$work/out" --dump-header "$work/head" \
	    --write-out '%{http_code}' "$@")
	result=$?
}

# answered STATUS [TEXT]: the status, and a text in the body.
answered()
{
	[[ $status == "$1" ]] &&
	    { [[ -z ${2-} ]] || grep -qF -- "$2" "$work/out"; }
}

headed()
{
	grep -qi -- "$1" "$work/head"
}

# curl has many words for a connection that was reset.
was_cut()
{
	[[ $status == 000 && $result =~ ^(16|18|52|55|56|92)$ ]]
}

control()
{
	printf '%s' "$1" >"$work/control.new"
	mv "$work/control.new" "$work/control"
}

# last JQ-FILTER [N]: of what was recorded last, or N lines before the end.
last()
{
	tail -n "${2-1}" "$work/record" | head -n 1 | jq -cr "$1"
}

# make_rsa_key NAME: NAME.key and NAME.pub.
make_rsa_key()
{
	openssl genrsa -out "$work/$1.key" 2048
	openssl pkey -in "$work/$1.key" -pubout -out "$work/$1.pub"
} >>"$work/keys.log" 2>&1

# make_tls: the simulator's own certificate.
make_tls()
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -days 2 -subj /CN=localhost \
	    -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' \
	    -keyout "$work/tls.key" -out "$work/tls.pem"
} >>"$work/keys.log" 2>&1

# make_ec_key NAME: NAME.key and NAME.pub.
make_ec_key()
{
	openssl ecparam -name prime256v1 -genkey -noout -out "$work/$1.key"
	openssl pkey -in "$work/$1.key" -pubout -out "$work/$1.pub"
} >>"$work/keys.log" 2>&1

# start ACCOUNTS: the simulator, with this text as its accounts.
start()
{
	printf '%s\n' "$1" >"$work/accounts"
	"$simulator" --certificate "$work/tls.pem" --key "$work/tls.key" \
	    --accounts "$work/accounts" --control "$work/control" \
	    --record "$work/record" --ready "$work/ready" 2>"$work/stderr" &
	pid=$!
	for _ in $(seq 200); do
		[[ -e $work/ready ]] && break
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	if [[ ! -e $work/ready ]]; then
		echo 'Bail out! the simulator did not start'
		exit 1
	fi
	# shellcheck disable=SC1091
	. "$work/ready"
}

# stop: ends the simulator, and the script with what it found.
stop()
{
	kill "$pid"
	wait "$pid"
	ok 'SIGTERM ends it with 0' test $? = 0
	pid=
	ok 'record: every line has a service' test \
	    "$(grep -c '^{"at_ms":[0-9]*,"service":"' "$work/record")" = \
	    "$(wc -l <"$work/record")"
	echo "1..$count"
	[[ $failed == 0 ]]
}
