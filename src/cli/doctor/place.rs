//! The data directory, and the machine it is on.

use std::fs;
use std::path::Path;

use nix::sys::statvfs::statvfs;

use super::Finding;
use crate::base::{Clock, Timestamp};
use crate::config::Config;
use crate::infra::db::migrate;
use crate::infra::supplied::Supplied;
use crate::infra::supplied::devices::DeviceTable;
use crate::infra::supplied::places::PlaceDatabase;

/// With less room the journal may have to refuse events during the next outage of Postgres.
const COMFORTABLE_BYTES: u64 = 2 << 30;

/// With less, Postgres itself may stop at the next burst.
const NEEDED_BYTES: u64 = 200 << 20;

pub(super) fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = vec![clock(Clock::system().now())];
    findings.extend(config.ingest.geo_database.as_deref().map(geo_database));
    findings.extend(config.ingest.device_names.as_deref().map(device_names));
    let data_dir = std::path::absolute(&config.data_dir).unwrap_or(config.data_dir.clone());
    if !data_dir.exists() {
        findings.push(Finding::good(
            "data directory",
            format!("`{}` is not there yet; the first start makes it", data_dir.display()),
        ));
        return findings;
    }
    findings.push(writable(&data_dir));
    findings.push(space(&data_dir));
    findings.push(quarantine(&data_dir.join("quarantine")));
    findings
}

/// Retention and sign-ins go by the clock; before the day this version was made it is certainly wrong.
fn clock(now: Timestamp) -> Finding {
    let made = migrate::latest_day();
    if now.date_naive() < made {
        return Finding::problem(
            "clock",
            format!("the clock says {now}, but this Picket was made after {made}; set the clock"),
        );
    }
    Finding::good("clock", format!("{}", now.format("%Y-%m-%d %H:%M:%S UTC")))
}

fn geo_database(path: &Path) -> Finding {
    let remedy = "put a City or Country database there, or unset PICKET__INGEST__GEO_DATABASE";
    supplied::<PlaceDatabase>("geo database", path, remedy)
}

fn device_names(path: &Path) -> Finding {
    let remedy =
        "put Google Play's `supported_devices.csv` there, or unset PICKET__INGEST__DEVICE_NAMES";
    supplied::<DeviceTable>("device names", path, remedy)
}

/// Events go on without such a file, so nobody would notice.
fn supplied<T: Supplied>(what: &'static str, path: &Path, remedy: &str) -> Finding {
    let path_text = path.display();
    match T::open(path) {
        Ok(file) => Finding::good(what, format!("`{path_text}` is {}", file.describe())),
        Err(why) => {
            let why = anyhow::Error::from(why);
            Finding::problem(what, format!("`{path_text}` {why:#}; {remedy}"))
        }
    }
}

fn writable(data_dir: &Path) -> Finding {
    let probe = data_dir.join(".doctor");
    let tried = fs::write(&probe, b"").and_then(|()| fs::remove_file(&probe));
    match tried {
        Ok(()) => Finding::good("data directory", format!("`{}` is writable", data_dir.display())),
        Err(error) => Finding::problem(
            "data directory",
            format!(
                "cannot write to `{}` ({error}); give it to this user or set PICKET__DATA_DIR to another",
                data_dir.display()
            ),
        ),
    }
}

fn space(data_dir: &Path) -> Finding {
    match statvfs(data_dir) {
        Ok(disk) => judge_space(free_bytes(&disk)),
        Err(error) => Finding::warning("disk space", format!("could not be read ({error})")),
    }
}

/// The widths of these numbers differ between systems.
#[expect(clippy::useless_conversion, reason = "not useless on macOS")]
fn free_bytes(disk: &nix::sys::statvfs::Statvfs) -> u64 {
    u64::from(disk.blocks_available()) * u64::from(disk.fragment_size())
}

fn judge_space(free: u64) -> Finding {
    let text = format!("{} MiB are free", free >> 20);
    if free < NEEDED_BYTES {
        Finding::problem(
            "disk space",
            format!("only {text}; make room or lower `retention.events_days`"),
        )
    } else if free < COMFORTABLE_BYTES {
        Finding::warning(
            "disk space",
            format!("only {text}; make room or lower `retention.events_days`"),
        )
    } else {
        Finding::good("disk space", text)
    }
}

/// Each envelope that was set aside has a file beside it that says why.
fn quarantine(directory: &Path) -> Finding {
    let reasons = fs::read_dir(directory).map_or(0, |entries| {
        entries
            .flatten()
            .filter(|entry| entry.path().extension().is_some_and(|e| e == "json"))
            .count()
    });
    if reasons == 0 {
        return Finding::good("quarantine", "no envelope had to be set aside");
    }
    Finding::warning(
        "quarantine",
        format!(
            "{reasons} envelopes could not be understood; Settings → Quarantine and the `.json` files in `{}` say \
             why. Report those that come from an SDK, then try them again or delete them",
            directory.display()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn a_clock_of_the_past_is_a_problem() {
        assert_eq!(clock(Clock::system().now()).verdict, Verdict::Good);
        let unset = clock(Timestamp::UNIX_EPOCH);
        assert_eq!(unset.verdict, Verdict::Problem);
        assert!(unset.text.contains("1970-01-01"), "{}", unset.text);
    }

    #[test]
    fn little_space_is_a_warning_and_almost_none_a_problem() {
        assert_eq!(judge_space(50 << 30).verdict, Verdict::Good);
        assert_eq!(judge_space(1 << 30).verdict, Verdict::Warning);
        assert_eq!(judge_space(1 << 20).verdict, Verdict::Problem);
    }

    #[test]
    fn envelopes_in_quarantine_are_counted_by_their_reasons() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(quarantine(&directory.path().join("missing")).verdict, Verdict::Good);
        fs::write(directory.path().join("lane-0-1.json"), "{}").unwrap();
        fs::write(directory.path().join("lane-0-1.envelope"), "").unwrap();
        let finding = quarantine(directory.path());
        assert_eq!(finding.verdict, Verdict::Warning);
        assert!(finding.text.starts_with("1 envelopes"), "{}", finding.text);
    }
}
