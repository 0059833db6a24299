//! What only the command may have: secrets (`--secret-from`), and the task role or not (`--task-role`).
//!
//! The process that is to become the command fetches its secrets itself, and then becomes it: they never enter PID 1, which
//! guards it from its first moment.

use std::collections::BTreeMap;
use std::ffi::{CString, OsString};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

use contract::{Secret, env};
use nix::sys::prctl;

use super::options::Options;
use crate::cli;
use crate::secret_source::SecretSource;
use crate::secrets::environment;
use crate::task_role::TaskRole;

/// How long all secrets may take.
const FETCH: Duration = Duration::from_secs(60);
/// This very program, also where its file was replaced meanwhile.
const OURSELVES: &str = "/proc/self/exe";
/// The hidden command that fetches and becomes another one.
pub(crate) const BECOME: &str = "become";
const HIDE: &str = "--task-role=hide";
const END: &str = "--";

/// A secret and the variable that the command gets it in.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Delivery {
    /// Nothing where the secret is an object of variables.
    variable: Option<String>,
    source: SecretSource,
}

/// Puts the fetching in front of the command, where there is something to fetch or to hide.
///
/// # Errors
/// A text that names the option which makes no sense.
pub(super) fn arrange(options: &mut Options) -> Result<(), String> {
    let deliveries = options.secret_from.iter().map(|text| Delivery::parse(text));
    let deliveries = deliveries.collect::<Result<Vec<_>, _>>().map_err(|fault| format!("--secret-from: {fault}"))?;
    if deliveries.is_empty() && options.task_role == TaskRole::Share {
        return Ok(());
    }
    conceal(&deliveries, options.task_role).map_err(|cause| format!("secrets cannot be concealed: {cause}"))?;
    let mut words = vec![OURSELVES, BECOME];
    if options.task_role == TaskRole::Hide {
        words.push(HIDE);
    }
    words.extend(options.secret_from.iter().map(String::as_str));
    words.push(END);
    let words = words.into_iter().map(|word| CString::new(word).expect("an argument has no NUL within"));
    options.command.splice(0..0, words);
    Ok(())
}

/// Nobody else reads what lies in our environment meanwhile.
fn conceal(deliveries: &[Delivery], task_role: TaskRole) -> io::Result<()> {
    prctl::set_dumpable(false)?;
    let mut names: Vec<&str> = deliveries.iter().filter_map(|delivery| delivery.source.variable()).collect();
    if task_role == TaskRole::Hide {
        names.extend(env::TASK_ROLE_KEYS);
    }
    environment::move_out(&names)
}

/// `runner-entrypoint become [--task-role=hide] SOURCE... -- COMMAND...`: does not come back but for a failure.
pub(crate) fn become_command(arguments: &[OsString]) -> u8 {
    let failure = prepare(arguments).map(|mut command| (command.exec(), command));
    match failure {
        Ok((cause, command)) => {
            cli::refuse(&format!("{} cannot be executed: {cause}", command.get_program().display()));
            if cause.kind() == io::ErrorKind::NotFound { 127 } else { 126 }
        }
        Err(fault) => cli::refuse(&fault),
    }
}

fn prepare(arguments: &[OsString]) -> Result<Command, String> {
    prctl::set_dumpable(false).map_err(|cause| format!("secrets cannot be concealed: {cause}"))?;
    let split = arguments.iter().position(|argument| argument == END).ok_or("there is no command")?;
    let (program, rest) = arguments[split + 1..].split_first().ok_or("there is no command")?;
    let mut command = Command::new(program);
    command.args(rest);
    let until = Instant::now() + FETCH;
    for argument in &arguments[..split] {
        if argument == HIDE {
            for name in env::TASK_ROLE_KEYS {
                command.env_remove(name);
            }
            continue;
        }
        let delivery = Delivery::parse(&argument.to_string_lossy())?;
        for (variable, secret) in delivery.unpack(delivery.source.fetch(until)?)? {
            command.env(variable, secret.expose());
        }
    }
    Ok(command)
}

impl Delivery {
    /// Reads `[VARIABLE=]SOURCE`.
    fn parse(text: &str) -> Result<Self, String> {
        let named = text.split_once('=').filter(|(variable, _)| is_variable(variable));
        let (variable, source) = named.map_or((None, text), |(variable, source)| (Some(variable.to_owned()), source));
        let source = SecretSource::parse(source)?;
        Ok(Self { variable: variable.or_else(|| source.variable().map(str::to_owned)), source })
    }

    /// The variables that a secret gives.
    fn unpack(&self, secret: Secret) -> Result<BTreeMap<String, Secret>, String> {
        if let Some(variable) = &self.variable {
            return Ok(BTreeMap::from([(variable.clone(), secret)]));
        }
        // serde's own message may quote the input, so it is not passed on.
        serde_json::from_str(secret.expose()).map_err(|_| {
            "the secret is no JSON object of variables; say which variable it is for, as VARIABLE=ssm:NAME".to_owned()
        })
    }
}

fn is_variable(text: &str) -> bool {
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts_well && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use contract::Secret;
    use proptest::prelude::*;

    use super::Delivery;

    fn variables(text: &str, secret: &str) -> Result<Vec<(String, String)>, String> {
        let unpacked = Delivery::parse(text)?.unpack(Secret::new(secret))?;
        Ok(unpacked.into_iter().map(|(name, secret)| (name, secret.expose().to_owned())).collect())
    }

    #[test]
    fn secret_goes_to_its_variable_or_is_an_object_of_variables() {
        let one = |name: &str, value: &str| Ok(vec![(name.to_owned(), value.to_owned())]);
        assert_eq!(variables("DB=ssm:/a", "x"), one("DB", "x"));
        assert_eq!(variables("env:DB", "x"), one("DB", "x"));
        assert_eq!(variables("NEW=env:DB", "x"), one("NEW", "x"));
        assert_eq!(variables("secretsmanager:a", "{\"DB\": \"x\"}"), one("DB", "x"));
        assert_eq!(variables("file:/a=b", "{\"DB\": \"x\"}"), one("DB", "x"));
    }

    #[test]
    fn secret_without_a_variable_is_refused_without_being_quoted() {
        for secret in ["marker", "{\"marker\": 5}", "[\"marker\"]"] {
            assert!(variables("ssm:/a", secret).is_err_and(|fault| !fault.contains("marker")), "{secret}");
        }
        assert!(Delivery::parse("1x=ssm:/a").is_err());
    }

    proptest! {
        #[test]
        fn no_refusal_quotes_the_secret(text in "([A-Za-z_0-9]{0,5}=)?[a-z]{0,9}:?[^\0]{0,9}", secret in "\\PC{0,20}") {
            let marked = format!("{secret}s3cret-marker");
            if let Err(fault) = variables(&text, &marked) {
                prop_assert!(!fault.contains("s3cret-marker"), "{}", fault);
            }
        }
    }
}
