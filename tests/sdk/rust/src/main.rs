//! Reports an error with its cause, and a panic in a thread, with the real Rust client; with `sessions` as the second
//! argument three sessions instead.

use std::error::Error;
use std::fmt;

#[derive(Debug)]
struct StockError {
    sku: &'static str,
    cause: std::num::ParseIntError,
}

impl fmt::Display for StockError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "stock level of {} is unreadable", self.sku)
    }
}

impl Error for StockError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}

#[inline(never)]
fn stock_level(sku: &'static str, text: &str) -> Result<u32, StockError> {
    text.parse().map_err(|cause| StockError { sku, cause })
}

#[inline(never)]
fn reserve(shelves: &[u32], shelf: usize) -> u32 {
    shelves[shelf] - 1
}

/// One that ends well, one with an error, one that crashes.
fn sessions() {
    sentry::start_session();
    sentry::end_session();
    sentry::start_session();
    if let Err(error) = stock_level("SKU-17", "many") {
        sentry::capture_error(&error);
    }
    sentry::end_session();
    sentry::start_session();
    sentry::end_session_with_status(sentry::protocol::SessionStatus::Crashed);
}

fn main() {
    let dsn = std::env::args().nth(1).expect("the DSN is the argument");
    let options = sentry::ClientOptions::new()
        .release("warehouse@3.1.0")
        .environment("production")
        .attach_stacktrace(true)
        .shutdown_timeout(std::time::Duration::from_secs(20));
    let _client = sentry::init((dsn, options));
    if std::env::args().nth(2).as_deref() == Some("sessions") {
        return sessions();
    }
    sentry::configure_scope(|scope| {
        scope.set_tag("aisle", "north");
        let user = sentry::User { id: Some("u-77".to_owned()), ..sentry::User::default() };
        scope.set_user(Some(user));
    });
    sentry::add_breadcrumb(sentry::Breadcrumb {
        category: Some("stock".to_owned()),
        message: Some("reading SKU-17".to_owned()),
        ..sentry::Breadcrumb::default()
    });
    if let Err(error) = stock_level("SKU-17", "many") {
        sentry::capture_error(&error);
    }
    let hub = sentry::Hub::current();
    let panicked = std::thread::spawn(move || sentry::Hub::run(hub, || reserve(&[3, 1], 9))).join();
    assert!(panicked.is_err());
}
