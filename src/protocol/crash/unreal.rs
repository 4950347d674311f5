//! The container in which the Unreal engine sends a crash: zlib around files, one behind the other
//! (`protocol.md` §4.6).
//!
//! ```text
//! "CR1" | directory: length u32, bytes | name: length u32, bytes | unpacked size i32 | files i32
//! each file: number i32 | name: length u32, bytes | length u32, bytes
//! ```
//!
//! Numbers are little endian; names are filled up with zeros.

use std::io::Read;
use std::ops::Range;

use serde_json::{Map, Value, json};

/// What a container begins with.
const MAGIC: &[u8] = b"CR1";

/// The largest container, unpacked: a dump, a log and a picture are a tenth of it.
const MAX_BYTES: usize = 100 << 20;

/// The most files.
const MAX_FILES: usize = 100;

/// The longest name; the engine's are of 260 bytes.
const MAX_NAME_BYTES: usize = 4096;

/// The most lines of a log that become breadcrumbs.
const MAX_LOG_LINES: usize = 100;

/// The longest description of a crash, and the most of its facts.
const MAX_CONTEXT_BYTES: usize = 1 << 20;
const MAX_FACTS: usize = 500;

/// A crash: its files.
#[derive(Debug, PartialEq, Eq)]
pub struct Container {
    unpacked: Vec<u8>,
    /// Their names, and where they lie.
    files: Vec<(String, Range<usize>)>,
}

/// A file of a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File<'a> {
    /// What it is called: for display, never a path.
    pub name: &'a str,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The dump of the process.
    Minidump,
    /// What the engine knows about the crash.
    Context,
    /// The program's log.
    Log,
    /// Anything else.
    Other,
}

impl Purpose {
    /// The word for it among attachments.
    pub fn attachment_type(self) -> &'static str {
        match self {
            Self::Minidump => "event.minidump",
            Self::Context => "unreal.context",
            Self::Log => "unreal.logs",
            Self::Other => "event.attachment",
        }
    }
}

impl File<'_> {
    /// What the file is for.
    pub fn purpose(self) -> Purpose {
        let name = self.name.to_ascii_lowercase();
        if super::dump::is_dump(self.bytes) {
            Purpose::Minidump
        } else if name == "crashcontext.runtime-xml" {
            Purpose::Context
        } else if name.rsplit('.').next() == Some("log") {
            Purpose::Log
        } else {
            Purpose::Other
        }
    }
}

impl Container {
    /// Unpacks a crash; `None` if it is none, or past a limit.
    pub fn read(payload: &[u8]) -> Option<Self> {
        let mut unpacked = Vec::new();
        let zlib = flate2::read::ZlibDecoder::new(payload);
        zlib.take(MAX_BYTES as u64 + 1).read_to_end(&mut unpacked).ok()?;
        if unpacked.len() > MAX_BYTES {
            return None;
        }
        let mut rest = Rest { bytes: &unpacked, at: 0 };
        unpacked.starts_with(MAGIC).then(|| rest.take(MAGIC.len()))??;
        rest.name()?;
        rest.name()?;
        rest.number()?;
        let count = usize::try_from(rest.number()?).ok().filter(|count| *count <= MAX_FILES)?;
        let mut files = Vec::new();
        for _ in 0..count {
            rest.number()?;
            let name = rest.name()?;
            let length = usize::try_from(rest.number()?).ok()?;
            files.push((name, rest.take(length)?));
        }
        Some(Self { unpacked, files })
    }

    /// The files in order.
    pub fn files(&self) -> impl Iterator<Item = File<'_>> {
        let files = self.files.iter();
        files.map(|(name, place)| File { name, bytes: &self.unpacked[place.clone()] })
    }

    /// What the files but the dump say, in the fields of an event.
    pub fn event(&self) -> Value {
        let mut event = json!({ "platform": "native", "level": "fatal" });
        for file in self.files() {
            match file.purpose() {
                Purpose::Context => {
                    let facts = facts(file.bytes);
                    if let Some(words) = facts.get("ErrorMessage").filter(|words| **words != "") {
                        event["logentry"] = json!({ "formatted": words });
                    }
                    event["contexts"] = json!({ "unreal": facts });
                }
                Purpose::Log => {
                    let text = String::from_utf8_lossy(file.bytes);
                    let last: Vec<&str> = text.lines().rev().take(MAX_LOG_LINES).collect();
                    let crumbs = last.iter().rev().filter(|line| !line.trim().is_empty());
                    let crumbs = crumbs.map(|line| json!({ "message": line, "category": "log" }));
                    event["breadcrumbs"] = crumbs.collect();
                }
                Purpose::Minidump | Purpose::Other => {}
            }
        }
        event
    }

    /// The dump of the process, if there is one.
    pub fn dump(&self) -> Option<&[u8]> {
        self.files().find(|file| file.purpose() == Purpose::Minidump).map(|file| file.bytes)
    }
}

/// What has not been read yet.
struct Rest<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Rest<'_> {
    fn take(&mut self, length: usize) -> Option<Range<usize>> {
        let end = self.at.checked_add(length).filter(|end| *end <= self.bytes.len())?;
        let taken = self.at..end;
        self.at = end;
        Some(taken)
    }

    fn number(&mut self) -> Option<i32> {
        let place = self.take(4)?;
        Some(i32::from_le_bytes(self.bytes[place].try_into().ok()?))
    }

    fn name(&mut self) -> Option<String> {
        let length = usize::try_from(self.number()?).ok().filter(|it| *it <= MAX_NAME_BYTES)?;
        let place = self.take(length)?;
        let text = String::from_utf8_lossy(&self.bytes[place]);
        Some(text.trim_end_matches('\0').to_owned())
    }
}

/// The facts of the engine's description: elements that hold nothing but text. It is XML that a program
/// writes line by line, so nothing more of XML needs to be understood.
fn facts(xml: &[u8]) -> Map<String, Value> {
    let text = String::from_utf8_lossy(&xml[..xml.len().min(MAX_CONTEXT_BYTES)]);
    let mut facts = Map::new();
    let mut rest = &*text;
    while let Some((name, value, behind)) = next_element(rest) {
        rest = behind;
        let Some(value) = value.filter(|value| !value.trim().is_empty()) else { continue };
        if facts.len() == MAX_FACTS {
            break;
        }
        facts.entry(name).or_insert_with(|| unescaped(value.trim()).into());
    }
    facts
}

/// The next element that begins: its name, its text if it holds nothing else, and what stands behind its
/// beginning.
fn next_element(text: &str) -> Option<(&str, Option<&str>, &str)> {
    let (_, from) = text.split_once('<')?;
    let (tag, behind) = from.split_once('>')?;
    let name = tag.split_ascii_whitespace().next().unwrap_or_default();
    let inner = behind.split_once('<').filter(|(_, end)| {
        end.strip_prefix('/')
            .and_then(|end| end.strip_prefix(name))
            .is_some_and(|end| end.starts_with('>'))
    });
    let value = inner
        .map(|(value, _)| value)
        .filter(|_| !name.is_empty() && !name.starts_with(['/', '?', '!']));
    Some((name, value, behind))
}

fn unescaped(text: &str) -> String {
    let entities =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    entities.iter().fold(text.to_owned(), |text, (entity, plain)| text.replace(entity, plain))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    /// A container as the engine writes it.
    pub(crate) fn container(files: &[(&str, &[u8])]) -> Vec<u8> {
        let number = |value: usize| i32::try_from(value).unwrap().to_le_bytes();
        let name = |text: &str| {
            let mut bytes = vec![0; 260];
            bytes[..text.len()].copy_from_slice(text.as_bytes());
            [&number(260)[..], &bytes].concat()
        };
        let mut plain = b"CR1".to_vec();
        plain.extend([name("UECC-Linux-1"), name("UECC-Linux-1.crash")].concat());
        plain.extend([number(0), number(files.len())].concat());
        for (place, (file, bytes)) in files.iter().enumerate() {
            plain.extend(number(place));
            plain.extend(name(file));
            plain.extend(number(bytes.len()));
            plain.extend_from_slice(bytes);
        }
        packed(&plain)
    }

    fn packed(plain: &[u8]) -> Vec<u8> {
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        zlib.write_all(plain).unwrap();
        zlib.finish().unwrap()
    }

    const CONTEXT: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<FGenericCrashContext>\n<RuntimeProperties>\n\
        <CrashGUID>UECC-Linux-1</CrashGUID>\n<ErrorMessage>Assertion failed: a &lt; b</ErrorMessage>\n<Empty></Empty>\n\
        <GameName>Shop-Linux</GameName>\n</RuntimeProperties>\n</FGenericCrashContext>\n";

    #[test]
    fn the_files_of_a_crash_are_told_apart() {
        let packed = container(&[
            ("CrashContext.runtime-xml", CONTEXT),
            ("Shop.log", b"one\n\ntwo\n"),
            ("Minidump.dmp", b"MDMP..."),
            ("x.txt", b""),
        ]);
        let crash = Container::read(&packed).unwrap();
        let purposes: Vec<_> = crash.files().map(File::purpose).collect();
        assert_eq!(purposes, [Purpose::Context, Purpose::Log, Purpose::Minidump, Purpose::Other]);
        assert_eq!(crash.dump(), Some(&b"MDMP..."[..]));
        let event = crash.event();
        assert_eq!(event["logentry"]["formatted"], "Assertion failed: a < b");
        assert_eq!(event["contexts"]["unreal"]["GameName"], "Shop-Linux");
        assert_eq!(event["contexts"]["unreal"].as_object().unwrap().len(), 3);
        let crumbs: Vec<_> = event["breadcrumbs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["message"].clone())
            .collect();
        assert_eq!(crumbs, ["one", "two"]);
    }

    #[test]
    fn what_is_no_crash_or_past_a_limit_is_none() {
        let whole = container(&[("a", b"b")]);
        assert!(Container::read(&whole).is_some());
        for cut in [0, 1, whole.len() / 2, whole.len() - 5] {
            assert_eq!(Container::read(&whole[..cut]), None, "{cut}");
        }
        assert_eq!(Container::read(&packed(b"CR1")), None);
        assert_eq!(Container::read(&packed(b"MDMP")), None);
        let many = vec![("a", &b""[..]); MAX_FILES + 1];
        assert_eq!(Container::read(&container(&many)), None);
        assert!(Container::read(&container(&many[1..])).is_some());
        let endless = [&b"CR1"[..], &[0xff; 64]].concat();
        assert_eq!(Container::read(&packed(&endless)), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Container::read(&bytes);
            let _ = Container::read(&packed(&[b"CR1", bytes.as_slice()].concat()));
            let _ = facts(&bytes);
        }
    }
}
