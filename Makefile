# Each target has one line of help and one call; tools/ and CMakePresets.json do the work.
.DEFAULT_GOAL := help
.PHONY: help setup build run check test tsan test-fresh test-container bench fuzz lint fmt clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile

setup:  ## install what building and running need (Debian packages, npm packages)
	@tools/setup run

build:  ## build/release/clinikk-tv
	@tools/build release clinikk-tv

run:  ## setup, build, and serve (ARGS='--port 9000' adds arguments)
	@tools/setup run
	@tools/build release clinikk-tv
	@exec build/release/clinikk-tv serve $(ARGS)

check:  ## the everyday loop: quick build, unit tests, API tests on the embedded database
	@tools/build dev
	@tools/test dev unit api

test:  ## setup, release build, every test
	@tools/setup test
	@tools/build release
	@tools/test release unit contract api api-postgres tus tus-postgres package attack postgres s3 uploads e2e fault

tsan:  ## setup, ThreadSanitizer build, the suites that exercise threads
	@tools/setup test
	@tools/build tsan
	@tools/test tsan unit contract api postgres fault

test-fresh:  ## prove the README on a bare Debian 12 (root; downloads a base system once)
	@tools/test-fresh

test-container:  ## build the image and test it with an engine of its own (root; docker.io, docker-compose, debootstrap)
	@tools/test-container

bench:  ## measure against nginx, boto3 and curl, side by side
	@tools/setup bench
	@tools/build release clinikk-tv bench_primitives
	@if [ -x bench/run ]; then exec bench/run $(ARGS); else echo "bench/run is not there yet"; fi

fuzz:  ## run each fuzz target for a minute (FUZZ_SECONDS=60)
	@tools/fuzz

lint:  ## formatting, include rules, clang-tidy, openapi.json
	@tools/setup test
	@tools/build release clinikk-tv
	@tools/lint

fmt:  ## format the sources
	@find src tests bench -name '*.[ch]pp' 2>/dev/null | xargs -r clang-format-19 -i

clean:  ## remove all build output
	@rm -rf build
