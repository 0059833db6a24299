//! The table: guarantees down, programs across.
#![expect(clippy::print_stdout, reason = "the table is the product")]

use std::process::ExitCode;

use crate::case::{Case, Flaw};
use crate::cases;
use crate::program::{self, Origin, Program};
use crate::setting::Setting;
use crate::stage::entrypoint;

/// Tries all cases, or those whose names contain one of the words, and prints how they came out. A word `=TITLE` asks for one
/// program. Fails where ours broke one.
pub fn print(words: &[String]) -> ExitCode {
    let (titles, words): (Vec<&str>, Vec<&str>) =
        words.iter().map(String::as_str).partition(|word| word.starts_with('='));
    let programs: Vec<Program> = program::ours(&entrypoint()).into_iter().chain(program::theirs()).collect();
    let wanted = |program: &Program| titles.is_empty() || titles.iter().any(|title| title[1..] == *program.title);
    let programs: Vec<Program> = programs.into_iter().filter(wanted).collect();
    if !Setting::First.is_allowed() {
        println!("No PID namespaces here: nothing is tried as PID 1.");
    }
    print_line("", programs.iter().map(|program| program.title), &programs);
    let mut flaws = Vec::new();
    for group in cases::ALL {
        println!("{}", group.title);
        let wanted = |case: &&Case| words.is_empty() || words.iter().any(|word| case.name.contains(word));
        for case in group.cases.iter().filter(wanted) {
            print_case(case, &programs, &mut flaws);
        }
    }
    print_flaws(&flaws);
    if flaws.iter().any(|flaw| flaw.origin == Origin::Ours) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Something that broke.
struct Broken {
    case: &'static str,
    title: &'static str,
    origin: Origin,
    what: String,
}

fn print_case(case: &Case, programs: &[Program], flaws: &mut Vec<Broken>) {
    let words: Vec<&str> = programs
        .iter()
        .map(|program| match case.try_with(program) {
            Ok(()) => "ok",
            Err(Flaw::NotPromised) => "n/a",
            Err(Flaw::Broken(what)) => {
                flaws.push(Broken { case: case.name, title: program.title, origin: program.origin, what });
                "FAILS"
            }
        })
        .collect();
    print_line(&format!("  {}", case.name.replace('_', " ")), words.into_iter(), programs);
}

fn print_line<'a>(name: &str, words: impl Iterator<Item = &'a str>, programs: &[Program]) {
    let widths = programs.iter().map(|program| program.title.len());
    let cells: String = words.zip(widths).map(|(word, width)| format!("  {word:>width$}")).collect();
    println!("{name:<68}{cells}");
}

fn print_flaws(flaws: &[Broken]) {
    if flaws.is_empty() {
        return;
    }
    println!("\nWhat was seen where it fails");
    for Broken { case, title, what, .. } in flaws {
        println!("  {title}, {}: {}", case.replace('_', " "), what.replace('\n', " | "));
    }
}
