# One command does what CI does: `make test`.
SHELL := /bin/bash
CARGO ?= cargo
CLI := target/debug/counterseal

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: need-cargo ## Build everything, for development
	$(CARGO) build --workspace --locked

.PHONY: demo
demo: need-cargo need-node ## A real provider's token in every language: every attack on it, a key rotation, an outage
	@echo "The first build takes some minutes:"
	@examples/demo/build
	@node examples/demo/demo.mjs --cli $(CLI) --languages target/demo/languages.json

.PHONY: test
test: need-cargo need-node ## Everything CI runs; ends with "N passed, 0 failed"
	@tests/run

.PHONY: c
c: need-cargo ## Build libcounterseal for C into target/c (header, libraries, pkg-config file)
	bindings/c/package target/c

.PHONY: go
go: need-cargo need-go ## Put libcounterseal where `go build` finds it
	go/lib/build

.PHONY: node
node: need-cargo need-node ## Build the Node package's native module (RELEASE=1 to ship it)
	node node/build.cjs $(if $(RELEASE),--release)

.PHONY: test-c
test-c: need-cargo ## The C interface: programs in C99 and C++17, sweep, threads, valgrind
	bindings/c/tests/run

.PHONY: test-go
test-go: go ## The Go package: vet, tests, race detector, fuzz seeds, a static program
	go/tests/run

.PHONY: test-node
test-node: node ## Test the Node package on the real native module
	@test -d node/node_modules || npm --prefix node ci --ignore-scripts --no-audit --no-fund
	cd node && node --test test/*.test.mjs

.PHONY: test-deep
test-deep: need-cargo need-python need-node need-cargo-fuzz ## What CI leaves out: other seeds of the comparison (SEEDS, COUNT), fuzzing for FUZZ_SECONDS=60 each
	for seed in $(or $(SEEDS),2 3 4 5); do SEED=$$seed COUNT=$(or $(COUNT),1000) tests/conformance/run || exit 1; done
	for target in $(notdir $(wildcard tests/fuzz/seeds/*)); do \
		$(MAKE) --no-print-directory fuzz TARGET=$$target SECONDS=$(or $(FUZZ_SECONDS),60) || exit 1; \
	done

.PHONY: lint
lint: need-cargo ## Formats and lints, warnings are errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --all-features --locked -- -D warnings

.PHONY: python
python: need-cargo need-python ## Build the Python package and install it into target/python/venv
	@python/run build

.PHONY: test-python
test-python: need-cargo need-python ## Test the Python package with every CPython of this machine
	@python/run test

.PHONY: bench-python
bench-python: need-cargo need-python ## Budgets of the Python package, and its peers
	@python/run bench

.PHONY: bench-node
bench-node: need-cargo need-node ## Budgets and peers of the Node package, on a release build
	node node/build.cjs --release
	@test -d benches/node/node_modules || npm --prefix benches/node install --no-package-lock --ignore-scripts --no-audit --no-fund
	node benches/node/bench.mjs

.PHONY: bench-go
bench-go: go ## The Go package beside golang-jwt and lestrrat-go/jwx (a minute)
	cd benches/go && go test -count=1 -run Budgets -v .

.PHONY: bench
bench: need-node ## Budgets and peers in every language, with pass or fail for each (a quarter of an hour)
	@benches/run

.PHONY: bench-rust
bench-rust: need-cargo ## The Rust core beside the bare signature and jsonwebtoken
	$(CARGO) bench --locked --package counterseal-benches --bench budgets
	$(CARGO) bench --locked --package counterseal-benches --bench verify

.PHONY: bench-cold-start
bench-cold-start: need-cargo need-node ## Cold starts from a key snapshot, and latencies during refreshes and outages, in each language
	@benches/cold_start/run

.PHONY: counts
counts: need-cargo ## Instruction counts against benches/counts.txt (needs valgrind)
	benches/counts check

.PHONY: fuzz
fuzz: need-cargo need-cargo-fuzz ## Look for new inputs with cargo-fuzz: make fuzz TARGET=token SECONDS=60
	@mkdir -p tests/fuzz/corpus/$(or $(TARGET),token)
	cd tests/fuzz && RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run $(or $(TARGET),token) corpus/$(or $(TARGET),token) \
		seeds/$(or $(TARGET),token) -- -max_total_time=$(or $(SECONDS),60) -max_len=20000

.PHONY: conformance
conformance: need-cargo need-python need-node ## Do all languages say the same, byte for byte? About the corpus, and changed tokens
	@tests/conformance/run

.PHONY: faults
faults: need-cargo need-python need-node ## Every fault of a key server in every language; forks, exits and freezes during fetches
	@tests/faults/run
	@tests/faults/processes

.PHONY: rotation
rotation: need-cargo need-python need-node ## A real provider rotates its keys under load; no language refuses a valid token
	@tests/rotation/run

.PHONY: mutants
mutants: need-cargo ## Is there a test that fails, for each rule whose check is switched off?
	$(CARGO) run --quiet --locked --package counterseal-tests --features mutants --bin mutants

.PHONY: oracles
oracles: need-cargo ## The corpus through PyJWT, jose, golang-jwt and jsonwebtoken: every difference has its rule
	@tests/oracles/run

.PHONY: generate
generate: need-cargo ## Write the generated files anew (docs/)
	$(CARGO) run --quiet --locked --package counterseal-tests --bin generate

.PHONY: verify-generated
verify-generated: need-cargo ## Fail where a generated file differs from its source
	$(CARGO) run --quiet --locked --package counterseal-tests --bin generate -- --verify

.PHONY: clean
clean: ## Remove what was built
	$(CARGO) clean
	rm -rf examples/demo/node_modules examples/demo/.node node/node_modules node/*.node benches/node/node_modules

.PHONY: need-cargo
need-cargo:
	@command -v $(CARGO) >/dev/null || { echo "Rust is missing: install rustup and the stable toolchain (1.90 or later)."; exit 1; }
	@command -v cc >/dev/null || { echo "A C compiler (cc) is missing: aws-lc-rs needs one."; exit 1; }

.PHONY: need-go
need-go:
	@command -v go >/dev/null || { echo "Go is missing: install Go 1.24 or later."; exit 1; }

.PHONY: need-python
need-python:
	@command -v $(or $(PYTHON),python3) >/dev/null || { echo "Python is missing: install CPython 3.10 or later."; exit 1; }

.PHONY: need-cargo-fuzz
need-cargo-fuzz:
	@$(CARGO) fuzz --version >/dev/null 2>&1 || { echo "cargo-fuzz is missing: cargo install cargo-fuzz"; exit 1; }

.PHONY: need-node
need-node:
	@command -v node >/dev/null && command -v npm >/dev/null || { echo "Node.js with npm is missing: install Node 20 or later."; exit 1; }
