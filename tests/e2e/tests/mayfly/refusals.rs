//! What AWS and GitHub refuse becomes one paragraph with the fix, and nothing is started.

use std::time::Duration;

use contract::env;
use e2e::{Mayfly, World};
use sandbox::aws::{Capacity, Fault, FaultKind, fixture};
use sandbox::github::{self, IdTokenFault, Level, Pat};
use sandbox::world::ORG_ID;

/// Asserts that a command is refused with this exit code and these words, says a fix, and started nothing.
#[track_caller]
fn assert_refused(world: &World, mayfly: Mayfly, code: i32, words: &[&str]) {
    let error = mayfly.fails(code).error();
    for word in words {
        assert!(error.contains(word), "nothing about \"{word}\": {error}");
    }
    world.assert_nothing_was_started();
}

/// A refusal of AWS's in its own words, for as long as it is asked.
fn aws_says(operation: &str, code: &str, message: &str) -> Fault {
    let kind = FaultKind::Error { status: 400, code: code.to_owned(), message: message.to_owned() };
    Fault::once(operation, kind)
}

#[test]
fn oidc_token_that_sts_does_not_like_is_refused_with_the_claim_that_it_is_about() {
    let cases = [
        (IdTokenFault::WrongAudience, "InvalidIdentityToken", "audience is \"https://another.example\""),
        (IdTokenFault::WrongSubject, "AccessDenied", "sub = \"repo:someone/else:ref:refs/heads/main\""),
        (IdTokenFault::Expired, "ExpiredTokenException", "clock"),
        (IdTokenFault::WrongKey, "InvalidIdentityToken", "signature does not match the keys of"),
    ];
    for (fault, code, fix) in cases {
        let world = World::start();
        let kind = github::FaultKind::IdToken(fault);
        world.sandbox.github.fault(github::Fault { times: None, ..github::Fault::once("GET", "/oidc/token", kind) });
        // A token that expired on its way is worth another one.
        let mayfly = world.step("runner start");
        let mayfly = if fault == IdTokenFault::Expired { mayfly.warns("STS did not take the token") } else { mayfly };
        assert_refused(&world, mayfly, 4, &[code, fix, "role/mayfly-launcher", "(request ", "\n  fix: "]);
        assert!(world.aws_calls("RunTask").is_empty());
        world.finish();
    }
}

#[test]
fn audience_that_the_provider_does_not_list_is_named() {
    let world = World::start();
    let mayfly = world.step("runner start --audience https://mine.example");
    assert_refused(&world, mayfly, 4, &["Incorrect token audience", "audience is \"https://mine.example\""]);
    world.finish();
}

#[test]
fn account_without_the_identity_provider_is_told_to_make_one() {
    let world = World::start();
    let text = "No OpenIDConnect provider found in your account for https://token.actions.githubusercontent.com";
    world.sandbox.aws.fault(aws_says("AssumeRoleWithWebIdentity", "InvalidIdentityToken", text));
    assert_refused(&world, world.step("runner start"), 4, &["no OIDC identity provider for", "create it"]);
    world.finish();
}

#[test]
fn role_that_does_not_exist_is_named() {
    let world = World::start();
    let mayfly = world.step("runner start --role-arn arn:aws:iam::123456789012:role/nobody");
    assert_refused(&world, mayfly, 4, &["AccessDenied", "role/nobody", "check that the role exists"]);
    world.finish();
}

#[test]
fn oidc_refusal_of_a_job_that_has_just_begun_passes() {
    let world = World::start();
    let message = "Server won't issue ID_TOKEN for non-inprogress job".to_owned();
    let early = github::FaultKind::Status { status: 400, message };
    world.sandbox.github.fault(github::Fault::once("GET", "/oidc/token", early));
    let start = world.step("runner start").warns("OIDC token not given, trying again").succeeds();
    world.put_away(&start);
    world.finish();
}

#[test]
fn keys_that_sts_could_not_fetch_in_time_are_asked_for_again() {
    let world = World::start();
    let text = "Couldn't retrieve verification key from your identity provider, please reference documentation";
    world.sandbox.aws.fault(aws_says("AssumeRoleWithWebIdentity", "InvalidIdentityToken", text));
    let start = world.step("runner start").warns("STS did not take the token").succeeds();
    world.put_away(&start);
    world.finish();
}

#[test]
fn oidc_token_that_github_refuses_names_the_permission() {
    let world = World::start();
    let mayfly = world.step("runner start").env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "wrong");
    assert_refused(&world, mayfly, 3, &["GitHub refused the OIDC token: HTTP 401", "id-token: write"]);
    assert!(world.sandbox.aws.log().is_empty());
    world.finish();
}

#[test]
fn names_that_ecs_does_not_know_are_told_with_their_flag() {
    let cases: [(&[&str], &str, &str); 5] = [
        (&["--cluster", "nowhere"], "nowhere", "check --cluster"),
        (&["--subnets", "subnet-0ffffffff"], "subnet-0ffffffff", "check --subnets"),
        (&["--security-groups", "sg-0ffffffff"], "sg-0ffffffff", "check --security-groups"),
        (&["--container", "other"], "other", "--container NAME"),
        (&["--task-definition", "unheard-of"], "unheard-of", "check --task-definition"),
    ];
    let world = World::start();
    for (flags, name, fix) in cases {
        let mayfly = flags.iter().fold(world.step("runner start"), |mayfly, flag| mayfly.arg(flag));
        assert_refused(&world, mayfly, 4, &["AWS refused RunTask", name, fix, "(request "]);
    }
    world.finish();
}

#[test]
fn task_definition_of_another_network_mode_is_explained() {
    let world = World::start();
    let wants_none = world.step("runner start --launch-mode ec2 --network awsvpc");
    assert_refused(&world, wants_none, 4, &["Network Configuration is not valid"]);
    world.register_like(fixture::EC2_FAMILY, "own-network", |definition| definition["networkMode"] = "awsvpc".into());
    let wants_one = world.step("runner start --launch-mode ec2 --task-definition own-network");
    assert_refused(&world, wants_one, 4, &["Network Configuration must be provided", "--subnets"]);
    world.finish();
}

#[test]
fn missing_permissions_of_the_role_are_named() {
    let denied = |action: &str| {
        format!(
            "User: arn:aws:sts::123456789012:assumed-role/x/y is not authorized to perform: {action} on resource: *"
        )
    };
    for action in ["ecs:RunTask", "ecs:TagResource", "iam:PassRole"] {
        let world = World::start();
        world.sandbox.aws.fault(aws_says("RunTask", "AccessDeniedException", &denied(action)));
        let allow = format!("allow {action}");
        assert_refused(&world, world.step("runner start"), 4, &["AccessDeniedException", &allow]);
        world.finish();
    }
}

#[test]
fn capacity_that_is_missing_is_told_with_what_to_change() {
    let cases = [
        (Capacity::Fargate, "fargate", "Capacity is unavailable", "another subnet"),
        (Capacity::FargateSpot, "fargate-spot", "Capacity is unavailable", "another launch mode"),
        (Capacity::Ec2, "ec2", "RESOURCE:CPU", "--launch-mode fargate"),
    ];
    for (capacity, mode, reason, fix) in cases {
        let world = World::start();
        world.sandbox.aws.set_capacity(capacity, false);
        let mayfly = world.step("runner start --launch-mode").arg(mode);
        assert_refused(&world, mayfly, 4, &["cluster \"mayfly\"", reason, fix]);
        world.finish();
    }
}

#[test]
fn machine_too_large_for_every_instance_is_told_which_resource_is_short() {
    let world = World::start();
    let mayfly = world.step("runner start --launch-mode ec2 --cpu 1024 --memory 65536");
    assert_refused(&world, mayfly, 4, &["RESOURCE:MEMORY", "--memory"]);
    world.finish();
}

#[test]
fn throttling_in_disguise_is_asked_for_again() {
    for (code, message) in [("ThrottlingException", "Rate exceeded"), ("InvalidParameterException", "Rate exceeded")] {
        let world = World::start();
        world.sandbox.aws.fault(aws_says("RunTask", code, message).times(2));
        let start = world.step("runner start --wait none").succeeds();
        assert_eq!(world.aws_calls("RunTask").len(), 3, "{code}");
        world.put_away(&start);
        world.finish();
    }
}

#[test]
fn server_faults_of_aws_are_asked_for_again() {
    let world = World::start();
    for operation in ["AssumeRoleWithWebIdentity", "RunTask", "DescribeTasks"] {
        world.sandbox.aws.fault(Fault::once(operation, FaultKind::Status(503)));
    }
    let start = world.step("runner start").succeeds();
    world.put_away(&start);
    world.finish();
}

#[test]
fn overrides_that_ecs_would_not_take_are_refused_before_run_task() {
    let world = World::start();
    let mayfly = world.step("runner start --env").arg(format!("TEXT={}", "x".repeat(8_192)));
    assert_refused(&world, mayfly, 64, &["--env", "8192"]);
    assert!(world.aws_calls("RunTask").is_empty());
    world.finish();
}

#[test]
fn parameter_that_may_not_be_put_is_explained_and_nothing_is_started() {
    let world = World::start();
    world.sandbox.aws.fault(aws_says("PutParameter", "AccessDeniedException", "not authorized"));
    let mayfly = world.step("runner start --handover parameter").with_token(&world);
    assert_refused(&world, mayfly, 4, &["PutParameter", "allow ssm:PutParameter"]);
    world.finish();
}

#[test]
fn parameter_of_a_launch_that_is_refused_is_taken_back() {
    let world = World::start();
    let mayfly = world.step("runner start --handover parameter --cluster nowhere").with_token(&world);
    assert_refused(&world, mayfly, 4, &["nowhere"]);
    assert_eq!(world.aws_calls("PutParameter").len(), 1);
    world.finish();
}

#[test]
fn credentials_that_github_refuses_are_explained_by_status_and_right() {
    let world = World::start();
    let github = &world.sandbox.github;
    let expired = github.add_pat(Pat::classic(&["repo"]), Some(Duration::ZERO));
    let reader = github.add_pat(Pat::fine_grained(ORG_ID, &[("administration", Level::Read)]), None);
    let stranger = github.add_pat(Pat::fine_grained(999, &[("administration", Level::Write)]), None);
    let cases = [
        (expired, "401", "make a new one"),
        (reader, "403", "\"Administration\": read and write"),
        (stranger, "404", "check the name of the repository octo/demo"),
    ];
    for (token, status, fix) in cases {
        let mayfly = world.step("runner start --handover token").env(env::GITHUB_TOKEN, token);
        assert_refused(&world, mayfly, 3, &["GitHub", status, fix, "(request "]);
    }
    world.finish();
}

#[test]
fn single_aws_account_without_credentials_is_told_how_to_log_in() {
    let world = World::start();
    let mayfly = world
        .laptop("runner start --launch-mode fargate")
        .without("AWS_ACCESS_KEY_ID")
        .without("AWS_SECRET_ACCESS_KEY")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    assert_refused(&world, mayfly, 1, &["GetCallerIdentity", "AWS_PROFILE", "aws sso login"]);
    world.finish();
}
