//! Moments as RFC 3339 writes them: `2030-01-31T18:00:00Z`, with fractions and offsets.

use std::time::{Duration, SystemTime};

const DAY: i64 = 86_400;

/// Reads a moment; nothing where the text is none, or one before 1970.
pub(crate) fn parse(text: &str) -> Option<SystemTime> {
    let mut rest = text;
    let year = number(&mut rest, 4)?;
    let month = after(&mut rest, &['-'], 2).filter(|month| (1..=12).contains(month))?;
    let day = after(&mut rest, &['-'], 2).filter(|day| (1..=days_of(year, month)).contains(day))?;
    let hour = after(&mut rest, &['T', 't', ' '], 2).filter(|hour| *hour < 24)?;
    let minute = after(&mut rest, &[':'], 2).filter(|minute| *minute < 60)?;
    // 60 is a leap second.
    let second = after(&mut rest, &[':'], 2).filter(|second| *second <= 60)?;
    let nanoseconds = fraction(&mut rest)?;
    let seconds = days_since_1970(year, month, day) * DAY + hour * 3_600 + minute * 60 + second - offset(rest)?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::new(u64::try_from(seconds).ok()?, nanoseconds))
}

/// Exactly so many digits.
fn number(rest: &mut &str, digits: usize) -> Option<i64> {
    let text = rest.get(..digits).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    *rest = &rest[digits..];
    text.parse().ok()
}

fn after(rest: &mut &str, separators: &[char], digits: usize) -> Option<i64> {
    *rest = rest.strip_prefix(separators)?;
    number(rest, digits)
}

/// Nanoseconds; digits beyond them are dropped.
fn fraction(rest: &mut &str) -> Option<u32> {
    let Some(digits) = rest.strip_prefix('.') else { return Some(0) };
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    *rest = &digits[length..];
    let nine: String = digits[..length].chars().chain(std::iter::repeat('0')).take(9).collect();
    nine.parse().ok().filter(|_| length > 0)
}

/// Seconds east of Greenwich.
fn offset(text: &str) -> Option<i64> {
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let mut rest = text;
    let hours = after(&mut rest, &['+', '-'], 2).filter(|hours| *hours < 24)?;
    let minutes = after(&mut rest, &[':'], 2).filter(|minutes| *minutes < 60)?;
    rest.is_empty().then_some(sign * (hours * 3_600 + minutes * 60))
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let before = year - 1;
    let leap_days = before / 4 - before / 100 + before / 400;
    // 719,162 days lie before 1970-01-01 in the calendar that begins with year 1.
    let year_begins = before * 365 + leap_days - 719_162;
    year_begins + (1..month).map(|month| days_of(year, month)).sum::<i64>() + day - 1
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use proptest::prelude::*;

    use super::parse;

    #[test]
    fn moments_are_read_with_fractions_and_offsets() {
        let cases = [
            ("1970-01-01T00:00:00Z", 0),
            ("2001-09-09T01:46:40Z", 1_000_000_000_000),
            ("2001-09-09T03:46:40+02:00", 1_000_000_000_000),
            ("2001-09-08t23:16:40.5-02:30", 1_000_000_000_500),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000),
            ("2030-01-31 18:00:00z", 1_896_112_800_000),
        ];
        for (text, millis) in cases {
            assert_eq!(parse(text), Some(SystemTime::UNIX_EPOCH + Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        let texts = ["", "2030-01-31", "2030-01-31T18:00:00", "2030-02-30T00:00:00Z", "2023-02-29T00:00:00Z"];
        let more = ["2030-13-01T00:00:00Z", "2030-01-01T24:00:00Z", "2030-01-01T00:00:00.Z", "1960-01-01T00:00:00Z"];
        for text in texts.into_iter().chain(more).chain(["2030-01-01T00:00:00+2:00", "2030-01-01T00:00:00Zx"]) {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*|[0-9TZ:.+-]{0,30}") {
            let _ = parse(&text);
        }
    }
}
