# Go: toolchains of other suites, where the runtime's fields are, and the cores of samples in Go.
# Included by the Makefile.

.PHONY: go-toolchains
go-toolchains: ## the Go toolchains of every suite that can be had, below $(BUILD)/go
	@tests/deps.sh test
	@$(PYTHON) -B tests/go/toolchains.py --build $(BUILD) --all

# GO=path/to/bin/go for one; else all that can be had.
.PHONY: go-layout
go-layout: ## where a Go version has the runtime's fields: GO=path/to/bin/go; needs python3-pyelftools
	@tests/deps.sh go-layout
	@mkdir -p $(BUILD)/go/cache
	@GOCACHE=$(abspath $(BUILD))/go/cache $(PYTHON) -B coretool/runtime/go/layouts/generate.py \
		$(or $(GO),$$($(PYTHON) -B tests/go/toolchains.py --build $(BUILD) --all | sed 's:.* \(.*\):\1/bin/go:'))
	@clang-format -i coretool/runtime/go/layouts/*.[ch]

.PHONY: samples-go cores-go soak-go
samples-go: ## build the samples in Go with the machine's own toolchain and two others
	@$(PYTHON) -B tests/go/go_cores.py --build $(BUILD) --no-cores

cores-go: ## cores of the samples in Go by the machine's own toolchain, the newest and one between
	@$(PYTHON) -B tests/go/go_cores.py --build $(BUILD)

soak-go: $(PROGRAM) ## the same by every Go toolchain that can be had, and what is said of them
	@tests/deps.sh test
	@$(PYTHON) -B tests/go/go_cores.py --build $(BUILD) --all
	@$(PYTHON) -B tests/truth/check_truth.py $(PROGRAM) $(CORES) --only 'go-*/*'

# The program without the tables of some Go versions, as if it had been built before them: these cores
# are then read by the tables of neighbours. bare: by these alone (test_neighbours.py).
NEIGHBOURS := $(addprefix $(BUILD)/neighbours/,without-27 without-26-27 without-25-26-27 without-24 \
	without-23-24-25 without-15-19 bare-27 bare-26-27 bare-24 bare-15-19)
.PHONY: neighbours
neighbours: $(NEIGHBOURS)

$(NEIGHBOURS:%=%.c): $(BUILD)/neighbours/%.c: coretool/runtime/go/layouts/table.c
	@mkdir -p $(@D)
	$(Q)sed '$(foreach minor,$(filter-out without bare,$(subst -, ,$*)),/go1_$(minor)/d;)' $< >$@

$(NEIGHBOURS): $(BUILD)/neighbours/%: $(BUILD)/neighbours/%.c tests/go/no_types.c $(CLI_OBJ) $(LIB_A)
	@echo '  LD      $@'
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $< $(if $(filter bare-%,$*),tests/go/no_types.c) $(CLI_OBJ) \
		$(LIB_A) $(LIBS) -o $@

# LEAKS='--version 1.24 --only Hugo5379' looks at this alone.
.PHONY: soak-go-leaks
soak-go-leaks: $(PROGRAM) ## leaked goroutines: the runtime's own tests of its leak profile, by every Go that can be had
	@tests/deps.sh test
	@$(PYTHON) -B tests/go/leak_profile.py --build $(BUILD) --repeat 3 $(or $(LEAKS),--all) $(PROGRAM)
