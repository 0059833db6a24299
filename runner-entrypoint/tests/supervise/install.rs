//! The program put where a container without it finds it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::{called, run, text};

#[test]
fn installed_program_is_whole_executable_and_supervises() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("made/on/the/way");
    let installed = target.join("runner-entrypoint");
    // The second one finds the first one's file.
    for _ in 0..2 {
        let output = run(called("runner-entrypoint", &["install", &target.to_string_lossy()]));
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert_eq!(text(&output.stdout), format!("installed {}\n", installed.display()));
    }
    assert_eq!(fs::metadata(&installed).expect("it is there").permissions().mode() & 0o7777, 0o755);
    assert_eq!(fs::read_dir(&target).expect("a folder").count(), 1, "nothing else is left");
    let code = Command::new(&installed).args(["supervise", "--", "sh", "-c", "exit 7"]).status().expect("it runs");
    assert_eq!(code.code(), Some(7));
}

#[test]
fn folder_that_cannot_take_it_is_named_and_left_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, "mine").expect("written");
    let blocked = folder.path().join("blocked");
    fs::create_dir_all(blocked.join("runner-entrypoint/in-the-way")).expect("made");
    for place in [&file, &blocked] {
        let output = run(called("runner-entrypoint", &["install", &place.to_string_lossy()]));
        assert_eq!(output.status.code(), Some(125));
        let fault = text(&output.stderr);
        assert!(
            fault.starts_with("runner-entrypoint: install: ") && fault.contains(&*place.to_string_lossy()),
            "{fault}"
        );
    }
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "mine");
    assert_eq!(fs::read_dir(&blocked).expect("a folder").count(), 1, "no draft is left");
}
