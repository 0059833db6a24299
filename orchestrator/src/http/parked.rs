//! Connections that were opened ahead, until a request takes them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::Uri;
use http::uri::{Authority, Scheme};
use tokio::task::JoinHandle;

use super::HttpError;
use super::stream::Stream;

/// How long a connection may wait unused. AWS closes idle ones after some tens of seconds.
const PARKING_LIMIT: Duration = Duration::from_secs(15);

type Key = (Scheme, Authority);
type Task = JoinHandle<Result<Stream, HttpError>>;

/// One connection, open or still being opened.
struct Parked {
    since: Instant,
    task: Task,
}

/// The parked connections of all hosts.
#[derive(Default)]
pub(super) struct Lot(Mutex<HashMap<Key, Vec<Parked>>>);

impl Lot {
    pub(super) fn add(&self, uri: &Uri, task: Task) {
        if let Some(key) = key_of(uri) {
            let parked = Parked { since: Instant::now(), task };
            self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().push(parked);
        }
    }

    /// A connection to the host of `uri` that is usable as far as can be known. `None`: there is none, dial.
    ///
    /// One that is still being made is waited for, and its failure is the caller's: dialling again would only double
    /// the wait. One that failed or was closed while nobody looked is dropped.
    pub(super) async fn take(&self, uri: &Uri) -> Option<Result<Stream, HttpError>> {
        while let Some(parked) = self.pop(uri) {
            if !parked.task.is_finished() {
                return parked.task.await.ok();
            }
            if parked.since.elapsed() > PARKING_LIMIT {
                continue;
            }
            if let Ok(Ok(stream)) = parked.task.await
                && stream.is_open().await
            {
                return Some(Ok(stream));
            }
        }
        None
    }

    fn pop(&self, uri: &Uri) -> Option<Parked> {
        let key = key_of(uri)?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&key)?.pop()
    }
}

fn key_of(uri: &Uri) -> Option<Key> {
    Some((uri.scheme()?.clone(), uri.authority()?.clone()))
}
