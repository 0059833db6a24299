//! All cases, in the order of the table.

pub mod codes;
pub mod ending;
pub mod entry;
pub mod lease;
pub mod limits;
pub mod names;
pub mod reaping;
pub mod signals;
pub mod terminal;

use crate::case::Case;

/// The cases of one file under their heading.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// The heading.
    pub title: &'static str,
    /// Its cases.
    pub cases: &'static [Case],
}

/// All cases.
pub const ALL: &[Group] = &[
    Group { title: "How it ends is told", cases: codes::CASES },
    Group { title: "Signals", cases: signals::CASES },
    Group { title: "What it finds when it starts", cases: entry::CASES },
    Group { title: "Reaping", cases: reaping::CASES },
    Group { title: "The end of the rest", cases: ending::CASES },
    Group { title: "Terminals", cases: terminal::CASES },
    Group { title: "Time limits", cases: limits::CASES },
    Group { title: "Leases", cases: lease::CASES },
    Group { title: "What users of its names look at", cases: names::CASES },
];

/// Tries one case with `runner-entrypoint` in all its roles.
#[cfg(test)]
#[track_caller]
pub(crate) fn assert_of_ours(name: &str, cases: &[Case]) {
    use crate::case::Flaw;
    use crate::program;
    use crate::stage::entrypoint;

    let case = cases.iter().find(|case| case.name == name).expect("the test was made from the case");
    if case.settings.iter().any(|setting| !setting.is_allowed()) {
        eprintln!("no PID namespaces here: {name} is not tried as PID 1");
    }
    for program in program::ours(&entrypoint()) {
        if let Err(Flaw::Broken(what)) = case.try_with(&program) {
            panic!("{}, {}: {what}", program.title, name.replace('_', " "));
        }
    }
}
