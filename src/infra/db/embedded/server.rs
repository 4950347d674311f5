//! Running the server: one thread that starts it, waits with it, starts it again when it dies and stops it
//! in the end.
//!
//! A thread and not a task, because Linux sends the signal of a parent's death when the *thread* that
//! started the child ends: a worker of the runtime ends after ten idle seconds, and would take the database
//! with it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::oneshot;
use tracing::{error, info, warn};

use super::account::{self, Account};
use super::binaries::{Binaries, Change};
use super::layout::Layout;
use super::log::{self, Tail};
use super::{Options, cluster, leftovers, settings, shim};

/// The pause before a server that died is started again; doubles while it keeps dying.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// After running this long, a death is a new trouble and not the old one.
const STEADY: Duration = Duration::from_mins(1);

/// How long a stop may take. The first, Postgres's "fast", writes a checkpoint; the second leaves the work
/// to the next start.
const WAYS_TO_STOP: [(Signal, Duration); 2] =
    [(Signal::SIGINT, Duration::from_mins(1)), (Signal::SIGQUIT, Duration::from_secs(10))];

/// How often to say that the server is still starting: after a crash it may have a lot to redo.
const TELL_PROGRESS: Duration = Duration::from_secs(5);

/// How often to see whether the programs were upgraded.
const WATCH_BINARIES: Duration = Duration::from_mins(1);

/// A running server; dropping it asks it to stop, [`Server::stop`] waits for that.
#[derive(Debug)]
pub(super) struct Server {
    events: Sender<Event>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
enum Event {
    /// Clients may connect.
    Ready,
    /// The server and all its processes have ended.
    Ended,
    /// Picket wants it to end.
    Stop,
}

impl Server {
    /// Starts the server, making the cluster first if there is none; returns when clients may connect.
    pub(super) async fn start(options: Options, layout: Layout) -> Result<Self> {
        let (sender, events) = mpsc::channel();
        let (started, when_started) = oneshot::channel();
        let ended = sender.clone();
        let thread = thread::Builder::new()
            .name("postgres".to_owned())
            .spawn(move || match Plan::make(&options, layout) {
                Ok(plan) => {
                    Supervisor { plan, sender: ended, events, started: Some(started) }.run();
                }
                Err(error) => drop(started.send(Err(error))),
            })
            .context("could not start a thread for Postgres")?;
        let server = Self { events: sender, thread: Some(thread) };
        when_started.await.context("the thread of Postgres ended early")??;
        Ok(server)
    }

    /// Stops the server and waits until it is gone.
    pub(super) async fn stop(mut self) {
        let _ = self.events.send(Event::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.events.send(Event::Stop);
    }
}

/// All that is needed to start the server once more.
#[derive(Debug)]
struct Plan {
    layout: Layout,
    shim: PathBuf,
    account: Option<Account>,
    binaries: Binaries,
    arguments: Vec<OsString>,
}

impl Plan {
    fn make(options: &Options, layout: Layout) -> Result<Self> {
        let account = account::choose(&layout.cluster)?;
        let existing = cluster::major_version(&layout.cluster)?;
        let binaries = Binaries::find(existing, options.bin_dir.as_deref(), &options.shim)?;
        let settings =
            settings::all(&layout, options.max_connections, options.durability, &options.settings)?;
        if existing.is_none() {
            cluster::create(&layout, &binaries, account.as_ref(), &options.shim)?;
        }
        layout.make_socket_dir(account.as_ref())?;
        let arguments = arguments(&layout.cluster, &settings);
        Ok(Self { layout, shim: options.shim.clone(), account, binaries, arguments })
    }

    fn spawn(&self) -> Result<Child> {
        let program = self.binaries.program("postgres");
        shim::command(&self.shim, self.account.as_ref(), &self.layout.cluster, &program)
            .args(&self.arguments)
            .spawn()
            .with_context(|| format!("could not run `{}`", self.shim.display()))
    }
}

fn arguments(cluster: &Path, settings: &[(String, String)]) -> Vec<OsString> {
    let mut arguments = vec![OsString::from("-D"), cluster.into()];
    for (name, value) in settings {
        arguments.push("-c".into());
        arguments.push(format!("{name}={value}").into());
    }
    arguments
}

/// What the thread of the server does.
struct Supervisor {
    plan: Plan,
    sender: Sender<Event>,
    events: Receiver<Event>,
    /// Who waits for the first start; later deaths are not theirs to hear of.
    started: Option<oneshot::Sender<Result<()>>>,
}

/// How a server came to its end.
enum End {
    /// It was asked to.
    Stopped,
    /// It was not; in its own words.
    Died(String),
}

impl Supervisor {
    fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let began = Instant::now();
            let reason = match self.run_once() {
                Ok(End::Stopped) => break,
                Ok(End::Died(words)) => anyhow!("Postgres did not stay up: {words}"),
                Err(error) => error,
            };
            if let Some(started) = self.started.take() {
                let _ = started.send(Err(reason));
                break;
            }
            if began.elapsed() > STEADY {
                pause = FIRST_PAUSE;
            }
            error!(error = format!("{reason:#}"), "Postgres ended by itself; starting it again");
            if self.is_stopped_within(pause) {
                break;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        self.plan.layout.remove_stray_socket_dir();
    }

    /// One life of the server.
    fn run_once(&mut self) -> Result<End> {
        leftovers::clear(&self.plan.layout)?;
        let began = Instant::now();
        let mut child = self.plan.spawn()?;
        let tail = self.follow_log(&mut child)?;
        let mut watch = BinaryWatch::default();
        let mut is_up = false;
        loop {
            let pause = if is_up { WATCH_BINARIES } else { TELL_PROGRESS };
            match self.events.recv_timeout(pause) {
                Ok(Event::Ready) if is_up => info!("Postgres has recovered"),
                Ok(Event::Ready) => {
                    is_up = true;
                    self.announce(began);
                }
                Ok(Event::Ended) => {
                    let _ = child.wait();
                    return Ok(End::Died(tail.explanation()));
                }
                Ok(Event::Stop) | Err(RecvTimeoutError::Disconnected) => {
                    self.stop(&mut child);
                    return Ok(End::Stopped);
                }
                Err(RecvTimeoutError::Timeout) if is_up => watch.look(&self.plan.binaries),
                Err(RecvTimeoutError::Timeout) => {
                    info!("Postgres is still starting; it says: {}", tail.last());
                }
            }
        }
    }

    /// Reads the log on a thread of its own, whose end is the end of the server with all its processes.
    fn follow_log(&self, child: &mut Child) -> Result<Tail> {
        let output = child.stderr.take().context("the log of Postgres is not connected")?;
        let tail = Tail::default();
        let (lines, events) = (tail.clone(), self.sender.clone());
        thread::Builder::new()
            .name("postgres-log".to_owned())
            .spawn(move || {
                log::follow(output, &lines, || drop(events.send(Event::Ready)));
                let _ = events.send(Event::Ended);
            })
            .context("could not start a thread for the log of Postgres")?;
        Ok(tail)
    }

    fn announce(&mut self, began: Instant) {
        let version = &self.plan.binaries.version;
        let duration_ms = began.elapsed().as_millis();
        info!(postgres.version = %version, duration_ms, "Postgres {version} is up");
        if let Some(started) = self.started.take() {
            // Nobody waits any more: the handle is gone, and its `Stop` is the next event.
            let _ = started.send(Ok(()));
        }
    }

    fn stop(&self, child: &mut Child) {
        // Not waited for until it has ended, so the number is still its own.
        let pid = Pid::from_raw(child.id().cast_signed());
        for (signal, patience) in WAYS_TO_STOP {
            let _ = kill(pid, signal);
            if self.has_ended_within(patience) {
                let _ = child.wait();
                return;
            }
            warn!("Postgres did not stop on {signal} within {} s", patience.as_secs());
        }
        let _ = child.kill();
        let _ = child.wait();
    }

    fn has_ended_within(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        loop {
            match self.events.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(Event::Ended) => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    }

    fn is_stopped_within(&self, pause: Duration) -> bool {
        matches!(self.events.recv_timeout(pause), Ok(Event::Stop))
    }
}

/// Says once when the programs under a running server were upgraded.
///
/// A new connection then still runs the old program, but may load a library of the new one.
#[derive(Default)]
struct BinaryWatch {
    is_told: bool,
}

impl BinaryWatch {
    fn look(&mut self, binaries: &Binaries) {
        let change = binaries.now();
        if self.is_told || change == Change::None {
            return;
        }
        self.is_told = true;
        let (version, major) = (&binaries.version, binaries.major);
        if change == Change::Replaced {
            warn!("The programs of Postgres {version} were replaced while it runs; restart Picket");
        } else {
            warn!(
                "The programs of Postgres {version} were removed while it runs; install Postgres {major} \
                 again before Picket is restarted, or it will not find its data's version"
            );
        }
    }
}
