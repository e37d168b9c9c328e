# Everything that is run by hand or by CI. `make help` lists it.

CARGO ?= cargo
KILLS ?= 20
CONNECTIONS ?= 10000
SECONDS ?= 3600
T ?= 60

.DEFAULT_GOAL := help
.PHONY: help setup fmt fmt-check lint test unit doc-test deny fuzz fuzz-keep demo bench torture power-loss crowd soak \
	schemas clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

setup: ## install what tests need: mosquitto-clients, strace, libfaketime, .venv, cargo-deny (idempotent)
	scripts/setup.sh

fmt: ## format the code
	$(CARGO) fmt

fmt-check: ## fail where the code is not formatted
	$(CARGO) fmt --check

lint: ## clippy, warnings are errors
	$(CARGO) clippy --locked --all-targets -- -D warnings

unit: ## unit, property, golden and integration tests
	$(CARGO) test --locked --lib --bins --tests

doc-test: ## examples in the documentation
	$(CARGO) test --locked --doc

deny: ## licences, bans, sources; advisories where their database can be reached
	scripts/deny.sh

# One after the other, the quick ones first; CI runs exactly this.
test: ## everything a change must pass
	scripts/setup.sh
	$(MAKE) --no-print-directory fmt-check
	$(MAKE) --no-print-directory lint
	$(MAKE) --no-print-directory unit
	$(MAKE) --no-print-directory doc-test
	$(MAKE) --no-print-directory deny
	$(MAKE) --no-print-directory fuzz

fuzz: ## fuzz each target for T seconds, two at a time: make fuzz T=3600
	scripts/fuzz.sh $(T)

fuzz-keep: ## put what fuzzing found on the way into the committed corpus, minimised
	scripts/fuzz.sh --keep

vectors: ## the acceptance vectors through mrv calc, a line each: expected and got
	$(CARGO) test --locked --quiet --test vectors -- --nocapture

demo: ## simulated gateways to a report, under demo/
	scripts/demo.sh

bench: ## throughput beside its peers, in the same run: make bench PARTS="mqtt csv"
	scripts/setup.sh bench
	scripts/bench.sh $(PARTS)

torture: ## kill the daemon at random moments and count: make torture KILLS=200
	MRV_KILLS=$(KILLS) $(CARGO) test --locked --test torture -- --nocapture

power-loss: ## cut the power after every call of a recorded run, with every outcome
	MRV_OUTCOMES=all $(CARGO) test --locked --test power_loss -- --nocapture

crowd: ## many connections at once: make crowd CONNECTIONS=10000
	ulimit -n $$(ulimit -Hn) && MRV_CONNECTIONS=$(CONNECTIONS) \
	$(CARGO) test --locked --test hostile a_crowd -- --nocapture

soak: ## long load, a month of stamps: make soak SECONDS=3600
	MRV_SOAK_SECONDS=$(SECONDS) $(CARGO) test --locked --test soak -- --nocapture

schemas: ## write schemas/ and docs/CHECKS.md anew from the code
	$(CARGO) run --locked --quiet -- schema --write schemas
	$(CARGO) run --locked --quiet -- checks write docs

clean: ## remove what builds and demos left
	$(CARGO) clean
	rm -rf demo .venv
