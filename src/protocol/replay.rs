//! What a user saw and did (`protocol.md` §4.13): what a replay says about itself. The recording stays as
//! it is.

use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::strict::{self, Text, loose, loose_moment};
use crate::base::Timestamp;

/// The most errors and traces that one piece may name.
const MAX_IDS: usize = 100;

/// The longest line about a recording.
const MAX_HEADER_BYTES: usize = 64 * 1024;

/// About a piece of a replay.
#[derive(Clone, Debug, Deserialize)]
pub struct ReplayEvent<'a> {
    /// The replay.
    pub replay_id: Uuid,
    /// The number of the piece.
    pub segment_id: u16,
    /// When the piece ended.
    #[serde(default, deserialize_with = "loose_moment")]
    pub timestamp: Option<Timestamp>,
    /// When the replay began.
    #[serde(default, deserialize_with = "loose_moment")]
    pub replay_start_timestamp: Option<Timestamp>,
    /// Why it was recorded: `session`, or `buffer` around an error.
    #[serde(borrow, default, deserialize_with = "loose")]
    pub replay_type: Option<Text<'a>>,
    /// The pages that were seen.
    #[serde(borrow, default, deserialize_with = "loose")]
    pub urls: Option<Vec<Text<'a>>>,
    /// The errors that happened.
    #[serde(borrow, default)]
    error_ids: Option<&'a RawValue>,
    /// The traces that were begun.
    #[serde(borrow, default)]
    trace_ids: Option<&'a RawValue>,
}

/// A recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recording<'a> {
    /// The number of the piece.
    pub segment_id: u16,
    /// How it is packed.
    pub packing: Packing,
    /// The recording.
    pub body: &'a [u8],
}

/// How a recording is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// As JSON.
    Plain,
    /// As zlib of it.
    Zlib,
}

/// A replay as a film.
#[derive(Clone, Debug, Deserialize)]
pub struct ReplayVideo<'a> {
    /// About the piece: [`ReplayEvent`] as JSON.
    #[serde(borrow)]
    pub replay_event: &'a [u8],
    /// The touches: [`Recording`].
    #[serde(borrow)]
    pub replay_recording: &'a [u8],
    /// The film.
    #[serde(borrow)]
    pub replay_video: &'a [u8],
}

#[derive(Deserialize)]
struct RecordingHeader {
    segment_id: u16,
}

impl<'a> ReplayEvent<'a> {
    /// Reads what is known about a piece; `None` if it does not say which piece of which replay it is.
    pub fn read(text: &'a str) -> Option<Self> {
        let event: Self = strict::object(text).ok()?;
        let is_long = |ids: &str| {
            serde_json::from_str::<Vec<&RawValue>>(ids).is_ok_and(|list| list.len() > MAX_IDS)
        };
        let lists = [event.error_ids, event.trace_ids];
        let is_too_long = lists.into_iter().flatten().any(|ids| is_long(ids.get()));
        (!is_too_long).then_some(event)
    }

    /// The errors that happened; what is no id is left out.
    pub fn error_ids(&self) -> Vec<Uuid> {
        let texts: Option<Vec<Text<'_>>> =
            self.error_ids.and_then(|raw| serde_json::from_str(raw.get()).ok());
        texts.unwrap_or_default().iter().filter_map(|text| Uuid::try_parse(text).ok()).collect()
    }
}

impl<'a> Recording<'a> {
    /// Reads the line about a recording; `None` if there is no such line, or no recording behind it.
    pub fn read(payload: &'a [u8]) -> Option<Self> {
        let head = &payload[..payload.len().min(MAX_HEADER_BYTES)];
        let (header, _) = payload.split_at(memchr::memchr(b'\n', head)?);
        let body = &payload[header.len() + 1..];
        let header: RecordingHeader = strict::object(std::str::from_utf8(header).ok()?).ok()?;
        let packing = if *body.first()? == b'[' { Packing::Plain } else { Packing::Zlib };
        // The first byte of zlib: deflate, with a window that exists.
        let is_zlib = body[0] & 0x0f == 8 && body[0] >> 4 <= 7;
        (packing == Packing::Plain || is_zlib).then_some(Self {
            segment_id: header.segment_id,
            packing,
            body,
        })
    }
}

impl<'a> ReplayVideo<'a> {
    /// Reads a film; `None` if anything is missing.
    pub fn read(payload: &'a [u8]) -> Option<Self> {
        let video: Self = rmp_serde::from_slice(payload).ok()?;
        let about = std::str::from_utf8(video.replay_event).ok()?;
        let segment_id = ReplayEvent::read(about)?.segment_id;
        let is_whole = Recording::read(video.replay_recording)?.segment_id == segment_id;
        (is_whole && !video.replay_video.is_empty()).then_some(video)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::protocol::recorded::{bytes, payloads};

    #[test]
    fn what_a_browser_recorded_is_read() {
        for name in ["browser/browser_replay", "browser/browser_replay_onerror"] {
            let about = payloads(name, "replay_event");
            let recordings = bytes(name, "replay_recording");
            assert_eq!((about.len(), recordings.len()), (3, 3));
            for (about, recording) in about.iter().zip(&recordings) {
                let about = ReplayEvent::read(about).unwrap();
                let recording = Recording::read(recording).unwrap();
                assert_eq!(
                    (about.segment_id, Packing::Zlib),
                    (recording.segment_id, recording.packing)
                );
                let mut json = Vec::new();
                flate2::read::ZlibDecoder::new(recording.body).read_to_end(&mut json).unwrap();
                assert!(json.starts_with(b"[{"));
            }
        }
        let about = payloads("browser/browser_replay", "replay_event");
        assert_eq!(ReplayEvent::read(&about[1]).unwrap().error_ids().len(), 1);
    }

    #[test]
    fn a_piece_has_a_number_that_fits() {
        let piece = |segment: &str, ids: usize| {
            let ids = vec![r#""6df5539ea8ea49dd824b374691c60fc6""#; ids].join(",");
            let text = format!(
                r#"{{"replay_id":"6df5539ea8ea49dd824b374691c60fc6","segment_id":{segment},"trace_ids":[{ids}]}}"#
            );
            ReplayEvent::read(&text).is_some()
        };
        assert!(piece("0", 0) && piece("65535", 100));
        for (segment, ids) in [("65536", 0), ("-1", 0), ("null", 0), ("\"1\"", 0), ("1", 101)] {
            assert!(!piece(segment, ids), "{segment}, {ids}");
        }
    }

    #[test]
    fn a_recording_is_a_line_and_something_behind_it() {
        let read = |payload: &[u8]| Recording::read(payload).map(|recording| recording.packing);
        assert_eq!(read(b"{\"segment_id\":1}\n[]"), Some(Packing::Plain));
        for bad in [
            &b""[..],
            b"\n",
            b"{\"segment_id\":1}",
            b"{\"segment_id\":1}\n",
            b"{}\n[]",
            b"{\"segment_id\":1}\ny",
        ] {
            assert_eq!(read(bad), None, "{}", String::from_utf8_lossy(bad));
        }
    }

    #[test]
    fn a_film_has_three_parts() {
        let about = br#"{"replay_id":"6df5539ea8ea49dd824b374691c60fc6","segment_id":3}"#;
        let film = |recording: &[u8], video: &[u8]| {
            let mut packed = vec![0x83];
            for (name, value) in [
                ("replay_event", &about[..]),
                ("replay_recording", recording),
                ("replay_video", video),
            ] {
                packed.push(0xa0 | u8::try_from(name.len()).unwrap());
                packed.extend_from_slice(name.as_bytes());
                packed.extend_from_slice(&[0xc4, u8::try_from(value.len()).unwrap()]);
                packed.extend_from_slice(value);
            }
            packed
        };
        let whole = film(b"{\"segment_id\":3}\n[]", b"mp4");
        assert!(ReplayVideo::read(&whole).is_some());
        for cut in [0, 1, 20, whole.len() - 1] {
            assert!(ReplayVideo::read(&whole[..cut]).is_none(), "{cut}");
        }
        assert!(ReplayVideo::read(&film(b"{\"segment_id\":4}\n[]", b"mp4")).is_none());
        assert!(ReplayVideo::read(&film(b"{\"segment_id\":3}\n[]", b"")).is_none());
    }
}
