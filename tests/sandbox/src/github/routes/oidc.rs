//! The OIDC issuer, and the endpoint where a job fetches its tokens.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde::Deserialize;
use serde_json::json;

use super::super::caller::bearer;
use super::super::claims::{IdTokenRequest, claims};
use super::super::fault::IdTokenFault;
use super::super::hub::Hub;
use super::super::refusal::{Answer, Refusal};
use super::super::run::Status;
use super::super::token::Purpose;
use crate::keys::Key;

pub(super) fn router() -> Router<Hub> {
    Router::new()
        .route("/.well-known/openid-configuration", get(configuration))
        .route("/.well-known/jwks", get(jwks))
        .route("/token", get(token))
}

async fn configuration(State(hub): State<Hub>) -> Answer {
    let issuer = format!("{}/oidc", hub.url);
    let body = json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/.well-known/jwks"),
        "subject_types_supported": ["public", "pairwise"],
        "response_types_supported": ["id_token"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid"],
        "claims_supported": ["sub", "aud", "exp", "iat", "iss", "jti", "nbf", "ref", "sha", "repository", "repository_id"],
    });
    Ok(Json(body).into_response())
}

async fn jwks() -> Answer {
    Ok(Json(json!({ "keys": [Key::issuer().jwk()] })).into_response())
}

#[derive(Deserialize)]
struct Wanted {
    audience: Option<String>,
}

async fn token(
    State(hub): State<Hub>,
    Query(wanted): Query<Wanted>,
    fault: Option<Extension<IdTokenFault>>,
    headers: HeaderMap,
) -> Answer {
    let given = bearer(&headers).ok_or_else(Refusal::bad_credentials)?;
    let fault = fault.map(|Extension(fault)| fault);
    let job = hub.read(|state| match state.tokens.get(given, hub.now())?.purpose {
        Purpose::IdToken(job) => Some(job),
        _ => None,
    });
    let job = job.ok_or_else(Refusal::bad_credentials)?;
    let request =
        IdTokenRequest { issuer: format!("{}/oidc", hub.url), audience: wanted.audience, now: hub.now(), fault };
    let claims = hub.read(|state| {
        let job = state.jobs.get(&job).filter(|job| job.status == Status::InProgress)?;
        claims(state, job, &request)
    });
    // The runner itself waits for the job's record for this reason (`actions/runner src/Runner.Worker/JobRunner.cs`).
    let claims = claims
        .ok_or_else(|| Refusal::new(StatusCode::BAD_REQUEST, "Server won't issue ID_TOKEN for non-inprogress job"))?;
    let key = if fault == Some(IdTokenFault::WrongKey) { Key::wrong() } else { Key::issuer() };
    Ok(Json(json!({ "count": claims.to_string().len(), "value": key.sign(&claims) })).into_response())
}
