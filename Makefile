# hagw: `make` lists the targets.
SHELL := /bin/sh
.DEFAULT_GOAL := help
NODE ?= node
ROOTFS := build/lab/rootfs

.PHONY: help demo test check build ipk lab bench clean npm-setup system-setup

help:
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 8

demo: system-setup ipk ## two routers in the lab: their status, a router loses power, the client's measured gap
	@$(NODE) build/bin/lab demo

test: system-setup ipk ## everything: unit, golden, wire, packets, integration, lab, page (root on Debian)
	@$(NODE) test/run.mjs unit system

check: npm-setup ## formatter, linter, types, layers: fast and silent when good
	@npx --no-install biome check --error-on-warnings . && npx --no-install tsc -p . && npx --no-install tsc -p test && npx --no-install tsc -p luci
	@mkdir -p build && npx --no-install vitest run --config test/vitest.config.ts --project unit unit/layers >build/check.log 2>&1 || { cat build/check.log; exit 1; }

build: npm-setup ## all programs: build/bin/{hagw,uci,ubus}, the router's bundle, the view, the lab's stand-ins
	@$(NODE) src/build/bundle.mjs >build/bundle.log || { cat build/bundle.log; exit 1; }
	@$(NODE) test/openwrt/build.mjs

ipk: build ## build/packages: hagw and luci-app-hagw as .ipk, with their index
	@$(NODE) src/build/ipk.mjs

lab: system-setup ipk ## brings the pair up and keeps it: a shell, and the page on a port
	@$(NODE) build/bin/lab shell

bench: system-setup ipk ## measures against the goals: table, and build/bench.json (ONLY=name… for some)
	@$(NODE) build/bin/lab bench $(ONLY)

clean: ## removes build/ and node_modules/
	@rm -rf build node_modules

# npm's packages as the lock file has them; only when it changed.
npm-setup: node_modules/.package-lock.json

node_modules/.package-lock.json: package-lock.json package.json
	@command -v $(NODE) >/dev/null || { echo "make: Node 20 or later is needed" >&2; exit 1; }
	@npm ci --loglevel=error --no-audit --no-fund
	@touch $@

system-setup:
	@test/setup.sh $(MAKECMDGOALS)
