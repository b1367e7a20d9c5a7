/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One segment on the wire (RFC 9293 3.1) and what is remembered of it beside
 * the bytes. Knows sk_buff, not sockets.
 */
#ifndef _TERN_SEGMENT_H
#define _TERN_SEGMENT_H

#include <linux/skbuff.h>
#include <linux/tern.h>
#include "limits.h"
#include "seq.h"

/**
 * enum tern_mark - what is known of a segment that was sent
 * @TERN_MARK_SACKED: the peer reported it by SACK
 * @TERN_MARK_LOST: taken for lost, wants to be sent again
 * @TERN_MARK_RETRANS: its last copy was a retransmission, still in flight
 * @TERN_MARK_EVER: was sent more than once (Karn)
 */
enum tern_mark {
	TERN_MARK_SACKED	= 1,
	TERN_MARK_LOST		= 2,
	TERN_MARK_RETRANS	= 4,
	TERN_MARK_EVER		= 8,
};

/**
 * struct tern_skb_cb - control block of a segment
 * @seq: SEG.SEQ
 * @end_seq: SEG.SEQ + SEG.LEN, SYN and FIN counting one each
 * @flags: TERN_FLAG_*
 * @marks: TERN_MARK_* (transmit queue)
 * @wnd: SEG.WND as on the wire, unscaled (received)
 * @ack: SEG.ACK (received)
 * @iif: index of the device it came in by (received)
 * @sdif: of its slave, when that is a VRF, else 0 (received)
 * @optlen: bytes of options behind the header (received)
 * @first_ns: when it was sent first (transmit queue)
 * @sent_ns: when it was sent last (transmit queue)
 * @mss: payload bytes of each wire segment it is cut into (transmit queue)
 * @pcount: how many wire segments it is cut into (transmit queue)
 * @delivered: tp->delivered when it was sent (transmit queue)
 */
struct tern_skb_cb {
	u32 seq;
	u32 end_seq;
	u8 flags;
	u8 marks;
	u16 wnd;
	union {
		struct {
			u32 ack;
			int iif;
			int sdif;
			u8 optlen;
		};
		struct {
			u64 first_ns;
			u64 sent_ns;
			u16 mss;
			u16 pcount;
			u32 delivered;
		};
	};
};

static inline struct tern_skb_cb *tern_cb(const struct sk_buff *skb)
{
	return (struct tern_skb_cb *)&skb->cb[0];
}

static inline struct ternhdr *tern_hdr(const struct sk_buff *skb)
{
	return (struct ternhdr *)skb_transport_header(skb);
}

/* Bytes of header and options of a segment that tern_segment_parse() took. */
static inline unsigned int tern_hdrlen(const struct sk_buff *skb)
{
	return TERN_HDR_LEN + tern_cb(skb)->optlen;
}

/* The VRF by which a segment came in, 0: none */
static inline int tern_skb_vrf(const struct sk_buff *skb)
{
	return tern_cb(skb)->sdif ? skb->skb_iif : 0;
}

/* Sequence space of payload, SYN and FIN */
static inline u32 tern_seg_len(const struct sk_buff *skb)
{
	return tern_cb(skb)->end_seq - tern_cb(skb)->seq;
}

enum skb_drop_reason tern_segment_parse(struct sk_buff *skb);
void tern_segment_build(struct ternhdr *th, __be16 source, __be16 dest,
			u32 seq, u32 ack, unsigned int optlen, u8 flags,
			u16 wnd);

#endif
