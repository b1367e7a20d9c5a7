/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters of a namespace: one X-macro, one row a counter with its sentence.
 * Names are TCP's, so that readers of nstat know them.
 */
#ifndef _TERN_STATS_H
#define _TERN_STATS_H

#include <linux/percpu.h>
#include <linux/types.h>

#define TERN_STATS(X)							\
	X(ActiveOpens, "connections begun by connect()")		\
	X(PassiveOpens, "connections completed for a listener")		\
	X(AttemptFails, "handshakes that failed")			\
	X(EstabResets, "established connections that ended by a reset")	\
	X(InSegs, "segments received, those in error included")		\
	X(OutSegs, "segments sent, retransmissions not included")	\
	X(RetransSegs, "segments sent again")				\
	X(InErrs, "segments received in error")				\
	X(InCsumErrors, "segments with a wrong checksum")		\
	X(OutRsts, "resets sent")					\
	X(ListenOverflows, "accept queue full")				\
	X(ListenDrops, "SYNs dropped by a listener")			\
	X(TCPReqQFullDrop, "SYN queue full: SYN dropped")		\
	X(TCPReqQFullDoCookies, "SYN queue full: cookie sent")		\
	X(SyncookiesSent, "SYN cookies sent")				\
	X(SyncookiesRecv, "valid SYN cookies received")			\
	X(SyncookiesFailed, "invalid SYN cookies received")		\
	X(EmbryonicRsts, "resets received for a SYN queue entry")	\
	X(TCPSynRetrans, "SYNs and SYN-ACKs sent again")		\
	X(TCPDeferAcceptDrop, "bare third ACKs ignored by TERN_DEFER_ACCEPT") \
	X(TCPSYNChallenge, "SYNs in window answered by a challenge ACK") \
	X(TCPChallengeACK, "challenge ACKs sent")			\
	X(TCPACKSkippedSeq, "ACKs of bad sequence numbers withheld by the rate limit") \
	X(TCPACKSkippedPAWS, "ACKs of old timestamps withheld by the rate limit") \
	X(TCPACKSkippedSynRecv, "ACKs in SYN-RECEIVED withheld by the rate limit") \
	X(TCPACKSkippedTimeWait, "ACKs in TIME-WAIT withheld by the rate limit") \
	X(TCPACKSkippedChallenge, "challenge ACKs withheld by the limit") \
	X(TCPMinTTLDrop, "segments from farther than IP_MINTTL allows") \
	X(TCPTimeouts, "retransmission timeouts")			\
	X(TCPRetransFail, "retransmissions that could not be sent")	\
	X(TCPFastRetrans, "fast retransmissions")			\
	X(TCPSlowStartRetrans, "retransmissions after a timeout")	\
	X(TCPLostRetransmit, "retransmissions lost again")		\
	X(TCPSpuriousRTOs, "timeouts found spurious")			\
	X(TCPLossProbes, "tail loss probes sent")			\
	X(TCPLossProbeRecovery, "losses that a tail loss probe repaired") \
	X(TCPRenoRecovery, "recoveries without SACK")			\
	X(TCPSackRecovery, "recoveries with SACK")			\
	X(TCPDSACKUndo, "window reductions undone by D-SACK")		\
	X(TCPFullUndo, "window reductions undone by timestamps")	\
	X(TCPDSACKRecv, "D-SACK blocks received")			\
	X(TCPDSACKOldSent, "D-SACK blocks sent")			\
	X(TCPDelivered, "segments delivered to the peer")		\
	X(TCPOrigDataSent, "segments with data sent the first time")	\
	X(TCPMTUBlackHole, "connections that went on with base_mss")	\
	X(TCPKeepAlive, "keepalive probes sent")			\
	X(TCPWinProbe, "zero-window probes sent")			\
	X(TCPFromZeroWindowAdv, "windows advertised anew after zero")	\
	X(TCPToZeroWindowAdv, "windows advertised as zero")		\
	X(TCPZeroWindowDrop, "segments dropped at a zero window")	\
	X(TW, "TIME-WAIT entries that expired")				\
	X(TWRecycled, "TIME-WAIT entries reused by connect() or a SYN")	\
	X(TWKilled, "TIME-WAIT entries removed before their time")	\
	X(TCPTimeWaitOverflow, "connections that skipped TIME-WAIT: too many") \
	X(PAWSActive, "SYN-ACKs with an unknown timestamp echo")	\
	X(PAWSEstab, "segments with an old timestamp")			\
	X(TCPAbortOnData, "connections reset: data nobody can read")	\
	X(TCPAbortOnClose, "connections reset: closed with unread data") \
	X(TCPAbortOnMemory, "orphans reset: too many, or no memory")	\
	X(TCPAbortOnTimeout, "connections that timed out")		\
	X(TCPAbortOnLinger, "connections reset by TERN_LINGER2 below 0")	\
	X(TCPAbortFailed, "resets that could not be sent")		\
	X(OutOfWindowIcmps, "ICMP errors with a sequence out of window") \
	X(LockDroppedIcmps, "ICMP errors dropped: socket in use")	\
	X(TCPOFOQueue, "segments queued out of order")			\
	X(TCPOFODrop, "out-of-order segments dropped: no memory")	\
	X(OfoPruned, "out-of-order queues pruned")			\
	X(TCPRcvQDrop, "segments dropped: receive queue out of memory")	\
	X(TCPWqueueTooBig, "segments not cut: the send queue is too fragmented") \
	X(TCPBacklogDrop, "segments dropped: backlog full")		\
	X(TCPRcvCoalesce, "segments merged in a receive queue")		\
	X(TCPRcvCollapsed, "segments copied together to save memory")	\
	X(DelayedACKs, "delayed ACKs sent")				\
	X(TCPPureAcks, "ACKs received without data")			\
	X(TimersFired, "timers of sockets and entries that fired")	\
	X(TimersHeld, "of these set later: the user's budget was used up") \
	X(TCPMemoryPressures, "times that memory came under pressure")

/**
 * enum tern_stat - index of a counter
 */
enum tern_stat {
#define TERN_STAT_ENUM(name, text) TERN_STAT_##name,
	TERN_STATS(TERN_STAT_ENUM)
#undef TERN_STAT_ENUM
	TERN_STAT_NR
};

/**
 * struct tern_mib - counters of one CPU
 * @v: by enum tern_stat
 */
struct tern_mib {
	unsigned long v[TERN_STAT_NR];
};

/* Both count in @tn->mib; use TERN_INC(tn, ListenDrops). */
#define TERN_ADD(tn, name, n)						\
	this_cpu_add((tn)->mib->v[TERN_STAT_##name], n)
#define TERN_INC(tn, name)	TERN_ADD(tn, name, 1)
/* Of a counter that the caller chose, an enum tern_stat */
#define TERN_INC_STAT(tn, stat)	this_cpu_inc((tn)->mib->v[stat])

#endif
