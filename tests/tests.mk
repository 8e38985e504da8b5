# Checks of every kind. Included by the Makefile.

UNIT_SRC  := $(wildcard tests/unit/test_*.c)
UNIT_BIN  := $(UNIT_SRC:tests/unit/%.c=$(BUILD)/unit/%)
FUZZ_SRC  := $(wildcard tests/fuzz/fuzz_*.c)
# Cores are made once; other builds of the program analyse the same ones.
CORES     ?= $(BUILD)/cores

.PHONY: unit
unit: $(UNIT_BIN)

# Linking the library's debug information into each of them would take most of their time.
UNIT_LIB  := $(BUILD)/unit/libcoretool.a
$(UNIT_LIB): $(LIB_A)
	@mkdir -p $(@D)
	$(Q)$(STRIP) --strip-debug $< -o $@

$(BUILD)/unit/%: tests/unit/%.c $(wildcard tests/unit/*.h tests/report/*.h) $(UNIT_LIB)
	@echo '  TEST    $<'
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -Itests/unit -DTEST_CC='"$(CC)"' $< $(UNIT_LIB) $(LIBS) -lcmocka -o $@

.PHONY: deps
deps: ## install the Debian packages that are missing
	@tests/deps.sh build static demo test lint bench

.PHONY: deps-bench
deps-bench:
	@tests/deps.sh build bench

.PHONY: lint
lint: ## layers, walls, sizes and words; formatting
	@tests/deps.sh lint
	$(Q)$(PYTHON) tests/lint.py
	$(Q)git ls-files -co --exclude-standard '*.c' '*.h' '*.cc' | \
		xargs clang-format --dry-run --Werror
	$(Q)shellcheck tests/*.sh samples/*.sh coretool/arch/*.sh .ci/run

.PHONY: format
format: ## rewrite all C in the house's layout
	git ls-files -co --exclude-standard '*.c' '*.h' '*.cc' | xargs clang-format -i

.PHONY: demo
demo: ## build, make a core of a sample that deadlocks, print the report
	@tests/deps.sh build demo
	@$(MAKE) --no-print-directory -s $(PROGRAM) $(BUILD)/samples/O0-g/deadlock2
	@$(PYTHON) tests/cores/make_cores.py --build $(BUILD) --only 'O0-g/deadlock2.gcore.core' >/dev/null
	$(PROGRAM) $(BUILD)/cores/O0-g/deadlock2.gcore.core

RUN       := $(PYTHON) -B tests/run.py --skips tests/skips.txt
UNIT_RUN   = $(foreach t,$(UNIT_SRC:tests/unit/test_%.c=%),unit/$(t)=$(BUILD)/unit/test_$(t))
# How many of the damages, of the truths …: soak-damage makes all of them.
DAMAGE_PART          ?= --every 3
DAMAGE_GO_PART       ?= --every 2
DAMAGE_CONTEXTS_PART ?=
TRUTH_PART           ?=
FORMATS_PART         ?=

# Those that use one processor come together; the others are alone.
DRIVERS    = then cli='$(PYTHON) -B tests/cli/test_cli.py $(PROGRAM) $(CORES)' \
	then damage='$(PYTHON) -B tests/damage/damage.py $(DAMAGE_PART) $(PROGRAM) $(CORES)' \
	then damage-go='$(PYTHON) -B tests/damage/damage_go.py $(DAMAGE_GO_PART) $(PROGRAM) $(CORES)' \
	then damage-lists='$(PYTHON) -B tests/damage/damage_lists.py $(DAMAGE_GO_PART) $(PROGRAM) $(CORES)' \
	then truth='$(PYTHON) -B tests/truth/check_truth.py $(TRUTH_PART) $(PROGRAM) $(CORES)' \
	then damage-contexts='$(PYTHON) -B tests/damage/damage_contexts.py $(DAMAGE_CONTEXTS_PART) $(PROGRAM) $(CORES)' \
	damage-debug='$(PYTHON) -B tests/damage/damage_debug.py $(PROGRAM) $(CORES)' \
	damage-leaks='$(PYTHON) -B tests/damage/damage_leaks.py $(PROGRAM) $(CORES)' \
	golden='$(PYTHON) -B tests/golden/golden.py $(PROGRAM) $(CORES)' \
	go-formats='$(PYTHON) -B tests/go/test_formats.py $(PROGRAM) $(CORES) $(FORMATS_PART)' \
	go-leaks='$(PYTHON) -B tests/go/leak_profile.py --fast --build $(CORES:/cores=) $(PROGRAM)' \
	go-versions='$(PYTHON) -B tests/go/test_versions.py $(PROGRAM) $(CORES)' \
	odd='$(PYTHON) -B tests/odd/test_odd.py $(PROGRAM) $(CORES:/cores=)'

# With programs of its own, which lack layouts of one version of Go.
LACKING    = then go-neighbours='$(MAKE) --no-print-directory -s BUILD=$(BUILD) neighbours && \
		$(PYTHON) -B tests/go/test_neighbours.py $(PROGRAM) $(CORES) $(BUILD)/neighbours'

# The extension, in this machine's gdb and those of the other suites.
GDB_TESTS  = then gdb-versions='$(PYTHON) -B tests/gdb/gdb_versions.py --build $(BUILD)' \
	then gdb-frames='$(PYTHON) -B tests/gdb/test_frames.py' \
	gdb-checks='$(PYTHON) -B tests/gdb/test_script.py' \
	then gdb-hostile='$(PYTHON) -B tests/gdb/test_hostile.py' \
	then gdb-install='$(PYTHON) -B tests/gdb/test_install.py --build $(BUILD)' \
	then gdb-scripts='$(PYTHON) -B tests/gdb/run_scripts.py --build $(BUILD) $(PROGRAM)' \
	then gdb-same='$(PYTHON) -B tests/gdb/test_same_report.py --build $(BUILD) $(PROGRAM)' \
	then gdb-terminal='$(PYTHON) -B tests/gdb/test_terminal.py --build $(BUILD) $(PROGRAM)'

.PHONY: test
test: ## the whole suite; installs what is missing
	@tests/deps.sh build static test
	@$(MAKE) --no-print-directory all unit samples $(BUILD)/coretool-static $(BUILD)/coretool.1
	@$(RUN) $(UNIT_RUN) \
		checker='$(PYTHON) -B tests/truth/test_check_truth.py' \
		go-checker='$(PYTHON) -B tests/truth/test_go_checks.py' \
		lint='$(PYTHON) -B tests/lint_test.py' \
		go-leak-checker='$(PYTHON) -B tests/go/test_leak_profile.py' \
		go-toolchains='$(PYTHON) -B tests/go/test_toolchains.py' \
		go-layouts='$(PYTHON) -B coretool/runtime/go/layouts/generate.py --check' \
		then demo='tests/demo.sh $(BUILD)/demo' \
		then cores='$(MAKE) --no-print-directory -s cores' \
		then trees='$(MAKE) --no-print-directory -s cores-trees' \
		then musl='$(MAKE) --no-print-directory -s cores-musl' \
		then rust='$(MAKE) --no-print-directory -s cores-rust' \
		then go='$(MAKE) --no-print-directory -s cores-go' \
		then static='$(PYTHON) -B tests/static/test_static.py $(BUILD)/coretool-static $(BUILD)' \
		$(DRIVERS) $(LACKING) $(GDB_TESTS)

.PHONY: check
check: ## the quick part of the suite: unit tests, and one core of each kind
	@tests/deps.sh build test
	@$(MAKE) --no-print-directory $(PROGRAM) unit $(BUILD)/samples/O2-g/deadlock2
	@$(PYTHON) tests/cores/make_cores.py --build $(BUILD) --only 'O2-g/deadlock2.*'
	@$(RUN) $(UNIT_RUN) \
		truth='$(PYTHON) -B tests/truth/check_truth.py $(PROGRAM) $(CORES) --only "O2-g/deadlock2*"'

# The same cores under AddressSanitizer and UBSan.
ASAN      := OPT='-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined' \
	DAMAGE_PART='--every 16' DAMAGE_GO_PART='--every 12' DAMAGE_CONTEXTS_PART='--every 3' \
	TRUTH_PART='--every 5' FORMATS_PART=--newest
.PHONY: asan
asan: ## the suite under AddressSanitizer and UBSan, on the cores that `make test` made
	@tests/deps.sh build test
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan CORES=$(CORES) $(ASAN) asan-run

# Those in which the engine has the most to do.
ASAN_SCRIPTS := $(addprefix tests/gdb/scripts/,$(addsuffix .gdb,commands crash_live explain explain_cxx export \
	goroutines held inferred memory_changed orphans poor_stub printers_cxx_more))

.PHONY: asan-run
asan-run: $(PROGRAM) unit
	@ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1 $(RUN) $(UNIT_RUN) $(DRIVERS) \
		then gdb-scripts='$(PYTHON) -B tests/gdb/run_scripts.py --build $(CORES:/cores=) --gdb machine $(PROGRAM) \
			$(ASAN_SCRIPTS)'

.PHONY: golden
golden: $(PROGRAM) unit ## write the golden reports anew; review the difference before you commit it
	$(PYTHON) -B tests/golden/golden.py --update $(PROGRAM) $(CORES)
	CT_GOLDEN_UPDATE=1 $(BUILD)/unit/test_report_text
	CT_GOLDEN_UPDATE=1 $(BUILD)/unit/test_report_dot

.PHONY: clang
clang: ## build everything with clang
	@tests/deps.sh build test
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/clang CC=clang OPT=-O0 all unit
