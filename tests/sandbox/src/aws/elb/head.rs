//! The heads of HTTP messages, as far as a load balancer has to look at them.

/// The largest head that is read.
const LARGEST: usize = 64 * 1_024;

/// What came in so far of a message.
pub(super) enum Read {
    /// The head is not complete.
    More,
    /// The head ends before this byte.
    Complete(usize),
    /// It is no head, or too large a one.
    Refused,
}

pub(super) fn look(bytes: &[u8]) -> Read {
    match bytes.windows(4).position(|window| window == b"\r\n\r\n") {
        Some(at) if std::str::from_utf8(&bytes[..at]).is_ok() => Read::Complete(at + 4),
        Some(_) => Read::Refused,
        None if bytes.len() > LARGEST => Read::Refused,
        None => Read::More,
    }
}

/// The status of an answer's first line.
pub(super) fn status(answer: &[u8]) -> Option<u16> {
    let line = std::str::from_utf8(answer.split(|byte| *byte == b'\n').next()?).ok()?;
    line.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.trim().parse().ok()
}

/// The value of a header of this name in lower case.
pub(super) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// The head as it goes to the target: with what a load balancer adds, and one request for each connection, unless it is
/// to become another protocol.
pub(super) fn forwarded(head: &str, client: &str) -> String {
    let upgrade = header(head, "upgrade").is_some();
    let ours = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-port", "x-amzn-trace-id"];
    let dropped = |line: &&str| {
        let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
        !ours.contains(&name.as_str()) && (upgrade || !["connection", "keep-alive"].contains(&name.as_str()))
    };
    let earlier = header(head, "x-forwarded-for").map(|list| format!("{list}, ")).unwrap_or_default();
    let mut lines = head.trim_end().lines();
    let first = lines.next().map(in_origin_form);
    let kept: Vec<String> = first.into_iter().chain(lines.filter(dropped).map(str::to_owned)).collect();
    let close = if upgrade { "" } else { "Connection: close\r\n" };
    format!(
        "{}\r\nX-Forwarded-For: {earlier}{client}\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\n\
         X-Amzn-Trace-Id: Root=1-00000000-000000000000000000000000\r\n{close}\r\n",
        kept.join("\r\n")
    )
}

/// The first line as a server gets it, where a client took the load balancer for a proxy: `GET http://host/a` is `GET /a`.
fn in_origin_form(line: &str) -> String {
    let parts = line.split_once(" http://").map(|(method, rest)| (method, rest.find(['/', ' ']).map(|at| &rest[at..])));
    match parts {
        Some((method, Some(rest))) if rest.starts_with('/') => format!("{method} {rest}"),
        Some((method, Some(rest))) => format!("{method} /{rest}"),
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{forwarded, status};

    #[test]
    fn head_for_the_target_keeps_the_host_and_tells_of_the_client() {
        let head = "GET /a HTTP/1.1\r\nHost: pr-7.x.test\r\nConnection: keep-alive\r\nX-Forwarded-For: 1.1.1.1\r\n\r\n";
        let told = forwarded(head, "127.0.0.1");
        assert!(told.starts_with("GET /a HTTP/1.1\r\nHost: pr-7.x.test\r\nX-Forwarded-For: 1.1.1.1, 127.0.0.1\r\n"));
        assert!(told.ends_with("Connection: close\r\n\r\n") && !told.contains("keep-alive"));
        let socket = forwarded("GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "::1");
        assert!(socket.contains("Connection: Upgrade\r\n") && !socket.contains("close"));
    }

    #[test]
    fn request_to_a_proxy_reaches_the_target_as_one_to_a_server() {
        let line =
            |text: &str| forwarded(&format!("{text}\r\nHost: x\r\n\r\n"), "::1").lines().next().map(str::to_owned);
        for (sent, told) in [
            ("GET http://pr-7.x.test/a?b=http://c HTTP/1.1", "GET /a?b=http://c HTTP/1.1"),
            ("GET http://pr-7.x.test HTTP/1.1", "GET / HTTP/1.1"),
            ("GET /a HTTP/1.1", "GET /a HTTP/1.1"),
        ] {
            assert_eq!(line(sent).as_deref(), Some(told));
        }
    }

    #[test]
    fn status_is_read_from_the_first_line() {
        assert_eq!(status(b"HTTP/1.1 503 Service Unavailable\r\n"), Some(503));
        assert_eq!((status(b"SSH-2.0-OpenSSH\r\n"), status(b"")), (None, None));
    }
}
