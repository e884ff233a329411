# make help lists the targets. V=1 shows the commands; SAN=asan or SAN=tsan builds into build/asan or build/tsan.

PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
PYTHON ?= /usr/bin/python3

CC     := $(if $(filter fuzz,$(SAN)),clang,$(CC))
BUILD  := build$(if $(SAN),/$(SAN))
Q      := $(if $(V),,@)
say     = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2))

LIBS := libevent libevent_pthreads libevent_extra libpcre2-8 mariadb yaml-0.1 libcurl json-c sqlite3 libsodium libsystemd zlib
WEBLIBS := fcgi xlsxwriter

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wconversion -Wno-sign-conversion -Wformat=2 \
        -Wformat-nonliteral -Wmissing-prototypes -Wno-missing-field-initializers -Wvla -Werror
HARD := -fstack-protector-strong -fPIE $(if $(SAN)$(DEBUG),,-D_FORTIFY_SOURCE=2)
SAN_asan := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SAN_tsan := -fsanitize=thread
SAN_fuzz := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
CFLAGS  ?= -O2 -g
# Asked for when first used: on a bare machine make demo has to install pkg-config first.
once         = $(eval $(1) := $$(shell pkg-config $(2)))$($(1))
PKG_CFLAGS   = $(call once,PKG_CFLAGS,--cflags $(LIBS) $(WEBLIBS))
PKG_LIBS     = $(call once,PKG_LIBS,--libs $(LIBS))
PKG_WEB_LIBS = $(call once,PKG_WEB_LIBS,--libs $(WEBLIBS))
ALL_CFLAGS  = -std=gnu17 -D_GNU_SOURCE -I. $(PKG_CFLAGS) \
              $(WARN) $(HARD) $(CFLAGS) $(SAN_$(SAN)) -MMD -MP
ALL_LDFLAGS = -pthread -pie -Wl,-z,relro,-z,now $(LDFLAGS) $(SAN_$(SAN))
LDLIBS      = $(PKG_LIBS) -lm
WEB_LDLIBS  = $(PKG_WEB_LIBS) $(LDLIBS)

# main.c of each program stays out of its archive, so that tests link the rest.
sources = $(sort $(if $(wildcard $(1)),$(shell find $(1) -name '*.c' -not -name main.c)))
objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
SHARED_OBJS    := $(call objects,$(call sources,shared)) $(BUILD)/obj/sql/files.o
COLLECTOR_OBJS := $(call objects,$(call sources,collector))
WEBAPP_OBJS    := $(call objects,$(call sources,webapp))
SIM_OBJS       := $(call objects,$(call sources,tests/sim))
ARCHIVES       := $(BUILD)/libcollector.a $(BUILD)/libwebapp.a $(BUILD)/libsim.a $(BUILD)/libshared.a
PROGRAMS       := $(BUILD)/dtuhub-collector $(BUILD)/dtuhub-webapp $(BUILD)/dtuhub-sim
UNIT_TESTS     := $(patsubst %.c,$(BUILD)/%,$(shell find tests/unit -name 'test_*.c'))
BENCHES        := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/*.c))
PEERS          := $(patsubst tests/peers/%.c,build/peers/%,$(wildcard tests/peers/*.c))
PRELOADS       := $(patsubst tests/preload/%.c,build/preload/%.so,$(wildcard tests/preload/*.c))
FUZZERS        := $(patsubst tests/fuzz/%.c,build/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
ASSETS         := build/assets/.made
TEST_NPM       := build/test-npm/installed

.PHONY: all programs assets unit-tests peers
all: programs assets
programs: $(PROGRAMS)
unit-tests: $(UNIT_TESTS)
assets: $(ASSETS)
peers: $(PEERS) $(PRELOADS) $(TEST_NPM)

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -c $< -o $@

# The numbered files of sql/ become a table of strings in the programs.
build/gen/sql_files.c: $(sort $(wildcard sql/*.sql)) scripts/sql_files.sh
	@mkdir -p $(@D)
	$(Q)sh scripts/sql_files.sh $(filter %.sql,$^) >$@.new && mv $@.new $@
$(BUILD)/obj/sql/files.o: build/gen/sql_files.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -c $< -o $@

archive = mkdir -p $(@D) && rm -f $@ && ar rcs $@ $^
$(BUILD)/libshared.a: $(SHARED_OBJS)
	$(Q)$(archive)
$(BUILD)/libcollector.a: $(COLLECTOR_OBJS)
	$(Q)$(archive)
$(BUILD)/libwebapp.a: $(WEBAPP_OBJS)
	$(Q)$(archive)
$(BUILD)/libsim.a: $(SIM_OBJS)
	$(Q)$(archive)

$(BUILD)/dtuhub-collector: $(BUILD)/obj/collector/main.o $(BUILD)/libcollector.a $(BUILD)/libshared.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $^ $(LDLIBS) -o $@
$(BUILD)/dtuhub-webapp: $(BUILD)/obj/webapp/main.o $(BUILD)/libwebapp.a $(BUILD)/libshared.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $^ $(WEB_LDLIBS) -o $@
$(BUILD)/dtuhub-sim: $(BUILD)/obj/tests/sim/main.o $(BUILD)/libsim.a $(BUILD)/libshared.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $^ $(LDLIBS) -o $@

$(BUILD)/tests/unit/%: tests/unit/%.c $(ARCHIVES)
	@mkdir -p $(@D)
	$(call say,TEST,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -MF $@.d $< $(ALL_LDFLAGS) $(ARCHIVES) -lcmocka $(WEB_LDLIBS) -o $@

$(BUILD)/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(call say,BENCH,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -MF $@.d $< $(ALL_LDFLAGS) $(WEB_LDLIBS) -o $@

# The other side of Modbus, for tests alone: it links nothing of dtuhub.
build/peers/%: tests/peers/%.c
	@mkdir -p $(@D)
	$(call say,PEER,$@)
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE $(WARN) $(CFLAGS) -MMD -MP -MF $@.d $< $(LDFLAGS) -pthread \
	    $(shell pkg-config --cflags --libs libmodbus) -o $@

# What a test puts between a program and its C library.
build/preload/%.so: tests/preload/%.c
	@mkdir -p $(@D)
	$(call say,SO,$@)
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE $(WARN) $(CFLAGS) -fPIC -shared -MMD -MP -MF $@.d $< $(LDFLAGS) -o $@

# Scripts, styles and fonts that nginx serves, from npm and webapp/assets/.
$(ASSETS): scripts/assets.sh scripts/npm.sh $(if $(wildcard webapp/assets),$(shell find webapp/assets -name node_modules -prune -o -type f -print))
	$(call say,NPM,build/assets)
	$(Q)sh scripts/assets.sh build && touch $@

# Programs of others that tests hold dtuhub against.
$(TEST_NPM): scripts/npm.sh tests/npm/package.json tests/npm/package-lock.json
	$(call say,NPM,$(@D))
	$(Q)sh scripts/npm.sh tests/npm $(@D) && touch $@

# Linked from archives that SAN=fuzz has built with clang.
build/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(ARCHIVES)
	$(call say,FUZZ,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -MF $@.d $< $(ALL_LDFLAGS) -fsanitize=fuzzer $(ARCHIVES) $(WEB_LDLIBS) -o $@

# What people ask for: demo, up, down, test, ...
include scripts/targets.mk

-include $(if $(wildcard $(BUILD)),$(shell find $(BUILD) -name '*.d'))
