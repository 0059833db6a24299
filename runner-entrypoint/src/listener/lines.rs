//! Bytes in pieces to printable lines.

/// Longest part of a line that is kept. What the Listener says is far shorter; a job's name may be anything.
const LONGEST: usize = 8 * 1024;

/// Cuts a stream into lines, whatever the pieces it comes in.
#[derive(Default)]
pub(crate) struct Lines {
    pending: Vec<u8>,
}

impl Lines {
    /// Takes a piece and hands each line that it completes to `take`: valid UTF-8, without control characters.
    pub(crate) fn push(&mut self, piece: &[u8], mut take: impl FnMut(&str)) {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            let (text, ended) = part.strip_suffix(b"\n").map_or((part, false), |text| (text, true));
            let room = LONGEST - self.pending.len();
            self.pending.extend_from_slice(&text[..text.len().min(room)]);
            if ended {
                take(&printable(&self.pending));
                self.pending.clear();
            }
        }
    }

    /// Hands over what came without a line end.
    pub(crate) fn finish(&mut self, mut take: impl FnMut(&str)) {
        if !self.pending.is_empty() {
            take(&printable(&self.pending));
            self.pending.clear();
        }
    }
}

/// Job names reach our log: escape sequences in them must not reach the terminal of the one who reads it.
fn printable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().filter(|c| !c.is_control() || *c == '\t').collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{LONGEST, Lines};

    fn cut(pieces: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut seen) = (Lines::default(), Vec::new());
        for piece in pieces {
            lines.push(piece, |line| seen.push(line.to_owned()));
        }
        lines.finish(|line| seen.push(line.to_owned()));
        seen
    }

    #[test]
    fn line_in_pieces_is_put_together() {
        assert_eq!(cut(&[b"Listen", b"ing\nfor", b" jobs\n", b"end"]), ["Listening", "for jobs", "end"]);
    }

    #[test]
    fn line_of_a_megabyte_is_cut_and_the_next_one_is_whole() {
        let long = vec![b'x'; 1 << 20];
        let seen = cut(&[&long, b"\nnext\n"]);
        assert_eq!(seen[0].len(), LONGEST);
        assert_eq!(seen[1], "next");
    }

    #[test]
    fn invalid_utf8_and_escape_sequences_do_no_harm() {
        assert_eq!(cut(&[b"a\xff\x1b[2Jb\x07\r\n"]), ["a\u{fffd}[2Jb"]);
    }

    proptest! {
        #[test]
        fn lines_do_not_depend_on_how_the_bytes_were_cut(bytes in any::<Vec<u8>>(), at in any::<prop::sample::Index>()) {
            let at = at.index(bytes.len() + 1);
            let (head, tail) = bytes.split_at(at);
            prop_assert_eq!(cut(&[head, tail]), cut(&[&bytes]));
        }
    }
}
