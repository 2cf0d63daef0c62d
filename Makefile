# capsim: one Makefile for the whole tree; it never calls itself in a subdirectory.
#
#   make            the program, build/release/capsim
#   make test       every test, closing with the line "N passed, N failed"
#   make help       every target, read from this file
#
# Sources are found by wildcard: a new .c in a layer, a new tests/unit/test_x.c, a new fuzz
# entry point needs no line here. BUILD picks a variant and its folder build/<variant>/; B moves
# that folder. No flag here may change a result: no -ffast-math, no -march=native, no contraction,
# so gcc and clang print the same bytes.

VERSION := 0.1.0
BUILD   ?= release
B       ?= build/$(BUILD)
PREFIX  ?= /usr/local
DESTDIR ?=
ifeq ($(origin CC),default)
CC      := $(firstword $(foreach c,gcc clang cc,$(if $(shell command -v $(c)),$(c))) cc)
endif

.DEFAULT_GOAL := all
LAYERS  := base des spec perf serve plan fit out
CATALOGUE := models hardware hosts engines regions scenarios

# --- flags -------------------------------------------------------------------------------------

WARN    := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
           -Wmissing-prototypes -Wvla $(if $(filter 1,$(WERROR)),-Werror)
VARIANT_release := -O3 -g
VARIANT_debug   := -O0 -g3
VARIANT_asan    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
                   -fno-sanitize-recover=all
VARIANT_tsan    := -O1 -g -fno-omit-frame-pointer -fsanitize=thread
VARIANT_cov     := -O0 -g --coverage
VARIANT_fuzz    := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
                   -fno-sanitize-recover=all
ifeq ($(VARIANT_$(BUILD)),)
$(error BUILD=$(BUILD) is none of release, debug, asan, tsan, cov)
endif

PKG_CONFIG ?= pkg-config
# $(call pkg,module,what when pkg-config or its module is missing)
pkg_cflags = $(shell $(PKG_CONFIG) --cflags $(1) 2>/dev/null)
pkg_libs   = $(shell $(PKG_CONFIG) --libs $(1) 2>/dev/null || echo $(2))

DEP_CFLAGS := $(sort $(foreach p,gsl yaml-0.1 libcjson zlib libzstd sqlite3,$(call pkg_cflags,$(p))))
DEP_LIBS   := $(call pkg_libs,gsl,-lgsl -lgslcblas -lm) $(call pkg_libs,yaml-0.1,-lyaml) \
              $(call pkg_libs,libcjson,-lcjson) -lcsv $(call pkg_libs,zlib,-lz) \
              $(call pkg_libs,libzstd,-lzstd) $(call pkg_libs,sqlite3,-lsqlite3)
# MPI=1 spreads sweeps over processes: Open MPI or MPICH, whichever pkg-config knows.
ifeq ($(MPI),1)
MPI_MODULE := $(shell for m in ompi-c mpich mpi-c mpi; do \
                $(PKG_CONFIG) --exists $$m 2>/dev/null && echo $$m && break; done)
ifeq ($(MPI_MODULE),)
$(error MPI=1, but pkg-config knows neither ompi-c nor mpich)
endif
DEP_LIBS   += $(call pkg_libs,$(MPI_MODULE))
endif
CHECK_CFLAGS = $(call pkg_cflags,check)
CHECK_LIBS   = $(call pkg_libs,check,-lcheck -lsubunit -lrt)

ALL_CPPFLAGS := -Isim -D_POSIX_C_SOURCE=200809L -DCS_VERSION='"$(VERSION)"' $(DEP_CFLAGS) $(CPPFLAGS)
ALL_CFLAGS   := -std=c11 -ffile-prefix-map=$(CURDIR)=. $(VARIANT_$(BUILD)) -ffp-contract=off $(WARN) $(CFLAGS)
ALL_LDFLAGS  := $(filter -O% -g% -f% --coverage,$(VARIANT_$(BUILD))) $(LDFLAGS)
ALL_LIBS     := $(DEP_LIBS) -lpthread -lm $(LDLIBS)
COMPILED_BY  := $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS)
# One short line a step; V=1 shows the commands.
Q            := $(if $(filter 1,$(V)),,@)
say           = $(if $(Q),@printf '  %-3s %s\n' $(1) $(2))

# The one place that looks for the installed catalogue; everything else stays free of paths.
$(B)/sim/spec/catalog.o: ALL_CPPFLAGS += -DCS_DATADIR='"$(PREFIX)/share/capsim"'
$(B)/sim/spec/catalog.o: $(B)/prefix

$(B)/sim/plan/mpi.o: ALL_CPPFLAGS += $(patsubst -I%,-isystem %,$(call pkg_cflags,$(MPI_MODULE)))

# --- what there is -----------------------------------------------------------------------------

LIB_SRC  := $(filter-out sim/plan/$(if $(filter 1,$(MPI)),mpi_none.c,mpi.c),$\
              $(wildcard $(LAYERS:%=sim/%/*.c)))
VIZ_SRC  := $(wildcard viz/*.c)
ifeq ($(shell $(PKG_CONFIG) --exists sdl2 SDL2_ttf libpng 2>/dev/null && echo yes),yes)
$(B)/viz/%.o: ALL_CPPFLAGS += -I. $(call pkg_cflags,sdl2 SDL2_ttf libpng)
VIZ_LIBS := $(call pkg_libs,sdl2 SDL2_ttf libpng)
else
$(shell echo 'notice: no SDL2 here, so capsim is built without its view command' >&2)
VIZ_SRC  :=
endif
CLI_SRC  := $(filter-out $(if $(VIZ_SRC),sim/cli/cmd_view_none.c),$(wildcard sim/cli/*.c))

# A test file with a main is a program; one without is shared by the programs of its folder.
TEST_SRC := $(wildcard tests/unit/*.c tests/theory/*.c tests/prop/*.c)
TEST_MAIN := $(if $(TEST_SRC),$(shell grep -l '^int main' $(TEST_SRC)))
TEST_BIN := $(TEST_MAIN:%.c=$(B)/%)
# Tests of the window, where it is built: what it shows, and what compares pictures.
VIEW_SRC := $(if $(VIZ_SRC),$(wildcard tests/view/*.c))
VIEW_BIN := $(patsubst %.c,$(B)/%,$(if $(VIEW_SRC),$(shell grep -l '^int main' $(VIEW_SRC))))
FUZZ_SRC := $(if $(wildcard tests/fuzz/*.c),$(shell grep -l LLVMFuzzerTestOneInput tests/fuzz/*.c))
FUZZ_BIN := $(FUZZ_SRC:%.c=$(B)/%)
BENCH_SRC := $(filter-out $(if $(VIZ_SRC),,tests/bench/bench_view.c),$(wildcard tests/bench/*.c))

LIB      := $(B)/libcapsim.a
PROGRAM  := $(B)/capsim
objects   = $(patsubst %.c,$(B)/%.o,$(1))
shared_by = $(call objects,$(filter-out $(TEST_MAIN),$(wildcard $(1)*.c)))

# --- rules -------------------------------------------------------------------------------------

.DELETE_ON_ERROR:
.SECONDARY:
.SECONDEXPANSION:
.PHONY: all demo test tests lint asan tsan cov bench fuzz golden-update docs install uninstall \
        dist clean help FORCE

all: $(PROGRAM) ## build the program (the default)

$(PROGRAM): $(call objects,$(CLI_SRC) $(VIZ_SRC)) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(VIZ_LIBS) $(ALL_LIBS)

# Made anew each time: an archive that is only added to would keep the object of a deleted file.
$(LIB): $(call objects,$(LIB_SRC)) $(B)/sources
	$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $(filter %.o,$^)

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# These change only when their text does: other flags recompile, a removed source relinks.
$(B)/flags:   STAMP = $(COMPILED_BY)
$(B)/prefix:  STAMP = $(PREFIX)
$(B)/sources: STAMP = $(LIB_SRC) $(VIZ_SRC)
$(B)/flags $(B)/prefix $(B)/sources: FORCE
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(STAMP))' | cmp -s - $@ || echo '$(subst ','\'',$(STAMP))' > $@

$(B)/tests/%.o: ALL_CPPFLAGS += -Itests $(CHECK_CFLAGS)
$(TEST_BIN): %: %.o $$(call shared_by,$$(subst $(B)/,,$$(dir $$@))) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(CHECK_LIBS) $(ALL_LIBS)

$(B)/tests/view/%.o: ALL_CPPFLAGS += -I. -Itests/view $(call pkg_cflags,sdl2 SDL2_ttf libpng)
$(VIEW_BIN): %: %.o $$(call objects,tests/view/shows.c $$(filter-out viz/cmd_view.c,$$(VIZ_SRC))) \
             $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(VIZ_LIBS) $(CHECK_LIBS) $(ALL_LIBS)

# Under BUILD=fuzz the engine is libFuzzer's; otherwise a small main feeds it the corpus.
$(B)/tests/fuzz/%.o $(B)/tests/run_corpus.o: ALL_CFLAGS += -Wno-missing-prototypes
$(FUZZ_BIN): %: %.o $(if $(filter fuzz,$(BUILD)),,$(B)/tests/run_corpus.o) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $(if $(filter fuzz,$(BUILD)),-fsanitize=fuzzer) -o $@ $^ $(ALL_LIBS)

$(B)/tests/bench/%.o: ALL_CPPFLAGS += -I. -Itests/bench $(if $(VIZ_SRC),-DCS_WITH_VIEW)
$(B)/bench: $(call objects,$(BENCH_SRC) $(filter-out viz/cmd_view.c,$(VIZ_SRC))) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(VIZ_LIBS) $(ALL_LIBS)

tests: $(PROGRAM) $(TEST_BIN) $(VIEW_BIN) $(if $(filter fuzz,$(BUILD)),,$(FUZZ_BIN))

lint_env  = CC='$(CC)' MPI=$(MPI) WARN='$(WARN)' CFLAGS='$(subst ','\'',$(ALL_CPPFLAGS) $\
            $(patsubst -I%,-isystem %,$(call pkg_cflags,$(MPI_MODULE))))'
run_tests = B=$(B) $(lint_env) tests/run $(TEST_BIN) $(filter-out %/compare,$(VIEW_BIN)) $(FUZZ_BIN)

# --- targets -----------------------------------------------------------------------------------

demo: $(PROGRAM) ## build, then answer the question of scenarios/50M-tokens.yaml
	$(PROGRAM) run scenarios/50M-tokens.yaml

# A program that does not build is a failed check, not the end of the run: hence -k and the minus.
test: ## build and run every test and lint; the last line is "N passed, N failed"
	-@$(MAKE) --no-print-directory -k tests
	@$(run_tests)

# ./setup runs the driver itself, so that nothing of make's follows the closing line.
.PHONY: test-command
test-command:
	@echo '$(subst ','\'',$(run_tests))'

lint: ## layers, headers alone, forbidden calls, sizes
	@$(lint_env) tests/lint/lint

asan: ## the tests under the address and undefined-behaviour sanitizers
	@$(MAKE) --no-print-directory BUILD=asan test

tsan: ## the tests under the thread sanitizer
	@$(MAKE) --no-print-directory BUILD=tsan test

cov: ## the tests with line coverage, summed up by gcovr where it is installed
	@find build/cov -name '*.gcda' -exec rm -f {} + 2>/dev/null || true
	@$(MAKE) --no-print-directory BUILD=cov test
	@if command -v gcovr >/dev/null; then gcovr -r . --filter sim/ build/cov; \
	else echo "notice: no gcovr here; the raw counts are build/cov/**/*.gcda"; fi

bench: $(if $(BENCH_SRC),$(B)/bench) ## speed and memory, as JSON
	@$(if $(BENCH_SRC),$(B)/bench,echo "there is no tests/bench/*.c" >&2; exit 1)

# The shipped sheets again, from measurements that the project does not hold (docs/calibration.md).
# What the fits below are told, from where: docs/calibration.md.
CALIBRATED := build/calibrate
TIMINGS = $(DATA)/iterations/linear_times.csv.zst
FACTORS = $(PROGRAM) calibrate $(TIMINGS) --engine vllm-0.15 --fit hardware.bandwidth,hardware.compute

.PHONY: calibrate calibrate-vllm calibrate-hardware
calibrate: calibrate-vllm calibrate-hardware ## fit the sheets to DATA, with vllm-h100/ and iterations/
	@for f in $(sort engines/vllm-0.15.yaml $(FITTED_ENGINES:%=engines/%.yaml)); do \
	  cmp -s $$f $(CALIBRATED)/$$f && echo "$$f agrees" || \
	  { echo "$$f differs:"; diff $$f $(CALIBRATED)/$$f; differs=1; }; done; test -z "$$differs"

calibrate-vllm: $(PROGRAM)
	@test -n "$(DATA)" || { echo "usage: make calibrate DATA=FOLDER" >&2; exit 1; }
	@mkdir -p $(CALIBRATED)/engines
	$(PROGRAM) calibrate $(DATA)/vllm-h100 --engine vllm-0.15 --fix overhead.layer=10.3us \
	  --fix overhead.moe_layer=3.3us --fix overhead.prefill_step=0.81ms --leave-out model \
	  --out $(CALIBRATED)/engines/vllm-0.15.yaml >$(CALIBRATED)/vllm-0.15.txt; test $$? -le 1

calibrate-hardware: $(PROGRAM)
	@test -n "$(DATA)" || { echo "usage: make calibrate DATA=FOLDER" >&2; exit 1; }
	@mkdir -p $(CALIBRATED)
	for h in h100-sxm-80gb a100-sxm-80gb a40; do \
	  $(FACTORS) --hardware $$h >$(CALIBRATED)/$$h.txt; test $$? -le 1 || exit 1; done
	$(PROGRAM) calibrate $(TIMINGS) --engine vllm-0.15 --leave-out hardware \
	  --fit efficiency.weights,efficiency.compute >$(CALIBRATED)/gemms.txt; test $$? -le 1

# The sheets of other engines, from measured/throughput.csv: what of each is fitted. The rest is
# held, as the sheet's sources say; LEAVE_OUT=hardware predicts each GPU from the others.
# llama.cpp of May 2024 is fitted to single GPUs with GDDR, that of 2025 without experts in host
# memory, of which few rows tell; TensorRT-LLM without expert parallelism, whose batches are not told.
FIT_trtllm-0.21 = efficiency.compute,efficiency.quantised,efficiency.narrow,efficiency.experts,$\
  efficiency.link,overhead.step,overhead.sequence,overhead.all_reduce
FIT_trtllm-0.9 = efficiency.compute,efficiency.quantised,efficiency.link,overhead.layer,$\
  overhead.all_reduce
FIT_llamacpp = efficiency.weights,efficiency.quantised,efficiency.eight_bit,efficiency.experts,$\
  efficiency.kv,efficiency.prefill_attention,overhead.layer,overhead.moe_layer,small_batch.tile,$\
  small_batch.vector
FIT_llamacpp-metal = efficiency.weights,efficiency.quantised,efficiency.kv,$\
  efficiency.prefill_attention,efficiency.decode_attention,overhead.layer,overhead.moe_layer,$\
  small_batch.tile,small_batch.vector
FIT_llamacpp-2024 = efficiency.weights,efficiency.compute,efficiency.quantised,efficiency.kv,$\
  attention_scores,overhead.layer
FIT_llamacpp-2024-metal = efficiency.weights,efficiency.compute,efficiency.quantised,$\
  attention_scores,overhead.layer
FIT_ik-llamacpp = efficiency.host_compute,efficiency.copy,efficiency.prefill_attention,host_tile
FIT_ktransformers = efficiency.host,efficiency.host_compute,overhead.host_layer
FIT_kt-kernel = efficiency.host_compute,efficiency.copy
FIT_mlx = efficiency.weights,efficiency.quantised,efficiency.experts,overhead.layer,$\
  overhead.prefill_step
ONLY_trtllm-0.21 = grep -v '(DEP[0-9]'
ONLY_llamacpp = grep -v expert_offload
ONLY_llamacpp-2024 = grep -E '^source,|^(XiongjieDai|mlc)[^"]*GB,1,' | grep -vE 'A100|H100|A40 '
FITTED_ENGINES = $(patsubst FIT_%,%,$(filter FIT_%,$(.VARIABLES)))

.PHONY: calibrate-engines
calibrate: calibrate-engines
calibrate-engines: $(FITTED_ENGINES:%=build/calibrate/engines/%.yaml) ## of DATA/measured alone
build/calibrate/engines/%.yaml: $(PROGRAM) FORCE
	@test -n "$(DATA)" || { echo "usage: make $@ DATA=FOLDER" >&2; exit 1; }
	@mkdir -p $(@D)
	@cat $(DATA)/measured/throughput.csv | $(or $(ONLY_$*),cat) >build/calibrate/$*.csv
	$(PROGRAM) calibrate build/calibrate/$*.csv --engine $* --fit $(FIT_$*) \
	  $(LEAVE_OUT:%=--leave-out %) --out $@ >build/calibrate/$*.txt; test $$? -le 1

FUZZ_SECONDS ?= 60
fuzz: ## fuzz each entry point for FUZZ_SECONDS (60) from its corpus; needs clang
	@command -v clang >/dev/null || { echo "fuzz: needs clang (libFuzzer)" >&2; exit 1; }
	@$(MAKE) --no-print-directory BUILD=fuzz CC=clang run-fuzz

.PHONY: run-fuzz
run-fuzz: $(FUZZ_BIN)
	@for f in $(FUZZ_BIN); do n=$${f##*/}; mkdir -p $(B)/found/$$n; echo "fuzz $$n"; \
	 $$f -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=$(B)/found/$$n/ \
	   $(B)/found/$$n $$(ls -d tests/fuzz/corpus/$$n 2>/dev/null) || exit 1; done

golden-update: $(PROGRAM) ## rewrite the golden cases, the bad messages and the console blocks
	@B=$(B) tests/run --update

# Exit status 1 of `claims`: not every claim holds.
.PHONY: article
article: $(PROGRAM) ## put the article's claims on trial again: docs/article.md
	@{ cat scenarios/article/README.md; \
	   $(PROGRAM) claims --quiet --markdown --prefix ../ $(sort $(wildcard scenarios/article/*.yaml)) || \
	   [ $$? = 1 ]; } > docs/article.md.new
	@mv docs/article.md.new docs/article.md

docs: $(B)/capsim.1 ## build the manual page

$(B)/capsim.1: docs/capsim.1.scd
	@mkdir -p $(@D)
	@if command -v scdoc >/dev/null; then echo "scdoc < $< > $@"; scdoc < $< > $@; \
	else echo "notice: no scdoc here, so no manual page is built"; fi

install: $(PROGRAM) docs ## install below PREFIX (/usr/local); DESTDIR is put in front
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/capsim
	@! test -f $(B)/capsim.1 || \
	 install -m 644 $(B)/capsim.1 $(DESTDIR)$(PREFIX)/share/man/man1/capsim.1
	@rm -rf $(DESTDIR)$(PREFIX)/share/capsim
	@find $(wildcard $(CATALOGUE)) -type f | while read -r f; do \
	 install -d "$(DESTDIR)$(PREFIX)/share/capsim/$${f%/*}" && \
	 install -m 644 "$$f" "$(DESTDIR)$(PREFIX)/share/capsim/$$f" || exit 1; done
	@echo "installed the catalogue in $(DESTDIR)$(PREFIX)/share/capsim"

uninstall: ## remove what install wrote
	rm -f $(DESTDIR)$(PREFIX)/bin/capsim $(DESTDIR)$(PREFIX)/share/man/man1/capsim.1
	rm -rf $(DESTDIR)$(PREFIX)/share/capsim

dist: ## build/capsim-VERSION.tar.gz, of the last commit or, without git, of the tree
	@mkdir -p build
	@n=capsim-$(VERSION); \
	if git rev-parse -q --verify HEAD >/dev/null 2>&1; then \
	  git archive --prefix=$$n/ -o build/$$n.tar.gz HEAD; \
	else rm -rf build/$$n && mkdir build/$$n && \
	  tar -cf - --exclude=./build --exclude=./.git . | tar -xf - -C build/$$n && \
	  tar -czf build/$$n.tar.gz -C build $$n && rm -rf build/$$n; fi && echo build/$$n.tar.gz

clean: ## remove build/
	rm -rf build

help: ## print this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1\t\2/p' Makefile | sort | \
	 while IFS='	' read -r t d; do printf '  %-14s %s\n' "$$t" "$$d"; done
	@echo; echo '  BUILD=release|debug|asan|tsan|cov  WERROR=1  CC=clang  PREFIX=/usr/local  DESTDIR='

-include $(patsubst %.o,%.d,$(call objects,$(LIB_SRC) $(CLI_SRC) $(VIZ_SRC) $(TEST_SRC) $(VIEW_SRC) \
          $(FUZZ_SRC) $(BENCH_SRC) tests/run_corpus.c))
