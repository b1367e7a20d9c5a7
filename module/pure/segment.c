// SPDX-License-Identifier: GPL-2.0
/*
 * The segment on the wire: read its header into the control block, write a
 * header (RFC 9293 3.1). The checksum is the address family's, since it covers
 * the pseudo-header; options are options.c's.
 */
#include <linux/kernel.h>
#include "segment.h"

/* SYN and FIN take a sequence number each (RFC 9293 3.4). */
static u32 space(const struct ternhdr *th, unsigned int payload)
{
	return payload + !!(th->flags & TERN_FLAG_SYN) +
	       !!(th->flags & TERN_FLAG_FIN);
}

/**
 * tern_segment_parse - check the lengths of a segment and remember its fields
 * @skb: received segment, data at the transport header, which is set as well
 *
 * Afterwards the header with its options is linear, and the control block
 * holds what was in it. That block replaces the network layer's (IPCB), which
 * is gone. The header is not pulled.
 *
 * Context: any; allocates atomically when the header was in fragments.
 * Return: 0, or why the segment can't be one.
 */
enum skb_drop_reason tern_segment_parse(struct sk_buff *skb)
{
	struct tern_skb_cb *cb = tern_cb(skb);
	const struct ternhdr *th;
	unsigned int hdrlen;

	BUILD_BUG_ON(sizeof(struct ternhdr) != TERN_HDR_LEN);
	BUILD_BUG_ON(sizeof(*cb) > sizeof_field(struct sk_buff, cb));

	if (!pskb_may_pull(skb, TERN_HDR_LEN))
		return SKB_DROP_REASON_PKT_TOO_SMALL;
	hdrlen = TERN_DOFF_BYTES(tern_hdr(skb)->doff);
	if (hdrlen < TERN_HDR_LEN || !pskb_may_pull(skb, hdrlen))
		return SKB_DROP_REASON_PKT_TOO_SMALL;

	th = tern_hdr(skb);
	memset(cb, 0, sizeof(*cb));
	cb->seq = ntohl(th->seq);
	cb->end_seq = cb->seq + space(th, skb->len - hdrlen);
	cb->flags = th->flags;
	cb->wnd = ntohs(th->window);
	cb->ack = ntohl(th->ack_seq);
	cb->iif = skb->skb_iif;
	cb->optlen = hdrlen - TERN_HDR_LEN;
	return SKB_NOT_DROPPED_YET;
}

/**
 * tern_segment_build - write a header
 * @th: where to
 * @source: local port
 * @dest: remote port
 * @seq: SEG.SEQ
 * @ack: SEG.ACK; sent as 0 when TERN_FLAG_ACK is not in @flags
 * @optlen: bytes of options that follow, a multiple of 4, at most 40
 * @flags: TERN_FLAG_*
 * @wnd: SEG.WND, already scaled
 *
 * The checksum is left 0 for the address family to fill.
 */
void tern_segment_build(struct ternhdr *th, __be16 source, __be16 dest,
			u32 seq, u32 ack, unsigned int optlen, u8 flags,
			u16 wnd)
{
	th->source = source;
	th->dest = dest;
	th->seq = htonl(seq);
	th->ack_seq = flags & TERN_FLAG_ACK ? htonl(ack) : 0;
	th->doff = TERN_DOFF(TERN_HDR_LEN + optlen);
	th->flags = flags;
	th->window = htons(wnd);
	th->check = 0;
	th->urg_ptr = 0;
}
