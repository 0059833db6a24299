//! The time limit, as GNU timeout promises it.

use std::process::{Command, Stdio};

use nix::sys::signal::Signal;

use crate::case::{Flaw, Outcome};
use crate::ensure;
use crate::program::{Duty, Kind};
use crate::setting::Setting::{First, Plain};
use crate::stage::Stage;

crate::cases! {
    command_that_ends_in_time_gives_its_own_code in &[First, Plain];
    command_that_takes_too_long_gives_124 in &[First, Plain];
    limit_of_0_is_none in &[Plain];
    fractions_units_and_huge_limits_are_limits in &[Plain];
    limit_too_small_to_be_told_from_0_is_the_smallest in &[Plain];
    text_that_is_no_limit_is_125 in &[Plain];
    text_that_is_no_signal_or_no_time_to_kill_is_125 in &[Plain];
    preserved_status_is_that_of_the_command in &[First, Plain];
    command_that_obeys_term_with_0_gives_124_unless_preserved in &[First, Plain];
    command_that_is_deaf_is_killed_after_the_time_to_kill in &[First, Plain];
    time_to_kill_starts_with_a_signal_from_outside_too in &[First, Plain];
    chosen_signal_is_sent_at_the_limit in &[First, Plain];
    names_of_signals_are_taken_in_any_spelling in &[Plain];
    short_options_are_those_of_coreutils_9_10 in &[Plain];
    stopped_command_is_continued_at_the_limit in &[First, Plain];
    whole_group_gets_the_signal_at_the_limit in &[First, Plain];
    in_the_foreground_only_the_command_gets_the_signal in &[Plain];
    verbose_tells_each_signal_that_is_sent in &[First, Plain];
    closed_stderr_does_not_kill_a_verbose_program in &[Plain];
    limit_within_a_limit_passes_the_inner_signal_on in &[Plain];
    limit_below_an_init_is_a_limit in &[Plain];
    blocked_alarm_on_entry_does_not_stop_the_clock in &[Plain];
}

const SLEEP: [&str; 2] = ["sleep", "1000"];

fn command_that_ends_in_time_gives_its_own_code(stage: &Stage) -> Outcome {
    stage.run(Duty::Limit("1000", &[]), &["true"])?.ends_with(0)?;
    stage.run(Duty::Limit("1000", &[]), &["actor", "exit", "2"])?.ends_with(2)
}

fn command_that_takes_too_long_gives_124(stage: &Stage) -> Outcome {
    let mut life = stage.run(Duty::Limit(".1", &[]), &SLEEP)?;
    life.ends_with(124)?;
    life.none_left("sleep")
}

fn limit_of_0_is_none(stage: &Stage) -> Outcome {
    for zero in ["0", "0s", "0.0", "0d"] {
        stage.run(Duty::Limit(zero, &[]), &["sleep", "0.1"])?.ends_with(0)?;
    }
    stage.run(Duty::Limit("1000", &["-k", "0"]), &["true"])?.ends_with(0)
}

fn fractions_units_and_huge_limits_are_limits(stage: &Stage) -> Outcome {
    let written = ["1d", "2h", "10m", "10.34", "9.999999999", "1e2", "0x1p5", "inf"];
    let huge = ["9223372036854775808d", "99999999999999999999999999", "2.34e+5d", "1e4000"];
    for limit in written.into_iter().chain(huge) {
        stage.run(Duty::Limit(limit, &[]), &["sleep", "0.05"])?.ends_with(0)?;
    }
    Ok(())
}

fn limit_too_small_to_be_told_from_0_is_the_smallest(stage: &Stage) -> Outcome {
    for limit in [".0000000001", "1e-100", "1e-10000"] {
        stage.run(Duty::Limit(limit, &[]), &SLEEP)?.ends_with(124)?;
    }
    Ok(())
}

fn text_that_is_no_limit_is_125(stage: &Stage) -> Outcome {
    for limit in ["invalid", "", "42D", "10 s", "1ss", "10€", "nan", "1e", "--", "'1"] {
        let line: &[&str] = if limit == "--" { &["--", "-1"] } else { &[limit] };
        let duty = match (stage.kind(), limit) {
            (Kind::Timeout, _) => Duty::Words(line),
            (_, "--") => Duty::Words(&["--ttl=-1", "--"]),
            _ => Duty::Limit(limit, &[]),
        };
        let mut life = stage.run(duty, &["true"])?;
        let code = life.end()?;
        ensure!(stage.kind().has_clock(), "a limit was taken");
        ensure!(code == 125, "{limit:?} gave {code} and not 125");
    }
    Ok(())
}

fn text_that_is_no_signal_or_no_time_to_kill_is_125(stage: &Stage) -> Outcome {
    for option in ["--signal=invalid", "--kill-after=invalid", "--kill-after=-1", "--no-such-option"] {
        let mut life = stage.run(Duty::Limit("10", &[option]), &["true"])?;
        let code = life.end()?;
        ensure!(code == 125, "{option} gave {code} and not 125");
    }
    Ok(())
}

fn preserved_status_is_that_of_the_command(stage: &Stage) -> Outcome {
    stage.run(Duty::Limit(".1", &["--preserve-status"]), &SLEEP)?.ends_with(143)?;
    stage.run(Duty::Limit(".1", &["--preserve-status", "-s", "INT"]), &SLEEP)?.ends_with(130)
}

fn command_that_obeys_term_with_0_gives_124_unless_preserved(stage: &Stage) -> Outcome {
    let obeying = ["actor", "obey", "TERM", "0"];
    stage.run(Duty::Limit(".3", &[]), &obeying)?.ends_with(124)?;
    stage.run(Duty::Limit(".3", &["--preserve-status"]), &obeying)?.ends_with(0)
}

fn command_that_is_deaf_is_killed_after_the_time_to_kill(stage: &Stage) -> Outcome {
    let deaf = ["actor", "deaf", "TERM"];
    stage.run(Duty::Limit(".2", &["-k", ".2"]), &deaf)?.ends_with(137)?;
    for options in [&["-s0", "-k.2"][..], &["--foreground", "-s0", "-k.2"]] {
        stage.run(Duty::Limit(".1", options), &SLEEP)?.ends_with(137)?;
    }
    // It does not come to that where the signal suffices.
    stage.run(Duty::Limit(".1", &["-k", "100"]), &SLEEP)?.ends_with(124)
}

fn time_to_kill_starts_with_a_signal_from_outside_too(stage: &Stage) -> Outcome {
    let mut life = stage.run(Duty::Limit("1000", &["-k", ".2"]), &["actor", "deaf", "TERM"])?;
    life.hear("ready")?;
    life.signal(Signal::SIGTERM)?;
    life.ends_with(137)
}

fn chosen_signal_is_sent_at_the_limit(stage: &Stage) -> Outcome {
    for (name, number) in [("USR1", 10), ("SIGUSR1", 10), ("10", 10), ("RTMIN", libc::SIGRTMIN())] {
        let life = stage.run(Duty::Limit(".3", &["-s", name]), &["actor", "signals"])?;
        life.hear(&format!("got {number}\n"))?;
    }
    Ok(())
}

fn names_of_signals_are_taken_in_any_spelling(stage: &Stage) -> Outcome {
    for name in ["CONT", "cOnT", "SIGcont"] {
        stage.run(Duty::Limit(".1", &["--preserve-status", "-s", name]), &["sleep", "0.3"])?.ends_with(0)?;
    }
    for name in ["RTMIN", "RTMAX", "RTMIN+1", "RTMAX-1"] {
        stage.run(Duty::Limit("10", &["-s", name]), &["true"])?.ends_with(0)?;
    }
    Ok(())
}

fn short_options_are_those_of_coreutils_9_10(stage: &Stage) -> Outcome {
    stage.run(Duty::Limit(".1", &["-p"]), &SLEEP)?.ends_with(143)?;
    stage.run(Duty::Limit(".1", &["-f", "-v"]), &SLEEP)?.ends_with(124)
}

fn stopped_command_is_continued_at_the_limit(stage: &Stage) -> Outcome {
    stage.run(Duty::Limit(".3", &[]), &["actor", "stop"])?.ends_with(124)
}

fn whole_group_gets_the_signal_at_the_limit(stage: &Stage) -> Outcome {
    let mut life = stage.run(Duty::Limit(".5", &[]), &["sh", "-c", "sleep 1000 | sleep 1000 & sleep 1000; :"])?;
    life.ends_with(124)?;
    life.none_left("sleep")
}

fn in_the_foreground_only_the_command_gets_the_signal(stage: &Stage) -> Outcome {
    // Supervise ends whatever it started: this is for those who want the rest to live on.
    stage.only(&[Kind::Timeout])?;
    let mut life = stage.run(Duty::Limit(".5", &["--foreground"]), &["sh", "-c", "sleep 1000 & exec sleep 1001"])?;
    life.ends_with(124)?;
    ensure!(life.processes("sleep").len() == 1, "the command's own child did not live on");
    Ok(())
}

fn verbose_tells_each_signal_that_is_sent(stage: &Stage) -> Outcome {
    let mut life = stage.run(Duty::Limit(".1", &["-v", "-s0", "-k.1"]), &SLEEP)?;
    life.ends_with(137)?;
    life.hear("sending signal KILL to command 'sleep'\n")?;
    let mut life = stage.run(Duty::Limit(".1", &["-v"]), &SLEEP)?;
    life.ends_with(124)?;
    life.hear("sending signal TERM to command 'sleep'\n")
}

fn closed_stderr_does_not_kill_a_verbose_program(stage: &Stage) -> Outcome {
    let call = stage.call(Duty::Limit(".1", &["-v"]))?.with_stderr_nobody_reads()?;
    call.start(&["sh", "-c", "exec 2>&-; sleep 1000"])?.ends_with(124)
}

const TRAP: &str = "trap 'echo got USR1; exit 0' USR1; echo ready; while :; do sleep 0.05; done";

fn limit_within_a_limit_passes_the_inner_signal_on(stage: &Stage) -> Outcome {
    stage.only(&[Kind::Timeout])?;
    let inner = stage.line(Duty::Limit("25", &["-s", "USR1"]))?;
    let words: Vec<&str> = inner.iter().map(String::as_str).chain(["sh", "-c", TRAP]).collect();
    let mut life = stage.run(Duty::Limit("30", &["-s", "ALRM"]), &words)?;
    life.hear("ready")?;
    life.signal(Signal::SIGALRM)?;
    life.ends_with(124)?;
    life.hear("got USR1\n")
}

fn limit_below_an_init_is_a_limit(stage: &Stage) -> Outcome {
    let line = stage.line(Duty::Limit(".1", &[]))?.join(" ");
    let mut namespace = Command::new("unshare");
    namespace.args(["--pid", "--fork", "--kill-child", "sh", "-c"]).arg(format!("{line} sleep 1000; exit $?"));
    if !First.is_allowed() {
        return Err(Flaw::NotPromised);
    }
    let status = namespace.stdout(Stdio::null()).status().map_err(|cause| Flaw::Broken(format!("unshare: {cause}")))?;
    ensure!(status.code() == Some(124), "code {:?} and not 124", status.code());
    Ok(())
}

fn blocked_alarm_on_entry_does_not_stop_the_clock(stage: &Stage) -> Outcome {
    stage.call(Duty::Limit(".1", &[]))?.entering(&["--block", "ALRM"]).start(&SLEEP)?.ends_with(124)
}
