//! What is printed: plain tables, aligned for people.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark's product is what it prints")]

use crate::figures::{Outcome, Verdict};

pub(crate) fn say(text: &str) {
    println!("{text}");
}

pub(crate) fn complain(text: &str) {
    eprintln!("{text}");
}

/// The first column to the left, numbers to the right.
pub(crate) fn print(header: &[&str], rows: &[Vec<String>]) {
    let head: Vec<String> = header.iter().map(|cell| (*cell).to_owned()).collect();
    let width = |column: usize| {
        let cells = rows.iter().chain([&head]).filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    for row in [&head].into_iter().chain(rows) {
        println!("{}", line(row, &widths));
    }
}

fn line(row: &[String], widths: &[usize]) -> String {
    let cells = row.iter().zip(widths).enumerate().map(|(column, (cell, &width))| match column {
        0 => format!("  {cell:<width$}"),
        _ => format!("  {cell:>width$}"),
    });
    cells.collect::<String>().trim_end().to_owned()
}

pub(crate) fn print_verdicts(verdicts: &[Verdict]) {
    let word = |outcome: Outcome| match outcome {
        Outcome::Met => "met",
        Outcome::Open => "open",
        Outcome::Missed => "MISSED",
    };
    let row = |verdict: &Verdict| {
        vec![verdict.what.clone(), verdict.measured.clone(), verdict.target.clone(), word(verdict.outcome).to_owned()]
    };
    let rows: Vec<_> = verdicts.iter().map(row).collect();
    say("\nTargets");
    print(&["", "measured", "target", ""], &rows);
}
