# The benchmark against peers. Included by the Makefile, which has the target $(BUILD)/coretool.
# BENCH_ARGS=--no-peers takes a minute instead of several; BENCH_ARGS=--enforce fails on a miss.

BUILD ?= build
BENCH_BUILD := $(BUILD)/bench
BENCH_PROGRAMS := $(BENCH_BUILD)/bench_threads $(BENCH_BUILD)/floor $(BENCH_BUILD)/bench_held
# Their own flags: sanitizers or -O0 of the rest would change the frames and the floor.
BENCH_CFLAGS := -std=gnu17 -O2 -g -fno-optimize-sibling-calls -Wall -Wextra -Werror

.PHONY: bench
bench: $(BUILD)/coretool $(BENCH_PROGRAMS) $(BENCH_BUILD)/scan $(BENCH_BUILD)/go_facts $(BENCH_BUILD)/go_mark ## speed and memory against eu-stack, gdb and the floor
	python3 -B tests/bench/bench.py --coretool $(BUILD)/coretool --build $(BENCH_BUILD) $(BENCH_ARGS)
	python3 -B tests/bench/held.py --coretool $(BUILD)/coretool --build $(BENCH_BUILD) \
		$(filter --enforce,$(BENCH_ARGS))
	@tests/deps.sh test
	python3 -B tests/bench/go.py --coretool $(BUILD)/coretool --build $(BUILD) \
		$(filter --enforce --no-peers,$(BENCH_ARGS))
	python3 -B tests/bench/go_leaks.py --coretool $(BUILD)/coretool --build $(BUILD) \
		$(filter --enforce,$(BENCH_ARGS))
	python3 -B tests/bench/gdb_live.py --coretool $(BUILD)/coretool --build $(BENCH_BUILD) \
		$(filter --enforce,$(BENCH_ARGS))

$(BENCH_PROGRAMS): $(BENCH_BUILD)/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) $(BENCH_CFLAGS) -o $@ $< -pthread

$(BENCH_BUILD)/scan $(BENCH_BUILD)/go_facts $(BENCH_BUILD)/go_mark: $(BENCH_BUILD)/%: tests/bench/%.c $(LIB_A)
	@mkdir -p $(@D)
	$(CC) $(BENCH_CFLAGS) -Icoretool -o $@ $^ $(LIBS)
