//! Web identities: what gets credentials, and what does not.

use aws_credential_types::Credentials;
use sandbox::aws::{AwsConfig, fixture};
use sandbox::clock::Clock;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::issuer::Issuer;
use crate::world::{World, post};

/// An issuer, and an account that trusts runs of `octo/demo`.
struct Trusting {
    world: World,
    issuer: Issuer,
    clock: Clock,
    /// The issuer's.
    _runtime: Runtime,
}

impl Trusting {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let issuer = Issuer::start(&runtime);
        let config = AwsConfig::default().trusting(&issuer.url, &["repo:octo/demo:*", "repo:octo@77/demo@4242:*"]);
        let clock = config.clock.clone();
        Self { world: World::with(config), issuer, clock, _runtime: runtime }
    }

    fn good(&self) -> Value {
        self.issuer.claims(self.clock.unix())
    }

    fn assume(&self, token: &str) -> (u16, String) {
        self.assume_with(token, "RoleSessionName", "run-1")
    }

    /// With one parameter set to another value.
    fn assume_with(&self, token: &str, name: &str, value: &str) -> (u16, String) {
        let role = format!("arn:aws:iam::{}:role/{}", fixture::ACCOUNT, fixture::LAUNCHER_ROLE);
        let mut fields = vec![
            ("Action", "AssumeRoleWithWebIdentity"),
            ("Version", "2011-06-15"),
            ("RoleArn", &role),
            ("RoleSessionName", "run-1"),
            ("WebIdentityToken", token),
        ];
        fields.retain(|(field, _)| *field != name);
        fields.push((name, value));
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", value.replace('/', "%2F"))).collect();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        post(self.world.aws.url(), &headers, &body.join("&")).unwrap()
    }
}

/// The text between an element's tags.
fn element<'a>(xml: &'a str, name: &str) -> &'a str {
    let rest = xml.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("no {name} in {xml}")).1;
    rest.split_once(&format!("</{name}>")).unwrap().0
}

#[test]
fn genuine_token_of_a_trusted_subject_gets_credentials_that_work_for_their_time() {
    let trusting = Trusting::new();
    for subject in ["repo:octo/demo:environment:prod", "repo:octo@77/demo@4242:ref:refs/heads/main"] {
        let mut claims = trusting.good();
        claims["sub"] = json!(subject);
        let (status, xml) = trusting.assume(&trusting.issuer.sign(&claims));
        assert_eq!((status, element(&xml, "SubjectFromWebIdentityToken")), (200, subject));
        assert_eq!(element(&xml, "Arn"), "arn:aws:sts::123456789012:assumed-role/mayfly-launcher/run-1");
        let text = |name: &str| element(&xml, name).to_owned();
        let credentials =
            Credentials::new(text("AccessKeyId"), text("SecretAccessKey"), Some(text("SessionToken")), None, "test");
        trusting.world.call_as(&credentials, "ecs", "ListTasks", &json!({ "cluster": "mayfly" })).unwrap();
        let caller = trusting.world.aws.calls("ListTasks").last().unwrap().caller.clone();
        assert_eq!(caller.as_deref(), Some("arn:aws:sts::123456789012:assumed-role/mayfly-launcher/run-1"));
    }
}

#[test]
fn credentials_expire_with_the_sandboxes_clock() {
    let trusting = Trusting::new();
    let (_, xml) = trusting.assume_with(&trusting.issuer.sign(&trusting.good()), "DurationSeconds", "900");
    let text = |name: &str| element(&xml, name).to_owned();
    let credentials =
        Credentials::new(text("AccessKeyId"), text("SecretAccessKey"), Some(text("SessionToken")), None, "test");
    let ahead = std::time::Duration::from_secs(901);
    trusting.clock.advance(ahead);
    let at = std::time::SystemTime::now() + ahead;
    let refused = crate::signing::list_tasks(&trusting.world, &credentials, at).unwrap_err();
    assert_eq!((refused.0, refused.1.as_str()), (400, "ExpiredTokenException"));
}

#[test]
fn tokens_that_are_not_genuine_or_not_trusted_are_refused_and_the_error_says_which() {
    let trusting = Trusting::new();
    let issuer = &trusting.issuer;
    let with = |claim: &str, value: Value| {
        let mut claims = trusting.good();
        claims[claim] = value;
        issuer.sign(&claims)
    };
    let now = trusting.clock.unix();
    let cases = [
        ("no token at all", "not.a.jwt".to_owned(), 400, "InvalidIdentityToken", "not a valid JWT"),
        ("wrong key", issuer.sign_wrongly(&trusting.good()), 400, "InvalidIdentityToken", "signature"),
        ("no signature", issuer.sign_as("none", "one", &trusting.good()), 400, "InvalidIdentityToken", "algorithm"),
        (
            "unknown key",
            issuer.sign_as("RS256", "two", &trusting.good()),
            400,
            "InvalidIdentityToken",
            "verification key",
        ),
        ("expired", with("exp", json!(now - 1)), 400, "ExpiredTokenException", "Token expired"),
        ("not yet valid", with("nbf", json!(now + 3_600)), 400, "InvalidIdentityToken", "not yet valid"),
        (
            "wrong audience",
            with("aud", json!("https://github.com/octo")),
            400,
            "InvalidIdentityToken",
            "Incorrect token audience",
        ),
        (
            "wrong issuer",
            with("iss", json!("https://elsewhere.example")),
            400,
            "InvalidIdentityToken",
            "No OpenIDConnect provider found",
        ),
        (
            "wrong subject",
            with("sub", json!("repo:octo/demo2:ref:refs/heads/main")),
            403,
            "AccessDenied",
            "Not authorized to perform sts:AssumeRoleWithWebIdentity",
        ),
    ];
    for (case, token, status, code, text) in cases {
        let (answered, xml) = trusting.assume(&token);
        assert_eq!((answered, element(&xml, "Code")), (status, code), "{case}: {xml}");
        assert!(element(&xml, "Message").contains(text), "{case}: {xml}");
        assert!(!element(&xml, "RequestId").is_empty());
    }
}

#[test]
fn claims_that_were_changed_after_signing_are_refused() {
    let trusting = Trusting::new();
    let genuine = trusting.issuer.sign(&trusting.good());
    let mut other = trusting.good();
    other["sub"] = json!("repo:octo/demo:environment:production");
    let other = trusting.issuer.sign(&other);
    let parts = |token: &str| token.split('.').map(str::to_owned).collect::<Vec<String>>();
    let (genuine, other) = (parts(&genuine), parts(&other));
    let (_, xml) = trusting.assume(&format!("{}.{}.{}", genuine[0], other[1], genuine[2]));
    assert_eq!(element(&xml, "Code"), "InvalidIdentityToken");
}

#[test]
fn parameters_beyond_the_limits_are_refused_and_role_that_does_not_exist_is_not_told() {
    let trusting = Trusting::new();
    let token = trusting.issuer.sign(&trusting.good());
    let role = "arn:aws:iam::123456789012:role/nobody";
    let cases = [
        ("RoleSessionName", "x", "ValidationError"),
        ("RoleSessionName", "a b", "ValidationError"),
        ("DurationSeconds", "899", "ValidationError"),
        ("DurationSeconds", "43201", "ValidationError"),
        ("DurationSeconds", "7200", "ValidationError"),
        ("RoleArn", "mayfly", "ValidationError"),
        ("RoleArn", role, "AccessDenied"),
    ];
    for (name, value, code) in cases {
        let (_, xml) = trusting.assume_with(&token, name, value);
        assert_eq!(element(&xml, "Code"), code, "{name}={value}");
    }
}

#[test]
fn issuer_that_cannot_be_reached_is_a_communication_error() {
    let trusting = Trusting::new();
    let silent = AwsConfig::default().trusting("http://127.0.0.1:1/oidc", &["repo:octo/demo:*"]);
    let world = World::with(silent);
    let mut claims = trusting.good();
    claims["iss"] = json!("http://127.0.0.1:1/oidc");
    let elsewhere = Trusting { world, ..trusting };
    let (status, xml) = elsewhere.assume(&elsewhere.issuer.sign(&claims));
    assert_eq!((status, element(&xml, "Code")), (400, "IDPCommunicationError"));
}

#[test]
fn web_identity_token_is_not_kept_in_the_record_of_calls() {
    let trusting = Trusting::new();
    trusting.assume(&trusting.issuer.sign(&trusting.good()));
    let calls = trusting.world.aws.calls("AssumeRoleWithWebIdentity");
    assert_eq!(calls[0].parameters["WebIdentityToken"], "***");
    assert_eq!((calls[0].status, &calls[0].caller), (Some(200), &None));
}
