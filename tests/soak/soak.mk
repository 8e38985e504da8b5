# Real servers under load. Included by the Makefile, which has the target $(BUILD)/coretool.
# SOAK_ARGS='mariadb redis' looks at these alone.

SOAK_BUILD := $(BUILD)/soak

.PHONY: soak-damage
soak-damage: $(BUILD)/coretool ## every damage to the cores that `make test` has left
	$(PYTHON) -B tests/damage/damage.py $(BUILD)/coretool $(BUILD)/cores
	$(PYTHON) -B tests/damage/damage_go.py $(BUILD)/coretool $(BUILD)/cores
	$(PYTHON) -B tests/damage/damage_lists.py $(BUILD)/coretool $(BUILD)/cores

# GO_SERVERS='prometheus --suite trixie' looks at this alone.
.PHONY: soak soak-go-servers
soak: $(BUILD)/coretool ## Debian's servers under load on loopback: analysed in full, fast, without a false finding
	@tests/deps.sh soak
	$(PYTHON) -B tests/soak/soak.py --coretool $(BUILD)/coretool --build $(SOAK_BUILD) $(SOAK_ARGS)

soak-go-servers: $(BUILD)/coretool ## Debian's stripped Go servers of three suites: every goroutine that they print is in the report
	@tests/deps.sh soak test
	$(PYTHON) -B tests/soak/go_servers.py --coretool $(BUILD)/coretool --build $(BUILD) $(GO_SERVERS)
