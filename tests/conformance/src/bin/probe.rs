//! Looks for secrets wherever a process can look: `probe ROOT-PID FOLDER...`, with one secret on each line of stdin.
//!
//! It reads what `/proc` shows of the process and all below it (environment, command line, memory, open files) and all files
//! of the folders, and prints `hit WHERE` for each place that holds a secret and `read KIND` for each kind of place that it
//! was let into.
#![expect(clippy::print_stdout, reason = "what it prints is what the test looks at")]

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read as _, stdin};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::Path;

use conformance::process;
use nix::unistd::Pid;

/// Larger mappings are looked through up to here: reserved memory, mostly.
const LONGEST: usize = 64 << 20;

struct Probe {
    secrets: Vec<Vec<u8>>,
    read: BTreeSet<&'static str>,
}

fn main() {
    let mut text = String::new();
    stdin().read_to_string(&mut text).expect("stdin holds the secrets");
    let secrets = text.lines().filter(|line| !line.is_empty()).map(|line| line.as_bytes().to_vec()).collect();
    let mut probe = Probe { secrets, read: BTreeSet::new() };
    let mut words = std::env::args().skip(1);
    let root = words.next().and_then(|pid| pid.parse().ok()).map(Pid::from_raw).expect("a process id");
    for pid in tree_of(root) {
        probe.look_into(pid, if pid == root { "program" } else { "child" });
    }
    words.for_each(|folder| probe.look_through(Path::new(&folder)));
    for kind in &probe.read {
        println!("read {kind}");
    }
}

/// A process and all below it.
fn tree_of(root: Pid) -> Vec<Pid> {
    let mut tree = vec![root];
    let mut next = 0;
    while let Some(&parent) = tree.get(next) {
        tree.extend(process::children_of(parent).iter().map(|child| child.pid));
        next += 1;
    }
    tree
}

impl Probe {
    fn look_into(&mut self, pid: Pid, whose: &'static str) {
        for (part, kind) in [("environ", "environment"), ("cmdline", "command line")] {
            if let Ok(bytes) = fs::read(format!("/proc/{pid}/{part}")) {
                self.judge(&bytes, &format!("{kind} of {whose} {pid}"));
                self.note(whose, kind);
            }
        }
        self.look_at_memory(pid, whose);
        let open = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        for descriptor in open {
            // Only files: a pipe would wait for its writer.
            let is_file = fs::metadata(descriptor.path()).is_ok_and(|meta| meta.is_file());
            if let Some(bytes) = is_file.then(|| fs::read(descriptor.path()).ok()).flatten() {
                self.judge(&bytes, &format!("an open file of {whose} {pid}"));
                self.note(whose, "open file");
            }
        }
    }

    fn look_at_memory(&mut self, pid: Pid, whose: &'static str) {
        let (Ok(maps), Ok(memory)) =
            (fs::read_to_string(format!("/proc/{pid}/maps")), File::open(format!("/proc/{pid}/mem")))
        else {
            return;
        };
        // What cannot be written to came from a file and holds no secret.
        let written = maps.lines().filter_map(|line| line.split_once(" rw")?.0.split_once('-'));
        for range in written {
            let (Ok(from), Ok(to)) = (u64::from_str_radix(range.0, 16), u64::from_str_radix(range.1, 16)) else {
                continue;
            };
            let mut bytes = vec![0; usize::try_from(to - from).unwrap_or(LONGEST).min(LONGEST)];
            if memory.read_exact_at(&mut bytes, from).is_ok() {
                self.judge(&bytes, &format!("memory of {whose} {pid}"));
                self.note(whose, "memory");
            }
        }
    }

    fn look_through(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => self.look_through(&path),
                Ok(kind) if kind.is_file() => {
                    // Programs are large and were there before the secrets were.
                    let is_program = entry.metadata().is_ok_and(|meta| meta.permissions().mode() & 0o111 != 0);
                    if let Some(bytes) = (!is_program).then(|| fs::read(&path).ok()).flatten() {
                        self.judge(&bytes, &path.display().to_string());
                        self.read.insert("files");
                    }
                }
                _ => {}
            }
        }
    }

    fn note(&mut self, whose: &'static str, kind: &'static str) {
        self.read.insert(match (whose, kind) {
            ("program", "environment") => "environment of the program",
            ("program", "memory") => "memory of the program",
            ("program", "open file") => "open files of the program",
            ("child", "environment") => "environment of a child",
            ("child", "memory") => "memory of a child",
            _ => "what all may read",
        });
    }

    fn judge(&self, bytes: &[u8], place: &str) {
        for (number, secret) in self.secrets.iter().enumerate() {
            if contains(bytes, secret) {
                println!("hit {place}: secret {number}");
            }
        }
    }
}

/// The C library's search: a simple one takes minutes over all of a process's memory.
fn contains(bytes: &[u8], secret: &[u8]) -> bool {
    let (all, one) = (bytes.as_ptr().cast(), secret.as_ptr().cast());
    // SAFETY: both point to as many bytes as is said, and nothing is written.
    let found = unsafe { libc::memmem(all, bytes.len(), one, secret.len()) };
    !found.is_null()
}
