# SPDX-License-Identifier: GPL-2.0
# Thin wrapper. Inside kbuild, Kbuild wins over this file.
#
#   make                 module for the running kernel, or without its headers for 6.12
#   make KERNEL=6.1      for a kernel by name (see scripts/vm/kernel)
#   make KVER=...        for an installed kernel by release
#   make KDIR=...        for a kernel build tree
#   make install         module, where depmod finds it (DESTDIR=, KERNEL=, KVER=, KDIR=)
#   make headers_install linux/tern.h (DESTDIR=, prefix=)
#   make demo            the main job, in a VM
#   make shell           a shell in that VM
#   make scene NAME=...  one scenario, drawn; scripts/scene --list has the names
#   make unit            the unit tests, on this machine
#   make check           the tests while you wait: stock 6.12 and 6.1, time travel
#   make check-debug     those on kernels with every check on, two machines, fuzzing
#   make check-all       all of it on each kernel, for hours
#   make interop         6.1, 6.12 and newest, each two on two machines
#   make coverage        which lines of module/ the tests reach; builds a kernel
#   make bench           Tern's times by TCP's
#   make states          the state diagram anew, from what tests are seen to do
#   make style sparse layers size docs cites
#                        one check of the source each: scripts/check
#   make clean

# Installing and unpacking packages comes first; tools and tests share files.
.NOTPARALLEL:

# What the user names must be there.
named := $(filter-out undefined,$(origin KVER) $(origin KDIR))
KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
headers := $(if $(named),$(KDIR),$(patsubst %/Makefile,%,$(wildcard $(KDIR)/Makefile)))
# No headers for the running kernel: the stock 6.12 is the one to build for.
TARGET := $(or $(KERNEL),$(headers),6.12)
DESTDIR ?=
prefix ?= /usr
# Where scripts/build puts the target's module
built = build/$(if $(wildcard $(TARGET)/),$(notdir $(realpath $(TARGET))),$(TARGET))/tern.ko
# An ordinary user's PATH lacks modinfo and depmod.
export PATH := $(PATH):/usr/sbin:/sbin
release = $(shell PATH=$(PATH) modinfo -F vermagic $(built) | cut -d' ' -f1)
programs = $(MAKE) -s -j$(shell nproc) -C selftests
other = no headers of $(KVER) in $(KDIR): apt-get install linux-headers-$(KVER)

all:
	@$(if $(KERNEL)$(headers),:,echo "make: $(other)"; \
		echo "make: building for Debian's 6.12, which is for the VM: build/6.12/tern.ko")
	scripts/build $(TARGET) $(if $(W),W=$(W)) $(if $(C),C=$(C))

help:
	@sed -n '/^#   make/,/^$$/s/^# *//p' Makefile

tools:
	$(MAKE) -C tools

selftests: setup
	$(programs)

unit: setup
	$(MAKE) -C selftests/unit run

setup:
	scripts/setup

# What the VM needs, less than the tests do
setup-demo:
	scripts/setup demo

# The kernels first: what is made once is made before anything is measured.
kernels = for k in $(1); do scripts/build $$k > /dev/null || exit; done

check: setup tools
	$(programs)
	$(call kernels,$(or $(KERNEL),6.12 6.1))
	$(if $(KERNEL),,scripts/vm/kernel newest > /dev/null)
	scripts/run-tests $(KERNEL)

check-debug: setup tools
	$(programs)
	$(call kernels,6.12 $(debug_kernels))
	scripts/run-tests --debug $(debug_kernels)

check-all: setup tools
	$(programs)
	$(call kernels,$(all_kernels))
	scripts/run-tests --all $(all_kernels)

debug_kernels := $(or $(KERNEL),debug debug-6.1)
all_kernels := $(or $(KERNEL),6.12 6.1 6.12-rt newest debug debug-6.1 kcsan)

# Two machines, each with a kernel of its own
interop: setup tools
	$(programs)
	$(call kernels,6.1 6.12 newest)
	scripts/run-tests --interop 6.1 6.12 newest

coverage: setup tools
	scripts/setup coverage
	$(programs)
	scripts/coverage

demo: setup-demo tools
	scripts/build $(or $(KERNEL),6.12) > /dev/null
	KERNEL=$(or $(KERNEL),6.12) scripts/demo

scene: setup-demo tools
	scripts/build $(or $(KERNEL),6.12) > /dev/null
	scripts/scene $(or $(NAME),--list) --kernel $(or $(KERNEL),6.12)

shell: setup tools
	$(programs)
	scripts/build $(or $(KERNEL),6.12) > /dev/null
	scripts/vm/run --kernel $(or $(KERNEL),6.12) --timeout 86400 --shell

bench: setup-demo tools
	scripts/build 6.12 > /dev/null
	scripts/bench

states: setup
	$(programs)
	scripts/build 6.12 > /dev/null
	scripts/states

style sparse layers size docs cites:
	scripts/check $@

headers_install:
	install -D -m 644 uapi/linux/tern.h $(DESTDIR)$(prefix)/include/linux/tern.h

install:
	@$(if $(KERNEL)$(headers)$(DESTDIR),:,echo "make: $(other)" >&2; \
		echo "make: or name the kernel to install for: KERNEL=, KVER=, KDIR= or DESTDIR=" >&2; exit 1)
	$(MAKE) all
	install -D -m 644 $(built) \
		$(DESTDIR)/lib/modules/$(release)/updates/tern.ko
	$(if $(DESTDIR),,depmod $(release))

clean:
	rm -rf build
	$(MAKE) -C tools clean
	-$(MAKE) -s -C selftests clean
	-$(MAKE) -s -C selftests/unit clean

.PHONY: all help tools selftests unit setup setup-demo check check-debug check-all interop demo \
	coverage scene shell bench style states sparse layers size docs cites headers_install install clean
