# SPDX-License-Identifier: Apache-2.0
# `make help` lists the targets. Everything is built below $(BUILD); nothing else is written.

VERSION  := 0.1.0
SOMAJOR  := 0
BUILD    ?= build
PREFIX   ?= /usr/local
DESTDIR  ?=
ifeq ($(origin CC),default)
CC       := gcc
endif
PYTHON   ?= /usr/bin/python3
STRIP    ?= strip
V        ?= 0

WARNINGS  := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
             -Wpointer-arith -Wvla -Wformat=2
OPT       ?= -O2 -g
CFLAGS    += -std=c17 -D_GNU_SOURCE $(OPT) $(WARNINGS) -fPIC -fvisibility=hidden -Icoretool
LIBS      := -ldw -lelf -lcapstone -larchive -lxxhash -ljansson -liberty -lz -lm -ldl
Q         := $(if $(filter 1,$(V)),,@)

LIB_SRC   := $(filter-out coretool/cli/%,$(wildcard coretool/*/*.c coretool/runtime/*/*.c \
             coretool/runtime/*/layouts/*.c))
CLI_SRC   := $(wildcard coretool/cli/*.c)
LIB_OBJ   := $(LIB_SRC:%.c=$(BUILD)/obj/%.o)
CLI_OBJ   := $(CLI_SRC:%.c=$(BUILD)/obj/%.o)
LIB_A     := $(BUILD)/libcoretool.a
LIB_SO    := $(BUILD)/libcoretool.so.$(VERSION)
PROGRAM   := $(BUILD)/coretool

.PHONY: all
all: $(PROGRAM) $(LIB_A) $(LIB_SO) $(BUILD)/coretool.pc ## build the library and the program (default)

include samples/samples.mk
include tests/tests.mk
include tests/go/go.mk
include tests/bench/bench.mk
include tests/fuzz/fuzz.mk
include tests/soak/soak.mk

# The compiler flags decide what an object is: another set of them builds anew.
FLAGS_STAMP := $(BUILD)/flags
$(FLAGS_STAMP): FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(CFLAGS) $(LDFLAGS)' | cmp -s - $@ || echo '$(CC) $(CFLAGS) $(LDFLAGS)' >$@
.PHONY: FORCE
FORCE:

$(BUILD)/obj/%.o: %.c $(FLAGS_STAMP)
	@mkdir -p $(@D)
	@echo '  CC      $<'
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

$(LIB_A): $(LIB_OBJ)
	@echo '  AR      $@'
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(LIB_SO): $(LIB_OBJ) coretool/coretool.map
	@echo '  LD      $@'
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-soname,libcoretool.so.$(SOMAJOR) -Wl,-z,defs \
		-Wl,--version-script=coretool/coretool.map $(LIB_OBJ) $(LIBS) -o $@
	$(Q)ln -sf $(@F) $(BUILD)/libcoretool.so.$(SOMAJOR)
	$(Q)ln -sf libcoretool.so.$(SOMAJOR) $(BUILD)/libcoretool.so

$(PROGRAM): $(CLI_OBJ) $(LIB_A)
	@echo '  LD      $@'
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@

$(BUILD)/coretool.pc: Makefile
	@mkdir -p $(@D)
	@printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$${prefix}/lib' 'includedir=$${prefix}/include' '' \
		'Name: coretool' 'Description: Who waits for what in a core, and who holds it' \
		'Version: $(VERSION)' 'Libs: -L$${libdir} -lcoretool' 'Cflags: -I$${includedir}' \
		'Libs.private: $(LIBS)' >$@

-include $(LIB_OBJ:.o=.d) $(CLI_OBJ:.o=.d)

# One binary for any x86-64 Linux: no shared library, no debuginfod (it is a shared library).
STATIC_LIBS := -ldw -lelf -lcapstone -larchive -lxxhash -ljansson -liberty -llzma -lzstd -llz4 -lbz2 -lz -lm -lpthread
.PHONY: static
static: $(BUILD)/coretool-static ## one binary that runs on any x86-64 Linux

$(BUILD)/coretool-static: $(CLI_OBJ) $(LIB_A)
	@echo '  LD      $@'
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -static -Wl,--gc-sections $^ $(STATIC_LIBS) -o $@

.PHONY: install
install: all $(BUILD)/coretool.1 ## install below $(DESTDIR)$(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/include \
		$(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/coretool \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions \
		$(DESTDIR)$(PREFIX)/share/zsh/site-functions \
		$(DESTDIR)$(PREFIX)/share/coretool/gdb/coretool_ext
	install -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/coretool
	install -m 644 $(LIB_A) $(LIB_SO) $(DESTDIR)$(PREFIX)/lib
	ln -sf $(notdir $(LIB_SO)) $(DESTDIR)$(PREFIX)/lib/libcoretool.so.$(SOMAJOR)
	ln -sf libcoretool.so.$(SOMAJOR) $(DESTDIR)$(PREFIX)/lib/libcoretool.so
	install -m 644 coretool/coretool.h $(DESTDIR)$(PREFIX)/include
	install -m 644 $(BUILD)/coretool.pc $(DESTDIR)$(PREFIX)/lib/pkgconfig
	install -m 644 $(BUILD)/coretool.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 docs/*.schema.json $(DESTDIR)$(PREFIX)/share/coretool
	install -m 644 gdbext/coretool_gdb.py $(DESTDIR)$(PREFIX)/share/coretool/gdb
	install -m 644 gdbext/coretool_ext/*.py $(DESTDIR)$(PREFIX)/share/coretool/gdb/coretool_ext
	$(PROGRAM) completion bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/coretool
	$(PROGRAM) completion zsh >$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_coretool

$(BUILD)/coretool.1: $(PROGRAM)
	$(Q)$(PROGRAM) commands --format man >$@

.PHONY: clean
clean: ## remove everything that was built, cores included
	rm -rf $(BUILD)

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
