// SPDX-License-Identifier: GPL-2.0
/*
 * A world: three network namespaces of one user, the first with a device
 * (tun0) at whose other end the fuzzer plays the peer, a veth pair (v0) to the
 * second. It goes with the process, whatever is alive in it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>

#include "fuzz.h"
#include "rtnl.h"

struct world w;

int put_file(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret, err;

	if (fd < 0)
		return -1;
	ret = write(fd, value, strlen(value));
	err = errno;
	close(fd);
	errno = err;
	return ret < 0 ? -1 : 0;
}

bool enter(struct fz *f, int ns)
{
	int fd = __atomic_load_n(&w.ns[ns], __ATOMIC_RELAXED);

	if (fd < 0 || setns(fd, CLONE_NEWNET))
		return false;
	f->ns = ns;
	return true;
}

int slot_fd(int slot)
{
	return __atomic_load_n(&w.slot[slot], __ATOMIC_RELAXED);
}

int any_slot(struct fz *f, enum role role)
{
	int from = pick(f, w.nslots);

	if (role == ANY ? one_in(f, 4) : one_in(f, 8))
		return from;
	for (int i = 0; i < w.nslots; i++) {
		int at = (from + i) % w.nslots;

		if (slot_fd(at) >= 0 && (role == ANY || w.role[at] == role))
			return at;
	}
	return from;
}

int any_fd(struct fz *f, enum role role)
{
	return slot_fd(any_slot(f, role));
}

void slot_role(int slot, enum role role)
{
	__atomic_store_n(&w.role[slot], role, __ATOMIC_RELAXED);
}

void slot_put(int slot, int fd, enum role role)
{
	int old = __atomic_exchange_n(&w.slot[slot], fd, __ATOMIC_RELAXED);

	slot_role(slot, role);
	if (old >= 0)
		close(old);
}

/* In the namespace that the thread is in */
int tun_open(struct fz *f)
{
	struct ifreq ifr = {
		/* With NAPI it merges segments, but what is written comes in later. */
		.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR | (one_in(f, 3) ? IFF_NAPI : 0),
	};
	int offload = PICK_OF(f, 0, TUN_F_CSUM, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6);
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -1;
	strcpy(ifr.ifr_name, "tun0");
	if (ioctl(fd, TUNSETIFF, &ifr)) {
		close(fd);
		return -1;
	}
	ioctl(fd, TUNSETOFFLOAD, offload);
	rtnl_up("tun0", true);
	rtnl_addr("tun0", AF_INET, "10.1.0.1", 24);
	rtnl_addr("tun0", AF_INET6, "fd01::1", 64);
	return fd;
}

static int sniffer(void)
{
	int size = 65536, fd;

	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return fd;
}

static int netns_here(void)
{
	return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

/* Of one that an ordinary user begins with: no device is up. */
static int space_new(int ns)
{
	if (unshare(CLONE_NEWNET))
		return -1;
	w.ns[ns] = netns_here();
	/* No solicitations of addresses that nobody has */
	put_file("/proc/sys/net/ipv6/conf/default/accept_dad", "0");
	put_file("/proc/sys/net/ipv6/conf/all/accept_dad", "0");
	rtnl_up("lo", true);
	return w.ns[ns];
}

/* A new namespace in the place of @ns, which lives as long as it is used */
static int space_again(struct fz *f, int ns)
{
	int old = __atomic_exchange_n(&w.ns[ns], -1, __ATOMIC_RELAXED);

	if (unshare(CLONE_NEWNET))
		return -1;
	if (old >= 0)
		close(old);
	__atomic_store_n(&w.ns[ns], netns_here(), __ATOMIC_RELAXED);
	f->ns = ns;
	rtnl_up("lo", true);
	return 0;
}

static int cable(struct fz *f)
{
	if (!enter(f, 0) || rtnl_veth("v0", w.ns[1]))
		return -1;
	rtnl_up("v0", true);
	rtnl_addr("v0", AF_INET, "10.2.0.1", 24);
	rtnl_addr("v0", AF_INET6, "fd02::1", 64);
	if (!enter(f, 1))
		return -1;
	rtnl_up("v0", true);
	rtnl_addr("v0", AF_INET, "10.2.0.2", 24);
	rtnl_addr("v0", AF_INET6, "fd02::2", 64);
	return 0;
}

/* The second or the third dies, with whatever is open in it, or goes on without a name. */
long do_netns(struct fz *f)
{
	int ns = 1 + pick(f, SPACES - 1);

	if (one_in(f, 2))
		for (int i = 0; i < SLOTS; i++)
			if (pick(f, 2))
				slot_put(i, -1, 0);
	if (space_again(f, ns))
		return -1;
	return ns == 1 ? cable(f) : 0;
}

long do_tun(struct fz *f)
{
	int old, fd;

	if (!enter(f, 0))
		return -1;
	old = __atomic_exchange_n(&w.tun, -1, __ATOMIC_RELAXED);
	if (old >= 0)
		close(old);
	fd = tun_open(f);
	old = __atomic_exchange_n(&w.tun, fd, __ATOMIC_RELAXED);
	if (old >= 0)
		close(old);
	return fd;
}

static int map_ids(int uid, int gid)
{
	char line[64];

	snprintf(line, sizeof(line), "0 %d 1", uid);
	if (put_file("/proc/self/uid_map", line))
		return -1;
	if (put_file("/proc/self/setgroups", "deny"))
		return -1;
	snprintf(line, sizeof(line), "0 %d 1", gid);
	return put_file("/proc/self/gid_map", line);
}

int world_up(struct fz *f)
{
	int uid = getuid(), gid = getgid();

	memset(w.slot, 0xff, sizeof(w.slot));
	memset(w.ns, 0xff, sizeof(w.ns));
	w.nslots = SLOTS;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) || map_ids(uid, gid))
		return -1;
	for (int i = SPACES - 1; i >= 0; i--)
		if (space_new(i) < 0)
			return -1;
	f->ns = 0;
	w.tun = tun_open(f);
	w.sniff = sniffer();
	if (!sh->nsysctls && sysctls_find() <= 0)
		return -1;
	for (size_t i = 0; i < sizeof(w.favourite) / sizeof(w.favourite[0]); i++)
		w.favourite[i] = one_in(f, 4) ? pick(f, sh->nsysctls) : pick(f, sh->ntern);
	return w.tun < 0 || cable(f) ? -1 : 0;
}
