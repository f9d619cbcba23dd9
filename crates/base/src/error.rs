//! One error type for the crates that do things; see house.md 3.

use std::{borrow::Cow, error::Error as StdError, fmt, panic::Location};

use crate::Code;

/// The result of nearly everything above the pure crates.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong: Tencent's code, a message that names the value, and, for the log only, the
/// source and the place.
pub struct Error(Box<Inner>);

struct Inner {
    code: Code,
    message: Cow<'static, str>,
    source: Option<Box<dyn StdError + Send + Sync>>,
    at: &'static Location<'static>,
}

impl Error {
    /// An error with a message for the caller: lower case, no full stop, names the value.
    #[must_use]
    #[track_caller]
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            code,
            message: message.into(),
            source: None,
            at: Location::caller(),
        }))
    }

    /// Our own fault: the caller sees `internal error`, the log sees the source.
    #[must_use]
    #[track_caller]
    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Code::InternalError, "internal error").with_source(source)
    }

    /// The same error with the cause that the log will print.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Tencent's code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What the caller may read.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The same for a reader of Chinese: what the code says, then the message.
    #[must_use]
    pub fn message_zh(&self) -> String {
        format!("{}：{}", self.0.code.zh(), self.0.message)
    }

    /// Where it was made.
    #[must_use]
    pub fn at(&self) -> &'static Location<'static> {
        self.0.at
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (at {})", self.0.code, self.0.message, self.0.at)?;
        let mut next = self.source();
        while let Some(error) = next {
            write!(f, ": {error}")?;
            next = error.source();
        }
        Ok(())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// Gives an `Option` or a foreign error its code and message.
pub trait OrCode<T> {
    /// # Errors
    /// There was no value.
    fn or_code<M: Into<Cow<'static, str>>>(
        self,
        code: Code,
        message: impl FnOnce() -> M,
    ) -> Result<T>;
}

impl<T> OrCode<T> for Option<T> {
    #[track_caller]
    fn or_code<M: Into<Cow<'static, str>>>(
        self,
        code: Code,
        message: impl FnOnce() -> M,
    ) -> Result<T> {
        match self {
            Some(value) => Ok(value),
            None => Err(Error::new(code, message())),
        }
    }
}

impl<T, E: Into<Box<dyn StdError + Send + Sync>>> OrCode<T> for std::result::Result<T, E> {
    #[track_caller]
    fn or_code<M: Into<Cow<'static, str>>>(
        self,
        code: Code,
        message: impl FnOnce() -> M,
    ) -> Result<T> {
        match self {
            Ok(value) => Ok(value),
            Err(source) => Err(Error::new(code, message()).with_source(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caller_sees_the_message_and_the_log_sees_the_cause() {
        let error =
            "x".parse::<u8>().or_code(Code::InternalError, || "internal error").unwrap_err();
        assert_eq!(error.to_string(), "InternalError: internal error");
        assert!(format!("{error:?}").contains("invalid digit"));
        assert!(error.at().file().ends_with("error.rs"));
    }

    #[test]
    fn a_reader_of_chinese_sees_what_the_code_says_and_the_message() {
        let error = Error::new(Code::FailedOperationDeviceOffline, "device A/d1 is offline");
        assert_eq!(error.message_zh(), "设备不在线：device A/d1 is offline");
    }
}
