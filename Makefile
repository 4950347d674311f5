# The few commands one needs. `make` alone lists them.

.PHONY: help run demo test fuzz check prepare bench

help:
	@echo "make run      build Picket and serve on http://127.0.0.1:8000"
	@echo "make demo     fill a fresh data directory with two weeks of believable events"
	@echo "make test     run every test"
	@echo "make fuzz     look for what breaks it: random input, other than the tests', for half an hour"
	@echo "make check    formatting, spelling, lints, licences, query data, documentation"
	@echo "make prepare  refresh .sqlx after changing a query or a migration"
	@echo "make bench    measure, each figure against a reference in the same run"

run:
	@.ci/ensure-postgres
	cargo run --release

demo:
	@.ci/ensure-postgres
	cargo run --release -- demo

test:
	@.ci/ensure-postgres
	cargo test

# A failure says how to have it again: PICKET_FUZZ_SEED, or the seed that proptest names.
fuzz:
	@.ci/ensure-postgres
	PICKET_FUZZ_SECONDS=240 cargo test --test it -- fuzz:: --nocapture --test-threads 1
	PROPTEST_CASES=1000 cargo test --lib
	PICKET_TEST_ROUNDS=500 cargo test --test it domain::moves

check:
	.ci/check

prepare:
	@.ci/ensure-postgres
	.ci/query-data write

bench:
	@.ci/ensure-postgres
	cargo bench
