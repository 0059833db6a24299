//! Names in messages, quoted as GNU programs quote them.

use std::ffi::CStr;

/// Quotes a name: in a UTF-8 locale with typographic marks, elsewhere with apostrophes.
pub(crate) fn quote(name: &CStr) -> String {
    let locale =
        ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|it| !it.is_empty()));
    marked(&name.to_string_lossy(), &locale.unwrap_or_default())
}

fn marked(name: &str, locale: &str) -> String {
    let (_, encoding) = locale.split_once('.').unwrap_or_default();
    let encoding = encoding.split('@').next().unwrap_or_default();
    if encoding.eq_ignore_ascii_case("utf-8") || encoding.eq_ignore_ascii_case("utf8") {
        format!("\u{2018}{name}\u{2019}")
    } else {
        format!("'{name}'")
    }
}

#[cfg(test)]
mod tests {
    use super::marked;

    #[test]
    fn marks_follow_the_locale() {
        assert_eq!(marked("sleep", "C"), "'sleep'");
        assert_eq!(marked("sleep", ""), "'sleep'");
        assert_eq!(marked("sleep", "en_US.UTF-8"), "\u{2018}sleep\u{2019}");
        assert_eq!(marked("sleep", "de_DE.utf8@euro"), "\u{2018}sleep\u{2019}");
        assert_eq!(marked("sleep", "de_DE.ISO-8859-1"), "'sleep'");
    }
}
