//! Throttling in disguise, which the SDK takes for a refusal.

use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};

/// Has the SDK repeat what ECS answers with `InvalidParameterException: Rate exceeded` (dagster-io/dagster#33439), as it
/// repeats what ECS calls throttling.
#[derive(Debug)]
pub(crate) struct RateExceeded;

impl ClassifyRetry for RateExceeded {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let refusal = context.response().filter(|response| response.status().as_u16() == 400);
        let said = refusal.and_then(|response| response.body().bytes()).unwrap_or_default();
        if String::from_utf8_lossy(said).contains("Rate exceeded") {
            return RetryAction::throttling_error();
        }
        RetryAction::NoActionIndicated
    }

    fn name(&self) -> &'static str {
        "Rate exceeded"
    }
}
