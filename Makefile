# make          everything that has to pass before a change lands
# make test     the tests of all modules, with a sample of the large suites
# make test-all the same with all of them
# make bench    each statement through the plugin against the same by hand
# make mutation the defences switched off, one at a time: each must fail a test
#
# Tests that need PostgreSQL start one of their own from the server's programs
# on this machine. TENANCY_TEST_DSN names another server to use in their place.

.SHELLFLAGS := -ec
.DEFAULT_GOAL := all

# "work" is every package of the modules in go.work. Those of sqlguard, and the
# examples that need it, need cgo.
PACKAGES ?= work
GUARD := github.com/gorm-tenancy/tenancy/sqlguard
PURE = $(shell go list $(PACKAGES) | grep -vE '^$(GUARD)|/guarded$$')
GUARDED = $(shell go list $(PACKAGES) | grep -E '^$(GUARD)|/guarded$$')
TIMEOUT ?= 20m

# The tests of what several goroutines share, and the packages that have them.
TOGETHER := Concurrent|AtOnce|ManyTenants|Flight|Lookup|Listen|Notif|Stress|Outlive
RACED = $(shell go list $(PACKAGES) | grep -E '/(registry|suite|rls|sqlguard|recipes)$$')

# With these tags the standard library is the same with cgo and without it, and so what
# one pass has compiled serves the other. "make lint" vets.
TAGS := -tags netgo,osusergo
FLAGS = -short -vet off -ldflags=-w $(TAGS) -timeout $(TIMEOUT)

# The race detector and sqlguard, with PostgreSQL's parser, need cgo, and with cgo
# the SQLite driver compiles SQLite in C. Nothing else here needs it: the tests'
# SQLite is written in Go.
COMPILER := $(firstword $(shell go env CC))
HAS_COMPILER := command -v $(COMPILER) >/dev/null
PARSER := github.com/pganalyze/pg_query_go/v6

# The less the C compiler optimizes, the sooner the tests begin.
CGO := CGO_ENABLED=1 CGO_CFLAGS=-O1
RACE := CGO_ENABLED=1 CGO_CFLAGS=-O0

BIN := $(CURDIR)/bin
VULNDB := https://vuln.go.dev

.PHONY: all tidy format vet lint tools api release test test-all bench mutation bench-once examples govulncheck compiler parser postgres chromium pgbouncer

all: tidy lint test bench-once examples govulncheck

# Of the root module alone: the others import it, and go.work says where it is.
# Their go.mod files do not name it while it has no released version, and "go mod
# tidy" does not look at go.work.
tidy:
	GOWORK=off go mod tidy -diff

format:
	@files=$$(gofmt -l .); [ -z "$$files" ] || { echo "not formatted by gofmt:"; echo "$$files"; exit 1; }

vet:
	if $(HAS_COMPILER); then go vet $(PACKAGES); else CGO_ENABLED=0 go vet $(PURE); fi

lint: format vet tools
	@for dir in $$(go list -f '{{.Module.Dir}}' $(PACKAGES) | sort -u); do \
		echo "golangci-lint run, staticcheck ($$dir)"; \
		(cd "$$dir" && $(BIN)/golangci-lint run ./... && $(BIN)/staticcheck ./...); \
	done

# The linters, the API check and govulncheck, at the versions of tools/go.mod, built
# from source. That module stands alone: its requirements are nobody else's.
tools:
	@GOWORK=off GOBIN=$(BIN) CGO_ENABLED=0 go -C tools install tool

# Compares the exported API of each module with the last release and fails where a
# program that uses it would not build any more.
api: tools
	@last=$$(git tag --list 'v*' --sort=-v:refname | head -n 1); \
	if [ -z "$$last" ]; then echo "api: nothing is released yet"; exit 0; fi; \
	old=$$(mktemp -d); trap 'git worktree remove --force "$$old"' EXIT; \
	git worktree add --quiet --detach "$$old" "$$last"; \
	for dir in $$(go list -m -f '{{.Dir}}'); do \
		sub=$${dir#$(CURDIR)}; module=$$(cd "$$dir" && go list -m -f '{{if eq .Dir "'"$$dir"'"}}{{.Path}}{{end}}' | tr -d '\n'); \
		[ -d "$$old$$sub" ] || continue; \
		echo "api: $$module since $$last"; \
		(cd "$$old$$sub" && $(BIN)/apidiff -m -w "$$old/api" "$$module"); \
		broken=$$(cd "$$dir" && $(BIN)/apidiff -m -incompatible "$$old/api" "$$module"); \
		[ -z "$$broken" ] || { echo "$$broken"; exit 1; }; \
	done

# make release VERSION=v0.2.0
release: all api
	go run ./suite/release $(VERSION)

# What a change has to pass: every test once, with a sample of the large suites by a
# seed, without the race detector, which would make them several times as long and
# upset the allocation budgets; then, with the detector, what runs side by side.
# TENANCY_TEST_SEED=n draws another sample.
test: parser postgres pgbouncer chromium
	$(if $(PURE),CGO_ENABLED=0 go test $(FLAGS) $(PURE))
	@$(HAS_COMPILER) || echo "test: no C compiler: the race detector and sqlguard, which need one, are left out"
	$(if $(GUARDED),! $(HAS_COMPILER) || $(CGO) go test $(FLAGS) $(GUARDED))
	$(if $(RACED),! $(HAS_COMPILER) || $(RACE) go test -race $(FLAGS) -run '$(TOGETHER)' $(RACED))

# PostgreSQL's parser, which sqlguard needs, takes a minute of one core without a
# cache, and half of one for the race detector: it compiles beside the first tests.
parser: compiler
	@if [ -n "$(GUARDED)" ] && $(HAS_COMPILER); then \
		{ cd sqlguard; $(CGO) go build $(TAGS) $(PARSER); $(RACE) go build -race $(TAGS) $(PARSER); } >/dev/null 2>&1 & \
	fi

# Everything, first with the race detector: the large suites whole, an hour and more.
test-all: compiler postgres pgbouncer chromium
	@if $(HAS_COMPILER); then set -x; CGO_ENABLED=1 go test -race -short -timeout $(TIMEOUT) $(PACKAGES); \
	else echo "test-all: no C compiler: the race detector and sqlguard, which need one, are left out"; fi
	CGO_ENABLED=0 go test -timeout $(TIMEOUT) $(PURE)
	@if $(HAS_COMPILER); then set -x; CGO_ENABLED=1 go test -timeout $(TIMEOUT) $(GUARDED); \
		go run ./suite/mutation -by verifier -run 'rewriter: (OR in|DO UPDATE)'; fi

bench: export CGO_ENABLED = 0
bench:
	go run ./bench

mutation: compiler postgres
	go run ./suite/mutation
	go run ./suite/mutation -by verifier

# Without the race detector, which would say nothing about speed.
bench-once: export CGO_ENABLED = 0
bench-once: postgres
	go test -run '^$$' -bench . -benchtime 1x -timeout $(TIMEOUT) $(PURE)

# Each program ends by itself, a server with -check, and fails when it shows
# something wrong.
examples: export CGO_ENABLED = 0
examples: postgres
	@for dir in $$(go list -f '{{if eq .Name "main"}}{{.Dir}}{{end}}' ./examples/... 2>/dev/null); do \
		case $$dir in */saas) flags=-check;; *) flags=;; esac; \
		echo "go run $$dir $$flags"; go run "$$dir" $$flags >/dev/null; \
	done

govulncheck: tools
	@if ! curl --fail --silent --max-time 10 --output /dev/null $(VULNDB)/index/db.json; then \
		echo "govulncheck: $(VULNDB) cannot be reached: not checked"; \
	else \
		for dir in $$(go list -f '{{.Module.Dir}}' $(PACKAGES) | sort -u); do \
			echo "govulncheck ($$dir)"; $(BIN)/govulncheck -C "$$dir" ./...; \
		done; \
	fi

# Where tenancytest/postgres_find.go looks besides PATH.
INITDB := /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb /usr/libexec/postgresql*/initdb \
	/usr/local/pgsql/bin/initdb /opt/homebrew/opt/postgresql*/bin/initdb /usr/local/opt/postgresql*/bin/initdb \
	/home/linuxbrew/.linuxbrew/opt/postgresql*/bin/initdb /Applications/Postgres.app/Contents/Versions/*/bin/initdb

# Installs a C compiler for the race detector and sqlguard, where it may.
compiler:
	@if $(HAS_COMPILER) || [ "$$(id -u)" != 0 ]; then exit 0; fi; \
	echo "compiler: installing gcc, which the race detector and sqlguard need"; \
	if command -v apt-get >/dev/null; then \
		{ apt-get update -qq && env DEBIAN_FRONTEND=noninteractive \
			apt-get install -y -qq --no-install-recommends gcc libc6-dev >/dev/null; } || true; \
	elif command -v dnf >/dev/null; then \
		dnf install -y -q gcc || true; \
	elif command -v apk >/dev/null; then \
		apk add --quiet gcc musl-dev || true; \
	fi

# Installs PostgreSQL's server where the tests would find none: as root, or, where
# no container engine can take its place, with a sudo that asks for no password.
# It never fails, for the tests say better what is missing.
postgres:
	@if [ -n "$${TENANCY_TEST_DSN:-}" ] || command -v initdb >/dev/null; then exit 0; fi; \
	for program in $(INITDB); do if [ -x "$$program" ]; then exit 0; fi; done; \
	sudo=; \
	if [ "$$(id -u)" != 0 ]; then \
		for engine in docker podman; do if $$engine info >/dev/null 2>&1; then exit 0; fi; done; \
		if command -v brew >/dev/null; then brew install postgresql@17 || true; exit 0; fi; \
		if ! sudo -n true 2>/dev/null; then exit 0; fi; \
		sudo="sudo -n"; \
	fi; \
	echo "postgres: installing PostgreSQL's server, which the tests start"; \
	if command -v apt-get >/dev/null; then \
		{ $$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive \
			apt-get install -y -qq --no-install-recommends postgresql >/dev/null; } || true; \
	elif command -v dnf >/dev/null; then \
		$$sudo dnf install -y -q postgresql-server || true; \
	elif command -v apk >/dev/null; then \
		$$sudo apk add --quiet postgresql || true; \
	fi

# Installs Chromium for the test of examples/saas, where that would find no browser.
# It never fails, as above.
chromium:
	@case " $(PACKAGES) " in *" work "*|*examples*) ;; *) exit 0;; esac; \
	for program in chromium chromium-browser google-chrome google-chrome-stable; do \
		if command -v "$$program" >/dev/null; then exit 0; fi; \
	done; \
	sudo=; \
	if [ "$$(uname)" = Darwin ]; then exit 0; fi; \
	if [ "$$(id -u)" != 0 ]; then \
		if ! sudo -n true 2>/dev/null; then exit 0; fi; \
		sudo="sudo -n"; \
	fi; \
	echo "chromium: installing Chromium, which the test of examples/saas drives"; \
	if command -v apt-get >/dev/null; then \
		{ $$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive \
			apt-get install -y -qq --no-install-recommends chromium >/dev/null; } || true; \
	elif command -v dnf >/dev/null; then \
		$$sudo dnf install -y -q chromium || true; \
	elif command -v apk >/dev/null; then \
		$$sudo apk add --quiet chromium || true; \
	fi

# Installs PgBouncer, which row-level security's tests pool through, as root where
# Debian's packages are. Without it that one test is skipped and says so.
pgbouncer:
	@if [ -x /usr/sbin/pgbouncer ] || command -v pgbouncer >/dev/null; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "pgbouncer: installing PgBouncer, which the tests of package rls start"; \
		{ apt-get update -qq && env DEBIAN_FRONTEND=noninteractive \
			apt-get install -y -qq --no-install-recommends pgbouncer >/dev/null; } || true; \
	fi
