//! The way into AWS: credentials, clients, errors. With `ecs` the only place that names the SDK.

pub mod connect;
pub mod credentials;
pub mod endpoints;
pub mod error;
pub mod query;
pub mod signed;
mod single;
pub(crate) mod throttling;

pub use connect::{Aws, Caller};
pub use error::{AwsError, AwsErrorKind};
