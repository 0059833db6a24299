//! The files of a registered runner, and the JIT configuration that carries them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::runner::Runner;

/// The three files, by name. They have the real ones' form; what is secret in them is worth nothing.
pub(crate) fn files(runner: &Runner, broker: &str) -> [(&'static str, Value); 3] {
    let settings = json!({
        "agentId": runner.id,
        "agentName": runner.name,
        "poolId": runner.group,
        "poolName": "Default",
        "ephemeral": runner.ephemeral,
        "disableUpdate": true,
        "skipSessionRecover": false,
        "serverUrl": broker,
        // Empty as in the real thing: this is why `config.sh remove` does not work for a JIT runner.
        "gitHubUrl": "",
        "workFolder": runner.work_folder,
        "useV2Flow": true,
        "serverUrlV2": broker,
    });
    let credentials = json!({
        "scheme": "OAuth",
        "data": {
            "clientId": runner.client_id,
            "authorizationUrl": format!("{broker}/oauth2/token"),
            "authorizationUrlV2": format!("{broker}/oauth2/token"),
            "requireFipsCryptography": "True",
        },
    });
    [(".runner", settings), (".credentials", credentials), (".credentials_rsaparams", rsa_parameters(runner))]
}

/// Has the size of RSA-2048 parameters. The stand-in's secret takes the place of the private exponent; the rest is filler.
fn rsa_parameters(runner: &Runner) -> Value {
    let filler = |bytes: usize| STANDARD.encode(vec![0x5a_u8; bytes]);
    json!({
        "d": runner.client_secret,
        "dp": filler(128),
        "dq": filler(128),
        "exponent": "AQAB",
        "inverseQ": filler(128),
        "modulus": filler(256),
        "p": filler(128),
        "q": filler(128),
    })
}

/// Base64 of a JSON object that holds each file in base64.
pub(crate) fn encode(runner: &Runner, broker: &str) -> String {
    let packed: serde_json::Map<String, Value> = files(runner, broker)
        .into_iter()
        .map(|(name, content)| (name.to_owned(), STANDARD.encode(content.to_string()).into()))
        .collect();
    STANDARD.encode(Value::Object(packed).to_string())
}
