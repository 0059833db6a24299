#!/usr/bin/env bash
# The seed recipe's entrypoint, written after its description: bash, curl and jq, a PAT in the environment. It registers with
# GitHub's own scripts, runs, and takes the registration back on a signal.
set -euo pipefail
cd "$RUNNER_HOME"

api=$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/actions/runners

# fetch_token KIND: a registration token or a removal token.
fetch_token() {
  curl -sS --fail -X POST -H "Authorization: Bearer $GITHUB_PAT" -H "Accept: application/vnd.github+json" "$api/$1" |
    jq -r .token
}

deregister() {
  ./config.sh remove --token "$(fetch_token remove-token)"
}

./config.sh --unattended --ephemeral --replace --disableupdate --work _work --name "$RUNNER_NAME" --labels "$RUNNER_LABELS" \
  --url "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY" --token "$(fetch_token registration-token)"

trap 'deregister; exit 130' INT
trap 'deregister; exit 143' TERM

./run.sh &
wait $!
