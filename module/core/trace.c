// SPDX-License-Identifier: GPL-2.0
/* The tracepoints of trace.h exist once, here. */
#include "tcb.h"

#define CREATE_TRACE_POINTS
#include "trace.h"
