//! Points in time as text: RFC 3339 in UTC, whole seconds, as tags and records carry them.

use std::time::SystemTime;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Writes a point in time.
pub fn rfc3339(at: SystemTime) -> String {
    let at = OffsetDateTime::from(at);
    let whole = at.replace_nanosecond(0).unwrap_or(at);
    // Only years past 9999 cannot be written.
    whole.format(&Rfc3339).unwrap_or_default()
}

/// The same in milliseconds: where the order of two counts that came within a second.
pub fn precise(at: SystemTime) -> String {
    let at = OffsetDateTime::from(at);
    let millis = at.nanosecond() / 1_000_000 * 1_000_000;
    at.replace_nanosecond(millis).unwrap_or(at).format(&Rfc3339).unwrap_or_default()
}

/// Reads a point in time; `None` for anything else.
pub fn parse(text: &str) -> Option<SystemTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok().map(SystemTime::from)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn stamp_is_read_back_as_it_was_written() {
        let at = UNIX_EPOCH + Duration::from_secs(1_795_000_000);
        assert_eq!(super::rfc3339(at), "2026-11-18T11:06:40Z");
        assert_eq!(super::parse("2026-11-18T11:06:40Z"), Some(at));
        let later = at + Duration::from_micros(250_700);
        assert_eq!(super::precise(later), "2026-11-18T11:06:40.25Z");
        assert_eq!(super::parse(&super::precise(later)), Some(at + Duration::from_millis(250)));
    }
}
