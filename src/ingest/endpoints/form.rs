//! Forms with files: `multipart/form-data`.

use std::convert::Infallible;

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use futures_util::stream::{self, Stream};
use multer::{Constraints, Multipart, SizeLimit};

use crate::ingest::Error;

/// The most fields of a form: clients send some tens.
const MAX_FIELDS: usize = 1000;

/// A field of a form.
pub(super) struct Field {
    /// What it is called.
    pub(super) name: String,
    /// What the file is called, if it is one.
    pub(super) filename: Option<String>,
    /// The media type of the file.
    pub(super) content_type: Option<String>,
    /// Its bytes.
    pub(super) bytes: Bytes,
}

/// What stands between the fields, by the type of the body.
pub(super) fn boundary(request: &Parts) -> Result<String, Error> {
    let value = request.headers.get(CONTENT_TYPE).ok_or(Error::NoContentType)?;
    let value = value.to_str().map_err(|_| Error::NoContentType)?;
    multer::parse_boundary(value).map_err(|error| match error {
        multer::Error::NoBoundary => Error::InvalidMultipart,
        _ => Error::ContentType,
    })
}

/// The form, which is in memory and was measured.
pub(super) fn open(form: Bytes, boundary: String) -> Multipart<'static> {
    let size = SizeLimit::new().whole_stream(u64::MAX).per_field(u64::MAX);
    Multipart::with_constraints(whole(form), boundary, Constraints::new().size_limit(size))
}

fn whole(form: Bytes) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    stream::iter([Ok(form)])
}

/// All fields in order.
pub(super) async fn fields(form: Bytes, boundary: String) -> Result<Vec<Field>, Error> {
    let mut form = open(form, boundary);
    let mut fields = Vec::new();
    while let Some(field) = form.next_field().await.map_err(|_| Error::InvalidMultipart)? {
        if fields.len() == MAX_FIELDS {
            return Err(Error::InvalidMultipart);
        }
        fields.push(Field {
            name: field.name().unwrap_or_default().to_owned(),
            filename: field.file_name().map(str::to_owned),
            content_type: field.content_type().map(ToString::to_string),
            bytes: field.bytes().await.map_err(|_| Error::InvalidMultipart)?,
        });
    }
    Ok(fields)
}
