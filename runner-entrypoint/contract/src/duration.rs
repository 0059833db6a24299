//! Durations as people write them: `90`, `90s`, `10m`, `2h`, `1.5h`, `5d`, and sums such as `1h30m`.

use std::time::Duration;

/// Reads a duration. A bare number means seconds. Zero is a valid duration; what it means is the caller's affair.
///
/// # Errors
/// A text that says what was wrong and what a right one looks like.
pub fn parse(text: &str) -> Result<Duration, String> {
    let refuse = || format!("\"{text}\" is not a duration; write for example 90s, 10m, 2h, 1h30m or 5d");
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(refuse());
    }
    let mut seconds = 0.0_f64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().map_err(|_| refuse())?;
        rest = &rest[digits..];
        let unit = rest.chars().next().unwrap_or('s');
        let factor = match unit {
            's' => 1.0,
            'm' => 60.0,
            'h' => 3_600.0,
            'd' => 86_400.0,
            _ => return Err(refuse()),
        };
        seconds += number * factor;
        rest = rest.get(1..).unwrap_or_default();
    }
    Duration::try_from_secs_f64(seconds).map_err(|_| refuse())
}

/// Writes a duration in whole seconds as people read it: `90s` as `1m30s`, `7200s` as `2h`.
pub fn format(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let parts = [(seconds / 86_400, 'd'), (seconds / 3_600 % 24, 'h'), (seconds / 60 % 60, 'm'), (seconds % 60, 's')];
    let text: String =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect();
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::{format, parse};

    #[test]
    fn durations_are_read_and_written_as_people_write_them() {
        let cases = [("90", "1m30s"), ("10m", "10m"), ("1.5h", "1h30m"), ("1h30m", "1h30m"), ("5d", "5d"), ("0", "0s")];
        for (text, written) in cases {
            assert_eq!(parse(text).map(format), Ok(written.to_owned()), "{text}");
        }
    }

    #[test]
    fn texts_that_are_no_durations_are_refused_with_an_example() {
        for text in ["", "m", "10x", "-1", "1..2s", "ten", "9999999999999999999999999d", "10€"] {
            assert!(parse(text).is_err_and(|fault| fault.contains("write for example")), "{text}");
        }
    }
}
