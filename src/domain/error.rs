//! What can go wrong in a rule, sorted by what the caller can do about it. Knows no HTTP.

/// The result of a verb.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a verb did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The thing does not exist, or the caller may not know that it does.
    #[error("not found")]
    NotFound,
    /// A value cannot be used; `problem` says what to do about it.
    #[error("{field}: {problem}")]
    Invalid {
        /// The field, as the form or API calls it.
        field: &'static str,
        /// A sentence for the person who filled it in.
        problem: String,
    },
    /// Somebody else was faster, or the thing is in the wrong state.
    #[error("{0}")]
    Conflict(String),
    /// The caller is known and may not do this.
    #[error("not allowed")]
    Forbidden,
    /// A stated limit is reached.
    #[error("{0}")]
    LimitReached(String),
    /// The database failed; trying again may help.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// Anything else, a bug or a broken environment.
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

impl Error {
    /// Shorthand for [`Error::Invalid`].
    pub fn invalid(field: &'static str, problem: impl Into<String>) -> Self {
        Self::Invalid { field, problem: problem.into() }
    }
}
