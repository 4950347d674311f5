//! What is sent: session updates as SDKs send them, each in an envelope of its own.

use chrono::{SecondsFormat, TimeDelta, Utc};
use libdeflater::{CompressionLvl, Compressor};
use serde_json::json;
use uuid::Uuid;

const RELEASES: usize = 20;

const ENVIRONMENTS: [&str; 3] = ["production", "staging", "qa"];

const USERS: usize = 50_000;

/// Gzipped envelopes.
pub(crate) struct Bodies {
    gzipped: Vec<Vec<u8>>,
}

impl Bodies {
    /// `count` updates of half as many sessions. A session ends while the next hundred begin.
    pub(crate) fn new(count: usize) -> Self {
        let mut compressor = Compressor::new(CompressionLvl::fastest());
        let mut gzipped = Vec::with_capacity(count);
        let mut ended = 0;
        let mut begun = 0;
        while gzipped.len() < count {
            let is_end = begun - ended > 100 || begun * 2 >= count;
            let session = if is_end { ended } else { begun };
            gzipped.push(gzip(&mut compressor, &envelope(session, is_end)));
            if is_end {
                ended += 1;
            } else {
                begun += 1;
            }
        }
        Self { gzipped }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.gzipped.len()
    }

    /// The body of this number.
    pub(crate) fn get(&self, index: usize) -> Option<&[u8]> {
        self.gzipped.get(index).map(Vec::as_slice)
    }
}

fn envelope(session: usize, is_end: bool) -> String {
    // Minutes of the day in an order that jumps about, as users do.
    let minutes = i64::try_from(session * 7919 % 1430).unwrap();
    let started = Utc::now() - TimeDelta::minutes(minutes + 5);
    let status = match session % 100 {
        _ if !is_end => "ok",
        0 => "crashed",
        1 => "abnormal",
        _ => "exited",
    };
    let update = json!({
        "sid": Uuid::from_u128(0x5e55_0000_0000_4000_8000_0000_0000_0000 | session as u128),
        "did": format!("user-{}", session * 31 % USERS),
        "init": !is_end,
        "seq": if is_end { 2 } else { 1 },
        "started": started.to_rfc3339_opts(SecondsFormat::Millis, true),
        "timestamp": Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true),
        "status": status,
        "errors": usize::from(is_end && session.is_multiple_of(25)),
        "attrs": {
            "release": format!("shop@1.{}.0", session % RELEASES),
            "environment": ENVIRONMENTS[session / 3 % ENVIRONMENTS.len()],
        },
    })
    .to_string();
    let length = update.len();
    format!("{{}}\n{{\"type\":\"session\",\"length\":{length}}}\n{update}\n")
}

fn gzip(compressor: &mut Compressor, plain: &str) -> Vec<u8> {
    let mut out = vec![0; compressor.gzip_compress_bound(plain.len())];
    let length = compressor.gzip_compress(plain.as_bytes(), &mut out).unwrap();
    out.truncate(length);
    out
}
