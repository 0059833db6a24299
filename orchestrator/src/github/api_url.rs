//! Where GitHub's REST API is.

use std::fmt;
use std::str::FromStr;

use http::Uri;

/// The base of GitHub's REST API: `https://api.github.com`, or `https://HOST/api/v3` on GHES. No slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiUrl(Uri);

impl ApiUrl {
    pub(super) fn uri(&self) -> &Uri {
        &self.0
    }
}

impl Default for ApiUrl {
    fn default() -> Self {
        Self(Uri::from_static("https://api.github.com"))
    }
}

impl FromStr for ApiUrl {
    type Err = String;

    /// # Errors
    /// A text that says what was wrong and what to write instead. It does not show a password within the URL.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let Some((scheme, rest)) = text.split_once("://") else {
            let host = text.split('/').next().unwrap_or_default();
            return Err(format!("GitHub's API URL \"{text}\" has no scheme; write {}", suggest(host)));
        };
        if !matches!(scheme, "https" | "http") {
            return Err(format!("GitHub's API URL begins with \"{scheme}://\"; write https://"));
        }
        if rest.contains(['@', '?', '#']) {
            return Err("GitHub's API URL must be a scheme, a host and a path: no user, query or fragment".to_owned());
        }
        if rest.trim_matches('/').is_empty() {
            return Err(format!("GitHub's API URL \"{text}\" has no host; write {}", suggest("")));
        }
        let uri: Uri = text
            .trim_end_matches('/')
            .parse()
            .map_err(|cause| format!("GitHub's API URL \"{text}\" is not a URL: {cause}"))?;
        if let Some(host @ ("github.com" | "www.github.com")) = uri.host() {
            return Err(format!("GitHub's API URL \"{text}\" is that of GitHub's pages; write {}", suggest(host)));
        }
        Ok(Self(uri))
    }
}

fn suggest(host: &str) -> String {
    match host {
        "github.com" | "www.github.com" | "api.github.com" => "https://api.github.com".to_owned(),
        "" => "https://api.github.com, or https://HOST/api/v3 on GHES".to_owned(),
        host => format!("https://{host}/api/v3"),
    }
}

impl fmt::Display for ApiUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `Uri` writes a path of its own where none was given.
        f.write_str(self.0.to_string().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::ApiUrl;

    #[test]
    fn urls_are_read_back_without_their_last_slash() {
        for text in ["https://api.github.com", "https://ghe.example/api/v3/", "http://127.0.0.1:8080"] {
            let url = text.parse::<ApiUrl>().map(|url| url.to_string());
            assert_eq!(url.as_deref(), Ok(text.trim_end_matches('/')));
        }
    }

    #[test]
    fn urls_that_are_none_are_refused_with_the_one_to_write() {
        let cases = [
            ("ghe.example", "https://ghe.example/api/v3"),
            ("ghe.example/api/v3", "https://ghe.example/api/v3"),
            ("github.com", "https://api.github.com"),
            ("https://github.com", "https://api.github.com"),
            ("ftp://ghe.example", "https://"),
            ("https://", "https://HOST/api/v3"),
            ("", "https://HOST/api/v3"),
            ("https://ghe.example?x=y", "no user, query or fragment"),
        ];
        for (text, fix) in cases {
            let fault = text.parse::<ApiUrl>().expect_err(text);
            assert!(fault.contains(fix), "{text}: {fault}");
        }
    }

    #[test]
    fn password_within_a_url_is_not_shown() {
        let fault = "https://user:s3cret@ghe.example".parse::<ApiUrl>().expect_err("a user");
        assert!(!fault.contains("s3cret"), "{fault}");
    }
}
