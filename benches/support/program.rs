//! A server that is measured: a process of its own on a private Postgres of its own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use picket::infra::db::embedded;
use sqlx::PgPool;

use crate::floor_process;
use crate::load::{self, Target};

/// The binary.
pub(crate) const PICKET: &str = env!("CARGO_BIN_EXE_picket");

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The least that is possible.
    Floor,
    /// The real one.
    Picket,
}

/// A running server.
pub(crate) struct Program {
    kind: Kind,
    home: PathBuf,
    child: Child,
    db: PgPool,
    target: Target,
}

/// CPU time so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cpu {
    pub(crate) server_micros: f64,
    pub(crate) postgres_micros: f64,
}

/// What events take on disk, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Disk {
    /// All tables and indexes, per event.
    pub(crate) per_event: f64,
    /// The payloads that are kept, on average.
    pub(crate) payload: f64,
}

impl Program {
    /// Starts it with its data under `home`.
    pub(crate) async fn start(kind: Kind, home: &Path) -> Self {
        let data_dir = home.join("data");
        let (child, address) = match kind {
            Kind::Floor => floor_process::spawn(&data_dir),
            Kind::Picket => spawn_picket(&data_dir).await,
        };
        let options = embedded::running(&data_dir).unwrap().expect("its Postgres runs");
        let db = PgPool::connect_with(options).await.unwrap();
        let path = match kind {
            Kind::Floor => "/".to_owned(),
            Kind::Picket => project_path(&db).await,
        };
        let target = Target { address, path };
        Self { kind, home: home.to_owned(), child, db, target }
    }

    /// Where to send.
    pub(crate) fn target(&self) -> Target {
        self.target.clone()
    }

    /// Removes what is stored.
    pub(crate) async fn clear(&self) {
        let statement = "TRUNCATE events, issues, issue_counters, issue_parts, issue_signatures, issue_signature_keys, \
             issue_hashes, issue_hours, issue_releases, issue_tags, project_tags, issue_users, issue_activity, issue_assignees, \
             issue_fixes, outcomes";
        // What Picket reads in the background as it starts may lock the tables in another order.
        while let Err(error) = sqlx::query(statement).execute(&self.db).await {
            let code = error.as_database_error().and_then(|error| error.code());
            assert_eq!(code.as_deref(), Some("40P01"), "{error}");
        }
    }

    /// Waits until `count` events are committed.
    pub(crate) async fn wait_for(&self, count: usize) {
        // Counting rows would cost Postgres more than storing them; outcomes are a few rows. The floor
        // has committed when it answers.
        let query = match self.kind {
            Kind::Floor => "SELECT count(*) FROM events",
            Kind::Picket => {
                "SELECT coalesce(sum(quantity), 0)::bigint FROM outcomes WHERE outcome = 'accepted'"
            }
        };
        loop {
            let stored: i64 = sqlx::query_scalar(query).fetch_one(&self.db).await.unwrap();
            if usize::try_from(stored).unwrap() >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Stops it and starts it again.
    pub(crate) async fn restart(&mut self) {
        let (kind, home) = (self.kind, self.home.clone());
        self.db.close().await;
        self.terminate();
        *self = Self::start(kind, &home).await;
        if kind == Kind::Picket {
            self.wait_for_dictionaries().await;
        }
    }

    async fn wait_for_dictionaries(&self) {
        for _ in 0..600 {
            let made: i64 = sqlx::query_scalar("SELECT count(*) FROM dictionaries")
                .fetch_one(&self.db)
                .await
                .unwrap();
            if made > 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("Picket made no dictionary of what the warm-up stored");
    }

    /// The CPU time it and its Postgres have taken.
    pub(crate) fn cpu(&self) -> Cpu {
        let pid = std::fs::read_to_string(self.home.join("data/postgres/postmaster.pid")).unwrap();
        let postmaster: u32 = pid.lines().next().unwrap().trim().parse().unwrap();
        let mut postgres_micros = 0.0;
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let name = entry.file_name();
            let Some(id) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
                continue;
            };
            let Some(stat) = Stat::read(id) else { continue };
            if id == postmaster {
                postgres_micros += stat.own_micros + stat.micros_of_ended_children;
            } else if stat.parent == postmaster {
                postgres_micros += stat.own_micros;
            }
        }
        Cpu { server_micros: Stat::read(self.child.id()).unwrap().own_micros, postgres_micros }
    }

    /// The most memory the server has taken.
    pub(crate) fn peak_mebibytes(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        let kibibytes: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kibibytes / 1024.0
    }

    /// What is stored.
    pub(crate) async fn disk(&self) -> Disk {
        let (bytes, events, payload): (i64, i64, f64) = sqlx::query_as(
            "SELECT (SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class \
                     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace), \
                    count(*), avg(octet_length(payload))::float8 FROM events",
        )
        .fetch_one(&self.db)
        .await
        .unwrap();
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        Disk { per_event: bytes as f64 / events as f64, payload }
    }

    /// Stops it.
    pub(crate) async fn stop(mut self) {
        self.db.close().await;
        self.terminate();
    }

    fn terminate(&mut self) {
        kill(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGTERM).unwrap();
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{:?} ended with {status}", self.kind);
    }
}

/// A line of `/proc/PID/stat`.
struct Stat {
    parent: u32,
    own_micros: f64,
    micros_of_ended_children: f64,
}

impl Stat {
    fn read(id: u32) -> Option<Self> {
        let text = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // Behind the name, which may hold spaces: state, parent, …, user and system time, those of
        // children that have ended.
        let fields: Vec<&str> = text.rsplit(')').next()?.split_whitespace().collect();
        // The kernel reports hundredths of a second whatever its own clock is.
        let ticks = |index: usize| fields[index].parse::<f64>().unwrap_or(0.0);
        let micros = |index: usize| (ticks(index) + ticks(index + 1)) * 10_000.0;
        Some(Self {
            parent: fields[1].parse().ok()?,
            own_micros: micros(11),
            micros_of_ended_children: micros(13),
        })
    }
}

async fn spawn_picket(data_dir: &Path) -> (Child, String) {
    // Free at this moment, and nobody else here opens ports.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    #[expect(clippy::zombie_processes, reason = "`Program` waits for it")]
    let child = Command::new(PICKET)
        .arg("serve")
        .env("PICKET__DATA_DIR", data_dir)
        .env("PICKET__SERVER__LISTEN", &address)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    for _ in 0..600 {
        if load::is_ready(&address).await {
            return (child, address);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("Picket does not become ready on {address}");
}

/// The path of the project that a fresh Picket offers.
async fn project_path(db: &PgPool) -> String {
    let (project, key): (i64, String) =
        sqlx::query_as("SELECT project_id, public_key FROM project_keys LIMIT 1")
            .fetch_one(db)
            .await
            .unwrap();
    format!("/api/{project}/envelope/?sentry_key={key}")
}

/// The address that a server prints as its first line.
pub(crate) fn printed_address(child: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    line.trim().to_owned()
}
