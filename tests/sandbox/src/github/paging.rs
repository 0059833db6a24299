//! Lists in pages, with the `Link` header.

use axum::Json;
use axum::http::header::LINK;
use axum::http::{HeaderValue, Uri};
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
        let (total, pages) = (items.len(), self.pages(&items));
        let mut body = Map::new();
        body.insert("total_count".to_owned(), total.into());
        body.insert(key.to_owned(), self.shown(items).into());
        let filter = self.name.as_ref().map(|name| format!("&name={name}")).unwrap_or_default();
        self.linked(Json(body).into_response(), &format!("{}{path}", hub.url), &filter, pages)
    }

    /// `[this page]`: what GitHub's older lists look like.
    pub(crate) fn array(&self, hub: &Hub, uri: &Uri, items: Vec<Value>) -> Response {
        let pages = self.pages(&items);
        let pairs = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let kept = pairs.filter(|pair| !pair.starts_with("page=") && !pair.starts_with("per_page="));
        let filter: String = kept.map(|pair| format!("&{pair}")).collect();
        let answer = Json(self.shown(items)).into_response();
        self.linked(answer, &format!("{}{}", hub.url, uri.path()), &filter, pages)
    }

    fn pages(&self, items: &[Value]) -> usize {
        items.len().div_ceil(self.per_page()).max(1)
    }

    fn shown(&self, items: Vec<Value>) -> Vec<Value> {
        let first = (self.page() - 1).saturating_mul(self.per_page());
        items.into_iter().skip(first).take(self.per_page()).collect()
    }

    fn linked(&self, mut answer: Response, url: &str, filter: &str, pages: usize) -> Response {
        if let Some(links) = self.links(url, filter, pages) {
            answer.headers_mut().insert(LINK, links);
        }
        answer
    }

    fn links(&self, url: &str, filter: &str, pages: usize) -> Option<HeaderValue> {
        let link =
            |page: usize, rel: &str| format!("<{url}?per_page={}{filter}&page={page}>; rel=\"{rel}\"", self.per_page());
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
