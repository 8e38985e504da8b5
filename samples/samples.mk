# SPDX-License-Identifier: Apache-2.0
# The sample programs, each in several variants: $(BUILD)/samples/VARIANT/NAME.
# Included by the Makefile; works alone too: make -f samples/samples.mk samples

SAMPLE_CC ?= gcc
SAMPLE_CXX ?= g++
SAMPLE_CLANG ?= clang
SAMPLE_CLANGXX ?= clang++
SAMPLE_MUSL ?= musl-gcc
# Debian's, whatever else is on the path.
SAMPLE_RUSTC ?= /usr/bin/rustc
BUILD ?= build

samples.out := $(BUILD)/samples
samples.c := $(patsubst samples/%.c,%,$(wildcard samples/*.c))
samples.cc := $(patsubst samples/%.cc,%,$(wildcard samples/*.cc))
samples.rs := $(patsubst samples/%.rs,%,$(filter-out samples/sample.rs,$(wildcard samples/*.rs)))
samples.all := $(samples.c) $(samples.cc) $(samples.rs)
# What shows something new when it is linked or stripped in an unusual way.
samples.some := $(filter deadlock2 self_relock kinds owner_exited join_cycle cxx_deadlock \
	member_lock syscalls recursion_deep inlined cxx_static_init cxx_latch never_joined crash_exception crash_assert,$(samples.all))

# What clang makes of code that takes and releases locks without an owner.
samples.clang := $(filter rwlock_readers rwlock_reader_abba rwlock_array rwlock_try rwlock_ops rwlock_interrupted rwlock_upgrade \
	spin_abba spin_handed sem_abba cond_pipeline cxx_shared_lock held_readers,$(samples.all))

# What runs on musl as well,
samples.musl := $(filter recursive_abba fork_recursive vfork_slow deadlock2 deadlock3 self_relock kinds join_cycle join_chain join_ring \
	once_cross once_self once_slow rwlock_abba condvar_pool barrier_short barrier_late diamond \
	raw_clone pshared_other restart signal_relock pidns_kill robust_self tls_lock inlined \
	recursion_deep atfork_cross exit_join busy_pool deadlock5 idle_timed sem_chain sem_orphan \
	spin_busy nested_monitor crash_abort crash_null_field crash_recursion crash_smash call_null,$(samples.c))
# and what tells more there where its libc's functions have names.
samples.musl.named := $(filter rwlock_array rwlock_forever rwlock_reader_abba rwlock_upgrade spin_abba spin_behind \
	crash_handler crash_holder crash_strlen gone_kinds file_exited forked_file forked_by_thread forked_raw forked_anew pi_abba pi_dead pi_self pi_transfer pi_wrapped \
	crash_assert crash_heap crash_double_free sem_abba sem_pipeline cond_pipeline barrier_shared,$(samples.c))

# A variant is compiled with these flags, in which case its compiler may be named,
samples.compiled := O0-g O2-g O2-static O2-static-pie O2-nopie O2-clang \
	musl-O2-g musl-static
samples.flags.O0-g := -O0 -g
samples.flags.O2-g := -O2 -g
samples.flags.O2-static := -O2 -g -static
samples.flags.O2-static-pie := -O2 -g -static-pie
samples.flags.O2-nopie := -O2 -g -no-pie -fno-pie
samples.flags.O2-clang := -O2 -g
samples.compiler.O2-clang := $(SAMPLE_CLANG)
samples.compiler++.O2-clang := $(SAMPLE_CLANGXX)
samples.flags.musl-O2-g := -O2 -g
samples.compiler.musl-O2-g := $(SAMPLE_MUSL)
samples.flags.musl-static := -O2 -g -static
samples.compiler.musl-static := $(SAMPLE_MUSL)

# Rust has those of them that say how, and one of its own: no landing pads, and all in one piece.
samples.rusted := O0-g O2-g O2-abort
samples.rustflags.O0-g := -g -C opt-level=0
samples.rustflags.O2-g := -g -C opt-level=2
samples.rustflags.O2-abort := -g -C opt-level=2 -C panic=abort -C lto=fat -C codegen-units=1

# or made from another variant by samples/derive.sh.
samples.derived := O0-stripped O2-stripped O2-debuglink O2-minidebug musl-static-stripped
samples.from.O0-stripped := O0-g
samples.from.O2-stripped := O2-g
samples.from.O2-debuglink := O2-g
samples.from.O2-minidebug := O2-g
samples.from.musl-static-stripped := musl-static

samples.full := O0-g O2-g O0-stripped O2-stripped
# Link-time optimisation takes its time.
samples.abort := $(filter rust_mutex_abba rust_rwlock rust_channels,$(samples.rs))
samples.variants := $(samples.compiled) $(filter-out $(samples.compiled),$(samples.rusted)) $(samples.derived)
ifeq ($(shell command -v $(SAMPLE_CLANG)),)
samples.variants := $(filter-out O2-clang,$(samples.variants))
endif
ifeq ($(shell command -v $(SAMPLE_MUSL)),)
samples.variants := $(filter-out musl-%,$(samples.variants))
endif

samples.cflags := -std=gnu17 -Wall -Wextra -Werror -pthread
samples.cxxflags := -std=c++17 -Wall -Wextra -Werror -pthread
samples.rustflags := --edition 2021 -D warnings
# What one sample needs beside these: samples.flags.of.NAME.
samples.flags.of.crash_smash := -fstack-protector-strong
samples.flags.of.crash_bad_return := -fno-stack-protector -fcf-protection=none
samples.flags.of.crash_large_frame := -fno-stack-clash-protection
samples.flags.of.omp_barrier := -fopenmp
samples.flags.of.omp_barrier_locked := -fopenmp
samples.flags.of.omp_critical := -fopenmp
samples.flags.of.omp_locks := -fopenmp
samples.flags.of.omp_pool := -fopenmp
samples.flags.of.omp_tasks := -fopenmp
samples.flags.of.omp_taskgroup := -fopenmp
samples.flags.of.omp_ordered := -fopenmp
samples.flags.of.omp_nested := -fopenmp
samples.flags.of.omp_depend := -fopenmp
samples.flags.of.omp_copyprivate := -fopenmp
samples.flags.of.cxx_jthread := -std=c++20
samples.flags.of.cxx_jthread_stops := -std=c++20
samples.flags.of.cxx_latch := -std=c++20
samples.flags.of.cxx_atomic_wait := -std=c++20
samples.flags.of.cxx_countdown := -std=c++20
samples.flags.of.cxx_countdown_late := -std=c++20
samples.flags.of.loader_abba := -rdynamic -ldl
samples.flags.of.loader_slow := -rdynamic -ldl
samples.deps := $(BUILD)/sample-deps
samples.of = $(if $(filter musl-static%,$(1)),$(samples.musl),$(if $(filter musl-%,$(1)),$(samples.musl) $(samples.musl.named),$(if $(filter $(1),$(samples.full)),$(samples.all),$(if \
	$(filter $(1),$(samples.compiled) $(samples.derived)),$(samples.some) $(if $(filter O2-clang,$(1)),$(samples.clang)),$(samples.abort)))))
samples.files = $(addprefix $(samples.out)/$(1)/,$(call samples.of,$(1)))

define samples.compile
samples.cc.$(1) := $(or $(samples.compiler.$(1)),$(SAMPLE_CC)) $(samples.cflags) $(samples.flags.$(1))
samples.cxx.$(1) := $(or $(samples.compiler++.$(1)),$(SAMPLE_CXX)) $(samples.cxxflags) $(samples.flags.$(1))

# Another compiler or flag builds the variant anew; other headers only what includes them.
$(samples.deps)/$(1)/flags: samples.force | $(samples.deps)/$(1)
	@echo '$$(samples.cc.$(1)) $$(samples.cxx.$(1))' | cmp -s - $$@ || \
		echo '$$(samples.cc.$(1)) $$(samples.cxx.$(1))' >$$@

$(samples.out)/$(1)/%: samples/%.c $(samples.deps)/$(1)/flags | $(samples.out)/$(1)
	@echo "  SAMPLE  $(1)/$$*"
	@$$(samples.cc.$(1)) -MMD -MP -MF $(samples.deps)/$(1)/$$*.d -o $$@ $$< $$(samples.flags.of.$$*)

$(samples.out)/$(1)/%: samples/%.cc $(samples.deps)/$(1)/flags | $(samples.out)/$(1)
	@echo "  SAMPLE  $(1)/$$*"
	@$$(samples.cxx.$(1)) -MMD -MP -MF $(samples.deps)/$(1)/$$*.d -o $$@ $$< $$(samples.flags.of.$$*)

$(samples.out)/$(1)/plugins/%.so: samples/plugins/%.c | $(samples.out)/$(1)
	@echo "  SAMPLE  $(1)/plugins/$$*.so"
	@mkdir -p $$(@D)
	@$$(samples.cc.$(1)) -shared -fPIC -o $$@ $$<

-include $$(wildcard $(samples.deps)/$(1)/*.d)
endef

define samples.rust
$(samples.deps)/$(1)/rust: samples.force | $(samples.deps)/$(1)
	@echo '$(SAMPLE_RUSTC) $(samples.rustflags) $(samples.rustflags.$(1))' | cmp -s - $$@ || \
		echo '$(SAMPLE_RUSTC) $(samples.rustflags) $(samples.rustflags.$(1))' >$$@

$(samples.out)/$(1)/%: samples/%.rs samples/sample.rs $(samples.deps)/$(1)/rust | $(samples.out)/$(1)
	@echo "  SAMPLE  $(1)/$$*"
	@$(SAMPLE_RUSTC) $(samples.rustflags) $(samples.rustflags.$(1)) -o $$@ $$<
endef

define samples.derive
$(samples.out)/$(1)/%: $(samples.out)/$(samples.from.$(1))/% samples/derive.sh \
		| $(samples.out)/$(1)
	@echo "  SAMPLE  $(1)/$$*"
	@samples/derive.sh $(1) $$< $$@
endef

$(foreach v,$(samples.compiled),$(eval $(call samples.compile,$(v))))
$(foreach v,$(samples.rusted),$(eval $(call samples.rust,$(v))))
$(foreach v,$(samples.derived),$(eval $(call samples.derive,$(v))))

# They load a library at run time.
samples.plugged := loader_abba loader_slow
samples.plug = $(addprefix $(samples.out)/$(1)/,$(samples.plugged)): $(samples.out)/$(1)/plugins/catalog.so
$(foreach v,$(samples.full),$(eval $(call samples.plug,$(v))))

$(addprefix $(samples.out)/,$(sort $(samples.compiled) $(samples.rusted) $(samples.derived))) \
		$(addprefix $(samples.deps)/,$(sort $(samples.compiled) $(samples.rusted))):
	@mkdir -p $@

.PHONY: samples.force
samples.force:

.PHONY: samples cores cores-trees cores-musl cores-rust
samples: $(foreach v,$(samples.variants),$(call samples.files,$(v))) ## build the sample programs in all variants

cores: samples ## make the cores of all samples
	@/usr/bin/python3 tests/cores/make_cores.py --build $(BUILD)

# The same of other versions of glibc, out of Debian's archive; skips what cannot be had.
cores-trees: ## cores of other versions of glibc, where they can be had
	@/usr/bin/python3 tests/cores/debian_tree.py --build $(BUILD)

# And of other versions of musl.
cores-musl: ## cores of other versions of musl, where they can be had
	@/usr/bin/python3 tests/cores/musl_tree.py --build $(BUILD)

# The samples in Rust as a newer compiler makes them, where one can be had.
cores-rust: ## cores of the Rust samples by a newer compiler, where one can be had
	@/usr/bin/python3 tests/cores/newer_rust.py --build $(BUILD)
