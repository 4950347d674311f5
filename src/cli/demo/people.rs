//! The people who meet the errors.

use super::chance::Chance;

const FIRST_NAMES: [&str; 32] = [
    "Amira", "Ben", "Chiara", "Daniel", "Elif", "Femi", "Grace", "Hiro", "Ivan", "Jonas", "Kavya",
    "Liam", "Mei", "Noah", "Olga", "Pedro", "Quinn", "Rosa", "Samir", "Tove", "Uma", "Viktor",
    "Wanda", "Xavier", "Yara", "Zoe", "Anders", "Beatriz", "Chen", "Dalia", "Emeka", "Farah",
];

const LAST_NAMES: [&str; 32] = [
    "Abe",
    "Berg",
    "Costa",
    "Diallo",
    "Evans",
    "Fischer",
    "Garcia",
    "Haddad",
    "Ito",
    "Jensen",
    "Kaya",
    "Lopez",
    "Meyer",
    "Novak",
    "Okafor",
    "Park",
    "Rossi",
    "Silva",
    "Tanaka",
    "Usman",
    "Varga",
    "Weber",
    "Xu",
    "Yilmaz",
    "Zhang",
    "Ahmed",
    "Brown",
    "Dubois",
    "Eriksen",
    "Fernandes",
    "Gupta",
    "Hansen",
];

/// Browsers, the most usual first.
const AGENTS: [&str; 8] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0",
];

/// Sets their chances apart from those of the events.
const PEOPLE: u64 = 0x7065_6f70_6c65;

/// What is known about one of them. The same number is always the same person.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) address: String,
    pub(super) agent: &'static str,
}

impl Person {
    pub(super) fn new(number: u64) -> Self {
        let mut chance = Chance::of(PEOPLE, number);
        let first = FIRST_NAMES[chance.skewed(FIRST_NAMES.len())];
        let last = LAST_NAMES[chance.skewed(LAST_NAMES.len())];
        // Addresses and domains that are set apart for examples (RFC 5737, RFC 2606).
        let network = ["192.0.2", "198.51.100", "203.0.113"][chance.skewed(3)];
        Self {
            id: (100_000 + number * 7).to_string(),
            name: format!("{first} {last}"),
            email: format!("{first}.{last}{number}@example.com").to_lowercase(),
            address: format!("{network}.{}", chance.between(1, 254)),
            agent: AGENTS[chance.skewed(AGENTS.len())],
        }
    }
}
