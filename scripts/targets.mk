## make demo     install what is missing, build, start everything with SIM simulated DTUs, print the URL
## make up       the same without simulated DTUs; starts what is not running, keeps data and configuration
## make down     stop what demo or up started; data stays
## make check    fast unit tests
## make test     every test: unit, sanitizers, fuzz seeds, end to end
## make test-faults  kill -9 of collector and database under load, ROUNDS times, and a long outage
## make bench    speeds, as ratios against something measured in the same run
## make fuzz     fuzzers, FUZZ_SECONDS each
## make peers    what tests need beside dtuhub: Modbus slaves on libmodbus, a clock that can be moved, npm packages
## make lint     format and static analysis
## make install  to DESTDIR/PREFIX, units too; configuration to DESTDIR/SYSCONFDIR/dtuhub, where none is there
## make deb      a Debian package in build/
## make clean    remove build/
## Variables: RUN_DIR=run DTU_PORT=22334 WEB_PORT=8080 WEB_HOST=127.0.0.1 SIM=20 FUZZ_SECONDS=60 ROUNDS=50 FAULT_SEED=1
##            PREFIX=/usr/local SYSCONFDIR=/etc
##            V=1 shows commands, SAN=asan|tsan builds and checks with sanitizers
# Variables given to make reach the scripts through the environment; defaults are there.

PARALLEL = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

.PHONY: help demo up down check test test-faults bench fuzz fuzzers lint install deb clean
help:
	@sed -n 's/^## //p' scripts/targets.mk

# Packages first, and then make anew, which now finds them.
demo up:
	@sh scripts/packages.sh build run
	@$(MAKE) $(PARALLEL) --no-print-directory all
	@sh scripts/instance.sh $@
down:
	@sh scripts/instance.sh down

check: unit-tests
	@sh scripts/unit_tests.sh $(UNIT_TESTS)

test:
	@sh scripts/test.sh

test-faults:
	@sh scripts/packages.sh build run test
	@$(MAKE) $(PARALLEL) --no-print-directory all
	@sh scripts/faults.sh

bench:
	@sh scripts/packages.sh build run test
	@$(MAKE) $(PARALLEL) --no-print-directory all $(BENCHES)
	@sh tests/bench/run.sh

fuzz:
	@sh scripts/packages.sh build test
	@$(MAKE) $(PARALLEL) --no-print-directory SAN=fuzz fuzzers
	@sh scripts/fuzz.sh $(or $(FUZZ_SECONDS),60) $(FUZZERS)
fuzzers: $(FUZZERS)

lint:
	@sh scripts/packages.sh build lint
	@sh scripts/lint.sh

install: all
	@DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' SYSCONFDIR='$(SYSCONFDIR)' sh scripts/install.sh $(BUILD)
deb:
	@sh scripts/packages.sh build deb
	@$(MAKE) $(PARALLEL) --no-print-directory all
	@sh scripts/deb.sh $(BUILD)

clean:
	rm -rf build
