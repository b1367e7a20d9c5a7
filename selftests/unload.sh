#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# unload: rmmod is refused while sockets are open, or packets of theirs lie in a
# queue, and clean once they are closed, timers and TIME_WAIT included; loading
# and unloading under traffic.
# A hundred rounds of that or TERN_ROUNDS, ten on a kernel with every check on.
#
# TERN_KO names the module's file when modprobe doesn't find it.

here=$(cd "$(dirname "$0")" && pwd)
n=0 failed=0

ok() {	# ok STATUS NAME
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n $2"
	else
		echo "not ok $n $2"
		failed=1
	fi
}

for f in "$TERN_KO" "$here/../module/tern.ko" "$here/../tern.ko" \
	 "/lib/modules/$(uname -r)/updates/tern.ko" "/lib/modules/$(uname -r)/extra/tern.ko" \
	 /run-this/tern.ko; do
	[ -f "$f" ] && ko=$f && break
done
for f in "$here/../tools" "$here" /usr/local/bin; do
	[ -x "$f/terncat" ] && cat=$f/terncat && break
done

load() {
	grep -q '^tern ' /proc/modules && return 0
	if [ -n "$ko" ]; then insmod "$ko"; else modprobe tern; fi
}

loaded() { grep -q '^tern ' /proc/modules; }

# Until COMMAND succeeds, at most ten seconds.
await() {
	for _ in $(seq 1000); do
		"$@" > /dev/null 2>&1 && return 0
		sleep 0.01
	done
	echo "# gave up waiting for: $*"
	return 1
}

state() { grep -q "$1" /proc/net/tern; }

# Other tests' remains hold the module only as long as they live.
quit() {
	local pids
	mapfile -t pids < <(jobs -p)
	[ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2> /dev/null
	wait 2> /dev/null
	load
}
trap quit EXIT

echo "TAP version 13"
if ! load || [ -z "$cat" ]; then
	echo "1..0 # SKIP no module (TERN_KO) or no terncat"
	exit 4
fi
ip link set lo up

# A listener
$cat -l -m crr 4800 & server=$!
await state LISTEN
rmmod tern 2> /dev/null
[ $? != 0 ] && loaded; ok $? "refused with a listener"

# A connection, held open: neither end's input ends.
mkfifo "/tmp/unload.$$"
exec 9<> "/tmp/unload.$$"
rm -f "/tmp/unload.$$"
$cat -l -m pipe 4801 > /dev/null <&9 & pipe_server=$!
await grep -q ':4801 .*LISTEN' /proc/net/tern
$cat -m pipe 127.0.0.1 4801 <&9 > /dev/null & client=$!
await state ESTABLISHED
kill $server; wait $server 2> /dev/null
rmmod tern 2> /dev/null
[ $? != 0 ] && loaded; ok $? "refused with a connection"

# Closed: TIME_WAIT and nothing else
kill $client $pipe_server
wait $client $pipe_server 2> /dev/null
exec 9>&-
$cat -l -m crr 4802 & server=$!
await grep -q ':4802 .*LISTEN' /proc/net/tern
$cat -m crr -n 20 127.0.0.1 4802 > /dev/null
kill $server; wait $server 2> /dev/null
state TIME_WAIT; ok $? "TIME_WAIT entries are alive"
await rmmod tern
! loaded; ok $? "clean with TIME_WAIT alive"
load; ok $? "loads again"

# What outlives its file: nobody answers, so each of these has a timer running.
families=4
[ ! -e /proc/net/if_inet6 ] || families='4 6'
for ip in $families; do
	TERN_IP=$ip "$here/churn" orphans
	ok $? "orphans are made, IPv$ip"
	# Data waits for its loss probe first.
	# So does the last segment that the window has let out before it shut.
	await state ':4712 FIN_WAIT1 .* retransmit ' && state ' FIN_WAIT2 ' &&
		state ':4711 [^ ]* LAST_ACK ' &&
		state ':4713 FIN_WAIT1 .* \(persist\|retransmit\|probe\) '
	ok $? "in FIN_WAIT2, resending their FIN or data, probing a shut window, IPv$ip"
	rmmod tern
	! loaded; ok $? "clean with those alive, IPv$ip"
	nft delete table inet t
	load
done

# A packet in somebody's queue has the socket's memory, and that needs the module.
# No rmmod may wait for it: it would do so for ever.
ended() { ! kill -0 "$1" 2> /dev/null; }

held() {	# held HOW QDISC
	local out=/tmp/unload.$$.held holder rmmod
	TERN_IP=$ip "$here/churn" held "$1" "$2" > "$out" & holder=$!
	await grep -q held "$out"
	ok $? "a $1 is held by ${2%% *}, IPv$ip"
	rmmod tern 2> /dev/null & rmmod=$!
	await ended $rmmod && ! wait $rmmod && loaded
	ok $? "refused while it is, IPv$ip"
	nsenter -t $holder -n tc qdisc del dev lo root
	await rmmod tern
	! loaded; ok $? "clean when it is out, IPv$ip"
	kill $holder
	wait $holder 2> /dev/null
	load
}

for ip in $families; do
	# Packet and reference, of an orphan and of what is left of one
	[ "$ip" = 4 ] && set -- plug 'netem delay 200s' || set -- 'netem delay 200s' plug
	held fin "$1"
	held rst "$2"
done

busy() { grep -q '^PassiveOpens [1-9]' /proc/net/tern_stats; }

# Clients that hardly rest; their sockets fail while there is no module.
hold=/tmp/unload.$$.hold
for ip in $families; do
	TERN_IP=$ip "$here/churn" traffic "$hold" 2> /dev/null &
	traffic="$traffic $!"
done
rounds=${TERN_ROUNDS:-100}
case ${TERN_KERNEL:-} in debug* | kcsan) rounds=10 ;; esac
done=0 refused=0 start=$SECONDS
for _ in $(seq "$rounds"); do
	await busy || break
	sleep 0.0$((RANDOM % 5))
	# Amid traffic it may be refused; with no new sockets it may not.
	if ! rmmod tern 2> /dev/null && ! rmmod tern 2> /dev/null; then
		refused=$((refused + 1))
		: > "$hold"
		await rmmod tern || break
	fi
	load || break
	rm -f "$hold"
	done=$((done + 1))
done
rm -f "$hold"
echo "# $refused of $done were refused at first; $((SECONDS - start)) s"
[ "$done" = "$rounds" ]; ok $? "$done of $rounds rounds of unloading under traffic"
# shellcheck disable=SC2086
kill $traffic
# shellcheck disable=SC2086
wait $traffic 2> /dev/null
echo "1..$n"
exit $failed
