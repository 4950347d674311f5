//! The address of a project, as it is pasted into a client (`protocol.md` §2.1).

use std::fmt;
use std::str::FromStr;

use crate::base::ProjectId;

/// `{scheme}://{public_key}@{host}[:{port}][/{prefix}]/{project}`.
///
/// The secret that very old DSNs have behind the key is accepted and forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dsn {
    /// Whether clients use `https`.
    pub is_secure: bool,
    /// The key, any text that fits a URL; see [`super::auth::PublicKey`] for what ours look like.
    pub public_key: String,
    /// The host and, if it is not the scheme's own, the port.
    pub authority: String,
    /// What stands before the project in the path: empty, or `/prefix`.
    pub prefix: String,
    /// The project.
    pub project_id: ProjectId,
}

/// Why a text is no DSN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a DSN looks like https://<key>@<host>/<project number>")]
pub struct InvalidDsn;

impl Dsn {
    /// The DSN of a project of the server at `base_url` (`https://errors.example.com/prefix`).
    fn new(base_url: &str, public_key: &str, project_id: ProjectId) -> Result<Self, InvalidDsn> {
        let (is_secure, rest) = split_scheme(base_url)?;
        let (authority, prefix) = match rest.split_once('/') {
            Some((authority, path)) => (authority, path.trim_matches('/')),
            None => (rest, ""),
        };
        if !is_authority(authority) {
            return Err(InvalidDsn);
        }
        Ok(Self {
            is_secure,
            public_key: public_key.to_owned(),
            authority: authority.to_owned(),
            prefix: if prefix.is_empty() { String::new() } else { format!("/{prefix}") },
            project_id,
        })
    }
}

impl FromStr for Dsn {
    type Err = InvalidDsn;

    fn from_str(text: &str) -> Result<Self, InvalidDsn> {
        let (is_secure, rest) = split_scheme(text.trim())?;
        let (user, rest) = rest.split_once('@').ok_or(InvalidDsn)?;
        let public_key = user.split(':').next().unwrap_or_default();
        let (rest, project) = rest.trim_end_matches('/').rsplit_once('/').ok_or(InvalidDsn)?;
        if public_key.is_empty() || public_key.contains(['/', '?', '#']) {
            return Err(InvalidDsn);
        }
        let project_id = project_id(project).ok_or(InvalidDsn)?;
        let scheme = if is_secure { "https" } else { "http" };
        Self::new(&format!("{scheme}://{rest}"), public_key, project_id)
    }
}

impl fmt::Display for Dsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { is_secure, public_key, authority, prefix, project_id } = self;
        let scheme = if *is_secure { "https" } else { "http" };
        write!(f, "{scheme}://{public_key}@{authority}{prefix}/{project_id}")
    }
}

/// Reads the number of a project as it stands in a path: digits and nothing else.
pub fn project_id(text: &str) -> Option<ProjectId> {
    // `parse` alone would accept a sign.
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

fn split_scheme(text: &str) -> Result<(bool, &str), InvalidDsn> {
    let (scheme, rest) = text.split_once("://").ok_or(InvalidDsn)?;
    match scheme.to_ascii_lowercase().as_str() {
        "https" => Ok((true, rest)),
        "http" => Ok((false, rest)),
        _ => Err(InvalidDsn),
    }
}

/// Whether `text` is a host with an optional port. IPv6 hosts stand in brackets.
fn is_authority(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (text, None),
    };
    let is_port = |port: &str| port.parse::<u16>().is_ok() && !port.starts_with('+');
    let is_bracketed = host.starts_with('[') && host.ends_with(']');
    let is_host_byte = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') || !byte.is_ascii()
    };
    let is_host = if is_bracketed {
        host[1..host.len() - 1].parse::<std::net::Ipv6Addr>().is_ok()
    } else {
        !host.is_empty() && host.bytes().all(is_host_byte)
    };
    is_host && port.is_none_or(is_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dsn_is_read_and_written_alike() {
        for text in [
            "http://0123456789abcdef0123456789abcdef@127.0.0.1:9999/42",
            "https://0123456789abcdef0123456789abcdef@errors.example.com/1",
            "https://0123456789abcdef0123456789abcdef@example.com/one/two/7",
            "http://0123456789abcdef0123456789abcdef@[::1]:8000/3",
        ] {
            assert_eq!(text.parse::<Dsn>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_secret_behind_the_key_is_forgotten() {
        let dsn: Dsn = "https://key:secret@host/5".parse().unwrap();
        assert_eq!(dsn.to_string(), "https://key@host/5");
        let dsn: Dsn = " HTTPS://key@host:9000/path/5/ ".parse().unwrap();
        assert_eq!(dsn.to_string(), "https://key@host:9000/path/5");
    }

    #[test]
    fn what_is_no_dsn_is_refused() {
        for text in [
            "",
            "x",
            "https://host/1",
            "https://@host/1",
            "https://key@host",
            "https://key@host/",
            "https://key@host/abc",
            "https://key@host/-1",
            "https://key@host/+1",
            "https://key@host/18446744073709551616",
            "https://key@/1",
            "https://key@host:/1",
            "https://key@host:99999/1",
            "https://key@ho st/1",
            "https://key@[::x]/1",
            "https://key@[/1",
            "ftp://key@host/1",
            "https://a/b@host/1",
        ] {
            assert_eq!(text.parse::<Dsn>(), Err(InvalidDsn), "{text}");
        }
    }
}
