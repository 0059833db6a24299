//! Lists in pages, with the `Link` header.

use axum::Json;
use axum::http::HeaderValue;
use axum::http::header::LINK;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::hub::Hub;

/// Which page is asked for, and the filter that the runner list has.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Paging {
    per_page: Option<String>,
    page: Option<String>,
    /// Only runners of this name.
    pub(crate) name: Option<String>,
}

impl Paging {
    /// GitHub: 30 by default, 100 at most; more is taken as 100, and what is no number as the default.
    fn per_page(&self) -> usize {
        number(self.per_page.as_deref()).unwrap_or(30).clamp(1, 100)
    }

    fn page(&self) -> usize {
        number(self.page.as_deref()).unwrap_or(1).max(1)
    }

    /// `{"total_count": …, key: [this page]}`.
    pub(crate) fn answer(&self, hub: &Hub, path: &str, key: &str, items: Vec<Value>) -> Response {
        let (total, pages) = (items.len(), items.len().div_ceil(self.per_page()).max(1));
        let first = (self.page() - 1) * self.per_page();
        let shown: Vec<Value> = items.into_iter().skip(first).take(self.per_page()).collect();
        let mut body = Map::new();
        body.insert("total_count".to_owned(), total.into());
        body.insert(key.to_owned(), shown.into());
        let mut answer = Json(body).into_response();
        if let Some(links) = self.links(&format!("{}{path}", hub.url), pages) {
            answer.headers_mut().insert(LINK, links);
        }
        answer
    }

    fn links(&self, url: &str, pages: usize) -> Option<HeaderValue> {
        let name = self.name.as_ref().map(|name| format!("&name={name}")).unwrap_or_default();
        let link =
            |page: usize, rel: &str| format!("<{url}?per_page={}{name}&page={page}>; rel=\"{rel}\"", self.per_page());
        let mut links = Vec::new();
        if self.page() > 1 {
            links.push(link(self.page() - 1, "prev"));
        }
        if self.page() < pages {
            links.push(link(self.page() + 1, "next"));
            links.push(link(pages, "last"));
        }
        if self.page() > 1 {
            links.push(link(1, "first"));
        }
        if links.is_empty() { None } else { HeaderValue::from_str(&links.join(", ")).ok() }
    }
}

fn number(text: Option<&str>) -> Option<usize> {
    text?.parse().ok()
}
