//! Tests that need something the machine may not have.

/// Says on the standard error that a test is skipped because `missing`; fails instead where
/// `PICKET_TEST_REQUIRE` names `what`, as it does in CI.
pub(crate) fn skip(what: &str, missing: &str) {
    #[expect(
        clippy::disallowed_methods,
        reason = "the switch of the test run, not a setting of Picket"
    )]
    let required = std::env::var("PICKET_TEST_REQUIRE").unwrap_or_default();
    assert!(
        !required.split(',').any(|word| word.trim() == what),
        "required but missing: {missing}"
    );
    eprintln!("skipped: {missing}");
}
