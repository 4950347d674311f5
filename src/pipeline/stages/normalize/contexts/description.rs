//! What a system or runtime calls itself, in one line of text.

/// What such a line says.
#[derive(Debug, PartialEq)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) version: Option<String>,
    pub(super) build: Option<String>,
}

impl Named {
    fn new(name: &str, version: Option<&str>) -> Self {
        Self { name: name.to_owned(), version: version.map(str::to_owned), build: None }
    }

    fn with_build(self, build: Option<&str>) -> Self {
        Self { build: build.map(str::to_owned), ..self }
    }
}

/// How descriptions of Apple's systems begin, and what the systems are called.
const APPLE: [(&str, &str); 4] =
    [("Mac OS X", "macOS"), ("macOS", "macOS"), ("iPadOS", "iPadOS"), ("iOS", "iOS")];

/// The operating system that `text` describes.
pub(super) fn of_os(text: &str) -> Option<Named> {
    let text = text.trim();
    if text.starts_with("Microsoft Windows") || text.starts_with("Windows") {
        return Some(windows(text));
    }
    if let Some(rest) = text.strip_prefix("Android") {
        // Unity: `Android OS 9 / API-28 (PPR1.180610.011)`.
        let rest = rest.trim_start_matches(" OS").split('/').next().unwrap_or_default();
        return Some(Named::new("Android", version_in(rest)));
    }
    for (prefix, name) in APPLE {
        if let Some(rest) = text.strip_prefix(prefix) {
            return Some(Named::new(name, version_in(rest)).with_build(in_parentheses(rest)));
        }
    }
    if text.starts_with("Nintendo Switch") {
        return Some(Named::new("Nintendo OS", None));
    }
    uname(text)
}

/// A line of `uname`: the system, perhaps the machine's name, the kernel's version.
fn uname(text: &str) -> Option<Named> {
    let name = text.split_whitespace().next()?;
    let is_known = matches!(name, "Linux" | "Darwin" | "FreeBSD" | "OpenBSD" | "NetBSD" | "SunOS");
    is_known.then(|| Named::new(name, version_in(&text[name.len()..])))
}

fn windows(text: &str) -> Named {
    // `Windows 10  (10.0.18363) 64bit`: the word with the build says more than the first.
    let full = versions_in(text).find(|version| version.matches('.').count() >= 2);
    let version = full.or_else(|| version_in(text)).unwrap_or_default();
    let build = version.split('.').nth(2);
    let name = build.and_then(|build| build.parse().ok()).and_then(windows_version);
    Named::new("Windows", name.or(Some(version).filter(|version| !version.is_empty())))
        .with_build(build)
}

/// The name under which a build of Windows was sold.
fn windows_version(build: u32) -> Option<&'static str> {
    Some(match build {
        2600..=3790 => "XP",
        6002 => "Vista",
        7601 => "7",
        9200 => "8",
        9600 => "8.1",
        10240..22000 => "10",
        22000.. => "11",
        _ => return None,
    })
}

/// The runtime that `text` describes: `Mono 5.10.1 (tarball)`, `.NET Core 3.1`.
pub(super) fn of_runtime(text: &str) -> Option<Named> {
    let version = version_in(text)?;
    let at = text.find(version)?;
    let name = text[..at].trim().trim_end_matches('v').trim_end();
    (!name.is_empty()).then(|| Named::new(name, Some(version)))
}

/// The version of .NET Framework that has this release number.
pub(super) fn of_dotnet_build(build: i64) -> Option<&'static str> {
    const RELEASES: [(i64, &str); 13] = [
        (533_320, "4.8.1"),
        (528_040, "4.8"),
        (461_808, "4.7.2"),
        (461_308, "4.7.1"),
        (460_798, "4.7"),
        (394_802, "4.6.2"),
        (394_254, "4.6.1"),
        (393_295, "4.6"),
        (379_893, "4.5.2"),
        (378_675, "4.5.1"),
        (378_389, "4.5"),
        (30_319, "4.0"),
        (0, ""),
    ];
    let (_, version) = RELEASES.iter().find(|(first, _)| *first <= build)?;
    Some(*version).filter(|version| !version.is_empty())
}

/// The first word that begins with a digit, as far as it is digits and dots.
fn version_in(text: &str) -> Option<&str> {
    versions_in(text).next()
}

fn versions_in(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ','));
    let words = words.map(|word| word.trim_start_matches('v'));
    words.filter(|word| word.starts_with(|c: char| c.is_ascii_digit())).map(|word| {
        let end = word.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(word.len());
        word[..end].trim_end_matches('.')
    })
}

fn in_parentheses(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once('(')?;
    let (inner, _) = rest.split_once(')')?;
    Some(inner.trim().trim_start_matches("Build ")).filter(|inner| !inner.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_are_told_by_their_descriptions() {
        for (text, name, version, build) in [
            ("Microsoft Windows 10.0.19045", "Windows", Some("10"), Some("19045")),
            ("Microsoft Windows NT 10.0.22631.0", "Windows", Some("11"), Some("22631")),
            ("Windows 10  (10.0.18363) 64bit", "Windows", Some("10"), Some("18363")),
            ("Microsoft Windows NT 6.1.7601 Service Pack 1", "Windows", Some("7"), Some("7601")),
            ("Mac OS X 10.14.2 (18C54)", "macOS", Some("10.14.2"), Some("18C54")),
            ("iOS 13.3", "iOS", Some("13.3"), None),
            ("iPadOS 14.1", "iPadOS", Some("14.1"), None),
            ("Android OS 9 / API-28 (PPR1.180610.011)", "Android", Some("9"), None),
            ("Android 12 / API-31", "Android", Some("12"), None),
            ("Linux 4.18.20-arch1-1-ARCH #1 SMP", "Linux", Some("4.18.20"), None),
            ("Linux web-1 6.1.0-18-amd64 #1", "Linux", Some("6.1.0"), None),
            ("Darwin 17.4.0 Darwin Kernel Version 17.4.0", "Darwin", Some("17.4.0"), None),
            ("Nintendo Switch", "Nintendo OS", None, None),
        ] {
            let expected = Named::new(name, version).with_build(build);
            assert_eq!(of_os(text), Some(expected), "{text}");
        }
        assert_eq!(of_os("something else 1.0"), None);
        assert_eq!(of_os(""), None);
    }

    #[test]
    fn runtimes_are_told_by_their_descriptions() {
        for (text, name, version) in [
            ("Mono 5.10.1.47 (2017-12/8eb8f7d5e74)", "Mono", "5.10.1.47"),
            (".NET Core 3.1.0", ".NET Core", "3.1.0"),
            (".NET Framework 4.8.9037.0", ".NET Framework", "4.8.9037.0"),
            ("node v20.11.1", "node", "20.11.1"),
        ] {
            assert_eq!(of_runtime(text), Some(Named::new(name, Some(version))), "{text}");
        }
        assert_eq!(of_runtime("4.5"), None);
        assert_eq!(of_runtime("Unity"), None);
    }

    #[test]
    fn a_release_number_of_the_net_framework_is_a_version() {
        assert_eq!(of_dotnet_build(461_814), Some("4.7.2"));
        assert_eq!(of_dotnet_build(528_449), Some("4.8"));
        assert_eq!(of_dotnet_build(12), None);
        assert_eq!(of_dotnet_build(-1), None);
    }
}
