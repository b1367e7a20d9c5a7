// SPDX-License-Identifier: GPL-2.0
/*
 * KCOV tells each place in the module's code that a thread's own calls came
 * by: those of receiving, too, of what is written to a tun device, which is
 * received in the call. Not what timers and softirqs do.
 */
#include <elf.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <linux/types.h>

#include "fuzz.h"

#define KCOV_INIT_TRACE	_IOR('c', 1, unsigned long)
#define KCOV_ENABLE	_IO('c', 100)
#define ENTRIES		(1 << 17)

static int fds[THREADS_MAX] = { [0 ... THREADS_MAX - 1] = -1 };
static unsigned long *area[THREADS_MAX];
static unsigned long text;

int cover_open(int threads)
{
	FILE *in = fopen("/sys/module/tern/sections/.text", "r");

	if (in) {
		if (fscanf(in, "%lx", &text) != 1)
			text = 0;
		fclose(in);
	}
	for (int i = 0; i < threads && text; i++) {
		fds[i] = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);
		if (fds[i] < 0 || ioctl(fds[i], KCOV_INIT_TRACE, ENTRIES))
			return -1;
	}
	return text ? 0 : -1;
}

void cover_begin(struct fz *f)
{
	void *at;

	area[f->id] = NULL;
	if (fds[f->id] < 0)
		return;
	at = mmap(NULL, ENTRIES * sizeof(unsigned long), PROT_READ | PROT_WRITE, MAP_SHARED,
		  fds[f->id], 0);
	if (at != MAP_FAILED && !ioctl(fds[f->id], KCOV_ENABLE, 0))
		area[f->id] = at;
}

void cover_start(struct fz *f)
{
	if (area[f->id])
		__atomic_store_n(area[f->id], 0, __ATOMIC_RELAXED);
}

static void keep(const struct seq *s)
{
	while (__atomic_exchange_n(&sh->lock, 1, __ATOMIC_ACQUIRE))
		usleep(10);
	if (sh->corpus_n < CORPUS_MAX) {
		sh->corpus[sh->corpus_n] = *s;
		__atomic_store_n(&sh->corpus_n, sh->corpus_n + 1, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&sh->lock, 0, __ATOMIC_RELEASE);
}

bool cover_take(struct fz *f, const struct seq *s)
{
	unsigned long *a = area[f->id], n, at;
	int new = 0;

	if (!a)
		return false;
	n = __atomic_load_n(a, __ATOMIC_RELAXED);
	for (unsigned long i = 1; i <= n; i++) {
		at = a[i] - text;
		if (at >= TEXT_MAX || sh->text[at / 8] & 1 << at % 8)
			continue;
		if (!(__atomic_fetch_or(&sh->text[at / 8], 1 << at % 8, __ATOMIC_RELAXED) &
		      1 << at % 8))
			new++;
	}
	if (!new)
		return false;
	__atomic_fetch_add(&sh->covered, new, __ATOMIC_RELAXED);
	keep(s);
	return true;
}

static long relocations(const uint8_t *elf, const Elf64_Shdr *rel, const Elf64_Shdr *sec)
{
	const Elf64_Shdr *syms = &sec[rel->sh_link];
	const Elf64_Rela *r = (void *)(elf + rel->sh_offset);
	const Elf64_Sym *sym = (void *)(elf + syms->sh_offset);
	const char *names = (void *)(elf + sec[syms->sh_link].sh_offset);
	long n = 0;

	for (size_t i = 0; i < rel->sh_size / sizeof(*r); i++)
		n += !strcmp(names + sym[ELF64_R_SYM(r[i].r_info)].st_name,
			     "__sanitizer_cov_trace_pc");
	return n;
}

long cover_places(const char *ko)
{
	int fd = open(ko, O_RDONLY | O_CLOEXEC);
	off_t size = lseek(fd, 0, SEEK_END);
	const Elf64_Shdr *sec;
	const Elf64_Ehdr *elf;
	long n = 0;

	if (fd < 0)
		return -1;
	elf = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (elf == MAP_FAILED)
		return -1;
	sec = (void *)((uint8_t *)elf + elf->e_shoff);
	for (int i = 0; i < elf->e_shnum; i++)
		if (sec[i].sh_type == SHT_RELA && sec[i].sh_info < elf->e_shnum &&
		    sec[sec[i].sh_info].sh_flags & SHF_EXECINSTR)
			n += relocations((void *)elf, &sec[i], sec);
	munmap((void *)elf, size);
	return n;
}
