//! Takes the registration back. `DELETE` is the arbiter: 204 and 404 mean gone, 422 means that a job runs.

use std::time::Duration;

use contract::{Credential, Secret};

use super::patience::{Heed, Patience};
use super::{Answer, Registrar, configure, credential, files};
use crate::github::{Api, Deleted, GitHub, Trouble};
use crate::http::{Http, Proxies};
use crate::machine::{RunnerId, WhenBusy};

/// Registration tokens live for an hour; the last minutes are not relied on.
const TOKEN_LIFETIME: Duration = Duration::from_secs(58 * 60);
/// Between two DELETEs where GitHub has not noticed yet that the Listener is gone.
const BUSY_PAUSE: Duration = Duration::from_secs(1);

/// Removes within a time.
pub(super) fn remove(registrar: &mut Registrar, id: Option<RunnerId>, within: Duration, when_busy: WhenBusy) -> Answer {
    let mut patience = Patience::new(within, Heed::Nothing);
    match try_to_remove(registrar, &mut patience, id, when_busy) {
        Ok(answer) => answer,
        Err(Trouble::Refused(message)) => Answer::NotRemovable(message),
        Err(trouble) => Answer::NotRemoved(trouble.message().to_owned()),
    }
}

fn try_to_remove(
    registrar: &mut Registrar,
    patience: &mut Patience,
    id: Option<RunnerId>,
    when_busy: WhenBusy,
) -> Result<Answer, Trouble> {
    let credential = credential::find(registrar, patience.until)?;
    if let Credential::RegistrationToken(token) = &credential {
        return by_listener(registrar, id, token);
    }
    let (url, scope) = (registrar.config.api_url.clone(), registrar.config.scope.clone());
    let http = Http::for_url(&url, Proxies::FromEnvironment).map_err(Trouble::Refused)?;
    let until = patience.until;
    let api = || Api { http: &http, url: &url, until };
    let token = patience.retry(|| credential::rest_token(registrar, &api(), &credential))?;
    let token = token.ok_or_else(|| Trouble::Refused("no token for the REST API".to_owned()))?;
    let github = GitHub { api: api(), scope: &scope, token };
    let id = match id {
        Some(RunnerId(id)) => Some(id),
        None => patience.retry(|| github.find_runner(&registrar.config.runner_name))?,
    };
    let Some(id) = id else { return Ok(Answer::Gone) };
    delete(&github, patience, id, when_busy)
}

fn delete(github: &GitHub<'_>, patience: &mut Patience, id: u64, when_busy: WhenBusy) -> Result<Answer, Trouble> {
    loop {
        match (patience.retry(|| github.delete_runner(id))?, when_busy) {
            (Deleted::Gone, _) => return Ok(Answer::Gone),
            (Deleted::Busy, WhenBusy::Tell) => return Ok(Answer::Busy),
            (Deleted::Busy, WhenBusy::Insist) => {}
        }
        if !patience.rest(BUSY_PAUSE) {
            return Ok(Answer::NotRemoved("GitHub still takes the runner for busy".to_owned()));
        }
    }
}

/// Without REST the Listener removes itself, as long as its token lives. The token is as old as this machine, or older.
fn by_listener(registrar: &Registrar, id: Option<RunnerId>, token: &Secret) -> Result<Answer, Trouble> {
    if id.is_none() && files::agent_id(&registrar.config.runner_dir).is_none() {
        let unknown = "the Listener did not say whether it registered, and a registration token cannot look it up";
        return Err(Trouble::Refused(unknown.to_owned()));
    }
    if registrar.clock.now().0 > TOKEN_LIFETIME {
        let expired = "the registration token has expired; mayfly reap removes the runner";
        return Err(Trouble::Refused(expired.to_owned()));
    }
    configure::remove(registrar, token).map(|()| Answer::Gone).map_err(Trouble::Refused)
}
