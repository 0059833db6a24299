//! Durations as GNU `timeout` reads them: a number as C's `strtod` reads it, and at most one of `s m h d`.

use std::time::Duration;

/// The shortest that is not zero. What is too small to be counted is rounded up to it, because zero means "no limit".
const SHORTEST: Duration = Duration::from_nanos(1);

/// Reads a duration; zero means that there is no limit. One beyond all counting is the longest there is.
///
/// Nothing, where the text is none: negative, not a number, with another or a second suffix.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let text = text.trim_start_matches([' ', '\t', '\n', '\r', '\u{b}', '\u{c}']);
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).and_then(hexadecimal);
    let (number, rest) = hex.or_else(|| infinity(text)).or_else(|| decimal(text))?;
    let factor = match rest {
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return None,
    };
    if number.zero {
        return Some(Duration::ZERO);
    }
    // C has a negative zero, which is no less than zero.
    if negative { None } else { Some(counted(number.value * factor)) }
}

/// A number. What is too small for a float is not zero all the same.
struct Number {
    value: f64,
    zero: bool,
}

fn counted(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX).max(SHORTEST)
}

/// The longest number that the text begins with, and the rest.
fn decimal(text: &str) -> Option<(Number, &str)> {
    let mantissa = mantissa(text, |byte| byte.is_ascii_digit())?;
    let end = mantissa + exponent(&text[mantissa..], b'e').map_or(0, |(length, _)| length);
    let value = text[..end].parse().ok()?;
    let zero = !text[..mantissa].bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    Some((Number { value, zero }, &text[end..]))
}

/// The same behind `0x`. Its exponent is one of two, and `d` is a digit.
fn hexadecimal(text: &str) -> Option<(Number, &str)> {
    let mantissa = mantissa(text, |byte| byte.is_ascii_hexdigit())?;
    let (length, power) = exponent(&text[mantissa..], b'p').unwrap_or((0, 0));
    let mut value = 0.0_f64;
    let mut place = 0;
    let mut behind_point = false;
    for byte in text[..mantissa].chars() {
        let Some(digit) = byte.to_digit(16) else {
            behind_point = true;
            continue;
        };
        value = value.mul_add(16.0, f64::from(digit));
        place += i32::from(behind_point) * 4;
    }
    let zero = value == 0.0;
    let value = value * 2.0_f64.powi(power.saturating_sub(place));
    Some((Number { value, zero }, &text[mantissa + length..]))
}

fn infinity(text: &str) -> Option<(Number, &str)> {
    let length = ["infinity", "inf"]
        .iter()
        .map(|word| word.len())
        .find(|length| text.get(..*length).is_some_and(|start| start.eq_ignore_ascii_case(&"infinity"[..*length])))?;
    Some((Number { value: f64::INFINITY, zero: false }, &text[length..]))
}

/// The length of digits with at most one point, and at least one digit.
fn mantissa(text: &str, is_digit: impl Fn(&u8) -> bool) -> Option<usize> {
    let count = |text: &str| text.bytes().take_while(|byte| is_digit(byte)).count();
    let before = count(text);
    let behind = text[before..].strip_prefix('.').map(count);
    let digits = before + behind.unwrap_or(0);
    (digits > 0).then(|| before + behind.map_or(0, |count| count + 1))
}

/// The length of an exponent with its letter, and its value; one beyond all sense is the greatest there is.
fn exponent(text: &str, letter: u8) -> Option<(usize, i32)> {
    let rest = text.as_bytes().first().filter(|first| first.eq_ignore_ascii_case(&letter)).map(|_| &text[1..])?;
    let unsigned = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    let digits = unsigned.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return None;
    }
    let size = unsigned[..digits].parse::<i32>().unwrap_or(i32::MAX / 2);
    let value = if rest.starts_with('-') { -size } else { size };
    Some((text.len() - unsigned.len() + digits, value))
}

#[cfg(test)]
mod tests {
    use std::ffi::{CStr, CString};
    use std::time::Duration;

    use proptest::prelude::*;

    use super::parse;

    #[test]
    fn durations_are_read_as_strtod_reads_them() {
        let cases = [
            ("10.34", 10_340_000_000),
            ("9.999999999", 9_999_999_999),
            (" +1", 1_000_000_000),
            (".1", 100_000_000),
            ("1.", 1_000_000_000),
            ("1e1", 10_000_000_000),
            ("1.5e+2d", 12_960_000_000_000_000),
            ("1.5m", 90_000_000_000),
            ("1h", 3_600_000_000_000),
            ("0x10", 16_000_000_000),
            ("0x0.1d", 113_281_250),
            ("0x1p-1m", 30_000_000_000),
        ];
        for (text, nanoseconds) in cases {
            assert_eq!(parse(text), Some(Duration::from_nanos(nanoseconds)), "{text}");
        }
    }

    #[test]
    fn zero_means_no_limit_and_what_is_nearly_zero_does_not() {
        for text in ["0", "0s", "0.0", "-0", "0x0", "0e5", "0d"] {
            assert_eq!(parse(text), Some(Duration::ZERO), "{text}");
        }
        for text in [".0000000001", "1e-100", "1e-10000", "1e-18172487393827593258", "0x1p-99999999999"] {
            assert_eq!(parse(text), Some(Duration::from_nanos(1)), "{text}");
        }
    }

    #[test]
    fn what_is_beyond_counting_is_the_longest() {
        for text in ["9223372036854775808d", "1.18973e+4932", "inf", "INFINITY", "infd", "1e99999999999999999999"] {
            assert_eq!(parse(text), Some(Duration::MAX), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        let texts =
            ["", " ", "invalid", "42D", " -0.1", "-1e-10000", "10€", "'1", "1ss", "1s ", "1 s", ".", "1e", "0xg"];
        for text in texts.into_iter().chain(["nan", "-1", "--1", "0x", "s", "-inf"]) {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    /// Seconds as GNU `timeout` gets them, from the C library. Tests run in the C locale.
    fn by_strtod(text: &str) -> Option<f64> {
        let start = CString::new(text).expect("no NUL in it");
        let mut end = std::ptr::null_mut();
        // SAFETY: the text ends with a NUL, and `end` is live; it is set to a place within the text.
        let (number, rest) = unsafe {
            let number = libc::strtod(start.as_ptr(), &raw mut end);
            (number, CStr::from_ptr(end))
        };
        let factor = match rest.to_bytes() {
            b"" | b"s" => 1.0,
            b"m" => 60.0,
            b"h" => 3_600.0,
            b"d" => 86_400.0,
            _ => return None,
        };
        let found = rest.as_ptr() != start.as_ptr();
        (found && number >= 0.0).then(|| (number * factor).min(Duration::MAX.as_secs_f64()))
    }

    proptest! {
        #[test]
        fn any_number_is_read_as_strtod_reads_it(
            text in "[+]?(0x)?[0-9a-f]{0,6}(\\.[0-9a-f]{0,4})?([ep][+-]?[0-9]{1,3})?[smhdD]?"
        ) {
            let (ours, theirs) = (parse(&text).map(|read| read.as_secs_f64()), by_strtod(&text));
            let near = |(ours, theirs): (f64, f64)| (ours - theirs).abs() <= theirs * 1e-9 + 1e-9;
            prop_assert!(ours.is_some() == theirs.is_some(), "{text}: {ours:?}, {theirs:?}");
            prop_assert!(ours.zip(theirs).is_none_or(near), "{text}: {ours:?}, {theirs:?}");
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*") {
            let _ = parse(&text);
        }

        #[test]
        fn number_like_texts_are_read_or_refused(text in "[-+ 0-9a-fxpe.smhd]{0,12}") {
            prop_assert!(parse(&text).is_none_or(|read| read.is_zero() || read >= Duration::from_nanos(1)));
        }

        #[test]
        fn whole_seconds_are_read_exactly(seconds in 0_u32..) {
            prop_assert_eq!(parse(&format!("{seconds}s")), Some(Duration::from_secs(u64::from(seconds))));
        }
    }
}
