// SPDX-License-Identifier: GPL-2.0
/*
 * Load and unload, namespaces in and out, in order and in reverse.
 */
#include <linux/module.h>
#include <linux/random.h>
#include <linux/tcp.h>
#include <net/net_namespace.h>
#include "core/tcb.h"
#include "netns/sysctl.h"
#include "pure/isn.h"
#include "core/hash.h"
#include "core/sock.h"
#include "closing/timewait.h"
#include "network/ipv4.h"
#include "network/ipv6.h"
#include "network/offload.h"
#include "user/proc.h"
#include "user/socket.h"

/* RFC 3692: 253 and 254 are for experiments. */
u8 tern_ipproto = IPPROTO_TERN;
static unsigned int ipproto = IPPROTO_TERN;
module_param(ipproto, uint, 0444);
MODULE_PARM_DESC(ipproto, "IP protocol number, 253 (default) or 254");

unsigned int tern_net_id __read_mostly;

/* Of timestamps (RFC 7323 5.4); lives as long as the module is loaded */
static siphash_key_t ts_key __ro_after_init;

static int __net_init net_init(struct net *net)
{
	struct tern_net *tn = tern_net(net);
	int err;

	tn->net = net;
	atomic_set(&tn->tw_count, 0);
	atomic_set(&tn->orphans, 0);
	atomic_set(&tn->estab, 0);
	tern_isn_secret_init(&tn->secret, &ts_key);
	tern_cookie_key_init(&tn->cookie);
	tn->mib = alloc_percpu(struct tern_mib);
	if (!tn->mib)
		return -ENOMEM;
	err = tern_sysctl_net_init(net, &tn->sysctl);
	if (err)
		goto err_sysctl;
	err = tern_hash_net_init(tn);
	if (err)
		goto err_hash;
	err = tern_ipv4_net_init(tn);
	if (err)
		goto err_ipv4;
	err = tern_ipv6_net_init(tn);
	if (err)
		goto err_ipv6;
	err = tern_proc_net_init(tn);
	if (err)
		goto err_proc;
	return 0;

err_proc:
	tern_ipv6_net_exit(tn);
err_ipv6:
	tern_ipv4_net_exit(tn);
err_ipv4:
	tern_hash_net_exit(tn);
err_hash:
	tern_sysctl_net_exit(&tn->sysctl);
err_sysctl:
	free_percpu(tn->mib);
	return err;
}

static void __net_exit net_exit_batch(struct list_head *nets)
{
	struct net *net;

	list_for_each_entry(net, nets, exit_list) {
		struct tern_net *tn = tern_net(net);

		tern_proc_net_exit(tn);
		tern_timewait_net_exit(tn);
		tern_sock_net_exit(tn);
	}
	/*
	 * Timers that took their object out before we came to it; then the
	 * routes that orphans let go of: RCU frees them by what is the
	 * namespace's.
	 */
	synchronize_rcu();
	rcu_barrier();
	list_for_each_entry(net, nets, exit_list) {
		struct tern_net *tn = tern_net(net);

		tern_ipv6_net_exit(tn);
		tern_ipv4_net_exit(tn);
		tern_hash_net_exit(tn);
		tern_sysctl_net_exit(&tn->sysctl);
		free_percpu(tn->mib);
	}
}

static struct pernet_operations net_ops = {
	.init = net_init,
	.exit_batch = net_exit_batch,
	.id = &tern_net_id,
	.size = sizeof(struct tern_net),
};

static int __init tern_init(void)
{
	int err;

	BUILD_BUG_ON(sizeof(struct ternhdr) != TERN_HDR_LEN);
	BUILD_BUG_ON(sizeof(struct tern_skb_cb) >
		     sizeof_field(struct sk_buff, cb));
	BUILD_BUG_ON(offsetof(struct tern_info, ti_rcv_wnd) !=
		     offsetof(struct tcp_info, tcpi_snd_wnd) + 4);

	if (ipproto != IPPROTO_TERN && ipproto != IPPROTO_TERN + 1) {
		pr_err("tern: ipproto=%u: only 253 and 254 are set aside for experiments (RFC 3692)\n",
		       ipproto);
		return -EINVAL;
	}
	tern_ipproto = ipproto;
	get_random_bytes(&ts_key, sizeof(ts_key));

	err = register_pernet_subsys(&net_ops);
	if (err)
		return err;
	err = tern_ipv4_init();
	if (err)
		goto err_ipv4;
	err = tern_ipv6_init();
	if (err)
		goto err_ipv6;
	err = tern_offload_init();
	if (err)
		goto err_offload;
	err = tern_socket_init();
	if (err)
		goto err_socket;
	pr_info("tern: loaded, IP protocol %u\n", tern_ipproto);
	return 0;

err_socket:
	tern_offload_exit();
err_offload:
	tern_ipv6_exit();
err_ipv6:
	tern_ipv4_exit();
err_ipv4:
	unregister_pernet_subsys(&net_ops);
	return err;
}

static void __exit tern_exit(void)
{
	tern_socket_close();
	tern_ipv6_exit();
	tern_ipv4_exit();
	tern_offload_exit();
	unregister_pernet_subsys(&net_ops);
	tern_sock_wait_gone();
	tern_socket_exit();
}

module_init(tern_init);
module_exit(tern_exit);

MODULE_DESCRIPTION("Tern: a reliable byte-stream transport");
MODULE_LICENSE("GPL");
MODULE_ALIAS("net-pf-2-proto-253-type-1");
MODULE_ALIAS("net-pf-10-proto-253-type-1");
