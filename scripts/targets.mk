## make demo     install what is missing, build, start everything with SIM simulated DTUs, print the URL
## make up       the same without simulated DTUs; starts what is not running, keeps data and configuration
## make down     stop what demo or up started; data stays
## make check    fast unit tests
## make test     every test: unit, sanitizers, fuzz seeds, end to end
## make bench    speeds, as ratios against something measured in the same run
## make fuzz     fuzzers, FUZZ_SECONDS each
## make lint     format and static analysis
## make install  DESTDIR and PREFIX
## make clean    remove build/
## Variables: RUN_DIR=run DTU_PORT=22334 WEB_PORT=8080 SIM=20 V=1 SAN=asan|tsan

.PHONY: check clean fuzz fuzzers lint
check: unit-tests
	@sh scripts/unit_tests.sh $(UNIT_TESTS)

FUZZ_SECONDS ?= 60
fuzz:
	@$(MAKE) --no-print-directory SAN=fuzz fuzzers
	@sh scripts/fuzz.sh $(FUZZ_SECONDS) $(FUZZERS)
fuzzers: $(FUZZERS)

clean:
	rm -rf build
