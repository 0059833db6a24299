//! Texts of strangers in Markdown: nothing of them is a mention, a link, markup or a marker of ours.
//!
//! A backslash does not keep GitHub from linking `@name` and `#1`; within code spans and fences it links nothing (GitHub
//! Flavored Markdown; docs.github.com "Basic writing and formatting syntax").

use std::iter::Peekable;
use std::str::Chars;
use std::time::SystemTime;

use crate::stamp;

/// The longest text in a code span.
const LONGEST_SPAN: usize = 300;
/// The longest line in a fence.
const LONGEST_LINE: usize = 400;

/// A code span that holds the text: one line, shortened.
pub fn code(text: &str) -> String {
    let one_line = clean(text).split_whitespace().collect::<Vec<_>>().join(" ");
    let text = shorten(&one_line, LONGEST_SPAN);
    if text.is_empty() {
        return "(nothing)".to_owned();
    }
    let ticks = "`".repeat(longest_run(&text, '`') + 1);
    // A span that begins or ends with a backtick needs a space, which is not shown.
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// A fenced block that holds the lines and ends where they end.
pub fn fence<S: AsRef<str>>(lines: &[S]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| shorten(&clean(line.as_ref()), LONGEST_LINE)).collect();
    let longest = lines.iter().map(|line| longest_run(line, '`').max(longest_run(line, '~'))).max().unwrap_or(0);
    let ticks = "`".repeat(longest.max(2) + 1);
    format!("{ticks}text\n{}\n{ticks}", lines.join("\n"))
}

/// A link where the URL is one that nothing can be smuggled through, else the bare text.
pub fn link(url: &str) -> String {
    let is_web = ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme));
    let plain = url.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"'`\\()[]{}|^".contains(&byte));
    if is_web && plain && url.len() <= 1000 { format!("<{url}>") } else { code(url) }
}

/// A point in time for people.
pub fn moment(at: SystemTime) -> String {
    stamp::rfc3339(at).replace('T', " ").replace('Z', " UTC")
}

/// Shortens to so many characters.
pub fn shorten(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(limit.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// Takes out what is not text: terminal sequences, control characters, marks that turn the direction of reading or cannot be
/// seen. A comment of HTML is no longer one, so that whoever looks for our markers finds only ours.
pub fn clean(text: &str) -> String {
    let mut chars = text.chars().peekable();
    let mut out = String::new();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_sequence(&mut chars),
            '\u{9b}' => skip_parameters(&mut chars),
            '\t' | '\n' | '\r' => out.push(' '),
            c if c.is_control() || is_hidden(c) => {}
            c => out.push(c),
        }
    }
    out.replace("<!--", "<! --").replace("-->", "-- >")
}

fn is_hidden(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// What follows ESC (ECMA-48): a control sequence, a string up to BEL or ST, or one more character.
fn skip_sequence(chars: &mut Peekable<Chars<'_>>) {
    match chars.next() {
        Some('[') => skip_parameters(chars),
        Some(']' | 'P' | 'X' | '^' | '_') => skip_string(chars),
        Some(' '..='/') => {
            chars.next_if(|c| ('0'..='~').contains(c));
        }
        _ => {}
    }
}

fn skip_parameters(chars: &mut Peekable<Chars<'_>>) {
    while chars.next_if(|c| (' '..='?').contains(c)).is_some() {}
    chars.next_if(|c| ('@'..='~').contains(c));
}

fn skip_string(chars: &mut Peekable<Chars<'_>>) {
    while let Some(c) = chars.next() {
        if matches!(c, '\u{7}' | '\u{9c}') || (c == '\u{1b}' && chars.next_if_eq(&'\\').is_some()) {
            return;
        }
    }
}

fn longest_run(text: &str, of: char) -> usize {
    text.split(|c| c != of).map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

    use super::{clean, code, fence, link, longest_run};

    #[test]
    fn terminal_sequences_and_hidden_characters_are_taken_out() {
        let cases = [
            ("\u{1b}[1;31mred\u{1b}[0m", "red"),
            ("\u{1b}]0;title\u{7}x", "x"),
            ("\u{1b}]8;;https://evil\u{1b}\\x\u{1b}]8;;\u{1b}\\", "x"),
            ("\u{9b}31mx", "x"),
            ("\u{1b}(Bx\u{1b}=y", "xy"),
            ("a\u{0}b\u{8}c\u{202e}d\u{200b}e", "abcde"),
            ("a\tb\r\n", "a b  "),
            ("<!-- mayfly:preview pr=1 -->", "<! -- mayfly:preview pr=1 -- >"),
            ("\u{1b}", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(clean(text), expected, "{text:?}");
        }
    }

    #[test]
    fn code_span_is_longer_than_every_backtick_in_it_and_has_one_line() {
        assert_eq!(code("x"), "`x`");
        assert_eq!(code("a `b` ``c``"), "``` a `b` ``c`` ```");
        assert_eq!(code("a\n\n# b @octo"), "`a # b @octo`");
        assert_eq!(code(" \n"), "(nothing)");
        assert!(code(&"x".repeat(1000)).chars().count() < 310);
    }

    #[test]
    fn fence_is_longer_than_every_run_in_its_lines() {
        assert_eq!(fence(&["a"]), "```text\na\n```");
        assert_eq!(fence(&["```", "`````x", "~~~~~~"]), "```````text\n```\n`````x\n~~~~~~\n```````");
        assert_eq!(fence(&["a\n```\nb"]), "````text\na ``` b\n````");
    }

    #[test]
    fn only_plain_urls_are_links() {
        assert_eq!(link("https://pr-12.example.com/"), "<https://pr-12.example.com/>");
        for url in ["javascript:alert(1)", "https://x y", "https://x>\n@octo", "https://x)[y]"] {
            assert!(link(url).starts_with('`'), "{url}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn random_lines_stay_in_their_fence(lines in proptest::collection::vec(any::<String>(), 0..6), ticks in 0_usize..9) {
            let mut lines = lines;
            lines.push("`".repeat(ticks));
            let block = fence(&lines);
            let rows: Vec<&str> = block.lines().collect();
            let wall = longest_run(rows[0], '`');
            prop_assert_eq!(rows.len(), lines.len() + 2);
            prop_assert!(rows[1..rows.len() - 1].iter().all(|row| longest_run(row, '`') < wall));
            prop_assert!(!block.contains("<!--"));
        }

        #[test]
        fn random_texts_stay_in_their_code_span(text in any::<String>()) {
            let span = code(&text);
            let wall = span.chars().take_while(|c| *c == '`').count();
            let inside = &span[wall..span.len() - wall];
            prop_assert!(span == "(nothing)" || longest_run(inside, '`') < wall, "{span}");
            prop_assert!(!span.contains('\n') && !span.contains("<!--"));
        }
    }
}
