//! Postgres's log, taken from its standard error and passed on in ours.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::{debug, warn};

use super::shim;

/// The sentence that Postgres writes when clients may connect, unchanged for decades.
const READY: &str = "database system is ready to accept connections";

/// How many of the last lines are kept to explain an end.
const KEPT_LINES: usize = 12;

/// The last lines that Postgres has written.
#[derive(Clone, Debug, Default)]
pub(super) struct Tail(Arc<Mutex<VecDeque<String>>>);

impl Tail {
    fn push(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// The last line.
    pub(super) fn last(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.back().cloned().unwrap_or_default()
    }

    /// Why the server ended, in its own words: its complaints, or all that is left if it made none.
    pub(super) fn explanation(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(complaint) = lines.iter().find_map(|line| shim::complaint(line)) {
            return complaint.to_owned();
        }
        let complaints: Vec<&str> =
            lines.iter().filter(|line| !line.starts_with("LOG:")).map(|line| line.trim()).collect();
        if complaints.is_empty() {
            return lines.iter().map(String::as_str).collect::<Vec<_>>().join("; ");
        }
        complaints.join("; ")
    }
}

/// Reads until the server and all its processes have closed their end; calls `ready` when clients may come.
pub(super) fn follow(output: impl Read, tail: &Tail, mut ready: impl FnMut()) {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    loop {
        line.clear();
        match output.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        pass_on(text);
        if text.contains(READY) {
            ready();
        }
        tail.push(text.to_owned());
    }
}

/// Passes a line on in our log, as loud as it is there.
fn pass_on(line: &str) {
    if is_notable(line) {
        warn!("Postgres says: {line}");
    } else {
        debug!("Postgres says: {line}");
    }
}

/// Postgres's `ERROR` is about one statement: whoever sent it hears of it and logs it.
fn is_notable(line: &str) -> bool {
    match line.split_once(":  ") {
        // Whoever stops it knows; a connection that it ends otherwise says so itself.
        Some(("FATAL", "terminating connection due to administrator command")) => false,
        Some(("PANIC" | "FATAL" | "WARNING", _)) => true,
        // One of its processes crashed; it recovers, but somebody should know.
        Some(("LOG", message)) => message.contains("was terminated by signal"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_explained_by_the_complaints_and_not_by_the_chatter() {
        let tail = Tail::default();
        let output = "LOG:  starting PostgreSQL 15.18\n\
            FATAL:  could not map anonymous shared memory: Cannot allocate memory\n\
            HINT:  Reduce the request.\n\
            LOG:  database system is shut down\n";
        let mut is_ready = false;

        follow(output.as_bytes(), &tail, || is_ready = true);

        assert_eq!(
            tail.explanation(),
            "FATAL:  could not map anonymous shared memory: Cannot allocate memory; HINT:  Reduce the request."
        );
        assert!(!is_ready);
    }

    #[test]
    fn the_server_is_ready_when_it_says_so() {
        let mut times = 0;
        let output = "LOG:  listening\nLOG:  database system is ready to accept connections\n";
        follow(output.as_bytes(), &Tail::default(), || times += 1);
        assert_eq!(times, 1);
    }

    #[test]
    fn a_failed_statement_is_left_to_who_sent_it_and_a_crash_is_not() {
        assert!(!is_notable("ERROR:  duplicate key value"));
        assert!(!is_notable("LOG:  checkpoint starting: time"));
        assert!(!is_notable("FATAL:  terminating connection due to administrator command"));
        assert!(is_notable("FATAL:  could not open file"));
        assert!(is_notable("PANIC:  could not write to file"));
        assert!(is_notable("LOG:  server process (PID 9) was terminated by signal 9: Killed"));
    }

    #[test]
    fn only_the_last_lines_are_kept() {
        let tail = Tail::default();
        let output =
            (0..100).map(|number| format!("WARNING:  {number}")).collect::<Vec<_>>().join("\n");
        follow(output.as_bytes(), &tail, || {});
        assert!(!tail.explanation().contains("87"));
        assert!(tail.explanation().ends_with("WARNING:  99"));
        assert_eq!(tail.last(), "WARNING:  99");
    }
}
