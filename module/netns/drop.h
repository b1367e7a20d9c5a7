/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Why a segment was dropped: the core's reasons where one fits, so that
 * drop monitors and perf show it. Those that a kernel lacks are given a near
 * one in compat.h.
 */
#ifndef _TERN_DROP_H
#define _TERN_DROP_H

#include <net/dropreason.h>

/* 0 is "go on" for every step of the receive path. */
#define TERN_GO_ON	SKB_NOT_DROPPED_YET

#endif
