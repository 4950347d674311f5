//! What no honest client sends.

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

/// A body and how it says it is compressed.
#[derive(Clone)]
pub(super) struct Hostile {
    pub(super) name: &'static str,
    /// What is answered to it, unless there is too much of it.
    pub(super) status: u16,
    pub(super) encoding: &'static str,
    pub(super) body: Vec<u8>,
}

const MIB: usize = 1 << 20;

/// The event id that everybody uses.
pub(super) const COLLIDING_ID: &str = "00000000000000000000000000000000";

/// The most bytes that an event may have.
const EVENT_BYTES: usize = MIB;

/// Every kind of body; those of a megabyte and more are what the memory is about.
pub(super) fn all() -> Vec<Hostile> {
    let mut bodies = frames();
    bodies.extend(bombs());
    bodies.extend(events().into_iter().map(|(name, event)| plain(name, 200, envelope(&event))));
    bodies
}

fn plain(name: &'static str, status: u16, body: impl Into<Vec<u8>>) -> Hostile {
    Hostile { name, status, encoding: "", body: body.into() }
}

fn envelope(event: &str) -> String {
    format!("{{\"event_id\":\"{COLLIDING_ID}\"}}\n{{\"type\":\"event\"}}\n{event}")
}

/// Envelopes that are hard to cut.
fn frames() -> Vec<Hostile> {
    let long = "x".repeat(10 * MIB);
    let many = "{\"type\":\"x\",\"length\":0}\n\n".repeat(100_000);
    let reports = "{\"type\":\"client_report\"}\n{}\n".repeat(500);
    let file = format!("{{\"type\":\"attachment\",\"length\":{}}}\n", long.len());
    vec![
        plain(
            "a header of 10 MB",
            200,
            format!("{{\"trace\":\"{long}\"}}\n{{\"type\":\"event\"}}\n{{}}"),
        ),
        plain("an item's header of 10 MB", 200, format!("{{}}\n{{\"type\":\"{long}\"}}\n{{}}")),
        plain("a header without an end", 400, format!("{{\"event_id\":\"{long}")),
        plain("100,000 items", 400, format!("{{}}\n{many}")),
        plain("500 client reports", 413, format!("{{}}\n{reports}")),
        plain("a file of 10 MB", 200, format!("{{\"event_id\":\"{COLLIDING_ID}\"}}\n{file}{long}")),
        plain(
            "a length past the end",
            400,
            "{}\n{\"type\":\"event\",\"length\":18446744073709551615}\n{}",
        ),
        plain("a negative length", 400, "{}\n{\"type\":\"event\",\"length\":-1}\n{}"),
        plain("nothing but line ends", 400, "\n".repeat(MIB)),
        plain("nothing but NUL", 400, vec![0; MIB]),
        plain("10,000 open lists as header", 400, format!("{}\n", "[".repeat(10_000))),
    ]
}

/// Little that becomes much, or becomes itself again and again.
fn bombs() -> Vec<Hostile> {
    let gzip = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let largest = gzip(&vec![b' '; 201 * MIB]);
    // It says that it becomes one byte.
    let mut liar = gzip(&vec![b' '; 64 * MIB]);
    let trailer = liar.len() - 4;
    liar[trailer..].copy_from_slice(&1_u32.to_le_bytes());
    let mut layered = envelope("{}").into_bytes();
    for _ in 0..1000 {
        layered = gzip(&layered);
    }
    let zstd = zstd::encode_all(&vec![b' '; 201 * MIB][..], 1).unwrap();
    let brotli = include_bytes!("../../../fixtures/encodings/bomb.br");
    let bomb = |name, encoding, status, body| Hostile { name, status, encoding, body };
    vec![
        bomb("a gzip bomb", "gzip", 413, largest),
        bomb("a gzip bomb that lies", "gzip", 413, liar),
        bomb("a zstd bomb", "zstd", 413, zstd),
        bomb("a brotli bomb", "br", 413, brotli.to_vec()),
        bomb("a thousand layers of gzip", "gzip", 400, layered),
        bomb("what is no gzip", "gzip", 400, envelope("{}").into_bytes()),
    ]
}

/// Events that are hard to read, to clean, to search and to group; none is longer than it may be.
fn events() -> Vec<(&'static str, String)> {
    vec![
        ("100,000 tags", object_of("tags", |n| format!("\"{n}\":0"))),
        ("100,000 facts", object_of("extra", |n| format!("\"{n}\":0"))),
        ("twins", object_of("extra", |n| format!("\"{}\":{n}", n % 2))),
        ("twins of everything", twins()),
        ("10,000 levels", nested(10_000)),
        ("as many levels as fit", nested(EVENT_BYTES / 2 - 20)),
        ("no numbers", object_of("extra", |n| format!("\"{n}\":[NaN,-Infinity,1e400,-1e999]"))),
        ("halves of pairs", text_of("message", "\\ud800")),
        ("NUL everywhere", nul_everywhere()),
        ("what looks secret", text_of("message", "password=4111 1111 1111 1111 Bearer a@b.c ")),
        ("digits", text_of("message", "4111-")),
        ("names of secrets", object_of("extra", |n| format!("\"password{n}\":\"a:b@c\""))),
        ("bytes that are no text", "{\"message\":\"\u{fffd}\"}".replace('\u{fffd}', "\u{7f}")),
        ("exceptions", list_of("exception", r#"{"type":"A","value":"b 0x1f 2026-01-01"}"#)),
        ("frames", stack(r#"{"function":"f","filename":"/a/b.py","context_line":"x"}"#)),
        ("breadcrumbs", list_of("breadcrumbs", r#"{"message":"a","timestamp":-5}"#)),
        ("wrong types", list_of("threads", "[[],{},1,\"x\"]")),
        ("errors", list_of("errors", r#"{"type":"x","name":"y"}"#)),
        ("images", list_of("debug_meta\":{\"images", r#"{"type":"apple","image_addr":-1}"#) + "}"),
        ("a fingerprint without end", list_of("fingerprint", "\"{{ default }}\"")),
        ("a remark on a remark", nested_meta()),
        ("an address of a page", text_of("request\":{\"url", "http://a:b@c/?#%") + "}"),
    ]
}

/// `{"field":"…"}`, as long as it may be.
fn text_of(field: &str, part: &str) -> String {
    let room = EVENT_BYTES - field.len() - 20;
    format!("{{\"{field}\":\"{}\"}}", part.repeat(room / part.len()))
}

/// `{"field":[…]}`, as long as it may be.
fn list_of(field: &str, element: &str) -> String {
    let room = EVENT_BYTES - field.len() - 20;
    let elements = vec![element; room / (element.len() + 1)];
    format!("{{\"{field}\":[{}]}}", elements.join(","))
}

/// `{"field":{…}}` with up to 100,000 entries.
fn object_of(field: &str, entry: impl Fn(usize) -> String) -> String {
    let mut object = format!("{{\"{field}\":{{");
    for number in 0..100_000 {
        let entry = entry(number);
        if object.len() + entry.len() + 3 > EVENT_BYTES {
            break;
        }
        let comma = if number == 0 { "" } else { "," };
        let _ = write!(object, "{comma}{entry}");
    }
    object + "}}"
}

fn stack(frame: &str) -> String {
    let list = list_of("frames", frame);
    let list = &list[..list.len() - 1000 * (frame.len() + 1) - 2];
    format!("{{\"stacktrace\":{list}]}}}}")
}

fn nested(levels: usize) -> String {
    format!("{{\"extra\":{}{}}}", "[".repeat(levels), "]".repeat(levels))
}

fn nested_meta() -> String {
    let levels = 30_000;
    format!("{{\"_meta\":{}{}}}", "{\"\":".repeat(levels) + "{}", "}".repeat(levels))
}

fn twins() -> String {
    let fields = [
        "level",
        "tags",
        "extra",
        "exception",
        "message",
        "user",
        "request",
        "contexts",
        "release",
        "environment",
        "fingerprint",
        "breadcrumbs",
        "threads",
        "timestamp",
        "platform",
        "sdk",
    ];
    let entries = fields.map(|field| format!("\"{field}\":null,\"{field}\":[],\"{field}\":{{}}"));
    format!("{{{}}}", vec![entries.join(","); 200].join(","))
}

fn nul_everywhere() -> String {
    let nul = r"\u0000";
    format!(
        r#"{{"{nul}":"{nul}","message":"{nul}","level":"{nul}","logger":"{nul}","platform":"{nul}",
        "transaction":"{nul}","release":"{nul}","environment":"{nul}","server_name":"{nul}",
        "tags":{{"{nul}":"{nul}","a{nul}b":"c","a":"{nul}b"}},"extra":{{"{nul}":"{nul}"}},
        "user":{{"id":"{nul}","email":"a{nul}","{nul}":1}},"fingerprint":["{nul}"],
        "contexts":{{"{nul}":{{"type":"{nul}"}},"os":{{"name":"{nul}"}}}},
        "request":{{"url":"http://{nul}","headers":{{"User-Agent":"{nul}","{nul}":"{nul}"}}}},
        "breadcrumbs":[{{"message":"{nul}","category":"{nul}"}}],"modules":{{"{nul}":"{nul}"}},
        "exception":[{{"type":"{nul}","value":"{nul}","module":"{nul}","stacktrace":{{"frames":[
        {{"function":"{nul}","filename":"{nul}","module":"{nul}","vars":{{"{nul}":"{nul}"}}}}]}}}}],
        "sdk":{{"name":"{nul}","version":"{nul}"}},"_meta":{{"{nul}":{{"":{{"len":1}}}}}}}}"#
    )
    .replace('\n', "")
}
