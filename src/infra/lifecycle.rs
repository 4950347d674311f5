//! Every task of the process: who runs, how it is told to stop, and what happens when one ends by itself.
//!
//! The first signal asks all tasks to finish what they have in hand; the second, or the timeout, aborts.
//! A task that ends without being asked is a bug or a broken environment: the process then stops too,
//! loudly, and whoever supervises it starts it again. Bare `tokio::spawn` is a lint.

use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use anyhow::anyhow;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

/// The running tasks.
#[derive(Debug, Default)]
pub struct Tasks {
    running: JoinSet<anyhow::Result<()>>,
    /// A task that panics cannot say who it was.
    names: HashMap<Id, &'static str>,
    stop: CancellationToken,
}

impl Tasks {
    /// No tasks yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancelled when the process is to stop.
    pub fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Starts a task. It is given the token that asks it to stop, and must then end soon.
    pub fn spawn<F>(&mut self, name: &'static str, task: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let handle = self.running.spawn(task(self.stop.clone()));
        self.names.insert(handle.id(), name);
    }

    /// Runs until `shutdown` comes or a task ends by itself, then stops all tasks within `patience`.
    ///
    /// # Errors
    /// When a task ended by itself or did not stop in time.
    pub async fn run_until(
        mut self,
        shutdown: impl Future<Output = ()>,
        patience: Duration,
    ) -> anyhow::Result<()> {
        let early = tokio::select! {
            () = shutdown => None,
            ended = self.next_to_end() => ended,
        };
        let failure = early.map(|(name, result)| match result {
            Ok(()) => anyhow!("the task `{name}` ended by itself"),
            Err(error) => error.context(format!("the task `{name}` failed")),
        });
        self.stop.cancel();
        let stopped = self.drain(patience).await;
        failure.map_or(stopped, Err)
    }

    /// The next task to end, and how; none when all have.
    async fn next_to_end(&mut self) -> Option<(&'static str, anyhow::Result<()>)> {
        let ended = self.running.join_next_with_id().await?;
        let (id, result) = match ended {
            Ok((id, result)) => (id, result),
            Err(error) => (error.id(), Err(panic_message(error))),
        };
        Some((self.names.get(&id).copied().unwrap_or("unknown"), result))
    }

    async fn drain(&mut self, patience: Duration) -> anyhow::Result<()> {
        match timeout(patience, self.all_to_end()).await {
            Ok(Ok(())) => {
                info!("All tasks have stopped");
                Ok(())
            }
            Ok(Err(error)) => Err(error),
            Err(_) => {
                warn!("{} tasks did not stop in time and are aborted", self.running.len());
                self.running.shutdown().await;
                Err(anyhow!("stopping took longer than {} s", patience.as_secs()))
            }
        }
    }

    /// Waits for all; answers the last failure and logs each.
    async fn all_to_end(&mut self) -> anyhow::Result<()> {
        let mut outcome = Ok(());
        while let Some((name, result)) = self.next_to_end().await {
            if let Err(error) = result {
                error!("The task `{name}` failed while stopping: {error:#}");
                outcome = Err(error.context(format!("the task `{name}` failed while stopping")));
            }
        }
        outcome
    }
}

/// What a task said when it panicked.
fn panic_message(error: JoinError) -> anyhow::Error {
    let Ok(panic) = error.try_into_panic() else { return anyhow!("it was aborted") };
    let words = panic.downcast_ref::<String>().map(String::as_str);
    let words = words.or_else(|| panic.downcast_ref::<&str>().copied());
    anyhow!("it panicked: {}", words.unwrap_or("without words"))
}

/// Waits for the first signal to stop. The second ends the process at once: whoever presses Ctrl-C
/// twice means it.
pub async fn signalled() {
    wait_for_signal().await;
    info!("Stopping; a second signal aborts");
    #[expect(clippy::disallowed_methods, reason = "it outlives every task by design")]
    tokio::spawn(async {
        wait_for_signal().await;
        error!("Aborted by a second signal");
        std::process::exit(130);
    });
}

async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = terminate => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn a_task_is_asked_to_stop_and_may_finish() {
        let mut tasks = Tasks::new();
        let (done, finished) = tokio::sync::oneshot::channel();
        tasks.spawn("worker", |stop| async move {
            stop.cancelled().await;
            let _ = done.send("finished");
            Ok(())
        });
        tasks.run_until(async {}, PATIENCE).await.unwrap();
        assert_eq!(finished.await, Ok("finished"));
    }

    #[tokio::test]
    async fn a_task_that_ends_by_itself_stops_the_process_loudly() {
        let mut tasks = Tasks::new();
        tasks.spawn("good", |stop| async move {
            stop.cancelled().await;
            Ok(())
        });
        tasks.spawn("bad", |_| async { Err(anyhow!("the disk is gone")) });
        let error = tasks.run_until(std::future::pending(), PATIENCE).await.unwrap_err();
        assert_eq!(format!("{error:#}"), "the task `bad` failed: the disk is gone");
    }

    #[tokio::test]
    async fn a_task_that_panics_is_named() {
        let mut tasks = Tasks::new();
        tasks.spawn("careless", |_| async { panic!("index out of bounds") });
        let error = tasks.run_until(std::future::pending(), PATIENCE).await.unwrap_err();
        assert_eq!(
            format!("{error:#}"),
            "the task `careless` failed: it panicked: index out of bounds"
        );
    }

    #[tokio::test]
    async fn a_task_that_fails_while_it_stops_is_not_overlooked() {
        let mut tasks = Tasks::new();
        tasks.spawn("writer", |stop| async move {
            stop.cancelled().await;
            Err(anyhow!("the last batch is lost"))
        });
        let error = tasks.run_until(async {}, PATIENCE).await.unwrap_err();
        assert!(format!("{error:#}").contains("`writer` failed while stopping"), "{error:#}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_does_not_stop_is_aborted() {
        let mut tasks = Tasks::new();
        tasks.spawn("deaf", |_| std::future::pending());
        let error = tasks.run_until(async {}, PATIENCE).await.unwrap_err();
        assert_eq!(error.to_string(), "stopping took longer than 5 s");
    }
}
