//! The files that came with an event. Only what their bytes prove to be an image or a text is shown;
//! everything else is there to be saved.

use sqlx::PgConnection;

use crate::base::{EventId, ProjectId, Timestamp};
use crate::domain::attachments::{self, Attachment, VIEW_HIERARCHY};
use crate::domain::events::EventRow;
use crate::protocol::lenient::Raw;
use crate::web::Result;
use crate::web::components::number;
use crate::web::components::tree::Tree;

/// Larger images are not shown in the page.
pub const MAX_IMAGE_BYTES: i64 = 20 << 20;

/// Of so many texts a beginning is shown: a page does not read thirty files.
const MAX_PREVIEWS: usize = 5;

/// How much of a text is shown.
const MAX_PREVIEW_CHARS: usize = 4_000;

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachmentView {
    /// What it is called.
    pub name: String,
    /// What it is for: `File`, `Minidump` …
    pub kind: &'static str,
    /// Its media type.
    pub media_type: String,
    /// `1.4 kB`.
    pub size: String,
    /// Where it is saved from.
    pub url: String,
    /// Where it is shown from, if it is an image.
    pub image_url: Option<String>,
    /// How a text begins.
    pub preview: String,
    /// Whether the text goes on.
    pub is_cut: bool,
    /// What was on the screen, if the file says so.
    pub tree: Tree,
}

/// The files of an event whose address is `event_url`.
pub async fn load(
    db: &mut PgConnection,
    row: &EventRow,
    event_url: &str,
) -> Result<Vec<AttachmentView>> {
    load_of(db, (row.project_id, row.event_id, row.received_at), event_url).await
}

/// The files of an event or feedback that was received at a moment.
pub async fn load_of(
    db: &mut PgConnection,
    (project, id, received_at): (ProjectId, EventId, Timestamp),
    url: &str,
) -> Result<Vec<AttachmentView>> {
    let files = attachments::list(db, project, id, received_at).await?;
    let mut views = Vec::with_capacity(files.len());
    let mut previews = 0;
    for file in &files {
        let mut view = AttachmentView::new(file, url);
        let is_text = file.content == attachments::Content::Text;
        if is_text && previews < MAX_PREVIEWS {
            previews += 1;
            let start = attachments::read_chunk(db, file, 0).await?;
            view.add_text(file, &start);
        }
        views.push(view);
    }
    // What there is to see comes first.
    views.sort_by_key(|view| view.image_url.is_none());
    Ok(views)
}

impl AttachmentView {
    /// The view of a file, without what is in it.
    pub fn new(file: &Attachment, event_url: &str) -> Self {
        let url = format!("{event_url}/attachments/{}", file.attachment_id);
        let is_shown = file.content.is_image() && file.size <= MAX_IMAGE_BYTES;
        Self {
            name: file.display_name().to_owned(),
            kind: file.kind_words(),
            media_type: file.media_type().to_owned(),
            size: number::bytes(file.size.unsigned_abs()),
            image_url: is_shown.then(|| format!("{url}/image")),
            url,
            preview: String::new(),
            is_cut: false,
            tree: Tree::default(),
        }
    }

    fn add_text(&mut self, file: &Attachment, start: &[u8]) {
        let is_whole = i64::try_from(start.len()) == Ok(file.size);
        if file.kind == VIEW_HIERARCHY
            && is_whole
            && let Some(raw) = Raw::from_text(String::from_utf8_lossy(start))
        {
            self.tree = Tree::of_value(&raw);
            return;
        }
        // A character may end in the next chunk; it would be far behind the preview.
        let text = String::from_utf8_lossy(&start[..start.len().min(4 * MAX_PREVIEW_CHARS)]);
        self.preview = text.chars().take(MAX_PREVIEW_CHARS).collect();
        self.is_cut = !is_whole || self.preview.len() < start.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attachments::{NewAttachment, PLAIN, Stated};

    fn view(kind: &'static str, bytes: &[u8]) -> AttachmentView {
        let at = "2026-11-22T12:00:00Z".parse().unwrap();
        let stated = Stated { kind, name: "<b>x</b>", content_type: "image/svg+xml" };
        let new = NewAttachment::pack(ProjectId(1), EventId::random(), (at, 0), stated, bytes);
        let mut view = AttachmentView::new(&new.about, "/default/issues/A-1/events/x");
        view.add_text(&new.about, bytes);
        view
    }

    #[test]
    fn an_image_is_what_its_bytes_say_and_not_its_sender() {
        assert_eq!(view(PLAIN, b"<svg onload=alert(1)>").image_url, None);
        assert!(view(PLAIN, b"\x89PNG\r\n\x1a\n").image_url.is_some());
    }

    #[test]
    fn a_long_text_is_cut_where_a_character_ends() {
        let long = view(PLAIN, "ä".repeat(MAX_PREVIEW_CHARS + 1).as_bytes());
        assert_eq!(long.preview, "ä".repeat(MAX_PREVIEW_CHARS));
        assert!(long.is_cut);
        let whole = view(PLAIN, "ä".repeat(MAX_PREVIEW_CHARS).as_bytes());
        assert!(!whole.is_cut);
    }

    #[test]
    fn what_was_on_the_screen_is_a_tree() {
        let shown = view(VIEW_HIERARCHY, br#"{"rendering_system":"x","windows":[]}"#);
        assert!(!shown.tree.is_empty() && shown.preview.is_empty());
        let broken = view(VIEW_HIERARCHY, b"{");
        assert!(broken.tree.is_empty() && broken.preview == "{");
    }
}
