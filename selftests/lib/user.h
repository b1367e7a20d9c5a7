/* SPDX-License-Identifier: GPL-2.0 */
/* An ordinary user, and one that owns a user namespace */
#ifndef TERN_USER_H
#define TERN_USER_H

#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>

#include "tern_test.h"

#define USER	65534

/* For good; /proc/self stays one's own. 0 or -1 */
static inline int user_become(int uid)
{
	return setgroups(0, NULL) || setgid(uid) || setuid(uid) || prctl(PR_SET_DUMPABLE, 1);
}

/*
 * Root of a user namespace of @uid's, as `unshare -Ur` makes it; what he makes
 * from now on is its. 0, -1, or -EINVAL: a kernel without.
 */
static inline int user_ns(int uid)
{
	char map[32];

	snprintf(map, sizeof(map), "0 %d 1", uid);
	if (user_become(uid))
		return -1;
	if (unshare(CLONE_NEWUSER))
		return errno == EINVAL ? -EINVAL : -1;
	return file_put("/proc/self/uid_map", map) || file_put("/proc/self/setgroups", "deny") ||
	       file_put("/proc/self/gid_map", map) ? -1 : 0;
}

#endif
