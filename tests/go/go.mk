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
