/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TERN_HASH_H
#define _TERN_HASH_H

#include "tcb.h"

int tern_hash_net_init(struct tern_net *tn);
void tern_hash_net_exit(struct tern_net *tn);

/* Connection table. lookup returns a counted endpoint or NULL. */
struct tern_ep *tern_hash_lookup(struct tern_net *tn,
				 const struct tern_tuple *t);
int tern_hash_insert(struct tern_net *tn, struct tern_ep *ep);
/* True for the one caller that took it out. */
bool tern_hash_remove(struct tern_net *tn, struct tern_ep *ep);
/* @new in the place of @old, same tuple, at once. False: @old was gone. */
bool tern_hash_replace(struct tern_net *tn, struct tern_ep *old,
		       struct tern_ep *new);
void tern_ep_put(struct tern_ep *ep);

/* A TIME-WAIT entry that the caller took out of the table is let go. */
void tern_hash_drop_tw(struct tern_tw *tw);

/* Ports. get_port is proto.get_port: 0 or -errno. */
int tern_hash_get_port(struct sock *sk, unsigned short snum);
void tern_hash_put_port(struct tern_net *tn, struct tern_ep *ep);
/* A child or a TIME-WAIT entry shares the port of @from. */
void tern_hash_share_port(struct tern_net *tn, struct tern_ep *from,
			  struct tern_ep *to);
/*
 * connect(): complete tp->ep.tuple with a free local port unless one is
 * of a TIME-WAIT entry (tw_reuse); then tp->snd.write_seq is a safe ISS and
 * tp->ts.recent its TS.Recent, else both are 0.
 */
int tern_hash_connect(struct sock *sk);

#endif
