# Real servers under load. Included by the Makefile, which has the target $(BUILD)/coretool.
# SOAK_ARGS='mariadb redis' looks at these alone.

SOAK_BUILD := $(BUILD)/soak

.PHONY: soak
soak: $(BUILD)/coretool ## Debian's servers under load on loopback: analysed in full, fast, without a false finding
	@tests/deps.sh soak
	$(PYTHON) -B tests/soak/soak.py --coretool $(BUILD)/coretool --build $(SOAK_BUILD) $(SOAK_ARGS)
