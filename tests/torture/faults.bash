# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The faults of `run`: fault_NAME makes one and ends it.  Status 77: not here,
# with the reason as its last line.

all_faults=(
	kill term freeze freeze_all reload_storm
	state_full state_readonly state_gone state_cut state_rubbish state_lock
	day dns_slow dns_dead descriptors memory every_call
	errors throttled silent hole refused cut accepted_and_cut goaway
	refused_streams rubbish one_stream slow short_tokens no_tokens
	web_reload web_restart
	config_rubbish config_half keys_gone wrong_key callers_gone
)

# In these an answer can be lost, so that a repetition is right.
torn_faults=" kill memory every_call state_readonly cut accepted_and_cut refused
	dns_slow dns_dead descriptors goaway one_stream web_restart "

one_worker() {
	workers | shuf -n 1
}

thaw() {
	local pid
	for pid in $(workers); do
		kill -CONT "$pid" 2>/dev/null || :
	done
}

# --- workers -----------------------------------------------------------------

fault_kill() {
	local i
	for i in 1 2 3 4; do
		kill -KILL "$(one_worker)" || :
		pause 0.7
	done
}

fault_term() {
	local i
	for i in 1 2 3 4; do
		kill -TERM "$(one_worker)" || :
		pause 0.7
	done
}

fault_freeze() {
	kill -STOP "$(one_worker)"
	pause 3
	thaw
}

fault_freeze_all() {
	# shellcheck disable=SC2046
	kill -STOP $(workers)
	pause 2
	thaw
}

fault_reload_storm() {
	local i
	for ((i = 0; i < 60; i++)); do
		# shellcheck disable=SC2046
		kill -HUP $(workers) || :
		pause 0.05
	done
}

# --- the state directory -----------------------------------------------------

with_disk() {
	[ -n "$disk" ] || {
		echo "only root makes a disk"
		return 77
	}
}

fault_state_full() {
	with_disk || return
	dd if=/dev/zero of="$disk/full" bs=64k count=1000 2>/dev/null || :
	# shellcheck disable=SC2046
	kill -TERM $(workers)
	pause 2
	rm -f "$disk/full"
}

fault_state_readonly() {
	with_disk || return
	# Who has a file open for writing keeps it from being so.
	kill -STOP "$POOL_PID"
	# shellcheck disable=SC2046
	kill -KILL $(workers)
	wait_until 5 mount -o remount,ro "$disk" || return
	kill -CONT "$POOL_PID"
	pause 3
	mount -o remount,rw "$disk"
}

fault_state_gone() {
	rm -rf "$STAGE/disk/state"
	pause 2
	# shellcheck disable=SC2046
	kill -HUP $(workers)
	pause 1
	mkdir -pm 700 "$STAGE/disk/state"
}

# each_file COMMAND...: for each of the state directory, the file being last.
each_file() {
	find "$STAGE/disk/state" -type f -exec "$@" {} \;
}

fault_state_cut() {
	# shellcheck disable=SC2016
	each_file perl -e 'truncate $ARGV[0], (-s $ARGV[0]) / 2'
	pause 1
	each_file truncate -s 0
	pause 1
}

fault_state_rubbish() {
	# shellcheck disable=SC2016
	each_file perl -e 'open my $file, "+<", $ARGV[0] or exit;
		syswrite $file, join "", map { chr rand 256 } 1 .. -s $file'
	pause 1
	# shellcheck disable=SC2046
	kill -TERM $(workers)
	pause 1
}

fault_state_lock() {
	local file pids=()
	for file in "$STAGE"/disk/state/*.lock; do
		flock "$file" sleep 3 &
		pids+=($!)
	done
	wait "${pids[@]}"
}

# --- the machine -------------------------------------------------------------

fault_day() {
	local ahead
	for ahead in 7200 -7200 -864000 34560000 0; do
		number day "$ahead"
		pause 1
	done
}

# The connections are made anew, so that names are looked up.
fault_dns_slow() {
	number slow 4
	control '{"apns":{"cut_connections":true},
		"fcm":{"cut_connections":true}}'
	pause 5
	control '{}'
	number slow 0
}

fault_dns_dead() {
	number slow -1
	control '{"apns":{"cut_connections":true},
		"fcm":{"cut_connections":true}}'
	pause 4
	control '{}'
	number slow 0
}

# Soft limits, so that they can be taken back.
fault_descriptors() {
	local pid
	for pid in $(workers); do
		prlimit --pid "$pid" --nofile="$(descriptors):"
	done
	control '{"apns":{"cut_connections":true},
		"fcm":{"cut_connections":true,"latency_ms":300}}'
	pause 4
	control '{}'
	for pid in $(workers); do
		prlimit --pid "$pid" --nofile=1024:
	done
}

fault_memory() {
	local pid kb
	control '{"apns":{"latency_ms":1500},"fcm":{"latency_ms":1500}}'
	for pid in $(workers); do
		kb=$(awk '/^VmSize:/ { print $2 }' "/proc/$pid/status")
		prlimit --pid "$pid" --as="$(((kb + 300) * 1024)):"
	done
	pause 4
	control '{}'
	for pid in $(workers); do
		prlimit --pid "$pid" --as=unlimited: || :
	done
}

# every_call_count: how often something has failed by the library.
every_call_count() {
	grep -sc ^fault "$STAGE/faults.report" || :
}

# Each place in the program from which something is called that can fail, until
# for some seconds there was none that had not.
fault_every_call() {
	local from before now i
	from=$(every_call_count)
	number faults.seen 0
	for i in {1..8}; do
		before=$(every_call_count)
		pause 4
		now=$(every_call_count)
		((now > before)) || break
	done
	number faults.seen -1
	printf '%d calls failed, ' $((now - from)) >"$STAGE/also"
	# Of those that are made anyway.
	((now > 40))
}

# --- providers ---------------------------------------------------------------

# both SECONDS JSON: for both providers, and well again.
both() {
	control "{\"apns\":$2,\"fcm\":$2}"
	pause "$1"
	control '{}'
}

fault_errors() {
	both 2 '{"answer":{"status":500}}'
	both 2 '{"answer":{"status":503,"retry_after":1}}'
	both 1 '{"answer":{"status":502,"body":"html"}}'
}

fault_throttled() {
	both 3 '{"answer":{"status":429}}'
	both 1 '{"answer":{"status":429,"retry_after":1}}'
}

fault_silent() {
	both 4 '{"hang":true}'
}

fault_hole() {
	both 4 '{"black_hole":true}'
}

fault_refused() {
	both 3 '{"closed":true,"cut_connections":true}'
}

fault_cut() {
	local i
	for i in {1..10}; do
		both 0.3 '{"cut_connections":true}'
	done
}

fault_accepted_and_cut() {
	both 3 '{"latency_ms":200,"cut_after_ms":50}'
}

fault_goaway() {
	both 2 '{"goaway_every":3}'
	both 1 '{"goaway_at_start":true,"cut_connections":true}'
}

fault_refused_streams() {
	local i
	for i in {1..6}; do
		both 0.5 '{"refuse_next":5}'
	done
}

fault_rubbish() {
	local body
	both 1 '{"rubbish":true}'
	# Not in the providers' own form, so nobody is rejected.
	for body in html empty truncated; do
		both 0.8 "{\"answer\":{\"status\":410,\"body\":\"$body\"}}"
	done
}

fault_one_stream() {
	both 3 '{"max_streams":1,"cut_connections":true,"latency_ms":20}'
}

fault_slow() {
	both 4 '{"latency_ms":2500}'
}

fault_short_tokens() {
	control '{"oauth":{"expires_in":4},"apns":{"token_floor":1}}'
	# shellcheck disable=SC2046
	kill -TERM $(workers)
	pause 5
	control '{}'
}

fault_no_tokens() {
	rm -f "$STAGE"/disk/state/*oken*
	control '{"oauth":{"hang":true}}'
	# shellcheck disable=SC2046
	kill -TERM $(workers)
	pause 3
	control '{"oauth":{"answer":{"status":500}}}'
	pause 1
	control '{"oauth":{"rubbish":true}}'
	pause 1
	control '{}'
}

# --- the web server ----------------------------------------------------------

fault_web_reload() {
	local i
	for i in 1 2 3; do
		reload_web_server
		pause 1
	done
}

# The same port, so not by restart_web_server.
fault_web_restart() {
	stop "$WEB_SERVER_PID"
	"${WEB_SERVER%%-*}_run" >>"$STAGE/web-server.out" 2>&1 3>&- &
	WEB_SERVER_PID=$!
	echo "$WEB_SERVER_PID" >>"$STAGE/pids"
	wait_until 10 web_server_answers
	pause 1
}

# --- what an operator does ---------------------------------------------------

fault_config_rubbish() {
	cp "$STAGE/push-gateway.json" "$STAGE/good.json"
	head -c 3000 /dev/urandom >"$STAGE/push-gateway.json"
	# shellcheck disable=SC2046
	kill -HUP $(workers)
	pause 2
	mv "$STAGE/good.json" "$STAGE/push-gateway.json"
	# shellcheck disable=SC2046
	kill -HUP $(workers)
	pause 0.5
}

fault_config_half() {
	local i whole
	whole=$(<"$STAGE/push-gateway.json")
	for i in {1..10}; do
		printf %s "${whole:0:${#whole}*i/11}" \
			>"$STAGE/push-gateway.json"
		# shellcheck disable=SC2046
		kill -HUP $(workers)
		pause 0.2
	done
	base_config
	# shellcheck disable=SC2046
	kill -HUP $(workers)
	pause 0.5
}

fault_keys_gone() {
	mkdir "$STAGE/kept"
	mv "$STAGE"/*.p8 "$STAGE/service-account.json" "$STAGE/kept"
	# shellcheck disable=SC2046
	kill -HUP $(workers)
	pause 2
	mv "$STAGE"/kept/* "$STAGE"
	rmdir "$STAGE/kept"
	pause 1
}

fault_wrong_key() {
	mv "$STAGE/AuthKey_ABC1234567.p8" "$STAGE/right.p8"
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
		-out "$STAGE/AuthKey_ABC1234567.p8"
	pause 2
	mv "$STAGE/right.p8" "$STAGE/AuthKey_ABC1234567.p8"
	pause 1
}

fault_callers_gone() {
	local i body pids=()
	body=$(single "$(plain '{}' "$(ios gone-slow900)" \
		"$(android gone-slow900)")")
	control '{"apns":{"latency_ms":500}}'
	for i in {1..40}; do
		curl -sk --max-time 0.3 --cert "$STAGE/client.pem" \
			--key "$STAGE/client-key.pem" -o /dev/null \
			-H 'Content-Type: application/json' -d "$body" \
			"https://localhost:$PORT/push/v1/notify" &
		pids+=($!)
	done
	wait "${pids[@]}" || :
	control '{}'
}
