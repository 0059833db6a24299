//! The server: one address for all services, each call taken through the same steps.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, Method, Response, Uri};
use axum::routing::get;
use tokio::net::TcpListener;
use uuid::Uuid;

use super::ecs::{self, metadata};
use super::fault::{self, FaultKind, Moment};
use super::identity::Principal;
use super::shared::Shared;
use super::sigv4::Signed;
use super::wire::{self, Answer, Refusal, Request, Service};
use super::{acm, codebuild, ec2, ecr, elb, logs, remote, ssm, sts};
use crate::connection::{Cuttable, Scissors};

/// Serves until it is aborted.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let router = Router::new()
        .route("/v2/credentials/{key}", get(metadata::credentials))
        .route("/v4/{key}", get(metadata::container))
        .route("/v4/{key}/task", get(metadata::task))
        .route("/v4/{key}/taskWithTags", get(metadata::task_with_tags))
        .merge(remote::routes())
        .fallback(handle)
        .with_state(shared);
    let service = router.into_make_service_with_connect_info::<Scissors>();
    if let Err(fault) = axum::serve(Cuttable(listener), service).await {
        tracing::error!(%fault, "the AWS stand-in's server ended");
    }
}

async fn handle(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let request_id = Uuid::new_v4().to_string();
    let request = match Request::read(&headers, &body) {
        Ok(request) => request,
        Err(refusal) => return wire::encode_unread(&headers, &refusal, &request_id),
    };
    let signed = Signed { method: &method, uri: &uri, headers: &headers, body: &body };
    let caller = authenticate(&shared, &request, &signed);
    let name = caller.as_ref().ok().and_then(Option::as_ref).map(|principal| principal.arn.clone());
    let place = shared.state().calls.begin(&request, name, &request_id);
    let fault = fault::take(&mut shared.state().faults, &request.operation);
    let outcome = match befall(fault.as_ref(), &scissors).await {
        Some(outcome) => outcome,
        None => answer(&shared, &request, caller, fault.as_ref()).await,
    };
    shared.state().calls.finish(place, &outcome);
    match fault {
        Some(FaultKind::Status(status) | FaultKind::StatusAfterEffect(status)) => bare(status, &request_id),
        Some(FaultKind::LostAnswer) => {
            scissors.cut();
            bare(500, &request_id)
        }
        _ => wire::encode(&request, &outcome, &request_id),
    }
}

/// What a load balancer answers in a service's stead.
fn bare(status: u16, request_id: &str) -> Response<Body> {
    wire::respond(
        status,
        "text/html",
        "<html><body>an answer of the sandbox's fault switch</body></html>".to_owned(),
        request_id,
    )
}

/// Lets a fault happen that strikes before the call has any effect. Answers the outcome that then stands instead of the
/// call's.
async fn befall(fault: Option<&FaultKind>, scissors: &Scissors) -> Option<Result<Answer, Refusal>> {
    let fault = fault.filter(|fault| fault.moment() == Moment::Before)?;
    match fault {
        FaultKind::Status(status) => Some(Err(Refusal { status: *status, ..Refusal::client("Fault", "") })),
        FaultKind::Error { status, code, message } => {
            Some(Err(Refusal { status: *status, ..Refusal::client(code, message) }))
        }
        FaultKind::LostRequest => {
            scissors.cut();
            Some(Err(Refusal::client("Fault", "")))
        }
        FaultKind::Hang => std::future::pending().await,
        FaultKind::DelayMillis(_) => {
            tokio::time::sleep(fault.delay().unwrap_or_default()).await;
            None
        }
        _ => None,
    }
}

/// Who calls; `None` for the one call that needs no signature.
fn authenticate(shared: &Shared, request: &Request, signed: &Signed<'_>) -> Result<Option<Principal>, Refusal> {
    if request.service == Service::Sts && request.operation == "AssumeRoleWithWebIdentity" {
        return Ok(None);
    }
    let config = &shared.config;
    let principal = shared.state().keys.authenticate(signed, request.service, &config.region, config.clock.now());
    let principal = principal.map_err(|distrust| distrust.refusal(request.service))?;
    principal.authorise(config, request)?;
    Ok(Some(principal))
}

async fn answer(
    shared: &Arc<Shared>,
    request: &Request,
    caller: Result<Option<Principal>, Refusal>,
    fault: Option<&FaultKind>,
) -> Result<Answer, Refusal> {
    let parameters = &request.parameters;
    match (request.service, caller?) {
        (Service::Sts, None) => sts::assume_role_with_web_identity(shared, parameters).await,
        (Service::Sts, Some(caller)) if request.operation == "GetCallerIdentity" => {
            Ok(sts::get_caller_identity(&shared.config.account, &caller))
        }
        (Service::Ecs, Some(caller)) => ecs::answer(shared, &caller, request, fault),
        (Service::Ssm, Some(_)) => ssm::answer(shared, request),
        (Service::Logs, Some(_)) => logs::answer(shared, request),
        (Service::Ecr, Some(_)) => ecr::answer(shared, request),
        (Service::Acm, Some(_)) => acm::answer(&shared.config, request),
        (Service::CodeBuild, Some(_)) => codebuild::answer(shared, request),
        (Service::Elb, Some(_)) => elb::answer(shared, request),
        (Service::Ec2, Some(_)) => ec2::answer(shared, request),
        (Service::Sts, Some(_)) => Err(request.unknown()),
        (_, None) => Err(Refusal::client("AccessDeniedException", "the call is not signed")),
    }
}
