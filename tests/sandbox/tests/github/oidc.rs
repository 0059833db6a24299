//! The OIDC issuer.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use sandbox::github::{Conclusion, Event, Fault, FaultKind, IdTokenFault, Repo, RunSpec, SubjectForm};
use serde_json::Value;

use crate::world::{Reply, World, repo};

struct Job<'a> {
    world: &'a World,
    url: String,
    token: String,
    id: u64,
}

fn start<'a>(world: &'a World, spec: RunSpec, environment: Option<&str>) -> Job<'a> {
    let (id, variables) = world.github.start_hosted_job(world.github.add_run(spec), "start", environment);
    let variable = |name: &str| variables[name].clone();
    Job { world, url: variable("ACTIONS_ID_TOKEN_REQUEST_URL"), token: variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN"), id }
}

impl Job<'_> {
    fn ask(&self) -> Reply {
        let path = self.url.strip_prefix(self.world.github.url()).unwrap();
        self.world.client(&self.token).get(&format!("{path}&audience=sts.amazonaws.com"))
    }

    fn token(&self) -> String {
        self.ask().body["value"].as_str().unwrap().to_owned()
    }

    fn claims(&self) -> Value {
        let token = self.token();
        serde_json::from_slice(&decode(token.split('.').nth(1).unwrap())).unwrap()
    }
}

fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// Verifies as STS does: by the keys that the issuer publishes.
fn is_signed_by_issuer(world: &World, token: &str) -> bool {
    let client = world.client("");
    let configuration = client.get("/oidc/.well-known/openid-configuration").body;
    assert_eq!(configuration["issuer"], world.github.issuer());
    let keys = configuration["jwks_uri"].as_str().unwrap().strip_prefix(world.github.url()).unwrap().to_owned();
    let key = client.get(&keys).body["keys"][0].clone();
    let part = |name: &str| decode(key[name].as_str().unwrap());
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let public = RsaPublicKeyComponents { n: part("n"), e: part("e") };
    public.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &decode(signature)).is_ok()
}

#[test]
fn token_names_the_job_and_is_signed_by_the_published_key() {
    let world = World::start();
    let job = start(&world, RunSpec::of("octo/demo"), None);
    assert!(is_signed_by_issuer(&world, &job.token()));
    let claims = job.claims();
    let expected = [
        ("iss", world.github.issuer()),
        ("aud", "sts.amazonaws.com".to_owned()),
        ("sub", "repo:octo/demo:ref:refs/heads/main".to_owned()),
        ("repository_id", "4242".to_owned()),
        ("repository_owner_id", "77".to_owned()),
        ("run_attempt", "1".to_owned()),
        ("runner_environment", "github-hosted".to_owned()),
        ("job_workflow_ref", "octo/demo/.github/workflows/build.yml@refs/heads/main".to_owned()),
    ];
    for (name, value) in expected {
        assert_eq!(claims[name], value, "{name}");
    }
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 300);
}

#[test]
fn subject_follows_environment_then_pull_request_and_the_repositorys_form() {
    let world = World::start();
    world.github.add_repo(Repo { subject: SubjectForm::Immutable, ..repo(5, "new") });
    let pull = |repo: &str| RunSpec { event: Event::PullRequest(3), ..RunSpec::of(repo) };
    let cases = [
        (RunSpec::of("octo/demo"), Some("prod:eu"), "repo:octo/demo:environment:prod%3Aeu"),
        (pull("octo/demo"), Some("prod"), "repo:octo/demo:environment:prod"),
        (pull("octo/demo"), None, "repo:octo/demo:pull_request"),
        (RunSpec::of("octo/new"), None, "repo:octo@77/new@5:ref:refs/heads/main"),
    ];
    for (spec, environment, subject) in cases {
        assert_eq!(start(&world, spec, environment).claims()["sub"], subject);
    }
}

#[test]
fn issuer_goes_wrong_on_request() {
    let world = World::start();
    let job = start(&world, RunSpec::of("octo/demo"), None);
    let plan = |fault| world.github.fault(Fault::once("GET", "/oidc/token", FaultKind::IdToken(fault)));
    plan(IdTokenFault::WrongAudience);
    assert_ne!(job.claims()["aud"], "sts.amazonaws.com");
    plan(IdTokenFault::Expired);
    assert!(job.claims()["exp"].as_i64().unwrap() < world.github.clock().unix());
    plan(IdTokenFault::WrongSubject);
    assert_eq!(job.claims()["sub"], "repo:someone/else:ref:refs/heads/main");
    plan(IdTokenFault::WrongKey);
    assert!(!is_signed_by_issuer(&world, &job.token()));
    assert!(is_signed_by_issuer(&world, &job.token()), "once only");
}

#[test]
fn token_is_issued_only_while_its_job_runs() {
    let world = World::start();
    let job = start(&world, RunSpec::of("octo/demo"), None);
    world.github.finish_job(job.id, Conclusion::Success);
    let refused = job.ask();
    assert_eq!((refused.status, refused.message()), (400, "Server won't issue ID_TOKEN for non-inprogress job"));
    let stranger = Job { token: world.admin().token, ..job };
    assert_eq!(stranger.ask().status, 401, "a PAT is no request token");
}
