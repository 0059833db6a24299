//! How a process ended.

/// What `wait` says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Code(i32),
    Signal(i32),
}

impl Exit {
    /// As a shell says it: the code, or 128 and the signal's number.
    pub(crate) fn status(self) -> u8 {
        let status = match self {
            Self::Code(code) => code,
            Self::Signal(number) => 128 + number,
        };
        // Both lie within a byte: the kernel keeps eight bits of a code, and there are 64 signals.
        u8::try_from(status & 0xff).unwrap_or(u8::MAX)
    }
}
