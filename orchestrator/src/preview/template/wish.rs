//! `timeout 30m` before a command: the wish for a lease, from before there was one.

use std::time::Duration;

use contract::duration;

/// What a command that begins with `timeout` says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wish {
    /// None: `timeout 0`, which is no limit.
    pub(super) ttl: Option<Duration>,
    /// The command behind it; never empty.
    pub(super) command: Vec<String>,
    /// Options of `timeout`, which are dropped.
    pub(super) options: Vec<String>,
}

/// Reads the wish; nothing, where the command does not begin with a `timeout` that can be understood.
pub(super) fn read(words: &[String]) -> Option<Wish> {
    let (program, rest) = words.split_first()?;
    if program.rsplit('/').next() != Some("timeout") {
        return None;
    }
    let options = options(rest);
    let (limit, command) = rest.get(options..)?.split_first()?;
    let ttl = duration::parse(limit).ok()?;
    if command.is_empty() {
        return None;
    }
    Some(Wish {
        ttl: Some(ttl).filter(|ttl| !ttl.is_zero()),
        command: command.to_vec(),
        options: rest[..options].to_vec(),
    })
}

/// How many words stand before the duration. `-k` and `-s` alone take the next one.
fn options(words: &[String]) -> usize {
    let mut count = 0;
    while let Some(word) = words.get(count).filter(|word| word.starts_with('-')) {
        count += match word.as_str() {
            "--" => return count + 1,
            "-k" | "-s" | "--kill-after" | "--signal" => 2,
            _ => 1,
        };
    }
    count
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::read;

    #[test]
    fn timeout_before_a_command_is_a_wish_for_a_lease() {
        let cases = [
            ("timeout 30m uwsgi --ini uwsgi.ini", Some((1_800, "uwsgi --ini uwsgi.ini", "")), "seed"),
            (
                "/usr/bin/timeout -s INT --kill-after=9 -k 5 2h app",
                Some((7_200, "app", "-s INT --kill-after=9 -k 5")),
                "",
            ),
            ("timeout -- 90 app", Some((90, "app", "--")), "end of options"),
            ("timeout 0 app", Some((0, "app", "")), "no limit"),
            ("timeout 30m", None, "no command"),
            ("timeout soon app", None, "no duration"),
            ("timeouts 30m app", None, "another program"),
            ("", None, "nothing"),
        ];
        for (line, expected, why) in cases {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            let wish = read(&words);
            let read = wish.as_ref().map(|wish| {
                (wish.ttl.unwrap_or(Duration::ZERO).as_secs(), wish.command.join(" "), wish.options.join(" "))
            });
            let expected = expected.map(|(ttl, command, options)| (ttl, command.to_owned(), options.to_owned()));
            assert_eq!(read, expected, "{line} {why}");
        }
    }
}
