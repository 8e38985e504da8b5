# SPDX-License-Identifier: Apache-2.0
# Fuzzing by clang's libFuzzer: every tests/fuzz/fuzz_*.c is a fuzzer. Included by the Makefile.
# What is found stays in $(BUILD)/fuzz: crashes/, and corpus/, which later runs start from.

FUZZ_SECONDS ?= 60
FUZZ_SEED    ?= 1
FUZZ_ASAN    := OPT='-O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all' CC=clang
FUZZ_BIN     := $(patsubst tests/fuzz/%.c,$(BUILD)/bin/%,$(wildcard tests/fuzz/fuzz_*.c))

.PHONY: fuzz
fuzz: ## all fuzzers, FUZZ_SECONDS=60 in total, FUZZ_SEED=0 for other inputs each time
	@tests/deps.sh build test
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz $(FUZZ_ASAN) fuzz-build
	@$(PYTHON) -B tests/fuzz/make_seeds.py $(BUILD)/fuzz/seeds
	@$(PYTHON) -B tests/fuzz/fuzz.py --seconds $(FUZZ_SECONDS) --seed $(FUZZ_SEED) $(BUILD)/fuzz

.PHONY: fuzz-build
fuzz-build: $(FUZZ_BIN)

$(BUILD)/bin/fuzz_%: tests/fuzz/fuzz_%.c tests/fuzz/fake_source.h $(LIB_A)
	@mkdir -p $(@D)
	@echo '  FUZZER  $<'
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer $< $(LIB_A) $(LIBS) -o $@
