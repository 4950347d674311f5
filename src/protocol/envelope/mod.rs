//! The envelope: a line about the whole, then items, each a line about itself and a payload
//! (`protocol.md` §3).
//!
//! [`Envelope::parse`] cuts the bytes without copying a payload and without looking into one. It is
//! as strict as the framing needs, and lenient where strictness would only lose an event: `\r\n`
//! after a header, blank lines at the end, a byte order mark, `length: null`, wrong types in
//! attributes that do not matter for the framing.
//!
//! How many items of which size may travel together is said in [`limits`].

mod header;
mod item;
pub mod limits;
mod write;

#[cfg(test)]
mod tests;

pub use header::{ClientSdk, EnvelopeHeader};
pub use item::{Item, ItemHeader, ItemType};
pub use write::{write_header, write_item};

/// The most items of one envelope.
pub const MAX_ITEMS: usize = 500;

/// A request's worth of telemetry, cut into its items.
#[derive(Debug)]
pub struct Envelope<'a> {
    /// About the whole.
    pub header: EnvelopeHeader,
    /// The items in order.
    pub items: Vec<Item<'a>>,
}

/// Why bytes are no envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Nothing but white space.
    #[error("missing envelope header")]
    MissingHeader,
    /// The first line is no JSON object, or holds an impossible event id.
    #[error("invalid envelope header")]
    InvalidHeader,
    /// The line about an item is no JSON object, has no type, or an impossible length.
    #[error("invalid item header")]
    InvalidItemHeader,
    /// Something else stands where a line must end.
    #[error("missing newline after header or payload")]
    MissingNewline,
    /// A length reaches past the last byte.
    #[error("unexpected end of file")]
    UnexpectedEnd,
    /// More than [`MAX_ITEMS`] items.
    #[error("too many individual items")]
    TooManyItems,
}

impl<'a> Envelope<'a> {
    /// Cuts `body` into header and items.
    ///
    /// # Errors
    /// When the framing or a header is broken; nothing of such an envelope can be trusted.
    pub fn parse(body: &'a [u8]) -> Result<Self, EnvelopeError> {
        let mut cursor = Cursor { rest: body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body) };
        cursor.skip_white_space();
        if cursor.rest.is_empty() {
            return Err(EnvelopeError::MissingHeader);
        }
        let header = cursor.header(EnvelopeHeader::read).ok_or(EnvelopeError::InvalidHeader)?;
        cursor.end_of_line()?;
        let mut items = Vec::new();
        while let Some(item) = cursor.item()? {
            if items.len() == MAX_ITEMS {
                return Err(EnvelopeError::TooManyItems);
            }
            items.push(item);
        }
        Ok(Self { header, items })
    }

    /// Whether any item makes an event, so that the envelope needs an event id.
    pub fn creates_event(&self) -> bool {
        self.items.iter().any(Item::creates_event)
    }
}

/// What is still to be read.
struct Cursor<'a> {
    rest: &'a [u8],
}

/// Reads one header from the start of some bytes and says how many of them it was.
type ReadHeader<T> = fn(&[u8]) -> Option<(T, usize)>;

/// Past this, a header that is no UTF-8 is not worth mending.
const MAX_MENDED_BYTES: usize = 64 * 1024;

impl<'a> Cursor<'a> {
    fn skip_white_space(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    fn take(&mut self, bytes: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        taken
    }

    /// How many bytes there are before the next line feed.
    fn line_length(&self) -> usize {
        memchr::memchr(b'\n', self.rest).unwrap_or(self.rest.len())
    }

    /// Reads a header; if its line is no UTF-8 (file names in old code pages), reads what a person
    /// would see.
    fn header<T>(&mut self, read: ReadHeader<T>) -> Option<T> {
        if let Some((header, bytes)) = read(self.rest) {
            self.take(bytes);
            return Some(header);
        }
        let line = &self.rest[..self.line_length()];
        if line.len() > MAX_MENDED_BYTES || std::str::from_utf8(line).is_ok() {
            return None;
        }
        let mended = String::from_utf8_lossy(line);
        let (header, bytes) = read(mended.as_bytes())?;
        if mended[bytes..].trim_end_matches('\r').is_empty() {
            self.take(line.len());
            return Some(header);
        }
        None
    }

    fn end_of_line(&mut self) -> Result<(), EnvelopeError> {
        self.rest = self.rest.strip_prefix(b"\r").unwrap_or(self.rest);
        self.line_feed()
    }

    fn line_feed(&mut self) -> Result<(), EnvelopeError> {
        match self.rest.split_first() {
            None => Ok(()),
            Some((b'\n', rest)) => {
                self.rest = rest;
                Ok(())
            }
            Some(_) => Err(EnvelopeError::MissingNewline),
        }
    }

    fn item(&mut self) -> Result<Option<Item<'a>>, EnvelopeError> {
        self.skip_white_space();
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (header, length) =
            self.header(ItemHeader::read).ok_or(EnvelopeError::InvalidItemHeader)?;
        self.end_of_line()?;
        let payload = match length {
            None => self.take(self.line_length()),
            Some(length) => {
                let length = usize::try_from(length).map_err(|_| EnvelopeError::UnexpectedEnd)?;
                if length > self.rest.len() {
                    return Err(EnvelopeError::UnexpectedEnd);
                }
                self.take(length)
            }
        };
        // With a length, the payload may be followed by `\r\n` like any line; without one a `\r`
        // cannot be told from the payload and is part of it.
        self.end_of_line()?;
        Ok(Some(Item { header, payload }))
    }
}
