//! What answers of Elastic Load Balancing are made of.

use serde::Deserialize;

/// A list: `<Names><member>…</member></Names>`.
#[derive(Debug, Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub(super) struct List<T> {
    #[serde(default = "Vec::new")]
    pub(super) member: Vec<T>,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { member: Vec::new() }
    }
}

/// Where the next page begins; an empty element is none.
pub(super) fn next_page(marker: Option<String>) -> Option<String> {
    marker.filter(|marker| !marker.is_empty())
}
