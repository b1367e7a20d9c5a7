// SPDX-License-Identifier: GPL-2.0
/* A memory cgroup, in a mount namespace of the test's own */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "tern_test.h"

#define TREE	"/tmp/tern-cgroup"
#define GROUP	TREE "/tern"

int group_up(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -1;
	mkdir(TREE, 0700);
	if (mount("none", TREE, "cgroup2", 0, NULL) ||
	    file_put(TREE "/cgroup.subtree_control", "+memory"))
		return -1;
	return mkdir(GROUP, 0700) && errno != EEXIST ? -1 : 0;
}

int group_enter(bool inside)
{
	return file_put(inside ? GROUP "/cgroup.procs" : TREE "/cgroup.procs", "0");
}

long group_charged(void)
{
	return file_num(GROUP "/memory.stat", "sock %ld");
}

void group_down(void)
{
	group_enter(false);
	rmdir(GROUP);
}
