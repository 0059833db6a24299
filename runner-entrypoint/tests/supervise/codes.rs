//! Exit codes and messages.

use std::os::unix::process::ExitStatusExt as _;

use contract::exit::AppCause;

use crate::{called, end_of, run, supervise, text};

#[test]
fn supervise_tells_cause_and_code() {
    let cases: [(&[&str], AppCause, u8); 11] = [
        (&["true"], AppCause::AppExit, 0),
        (&["--", "sh", "-c", "exit 7"], AppCause::AppExit, 7),
        (&["sh", "-c", "kill -KILL $$"], AppCause::AppExit, 137),
        (&["--ttl", ".1", "sleep", "60"], AppCause::Ttl, 124),
        (&["-p", "--ttl=.1", "sleep", "60"], AppCause::Ttl, 143),
        (&["--max-ttl", ".1", "sleep", "60"], AppCause::Ttl, 124),
        (&["--ttl", ".1", "-k", ".1", "sh", "-c", "trap '' TERM; sleep 60"], AppCause::Killed, 137),
        (&["--ttl", ".1", "sh", "-c", "kill -STOP $$"], AppCause::Ttl, 124),
        (&["--until", "2001-09-09T01:46:40Z", "sleep", "60"], AppCause::Ttl, 124),
        (&["/no/such/program"], AppCause::NotStarted, 127),
        (&["/"], AppCause::NotStarted, 126),
    ];
    for (arguments, cause, code) in cases {
        let output = run(supervise(arguments));
        let end = end_of(&output);
        assert_eq!((end.cause, end.code), (cause, code), "{arguments:?}");
        assert_eq!(output.status.code(), Some(i32::from(code)), "{arguments:?}");
    }
}

#[test]
fn wrong_option_is_named_and_nothing_is_started() {
    let cases: [(&[&str], &str); 5] = [
        (&["--bad", "true"], "\"--bad\" is not an option"),
        (&["--ttl", "x", "true"], "--ttl: \"x\" is not a duration"),
        (&["--until", "soon", "true"], "--until: \"soon\" is not a moment"),
        (&["-s", "NOPE", "true"], "-s: \"NOPE\" is not a signal"),
        (&["--ttl", "1"], "there is no command"),
    ];
    for (arguments, fault) in cases {
        let output = run(supervise(arguments));
        assert_eq!(output.status.code(), Some(125), "{arguments:?}");
        assert!(text(&output.stderr).contains(fault), "{arguments:?}: {}", text(&output.stderr));
    }
}

#[test]
fn timeout_gives_the_codes_of_gnu_and_no_record() {
    let cases: [(&[&str], i32); 12] = [
        (&["10", "true"], 0),
        (&["0", "true"], 0),
        (&["10", "sh", "-c", "exit 2"], 2),
        (&[".1", "sleep", "60"], 124),
        (&["--preserve-status", ".1", "sleep", "60"], 143),
        (&["--foreground", "-s0", "-k.1", ".1", "sleep", "60"], 137),
        (&["1e-10000", "sleep", "60"], 124),
        (&["-s", "CONT", "-p", ".1", "sleep", ".3"], 0),
        (&["42D", "true"], 125),
        (&["--", "-1", "true"], 125),
        (&["10", "."], 126),
        (&["10", "no_such_program"], 127),
    ];
    for (arguments, code) in cases {
        let output = run(called("timeout", arguments));
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn timeout_dies_as_its_command_did_and_says_what_it_sends() {
    let killed = run(called("timeout", &["10", "sh", "-c", "kill -USR1 $$"]));
    assert_eq!(killed.status.signal(), Some(libc::SIGUSR1));
    let verbose = run(called("timeout", &["-v", "--foreground", "-s0", "-k.1", ".1", "sleep", "60"]));
    let expected = "timeout: sending signal 0 to command 'sleep'\ntimeout: sending signal KILL to command 'sleep'\n";
    assert_eq!(text(&verbose.stderr), expected);
}

#[test]
fn tini_and_dumb_init_give_the_codes_of_their_namesakes() {
    let cases: [(&str, &[&str], i32); 8] = [
        ("tini", &["-s", "--", "sh", "-c", "exit 7"], 7),
        ("tini", &["-s", "-e", "7", "--", "sh", "-c", "exit 7"], 0),
        ("tini", &["-s", "no_such_program"], 127),
        ("tini", &["-s", "/"], 126),
        ("tini", &[], 1),
        ("dumb-init", &["sh", "-c", "kill -TERM $$"], 143),
        ("dumb-init", &["no_such_program"], 2),
        ("dumb-init", &["-r", "32:1", "true"], 1),
    ];
    for (name, arguments, code) in cases {
        let output = run(called(name, arguments));
        assert_eq!(output.status.code(), Some(code), "{name} {arguments:?}: {}", text(&output.stderr));
    }
    assert!(text(&run(called("tini", &["true"])).stderr).contains("zombie reaping won't work"));
}
