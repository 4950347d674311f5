//! The Postgres of a test run: private, started by the first test that asks, gone when the last has ended.
//!
//! A process of its own keeps it, the keeper: this same program, started once more. So it serves `cargo test`,
//! where all tests are threads of one process, and `cargo nextest`, where each test is a process, alike.
//! Every process that uses the cluster holds a shared lock, which the system takes back however the process
//! ends; the keeper waits until it gets the lock alone, then stops Postgres and deletes the data.

use std::fs::{self, File, OpenOptions, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use picket::infra::db::embedded::{self, Durability, Embedded, Options};
use picket::infra::db::{connect, migrate};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

/// The migrated database that every test's is cloned from.
pub(super) const TEMPLATE: &str = "picket_template";

/// Set for the keeper: the directory of the locks.
const KEEPER_VARIABLE: &str = "PICKET_TEST_KEEPER";

/// How long the cluster outlives its last user: under nextest the next process is on its way.
const LINGER: Duration = Duration::from_secs(1);

/// Enough for every test's own small pool.
const CONNECTIONS: u32 = 300;

/// What this process needs of the cluster, for as long as it lives.
struct Cluster {
    options: PgConnectOptions,
    data_dir: PathBuf,
    _user: File,
}

/// Starts the cluster if this is the first test of the run.
fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(join)
}

/// How to reach the cluster.
pub(super) fn connect_options() -> PgConnectOptions {
    cluster().options.clone()
}

/// A directory for what the tests of a run share; deleted with the cluster.
pub(super) fn shared_directory() -> &'static Path {
    &cluster().data_dir
}

/// The files by which the processes of a run find each other, next to the test program.
struct Meeting(PathBuf);

impl Meeting {
    fn open(&self, name: &str) -> File {
        let path = self.0.join(name);
        OpenOptions::new().create(true).truncate(false).write(true).open(path).unwrap()
    }

    /// Held shared by every process that uses the cluster.
    fn users(&self) -> File {
        self.open("users.lock")
    }

    /// Held by the keeper.
    fn keeper(&self) -> File {
        self.open("keeper.lock")
    }

    /// Held while somebody looks whether there is a keeper, and starts one.
    fn start(&self) -> File {
        self.open("start.lock")
    }

    /// Holds the data directory once the cluster is ready.
    fn ready(&self) -> PathBuf {
        self.0.join("ready")
    }

    /// Holds the data directory from the beginning, so that a killed keeper's can be deleted.
    fn data_dir(&self) -> PathBuf {
        self.0.join("data_dir")
    }

    fn log(&self) -> PathBuf {
        self.0.join("keeper.log")
    }
}

fn join() -> Cluster {
    let meeting = Meeting(Path::new(env!("CARGO_TARGET_TMPDIR")).join("cluster"));
    fs::create_dir_all(&meeting.0).unwrap();
    let user = meeting.users();
    // Waits while a keeper of an earlier run clears up.
    user.lock_shared().unwrap();
    let start = meeting.start();
    start.lock().unwrap();
    if meeting.keeper().try_lock().is_ok() {
        let _ = fs::remove_file(meeting.ready());
        let keeper = start_keeper(&meeting);
        wait_until_ready(&meeting, keeper);
    }
    let data_dir = PathBuf::from(fs::read_to_string(meeting.ready()).unwrap());
    let options = embedded::running(&data_dir).unwrap().expect("the cluster is ready");
    Cluster { options, data_dir, _user: user }
}

fn start_keeper(meeting: &Meeting) -> Child {
    let log = File::create(meeting.log()).unwrap();
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "support::cluster::keeper", "--ignored", "--nocapture"])
        .env(KEEPER_VARIABLE, &meeting.0)
        // Nobody who waits for the end of our output shall wait for the keeper's.
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        // Ctrl-C ends the tests; the keeper sees that and clears up.
        .process_group(0)
        .spawn()
        .unwrap()
}

#[expect(clippy::disallowed_methods, reason = "another process has no way to tell us")]
fn wait_until_ready(meeting: &Meeting, mut keeper: Child) {
    while !meeting.ready().exists() {
        if let Some(status) = keeper.try_wait().unwrap() {
            let log = fs::read_to_string(meeting.log()).unwrap();
            panic!("the Postgres for the tests did not start ({status}):\n{log}");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
#[ignore = "no test but the process that keeps the cluster; the first test starts it"]
#[expect(clippy::disallowed_methods, reason = "not a setting of Picket")]
fn keeper() {
    let Ok(directory) = std::env::var(KEEPER_VARIABLE) else { return };
    let meeting = Meeting(directory.into());
    let keeper = meeting.keeper();
    keeper.lock().unwrap();
    if let Ok(abandoned) = fs::read_to_string(meeting.data_dir()) {
        let _ = fs::remove_dir_all(abandoned);
    }

    let data_dir = tempfile::Builder::new().prefix("picket-tests-").tempdir().unwrap();
    // As root, Postgres runs as somebody else and must be able to pass through.
    fs::set_permissions(data_dir.path(), Permissions::from_mode(0o711)).unwrap();
    fs::write(meeting.data_dir(), data_dir.path().to_str().unwrap()).unwrap();

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let cluster = runtime.block_on(start_cluster(data_dir.path()));
    let unready = meeting.0.join("ready.new");
    fs::write(&unready, data_dir.path().to_str().unwrap()).unwrap();
    fs::rename(unready, meeting.ready()).unwrap();

    let users = meeting.users();
    wait_until_unused(&users);
    fs::remove_file(meeting.ready()).unwrap();
    runtime.block_on(cluster.stop());
    drop(data_dir);
    drop(keeper);
    drop(users);
}

async fn start_cluster(data_dir: &Path) -> Embedded {
    let options = Options {
        data_dir: data_dir.to_owned(),
        bin_dir: None,
        shim: env!("CARGO_BIN_EXE_picket").into(),
        max_connections: CONNECTIONS,
        settings: [("shared_buffers", "128MB")].map(|(k, v)| (k.into(), v.into())).into(),
        durability: Durability::NoneForTests,
    };
    let cluster = Embedded::start(options).await.unwrap();
    make_template(&cluster.connect_options()).await;
    cluster
}

async fn make_template(options: &PgConnectOptions) {
    let mut db = PgConnection::connect_with(options).await.unwrap();
    sqlx::query("CREATE DATABASE picket_template").execute(&mut db).await.unwrap();
    let pool = connect::to_socket(options.clone().database(TEMPLATE), 1).await.unwrap();
    migrate::run(&pool).await.unwrap();
    pool.close().await;
    sqlx::query("ALTER DATABASE picket_template WITH IS_TEMPLATE true ALLOW_CONNECTIONS false")
        .execute(&mut db)
        .await
        .unwrap();
    db.close().await.unwrap();
}

/// Returns with the lock held alone: whoever comes now waits until the keeper has cleared up.
#[expect(clippy::disallowed_methods, reason = "a process of its own, with nothing else to do")]
fn wait_until_unused(users: &File) {
    loop {
        users.lock().unwrap();
        users.unlock().unwrap();
        std::thread::sleep(LINGER);
        if users.try_lock().is_ok() {
            return;
        }
    }
}
