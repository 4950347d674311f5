//! `picket serve`: the server. Also what `picket` alone does.

use std::path::Path;

use anyhow::{Context, Result};
use tokio::net::TcpListener;
use tracing::info;

use crate::app::{App, Essentials, Parts};
use crate::base::Clock;
use crate::config::Config;
use crate::domain::{organizations, projects};
use crate::infra::compression::Dictionaries;
use crate::infra::db::{self, Database, Purpose};
use crate::infra::{lifecycle, throttle::Throttle};
use crate::server::{self, lanes};

/// Serves until a signal comes.
pub(super) async fn run(config: Config, shim: &Path) -> Result<()> {
    // First of all: whoever has the port is most likely another Picket, and nothing is started yet.
    let listener = bind(&config).await?;
    let config = with_address(config, &listener)?;
    let database = db::open(&config, Purpose::Serve, shim).await?;
    let served = serve(config, &database, listener).await;
    // After the last batch; a private Postgres writes its checkpoint now.
    database.close().await;
    info!("Stopped");
    served
}

async fn serve(config: Config, database: &Database, listener: TcpListener) -> Result<()> {
    let clock = Clock::system();
    let journals = lanes::open_journals(&config, clock.clone()).with_context(|| {
        format!("could not open the journal in `{}`", config.data_dir.display())
    })?;
    let app = App::new(Parts {
        essentials: Essentials { db: database.pool.clone(), config, clock },
        journals,
        dictionaries: Dictionaries::default(),
        sign_in_throttle: Throttle::default(),
    });
    greet(&app).await?;
    server::serve(app, listener, lifecycle::signalled()).await
}

async fn bind(config: &Config) -> Result<TcpListener> {
    let address = &config.server.listen;
    TcpListener::bind(address).await.with_context(|| {
        format!(
            "could not listen on {address}; is another Picket running? PICKET__SERVER__LISTEN \
             chooses another address"
        )
    })
}

/// Port 0 means any free port; links and DSNs need the one it became.
fn with_address(mut config: Config, listener: &TcpListener) -> Result<Config> {
    if config.server.listen.ends_with(":0") {
        config.server.listen = listener.local_addr()?.to_string();
    }
    Ok(config)
}

/// Tells whoever started it where to go. On the standard output, beside the log: scripts read it.
#[expect(clippy::print_stdout, reason = "the words for the person at the terminal")]
async fn greet(app: &App) -> Result<()> {
    let url = app.config.server.base_url();
    println!("Picket {} is running at {url}", env!("CARGO_PKG_VERSION"));
    if let Some(link) = organizations::first_run::link(app).await? {
        println!("Nobody has an account yet. This link creates the first one, once:\n  {link}");
    }
    if let Some(offer) = projects::starter::offer(app).await? {
        let dsn = projects::dsn(&app.config.server, &offer.public_key, offer.project_id);
        println!("DSN of the project `{}`:\n  {dsn}", offer.name);
    }
    Ok(())
}
