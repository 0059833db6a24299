//! Whatever state a program is started in, it does its part, and the child finds what it would have found without it.

use nix::sys::signal::Signal;

use crate::case::{Flaw, Outcome};
use crate::ensure;
use crate::life::Life;
use crate::program::{Duty, Kind};
use crate::setting::Setting::{First, Plain, Subreaper};
use crate::stage::Stage;

crate::cases! {
    child_finds_the_signals_blocked_and_ignored_that_its_caller_left in &[First, Plain];
    child_finds_nothing_ignored_where_nothing_was in &[First, Plain];
    signals_that_are_all_blocked_on_entry_are_taken_all_the_same in &[First, Subreaper, Plain];
    ignored_chld_on_entry_does_not_hide_the_childs_end in &[First, Plain];
    ignored_signal_on_entry_stays_ignored in &[Plain];
    child_from_before_is_not_taken_for_the_command in &[Plain];
    descriptors_of_the_program_do_not_reach_the_child in &[First, Plain];
    child_leads_a_group_of_its_own in &[First, Plain];
}

/// A line of `/proc/PID/status` as the child found it.
fn mask(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    u64::from_str_radix(line.trim_start_matches(':').trim(), 16).ok()
}

fn masks_of_child(stage: &Stage, entry: &[&str]) -> Result<(u64, u64), Flaw> {
    let mut life = stage.call(Duty::Run)?.entering(entry).start(&["cat", "/proc/self/status"])?;
    life.ends_with(0)?;
    let text = life.stdout();
    // Those of the C library itself are nobody's affair: `posix_spawn` of glibc leaves them ignored.
    let internal = bit(32) | bit(33);
    mask(&text, "SigBlk")
        .zip(mask(&text, "SigIgn").map(|ignored| ignored & !internal))
        .ok_or_else(|| life.broken("the child said nothing"))
}

const fn bit(signal: i32) -> u64 {
    1 << (signal - 1)
}

fn child_finds_the_signals_blocked_and_ignored_that_its_caller_left(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Tini, Kind::Catatonit, Kind::Supervise])?;
    let ignore = ["--ignore", "TTOU", "--ignore", "SEGV", "--ignore", "INT"];
    let block = ["--block", "TTIN", "--block", "ILL", "--block", "TERM"];
    let (blocked, ignored) = masks_of_child(stage, &[ignore, block].concat())?;
    let expected = bit(libc::SIGTTIN) | bit(libc::SIGILL) | bit(libc::SIGTERM);
    ensure!(blocked == expected, "blocked in the child: {blocked:x} and not {expected:x}");
    let expected = bit(libc::SIGTTOU) | bit(libc::SIGSEGV) | bit(libc::SIGINT);
    ensure!(ignored == expected, "ignored in the child: {ignored:x} and not {expected:x}");
    Ok(())
}

fn child_finds_nothing_ignored_where_nothing_was(stage: &Stage) -> Outcome {
    let (blocked, ignored) = masks_of_child(stage, &[])?;
    ensure!((blocked, ignored) == (0, 0), "in the child: blocked {blocked:x}, ignored {ignored:x}");
    Ok(())
}

fn signals_that_are_all_blocked_on_entry_are_taken_all_the_same(stage: &Stage) -> Outcome {
    // GNU timeout keeps blocked what was: only its clock goes on.
    stage.only(&[Kind::Supervise, Kind::Tini, Kind::DumbInit, Kind::Catatonit])?;
    let call = stage.call(Duty::Run)?.entering(&["--block", "ALL"]);
    let life = call.start(&["actor", "signals"])?;
    life.hear("ready")?;
    life.signal(Signal::SIGTERM)?;
    life.hear("got 15\n")
}

fn ignored_chld_on_entry_does_not_hide_the_childs_end(stage: &Stage) -> Outcome {
    stage.call(Duty::Run)?.entering(&["--ignore", "CHLD"]).start(&["actor", "exit", "9"])?.ends_with(9)?;
    // An end that comes late finds the program asleep.
    let mut life = stage.call(Duty::Run)?.entering(&["--ignore", "CHLD"]).start(&["actor", "obey", "HUP", "9"])?;
    life.hear("ready")?;
    life.signal(Signal::SIGHUP)?;
    life.ends_with(9)
}

fn ignored_signal_on_entry_stays_ignored(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Timeout])?;
    let life = stage.call(Duty::Run)?.entering(&["--ignore", "HUP"]).start(&["actor", "deaf"])?;
    life.hear("ready")?;
    life.signal(Signal::SIGHUP)?;
    end_by_term(life)
}

fn end_by_term(mut life: Life) -> Outcome {
    life.signal(Signal::SIGTERM)?;
    life.ends_with(128 + libc::SIGTERM)
}

fn child_from_before_is_not_taken_for_the_command(stage: &Stage) -> Outcome {
    let mut life = stage.call(Duty::Run)?.entering(&["--child"]).start(&["sh", "-c", "sleep 0.3; exit 5"])?;
    life.ends_with(5)?;
    ensure!(stage.kind() != Kind::Timeout || life.stderr().is_empty(), "it said: {}", life.stderr());
    Ok(())
}

fn descriptors_of_the_program_do_not_reach_the_child(stage: &Stage) -> Outcome {
    let call = stage.call(Duty::Run)?.entering(&["--close-others"]);
    let mut life = call.start(&["actor", "descriptors"])?;
    life.ends_with(0)?;
    let open = life.stdout();
    ensure!(open.lines().next() == Some("0 1 2"), "open in the child: {open}");
    Ok(())
}

fn child_leads_a_group_of_its_own(stage: &Stage) -> Outcome {
    let mut life = stage.run(Duty::Run, &["actor", "self"])?;
    life.ends_with(0)?;
    let said = life.stdout();
    let expected = match stage.kind() {
        Kind::Tini | Kind::Catatonit => "group=own with_parent=apart session=other",
        Kind::DumbInit | Kind::Supervise => "group=own with_parent=apart session=own",
        Kind::Timeout => "group=other with_parent=shared",
    };
    ensure!(said.contains(expected), "the child is {said} and not {expected}");
    Ok(())
}
