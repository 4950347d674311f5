//! Waiting between attempts.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// The first pause.
const FIRST: Duration = Duration::from_millis(50);

/// The longest pause: soon enough for somebody who has just restarted Postgres and watches.
const LONGEST: Duration = Duration::from_secs(2);

/// A pause that doubles each time.
#[derive(Debug)]
pub(super) struct Pause(Duration);

/// How a pause ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waited {
    /// It is over.
    Over,
    /// The process is asked to stop.
    Stopped,
}

impl Default for Pause {
    fn default() -> Self {
        Self(FIRST)
    }
}

impl Waited {
    /// Whether the process is asked to stop.
    pub(super) fn is_stopped(self) -> bool {
        self == Self::Stopped
    }
}

impl Pause {
    /// Waits, longer each time.
    pub(super) async fn wait(&mut self, stop: &CancellationToken) -> Waited {
        let pause = self.0;
        self.0 = (pause * 2).min(LONGEST);
        match stop.run_until_cancelled(tokio::time::sleep(pause)).await {
            Some(()) => Waited::Over,
            None => Waited::Stopped,
        }
    }
}
