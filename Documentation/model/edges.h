/* SPDX-License-Identifier: GPL-2.0 */
/* Transitions that a run of the model takes, told at its end */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct { int from, to; const char *event; } edges_seen[128];
static int edges_count;

static void edges_tell(void)
{
	static const char *const name[] = { "", "ESTABLISHED", "SYN_SENT",
		"SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE",
		"CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING" };

	for (int i = 0; i < edges_count; i++)
		printf("edge\t%s\t%s\t%s\n", name[edges_seen[i].from],
		       name[edges_seen[i].to], edges_seen[i].event);
}

static void edge(int from, int to, const char *event)
{
	if (!edges_count)
		atexit(edges_tell);
	for (int i = 0; i < edges_count; i++)
		if (edges_seen[i].from == from && edges_seen[i].to == to &&
		    !strcmp(edges_seen[i].event, event))
			return;
	edges_seen[edges_count].from = from;
	edges_seen[edges_count].to = to;
	edges_seen[edges_count++].event = event;
}
