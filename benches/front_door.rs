//! What the front door costs per request, over real connections and with the real journal.
//!
//! Three servers take the same bodies (error reports of the corpus, compressed with gzip) from the same
//! clients, in turns and for the same time:
//! - `read`: a handler that reads the body and answers, the least any server does;
//! - `keep`: the same, then libdeflate and an append to the journal, the least that keeps the promise;
//! - `front door`: everything.
//!
//! CPU is that of the whole process, clients included; what differs between two lines is the server's.
//!
//! `cargo bench --bench front_door [-- SECONDS ROUNDS]`. Prints medians.

#![expect(clippy::print_stdout, reason = "a benchmark reports on standard output")]

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use libdeflater::{CompressionLvl, Compressor, Decompressor};
use picket::app::{App, Essentials, Parts};
use picket::base::{Clock, ProjectId, Timestamp};
use picket::config::Config;
use picket::domain::usage::Recorder;
use picket::domain::{organizations, projects};
use picket::infra::compression::Dictionaries;
use picket::infra::db::{self, Purpose};
use picket::infra::journal::{Journals, Options};
use picket::infra::throttle::Throttle;
use picket::ingest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const CONNECTIONS: usize = 64;

/// A tick of `/proc/self/stat`.
const TICK_MS: f64 = 10.0;

/// What one server achieved in one round.
#[derive(Clone, Copy, Default)]
struct Round {
    requests_per_second: f64,
    cpu_micros: f64,
    p50_ms: f64,
    p99_ms: f64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let numbers: Vec<u32> = arguments.filter_map(|argument| argument.parse().ok()).collect();
    let duration = Duration::from_secs(numbers.first().copied().unwrap_or(3).into());
    let rounds = numbers.get(1).copied().unwrap_or(5);

    let data = tempfile::tempdir()?;
    let config = Config { data_dir: data.path().to_owned(), ..Config::default() };
    let picket = Path::new(env!("CARGO_BIN_EXE_picket"));
    let database = db::open(&config, Purpose::Command, picket).await?;
    let app = app(config, database.pool.clone(), data.path())?;
    let (project, key) = create_project(&app).await?;
    let bodies = bodies();
    let requests = bodies.iter().map(|body| request(project, &key, body)).collect::<Vec<_>>();

    let servers = [
        ("read", Router::new().fallback(async |_: Bytes| "{}")),
        ("keep", Router::new().fallback(post(keep)).with_state((app.clone(), project))),
        ("front door", ingest::router(app.clone(), Arc::new(Recorder::default()))),
    ];
    let mut measured = servers.each_ref().map(|(name, _)| (*name, Vec::new()));
    let addresses =
        [serve(&servers[0].1).await?, serve(&servers[1].1).await?, serve(&servers[2].1).await?];
    for _ in 0..rounds {
        for ((_, rounds), address) in measured.iter_mut().zip(addresses) {
            rounds.push(load(address, &requests, duration).await?);
            release(&app);
        }
    }
    report(&measured, &bodies, rounds, duration);
    database.close().await;
    Ok(())
}

fn app(config: Config, db: sqlx::PgPool, data: &Path) -> anyhow::Result<App> {
    let clock = Clock::system();
    let options = Options::new(8 << 30, data.join("quarantine"), clock.clone());
    Ok(App::new(Parts {
        essentials: Essentials { db, config, clock },
        journals: Journals::open(data, 1, &options)?,
        dictionaries: Dictionaries::default(),
        sign_in_throttle: Throttle::default(),
    }))
}

async fn create_project(app: &App) -> anyhow::Result<(ProjectId, String)> {
    let mut db = app.db.acquire().await?;
    let now = Timestamp::UNIX_EPOCH;
    let organization = organizations::find_or_create_default(&mut db, now).await?;
    drop(db);
    let new = projects::NewProject {
        organization_id: organization.id,
        name: "bench".to_owned(),
        platform: None,
        team: None,
    };
    let (project, key) = projects::create(app, new).await?;
    Ok((project.id, key.public_key))
}

/// Every error report of the corpus that is an envelope, compressed.
fn bodies() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/corpus");
    let mut compressor = Compressor::new(CompressionLvl::default());
    let mut bodies = Vec::new();
    for language in ["python", "node", "browser", "rust"] {
        for file in fs::read_dir(root.join(language)).expect("the corpus is there") {
            let bytes = fs::read(file.expect("it can be listed").path()).expect("it can be read");
            let scenario: serde_json::Value = serde_json::from_slice(&bytes).expect("it is JSON");
            for request in scenario["requests"].as_array().into_iter().flatten() {
                if request["item_types"] == serde_json::json!(["event"]) {
                    let body = request["body"].as_str().unwrap_or_default().as_bytes();
                    let mut gzip = vec![0; compressor.gzip_compress_bound(body.len())];
                    let length = compressor.gzip_compress(body, &mut gzip).expect("it fits");
                    gzip.truncate(length);
                    bodies.push(gzip);
                }
            }
        }
    }
    bodies
}

fn request(project: ProjectId, key: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /api/{project}/envelope/ HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench/1\r\n\
         Content-Type: application/x-sentry-envelope\r\nContent-Encoding: gzip\r\n\
         X-Sentry-Auth: Sentry sentry_key={key}, sentry_version=7, sentry_client=bench/1\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

async fn serve(router: &Router) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let service = router.clone().into_make_service_with_connect_info::<SocketAddr>();
    #[expect(clippy::disallowed_methods, reason = "it ends with the benchmark")]
    tokio::spawn(async move { axum::serve(listener, service).await });
    Ok(address)
}

/// The least that keeps an envelope.
async fn keep(State((app, project)): State<(App, ProjectId)>, body: Bytes) -> &'static str {
    let size = body.last_chunk().map_or(0, |trailer| u32::from_le_bytes(*trailer) as usize);
    let mut record = vec![0; size];
    Decompressor::new().gzip_decompress(&body, &mut record).expect("we compressed it");
    app.journals.append(project, record).await.expect("the disk takes it");
    "{}"
}

/// Sends the requests in turn over [`CONNECTIONS`] connections, each waiting for its answer.
async fn load(
    address: SocketAddr,
    requests: &[Vec<u8>],
    duration: Duration,
) -> anyhow::Result<Round> {
    let (start, cpu) = (Instant::now(), cpu_ms());
    let clients = (0..CONNECTIONS).map(|first| async move {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut times = Vec::new();
        let mut answer = [0; 4096];
        for request in requests.iter().cycle().skip(first * 7) {
            if start.elapsed() > duration {
                break;
            }
            let begun = Instant::now();
            stream.write_all(request).await?;
            let read = stream.read(&mut answer).await?;
            anyhow::ensure!(answer[..read].starts_with(b"HTTP/1.1 200"), "it refuses");
            times.push(begun.elapsed());
        }
        Ok::<_, anyhow::Error>(times)
    });
    let mut times = futures_util::future::try_join_all(clients).await?.concat();
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1000.0;
    #[expect(clippy::cast_precision_loss, reason = "a count of requests in a few seconds")]
    let count = times.len() as f64;
    Ok(Round {
        requests_per_second: count / start.elapsed().as_secs_f64(),
        cpu_micros: (cpu_ms() - cpu) * 1000.0 / count,
        p50_ms: at(50),
        p99_ms: at(99),
    })
}

/// User and system time of this process.
fn cpu_ms() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux tells");
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |field: usize| fields[field].parse::<f64>().expect("a number of ticks");
    (ticks(11) + ticks(12)) * TICK_MS
}

/// Gives the journal its space back.
fn release(app: &App) {
    for lane in app.journals.lanes() {
        lane.journal.release(lane.journal.stats().durable_end);
    }
}

fn report(measured: &[(&str, Vec<Round>)], bodies: &[Vec<u8>], rounds: u32, duration: Duration) {
    let bytes: usize = bodies.iter().map(Vec::len).sum();
    println!(
        "{} bodies of {} bytes on average, {CONNECTIONS} connections, median of {rounds} rounds of {duration:?}",
        bodies.len(),
        bytes / bodies.len()
    );
    println!(
        "{:12} {:>10} {:>12} {:>8} {:>8}",
        "", "requests/s", "CPU µs each", "p50 ms", "p99 ms"
    );
    let rounds: Vec<_> = measured.iter().map(|(name, rounds)| (*name, median(rounds))).collect();
    for (name, round) in &rounds {
        let Round { requests_per_second, cpu_micros, p50_ms, p99_ms } = round;
        println!(
            "{name:12} {requests_per_second:>10.0} {cpu_micros:>12.1} {p50_ms:>8.2} {p99_ms:>8.2}"
        );
    }
    if let [(_, read), (_, keep), (_, door)] = rounds.as_slice() {
        println!("front door / read   {:.2} of the CPU", door.cpu_micros / read.cpu_micros);
        println!("front door / keep   {:.2} of the CPU", door.cpu_micros / keep.cpu_micros);
        println!("front door - keep   {:.1} µs", door.cpu_micros - keep.cpu_micros);
    }
}

/// Each figure by itself.
fn median(rounds: &[Round]) -> Round {
    let middle = |figure: fn(&Round) -> f64| {
        let mut figures: Vec<_> = rounds.iter().map(figure).collect();
        figures.sort_unstable_by(f64::total_cmp);
        figures[figures.len() / 2]
    };
    Round {
        requests_per_second: middle(|round| round.requests_per_second),
        cpu_micros: middle(|round| round.cpu_micros),
        p50_ms: middle(|round| round.p50_ms),
        p99_ms: middle(|round| round.p99_ms),
    }
}
