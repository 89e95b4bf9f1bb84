# make help lists the targets. Only Go is needed, but for those that say so.

GO       ?= go
FUZZTIME ?= 10s
SOAK     ?= 10m
LEAKS    ?= 10
ROUNDS   ?= 2000
BENCH    ?=
PKG      ?= ./...

# The race detector needs a C compiler; Go knows whether there is one.
RACE := $(if $(filter 1,$(shell $(GO) env CGO_ENABLED)),-race)

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

# Later versions of gosec need a module that the Go proxy does not serve. Three of
# its rules are off: G104, errors that are dropped (where they are, closing or a
# message to the user has failed, and the next read tells); G115, integers that are
# made narrower (gosec does not see the comparison that comes before; each was
# looked at, and fuzz targets go through those that a host reaches); G304, files
# that the user names.
GOSEC := github.com/securego/gosec/v2/cmd/gosec@v2.27.1 -quiet -exclude=G104,G115,G304 -exclude-dir=test

.PHONY: build test race fuzz soak crash bench bench-short bench-page lint cover golden conform interop e2e e2e-full packages picture clean help

build: ## build bin/softkey
	$(GO) build -o bin/softkey ./cmd/softkey

test: ## vet and test everything; with the race detector where there is a C compiler
	@$(if $(RACE),,echo 'note: no C compiler, so the tests run without the race detector')
	$(GO) vet $(PKG)
	$(GO) test $(RACE) $(PKG)

race: ## test everything with the race detector (needs a C compiler)
	$(GO) test -race $(PKG)

fuzz: ## run each fuzz target for FUZZTIME (10s): a table; PKG and FUZZ select by package and name
	@GO='$(GO)' PKG='$(PKG)' FUZZ='$(FUZZ)' ./test/fuzz.sh $(FUZZTIME)

soak: ## use a key for SOAK (10m; less does not judge memory) on three transports: a table, a failure beyond a gate; LEAKS (10) times each way to hang it
	$(if $(LEAKS),SOFTKEY_LEAK_ROUNDS=$(LEAKS) $(GO) test $(RACE) -count=1 -timeout=2h ./test/leak)
	$(GO) run ./test/soak -for $(SOAK)

crash: ## kill a key, and fail and damage its disk; ROUNDS (2000) of random kills, SEED as a run told repeats it
	SOFTKEY_CRASH_ROUNDS=$(ROUNDS) SOFTKEY_CRASH_SEED=$(SEED) $(GO) -C test/crash test -count=1 -timeout=2h -run '^TestCrash$$'

bench: ## hold the key against its goals: a table, a failure beyond a gate; BENCH selects by name
	$(GO) run ./test/bench $(if $(BENCH),-bench '$(BENCH)')

bench-short: ## the same in a minute and a half: counts and ratios of processor time
	$(GO) run ./test/bench -short $(if $(BENCH),-bench '$(BENCH)')

bench-page: ## the same as bench, written into docs/performance.md with its plots
	$(GO) run ./test/bench -page docs/performance.md

lint: ## gofmt, go mod tidy, vet, staticcheck and gosec (fetched by the Go command)
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "gofmt: $$unformatted"; exit 1; }
	GOWORK=off $(GO) mod tidy -diff
	GOWORK=off $(GO) -C test/interop mod tidy -diff
	$(GO) vet $(PKG)
	$(GO) run $(STATICCHECK) $(PKG)
	$(GO) run $(GOSEC) $(PKG)

cover: ## test coverage of each package, as cover.html
	$(GO) test -coverprofile=cover.out -coverpkg=./... $(PKG)
	$(GO) tool cover -func=cover.out | tail -1
	$(GO) tool cover -html=cover.out -o cover.html

golden: ## rewrite the golden files; look at the difference before you commit it
	$(GO) test ./authenticator ./certs ./trace -update

conform: ## the conformance checklist: each row, the tests that cover it, their result
	$(GO) run ./test/conform -against docs/conformance.md

interop: ## prove it with servers and clients of others (needs Python 3 with venv, a network); ROW=S002-1: that row of acceptance.txt
	./test/interop/run $(if $(ROW),--row $(ROW))

e2e: ## plug the key into a real kernel, built once (needs root on Debian); E2E=host: into this machine's
	./test/e2e/run

e2e-full: ## the same with every scenario: Firefox and Chromium's large blobs, too
	./test/e2e/run --full

packages: ## build a .deb, an .rpm, a static .tar.gz and the files of a container, in dist
	./packaging/build

picture: build ## draw docs/session.svg, a recorded session (needs Python 3)
	python3 docs/session/record.py bin/softkey docs/session.svg

clean: ## remove what the other targets make
	rm -rf bin dist cover.out cover.html

help: ## show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile
