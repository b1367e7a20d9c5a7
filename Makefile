# SPDX-License-Identifier: GPL-2.0
# Thin wrapper. Inside kbuild, Kbuild wins over this file.
#
#   make                 module for the running kernel
#   make KERNEL=6.1      for a kernel by name (see scripts/vm/kernel)
#   make KVER=...        for an installed kernel by release
#   make KDIR=...        for a kernel build tree
#   make demo            the main job, in a VM
#   make scene NAME=...  one scenario, drawn; scripts/scene --list has the names
#   make check           the tests
#   make states          the state diagram anew, from what tests are seen to do

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
# No headers for the running kernel: the stock 6.12 is the one to build for.
TARGET := $(or $(KERNEL),$(wildcard $(KDIR)),6.12)
DESTDIR ?=
prefix ?= /usr
# Where scripts/build puts the target's module
built = build/$(if $(wildcard $(TARGET)/),$(notdir $(realpath $(TARGET))),$(TARGET))/tern.ko
release = $(shell modinfo -F vermagic $(built) | cut -d' ' -f1)

all:
	scripts/build $(TARGET) $(if $(W),W=$(W)) $(if $(C),C=$(C))

tools:
	$(MAKE) -C tools

selftests:
	$(MAKE) -C selftests

unit:
	$(MAKE) -C selftests/unit run

setup:
	scripts/setup

check: setup tools
	$(MAKE) -s selftests
	for k in $(or $(KERNEL),6.12 debug); do scripts/build $$k > /dev/null || exit; done
	scripts/run-tests $(or $(KERNEL),6.12 debug)

# Five times the data: more than 1 GiB through data-exact's faults, by all kernels
check-all:
	TERN_SCALE=$(or $(TERN_SCALE),5) $(MAKE) check KERNEL="6.12 6.1 6.12-rt newest debug kcsan"

demo: setup tools
	scripts/build 6.12 > /dev/null
	scripts/demo

scene: setup tools
	scripts/build $(or $(KERNEL),6.12) > /dev/null
	scripts/scene $(or $(NAME),--list) --kernel $(or $(KERNEL),6.12)

shell: setup tools
	$(MAKE) -s selftests
	scripts/build $(or $(KERNEL),6.12) > /dev/null
	scripts/vm/run --kernel $(or $(KERNEL),6.12) --timeout 86400 --shell

bench: setup tools
	scripts/build 6.12 > /dev/null
	scripts/bench

states: setup
	$(MAKE) -s selftests
	scripts/build 6.12 > /dev/null
	scripts/states

style sparse layers size docs cites:
	scripts/check $@

headers_install:
	install -D -m 644 uapi/linux/tern.h $(DESTDIR)$(prefix)/include/linux/tern.h

install: all
	install -D -m 644 $(built) \
		$(DESTDIR)/lib/modules/$(release)/updates/tern.ko
	$(if $(DESTDIR),,depmod $(release))

clean:
	rm -rf build
	$(MAKE) -C tools clean
	-$(MAKE) -s -C selftests clean
	-$(MAKE) -s -C selftests/unit clean

.PHONY: all tools selftests unit setup check check-all demo scene shell bench style \
	states sparse layers size docs cites headers_install install clean
