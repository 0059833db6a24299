//! A command line as a list, or as a text whose words are found as a shell finds them. No shell runs: nothing is expanded.

use serde::Deserialize;

/// A command as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Words {
    /// `["uwsgi", "--ini", "uwsgi.ini"]`
    List(Vec<String>),
    /// `"uwsgi --ini uwsgi.ini"`
    Text(String),
}

impl Words {
    /// The words.
    ///
    /// # Errors
    /// A quote is not closed.
    pub fn split(&self) -> Result<Vec<String>, String> {
        match self {
            Self::List(words) => Ok(words.clone()),
            Self::Text(text) => split(text),
        }
    }
}

/// Splits a text at blanks; quotes and backslashes keep words together.
pub(super) fn split(text: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None::<char>);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (Some('\''), _) => word.get_or_insert_default().push(letter),
            (_, '\\') => word.get_or_insert_default().extend(escaped(quote, letters.next())),
            (Some(_), _) => word.get_or_insert_default().push(letter),
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, _) if letter.is_whitespace() => words.extend(word.take()),
            (None, _) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    match quote {
        Some(open) => Err(format!("{open} is opened and not closed in: {text}")),
        None => Ok(words),
    }
}

/// Within double quotes a backslash is one, except before what it has to protect.
fn escaped(quote: Option<char>, letter: Option<char>) -> Vec<char> {
    match letter {
        Some(letter @ ('"' | '\\' | '$' | '`')) => vec![letter],
        Some(letter) if quote.is_some() => vec!['\\', letter],
        Some(letter) => vec![letter],
        None => vec!['\\'],
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn words_are_found_as_a_shell_finds_them() {
        let cases: [(&str, &[&str]); 7] = [
            ("", &[]),
            (" uwsgi  --ini uwsgi.ini ", &["uwsgi", "--ini", "uwsgi.ini"]),
            (r#"sh -c "echo 'a  b'""#, &["sh", "-c", "echo 'a  b'"]),
            (r#"a '' "" b"#, &["a", "", "", "b"]),
            (r"a\ b c\\d", &["a b", r"c\d"]),
            (r#""\n\"" '\n'"#, &[r#"\n""#, r"\n"]),
            ("a'b'\"c\"", &["abc"]),
        ];
        for (text, words) in cases {
            assert_eq!(split(text), Ok(words.iter().map(|word| (*word).to_owned()).collect()), "{text}");
        }
    }

    #[test]
    fn open_quote_is_a_fault() {
        assert!(split("sh -c 'echo").is_err_and(|fault| fault.contains("' is opened")));
    }
}
