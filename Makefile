# Portage. `make help` lists what there is; everything but `run` and `build` sets up what it needs by itself.
GO      ?= go
# A local copy of the Go vulnerability database, such as file:///srv/vulndb. Empty: govulncheck's own.
VULNDB  ?=
# How long each fuzzer runs under `make fuzz`.
FUZZTIME ?= 10m
# How many bridges between queues and Apache Kafka the soak kills, 200 messages and a tenth of a broker's restart
# for each; a tenth as many of each other process.
KILLS   ?= 1000

# The sample's Legacy program is COBOL where a compiler is at hand, and its Go twin where not.
LEGACY := $(shell command -v cobc >/dev/null 2>&1 && echo bin/eiqs)

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.1.4

.PHONY: help build run demo test lint bench fuzz soak clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build bin/portage; needs nothing but Go
	$(GO) build -trimpath -o bin/portage ./cmd/portage

run: build $(LEGACY) ## Portage on embedded parts with the sample sides: traffic on 8080, control and page on 9080
	./bin/portage run --sample $(if $(LEGACY),--legacy-program $(LEGACY))

bin/eiqs: $(wildcard test/legacy/cobol/EIQS* test/legacy/cobol/*.cpy) copybooks/benefits/EICLMSTA.cpy
	cobc -x -std=ibm -fodoslide -I test/legacy/cobol -I copybooks/benefits -o $@ test/legacy/cobol/EIQS.cob

demo: build $(LEGACY) ## the same with load and a story, in 90 seconds
	./bin/portage demo $(if $(LEGACY),--legacy-program $(LEGACY))

test: ## set up what is missing, then test everything under the race detector
	./test/run

# Where `make test` keeps IBM's headers, or nothing where they are installed.
MQENV := $(if $(wildcard /opt/mqm/inc/cmqc.h),,$(lastword $(wildcard $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/portage/mqi/*/env)))
MQHERE := $(or $(wildcard /opt/mqm/inc/cmqc.h),$(MQENV))

lint: ## gofmt, vet (with the tag ibmmq too, where IBM's headers are), staticcheck, govulncheck
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "gofmt these: $$unformatted"; exit 1; }
	$(GO) vet ./...
	$(if $(MQHERE),$(if $(MQENV),. $(MQENV) && )$(GO) vet -tags ibmmq ./...,@echo "left out: vet of the tag ibmmq: no IBM headers yet, make test fetches them")
	$(GO) run $(STATICCHECK) ./...
	$(GO) run $(GOVULNCHECK) $(if $(VULNDB),-db $(VULNDB)) ./...

bench: ## the benchmarks, ours beside its rival in one run
	$(GO) test -run '^$$' -bench . -benchmem ./copybooks/... ./router/... ./adapters/... ./test/kafka

fuzz: ## every fuzzer and the COBOL oracle for FUZZTIME each, then a table; FUZZPROCS=1 on few cores
	./test/fuzz $(FUZZTIME)

soak: ## the kill tests in their long form: KILLS bridges; PORTAGE_SEED repeats one
	PORTAGE_KILLS=$(KILLS) $(GO) test -v -count=1 -timeout 3h -run 'Kill|Standby' ./test/kafka
	PORTAGE_KILLS=$$(($(KILLS) / 10)) $(GO) test -count=1 -timeout 60m -run 'Kill' $$($(GO) list ./test/... ./adapters/... | grep -v /test/kafka)

clean: ## remove what was built; data directories stay
	rm -rf bin
