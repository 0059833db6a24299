//! Secrets and the task role of a command under guard.

use std::fs;

use crate::guarded::{Guarded, supervise};

#[test]
fn command_gets_its_secrets_and_pid_1_does_not_show_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("secret");
    fs::write(&file, "{\"FROM_FILE\": \"marker in a file\"}").expect("written");
    let source = format!("file:{}", file.display());
    let script = "echo $FROM_FILE, $RENAMED; cat /proc/$PPID/environ | tr '\\0' '\\n' | grep -c marker; exit 5";
    let options = ["--secret-from", &source, "--secret-from", "RENAMED=env:TOKEN", "--", "sh", "-c", script];
    let mut guarded = Guarded::start(supervise(&options).env("TOKEN", "marker in a variable"));
    guarded.hear("marker in a file, marker in a variable");
    // Refused, or readable for root with all capabilities; there is nothing in it then.
    let end = guarded.end();
    assert!(!guarded.heard.iter().any(|line| line == "1"), "{:?}", guarded.heard);
    assert_eq!((end["cause"].as_str(), end["code"].as_u64()), (Some("app_exit"), Some(5)));
}

#[test]
fn task_role_reaches_the_command_unless_it_is_hidden() {
    for (word, shown) in [("share", "role: http://127.0.0.1:1/"), ("hide", "role: none")] {
        let options = ["--task-role", word, "--", "sh", "-c", "echo role: ${AWS_CONTAINER_CREDENTIALS_FULL_URI:-none}"];
        let mut command = supervise(&options);
        let mut guarded = Guarded::start(command.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/"));
        guarded.hear(shown);
        assert_eq!(guarded.end()["code"].as_u64(), Some(0), "{word}");
    }
}

#[test]
fn secret_that_cannot_be_read_keeps_the_command_from_starting() {
    let options = ["--secret-from", "A=file:/nowhere/secret", "--", "echo", "started"];
    let mut guarded = Guarded::start(&mut supervise(&options));
    let end = guarded.end();
    assert_eq!(end["code"].as_u64(), Some(125));
    assert!(!guarded.heard.iter().any(|line| line == "started"), "{:?}", guarded.heard);
}

#[test]
fn command_with_secrets_that_is_not_there_has_the_codes_of_a_shell() {
    for (command, code) in [("/nowhere/command", 127), (concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"), 126)] {
        let mut guarded = Guarded::start(&mut supervise(&["--task-role", "hide", "--", command]));
        assert_eq!(guarded.end()["code"].as_u64(), Some(code), "{command}");
    }
}

#[test]
fn place_that_is_none_is_refused() {
    let output = supervise(&["--secret-from", "vault:x", "--", "true"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(125));
    assert!(String::from_utf8_lossy(&output.stderr).contains("ssm:NAME"));
}
