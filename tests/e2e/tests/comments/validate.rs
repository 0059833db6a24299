//! `/preview validate` names what is wrong, and `preview build` what became of a build.

use sandbox::aws::BuildFate;
use sandbox::world::WRITER;

use crate::stage::{say, world};

#[test]
fn each_thing_that_is_wrong_is_named() {
    let (world, pull) = world();
    let aws = &world.sandbox.aws;
    let (https, balancer) = (aws.listeners()[0].arn.clone(), aws.load_balancer_arn());
    // What cannot be right whatever AWS says is told before anything is called.
    let balancers = format!("--listener {balancer} --base-domain preview.example.test");
    let error = say(&world, pull, WRITER, "/preview validate").heard(&balancers).fails(64).error();
    assert!(error.contains("--listener") && error.contains("load balancer"), "{error}");
    for (flags, word) in [
        (format!("--expose alb --listener {https} --base-domain other.example.test"), "certificate"),
        ("--subnets subnet-0dead".to_owned(), "subnet-0dead"),
        ("--image 123456789012.dkr.ecr.eu-central-1.amazonaws.com/app:nowhere".to_owned(), "nowhere"),
    ] {
        let said = say(&world, pull, WRITER, "/preview validate");
        let ran = said.heard(&flags).fails(1);
        assert!(
            ran.stdout.lines().any(|line| line.starts_with("FIX") && line.contains(word)),
            "{flags}: {}",
            ran.stdout
        );
        assert!(said.answer(pull).contains(word), "{flags}: {}", said.answer(pull));
    }
    world.assert_nothing_was_started();
    world.finish();
}

#[test]
fn build_waits_and_says_the_digest_and_a_failing_one_its_phase() {
    let (world, pull) = world();
    let sha = "0123456789abcdef0123456789abcdef01234567";
    let line = format!("build --codebuild app-build --sha {sha} --output json");
    let built = world.preview(&line, pull).succeeds().json();
    assert!(built["digest"].as_str().is_some_and(|digest| digest.starts_with("sha256:")), "{built}");
    world.sandbox.aws.next_build(BuildFate::Fails("BUILD".to_owned(), "the tests failed".to_owned()));
    let other = line.replace("0123", "3210");
    let error = world.preview(&other, pull).fails(1).error();
    assert!(error.contains("BUILD") && error.contains("the tests failed"), "{error}");
    world.finish();
}
