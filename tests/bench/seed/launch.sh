#!/usr/bin/env bash
# The seed recipe's steps, one for each call: launch.sh STEP. GitHub runs each step of a workflow in a bash of its own as well.
set -euo pipefail
state=${SEED_STATE:?}
# shellcheck source=/dev/null
[[ $1 == configure ]] || . "$state/credentials"

case $1 in
  configure) # Stands for aws-actions/configure-aws-credentials, which is no package of any registry.
    token=$(curl -sS --fail --cacert "$AWS_CA_BUNDLE" -H "Authorization: Bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \
      "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=sts.amazonaws.com" | jq -r .value)
    "$AWS" sts assume-role-with-web-identity --role-arn "$MAYFLY_ROLE_ARN" --role-session-name seed --output text \
      --web-identity-token "$token" --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]' |
      { read -r id secret session; printf 'export %s=%s\n' AWS_ACCESS_KEY_ID "$id" AWS_SECRET_ACCESS_KEY "$secret" \
        AWS_SESSION_TOKEN "$session" >"$state/credentials"; }
    ;;
  identity)
    "$AWS" sts get-caller-identity
    ;;
  label)
    if command -v uuidgen >/dev/null; then uuidgen; else cat /proc/sys/kernel/random/uuid; fi >"$state/label"
    ;;
  run-task)
    overrides='{"containerOverrides":[{"name":"runner","environment":[
      {"name":"RUNNER_NAME","value":"'$(<"$state/label")'"},{"name":"RUNNER_LABELS","value":"'$(<"$state/label")'"},
      {"name":"GITHUB_PAT","value":"ghp_example"}]}]}'
    "$AWS" ecs run-task --cluster mayfly --task-definition mayfly-runner-fargate --launch-type FARGATE --overrides "$overrides" \
      --network-configuration 'awsvpcConfiguration={subnets=[subnet-0a1b2c3d],securityGroups=[sg-0a1b2c3d],assignPublicIp=ENABLED}' \
      --query 'tasks[0].taskArn' --output text >"$state/task"
    ;;
  describe)
    "$AWS" ecs describe-tasks --cluster mayfly --tasks "$(<"$state/task")"
    ;;
esac
