//! What a file's bytes are, whatever its name or its sender says.

/// The bytes that are looked at to tell text.
const PROBE_BYTES: usize = 64 * 1024;

/// What the first bytes of a file tell. Only what is told here is ever shown on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A PNG image.
    Png,
    /// A JPEG image.
    Jpeg,
    /// A GIF image.
    Gif,
    /// A WebP image.
    Webp,
    /// UTF-8 without control characters that no text has.
    Text,
    /// Anything else.
    Other,
}

impl Content {
    /// Looks at the bytes of a file.
    pub fn of(bytes: &[u8]) -> Self {
        match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Self::Png,
            [0xff, 0xd8, 0xff, ..] => Self::Jpeg,
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Self::Gif,
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Self::Webp,
            [] => Self::Other,
            _ if is_text(bytes) => Self::Text,
            _ => Self::Other,
        }
    }

    /// Whether a page may show it as an image.
    pub fn is_image(self) -> bool {
        matches!(self, Self::Png | Self::Jpeg | Self::Gif | Self::Webp)
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Text => "text/plain",
            Self::Other => "application/octet-stream",
        }
    }

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Gif => "gif",
            Self::Webp => "webp",
            Self::Text => "text",
            Self::Other => "",
        }
    }
}

impl From<String> for Content {
    fn from(word: String) -> Self {
        let all = [Self::Png, Self::Jpeg, Self::Gif, Self::Webp, Self::Text];
        all.into_iter().find(|one| one.as_str() == word).unwrap_or(Self::Other)
    }
}

fn is_text(bytes: &[u8]) -> bool {
    let probe = &bytes[..bytes.len().min(PROBE_BYTES)];
    let valid = match std::str::from_utf8(probe) {
        Ok(text) => text,
        // A character may have been cut through, but only at the end of the probe.
        Err(error) if error.error_len().is_none() && probe.len() < bytes.len() => {
            std::str::from_utf8(&probe[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    // Escape begins the colours of terminals, which logs are full of.
    let is_allowed =
        |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\u{c}' | '\u{1b}');
    valid.chars().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_their_bytes() {
        for (bytes, expected) in [
            (b"\x89PNG\r\n\x1a\n\0\0".as_slice(), Content::Png),
            (b"\xff\xd8\xff\xe0", Content::Jpeg),
            (b"GIF89a", Content::Gif),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Content::Webp),
            (b"<svg onload=alert(1)>", Content::Text),
            (b"2026-11-22 \x1b[31mERROR\x1b[0m\tdisk full\r\n", Content::Text),
            (b"MDMP\x93\xa7\0\0", Content::Other),
            (b"caf\xe9", Content::Other),
            (b"", Content::Other),
        ] {
            assert_eq!(Content::of(bytes), expected, "{bytes:?}");
            assert_eq!(Content::from(expected.as_str().to_owned()), expected);
        }
    }

    #[test]
    fn a_character_across_the_end_of_the_probe_is_still_text() {
        let mut long = vec![b'x'; PROBE_BYTES - 1];
        long.extend_from_slice("äöü".as_bytes());
        assert_eq!(Content::of(&long), Content::Text);
        assert_eq!(Content::of(&long[..PROBE_BYTES]), Content::Other);
    }
}
