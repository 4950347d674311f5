//! The `process_…` metrics that Prometheus expects of every program, read from `/proc` when they are asked
//! for. Elsewhere than on Linux there are none.

use std::fmt::Write;
use std::fs;

/// Ticks of the times in `/proc/self/stat`. Linux keeps this number for its interfaces on all common
/// machines, whatever the kernel's own.
const TICKS_PER_SECOND: f64 = 100.0;

/// Appends the metrics of this process.
pub(super) fn render(text: &mut String) {
    let Some(facts) = Facts::read() else { return };
    let whole = [
        ("process_resident_memory_bytes", "Memory that is really there.", facts.resident_bytes),
        ("process_virtual_memory_bytes", "Memory that is promised.", facts.virtual_bytes),
        ("process_open_fds", "Open files and connections.", facts.open_files),
        ("process_max_fds", "The most open files and connections.", facts.max_files),
        ("process_threads", "Threads.", facts.threads),
    ];
    for (name, help, value) in whole {
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n\n");
    }
    let _ = write!(
        text,
        "# HELP process_cpu_seconds_total Time on a processor.\n\
         # TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total {}\n\n\
         # HELP process_start_time_seconds When the process began, since 1970.\n\
         # TYPE process_start_time_seconds gauge\nprocess_start_time_seconds {}\n",
        facts.cpu_seconds, facts.start_seconds
    );
}

#[derive(Debug)]
struct Facts {
    cpu_seconds: f64,
    start_seconds: f64,
    resident_bytes: u64,
    virtual_bytes: u64,
    threads: u64,
    open_files: u64,
    max_files: u64,
}

impl Facts {
    fn read() -> Option<Self> {
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        let system = fs::read_to_string("/proc/stat").ok()?;
        let limits = fs::read_to_string("/proc/self/limits").ok()?;
        let (cpu_ticks, start_ticks) = ticks(&stat)?;
        Some(Self {
            cpu_seconds: cpu_ticks / TICKS_PER_SECOND,
            start_seconds: field::<f64>(&system, "btime")? + start_ticks / TICKS_PER_SECOND,
            resident_bytes: field::<u64>(&status, "VmRSS:")? * 1024,
            virtual_bytes: field::<u64>(&status, "VmSize:")? * 1024,
            threads: field(&status, "Threads:")?,
            open_files: fs::read_dir("/proc/self/fd").ok()?.count() as u64,
            max_files: field(&limits, "Max open files")?,
        })
    }
}

/// Processor time and start of `/proc/self/stat`. The name in parentheses may hold anything, so count from
/// behind it: there the state is the first field.
fn ticks(stat: &str) -> Option<(f64, f64)> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<f64>().ok();
    Some((number(11)? + number(12)?, number(19)?))
}

/// The first word behind `name` at the start of a line.
fn field<T: std::str::FromStr>(text: &str, name: &str) -> Option<T> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_and_parentheses_confuses_nobody() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 9 0 0 0 150 50 0 0 20 0 3 0 4242 1 2 3";
        assert_eq!(ticks(stat), Some((200.0, 4242.0)));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_memory_threads_and_a_beginning() {
        let facts = Facts::read().unwrap();
        assert!(facts.resident_bytes > 1 << 20 && facts.virtual_bytes >= facts.resident_bytes);
        assert!(facts.threads >= 1 && facts.open_files >= 3 && facts.max_files >= facts.open_files);
        let now = crate::base::Clock::system().now().timestamp_micros();
        let now = std::time::Duration::from_micros(now.cast_unsigned()).as_secs_f64();
        assert!((now - facts.start_seconds).abs() < 3600.0, "{facts:?}");
    }
}
