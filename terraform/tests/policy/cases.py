"""What the launcher must be able to do, and what nobody who holds it may do. Each case: what it is, the action, the resource, and
what AWS puts into the request's context."""

ACCOUNT, REGION = "123456789012", "eu-central-1"


def arn(service, rest, region=REGION):
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{rest}"


def role(name):
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


OURS = {"ecs:cluster": arn("ecs", "cluster/mayfly")}
OTHER_CLUSTER = {"ecs:cluster": arn("ecs", "cluster/production")}
TASK, OTHER_TASK = arn("ecs", "task/mayfly/0123"), arn("ecs", "task/production/0123")
RUNNER, PREVIEW = arn("ecs", "task-definition/mayfly-runner-fargate:7"), arn("ecs", "task-definition/mayfly-preview-octo-demo-pr-12:3")
LISTENER = arn("elasticloadbalancing", "listener/app/mayfly-preview/a1/b2")
RULE = arn("elasticloadbalancing", "listener-rule/app/mayfly-preview/a1/b2/c3")
GROUP = arn("elasticloadbalancing", "targetgroup/mf-0123456789abcdef/d4")
IMAGES = arn("ecr", "repository/mayfly-preview")

RUNNER_TAGS = {"aws:RequestTag/mayfly:id": "id", "aws:RequestTag/mayfly:kind": "runner", "aws:TagKeys": ["mayfly:id", "mayfly:kind"]}
PREVIEW_TAGS = {**RUNNER_TAGS, "aws:RequestTag/mayfly:kind": "preview"}
IS_RUNNER = {"aws:ResourceTag/mayfly:id": "id", "aws:ResourceTag/mayfly:kind": "runner"}
IS_PREVIEW = {"aws:ResourceTag/mayfly:id": "id", "aws:ResourceTag/mayfly:kind": "preview"}
TO_TASKS = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}


def elb(action, resource, context):
    return (f"elasticloadbalancing:{action}", resource, context)


def looks(service, actions):
    return [(f"{service}:{action}", "*", {}) for action in actions]


ALLOWED = [
    ("ecs:RunTask", RUNNER, {**OURS, **RUNNER_TAGS}),
    ("ecs:RunTask", arn("ecs", "task-definition/mayfly-runner-ec2"), {**OURS, **RUNNER_TAGS}),
    ("ecs:RunTask", arn("ecs", "task-definition/mayfly-runner-ec2-awsvpc:1"), {**OURS, **RUNNER_TAGS}),
    ("ecs:RunTask", PREVIEW, {**OURS, **PREVIEW_TAGS}),
    ("ecs:TagResource", TASK, {"ecs:CreateAction": "RunTask", **RUNNER_TAGS}),
    ("ecs:TagResource", PREVIEW, {"ecs:CreateAction": "RegisterTaskDefinition", "aws:TagKeys": ["mayfly:kind", "mayfly:fingerprint"]}),
    ("ecs:TagResource", TASK, {**IS_PREVIEW, "aws:TagKeys": ["mayfly:expires-at"]}),
    ("ecs:TagResource", TASK, {**IS_PREVIEW, "aws:TagKeys": ["mayfly:url"]}),
    *[("iam:PassRole", role(f"mayfly-{name}"), TO_TASKS) for name in ("execution", "job", "preview-execution", "preview-task")],
    ("ecs:RegisterTaskDefinition", PREVIEW, {**PREVIEW_TAGS, "ecs:privileged": "false"}),
    ("ecs:RegisterTaskDefinition", PREVIEW, PREVIEW_TAGS),
    ("ecs:DeleteTaskDefinitions", PREVIEW, {}),
    ("ecs:DescribeTasks", TASK, OURS),
    ("ecs:ListTasks", "*", OURS),
    ("ecs:StopTask", TASK, {**OURS, **IS_RUNNER}),
    ("ecs:StopTask", TASK, {**OURS, **IS_PREVIEW}),
    ("ecs:ListTagsForResource", TASK, {}),
    ("ecs:ListTagsForResource", PREVIEW, {}),
    ("ecs:DescribeContainerInstances", arn("ecs", "container-instance/mayfly/1"), OURS),
    *looks("ecs", ["DescribeTaskDefinition", "ListTaskDefinitions", "ListTaskDefinitionFamilies", "DeregisterTaskDefinition"]),
    *looks("ec2", ["DescribeNetworkInterfaces", "DescribeInstances", "DescribeSubnets", "DescribeSecurityGroups"]),
    *looks("elasticloadbalancing", ["DescribeLoadBalancers", "DescribeListeners", "DescribeListenerCertificates", "DescribeRules"]),
    *looks("elasticloadbalancing", ["DescribeTargetGroups", "DescribeTargetHealth", "DescribeTags", "DescribeAccountLimits"]),
    elb("CreateTargetGroup", GROUP, PREVIEW_TAGS),
    elb("AddTags", GROUP, {"elasticloadbalancing:CreateAction": "CreateTargetGroup", **PREVIEW_TAGS}),
    elb("CreateRule", LISTENER, PREVIEW_TAGS),
    elb("AddTags", RULE, {"elasticloadbalancing:CreateAction": "CreateRule", **PREVIEW_TAGS}),
    elb("AddTags", RULE, {**IS_PREVIEW, **PREVIEW_TAGS}),
    *[elb(name, GROUP, IS_PREVIEW) for name in ("ModifyTargetGroup", "ModifyTargetGroupAttributes", "DeleteTargetGroup")],
    *[elb(name, GROUP, IS_PREVIEW) for name in ("RegisterTargets", "DeregisterTargets")],
    *[elb(name, RULE, IS_PREVIEW) for name in ("ModifyRule", "DeleteRule")],
    *[(f"ecr:{name}", IMAGES, {}) for name in ("DescribeImages", "ListImages", "BatchDeleteImage", "ListTagsForResource")],
    ("acm:DescribeCertificate", arn("acm", "certificate/1"), {}),
    *[(f"codebuild:{name}", arn("codebuild", "project/mayfly-preview-build"), {}) for name in ("StartBuild", "BatchGetBuilds")],
    ("logs:GetLogEvents", arn("logs", "log-group:/mayfly/runner:log-stream:runner/runner/1"), {}),
    ("logs:GetLogEvents", arn("logs", "log-group:/mayfly/preview:log-stream:web/web/1"), {}),
]

ATTACKS = [
    ("a runner on another cluster", "ecs:RunTask", RUNNER, {**OTHER_CLUSTER, **RUNNER_TAGS}),
    ("a task of another family", "ecs:RunTask", arn("ecs", "task-definition/payments:1"), {**OURS, **RUNNER_TAGS}),
    ("a family whose name begins like ours", "ecs:RunTask", arn("ecs", "task-definition/mayfly-runner-fargate-x:1"), {**OURS, **RUNNER_TAGS}),
    ("a task that nobody would find again", "ecs:RunTask", RUNNER, OURS),
    ("a preview that is tagged as a runner", "ecs:RunTask", PREVIEW, {**OURS, **RUNNER_TAGS}),
    ("a task in another region", "ecs:RunTask", arn("ecs", "task-definition/mayfly-runner-fargate:7", "us-east-1"), {**OURS, **RUNNER_TAGS}),
    ("an override with the administrator's role as execution role", "iam:PassRole", role("admin"), TO_TASKS),
    ("an override with a role whose name begins like ours", "iam:PassRole", role("mayfly-execution-admin"), TO_TASKS),
    ("the launcher's own role passed to a task", "iam:PassRole", role("mayfly-launcher"), TO_TASKS),
    ("our role passed to a function", "iam:PassRole", role("mayfly-job"), {"iam:PassedToService": "lambda.amazonaws.com"}),
    ("our role passed to an instance", "iam:PassRole", role("mayfly-execution"), {"iam:PassedToService": "ec2.amazonaws.com"}),
    ("a task without our tag stopped", "ecs:StopTask", TASK, OURS),
    ("a tagged task of another cluster stopped", "ecs:StopTask", OTHER_TASK, {**OTHER_CLUSTER, **IS_RUNNER}),
    ("tasks of another cluster looked at", "ecs:DescribeTasks", OTHER_TASK, OTHER_CLUSTER),
    ("our tag put on somebody's running task", "ecs:TagResource", TASK, {"aws:TagKeys": ["mayfly:id"]}),
    ("our tag put on somebody's service", "ecs:TagResource", arn("ecs", "service/mayfly/shop"), {"aws:TagKeys": ["mayfly:id"]}),
    ("a foreign tag (say, the cost centre) at the start", "ecs:TagResource", TASK, {"ecs:CreateAction": "RunTask", "aws:TagKeys": ["mayfly:id", "cost-centre"]}),
    ("a start that claims to tag nothing", "ecs:TagResource", TASK, {"ecs:CreateAction": "RunTask"}),
    ("a preview's pull request changed", "ecs:TagResource", TASK, {**IS_PREVIEW, "aws:TagKeys": ["mayfly:expires-at", "mayfly:pr"]}),
    ("a runner's tags changed", "ecs:TagResource", TASK, {**IS_RUNNER, "aws:TagKeys": ["mayfly:expires-at"]}),
    ("our tags taken off", "ecs:UntagResource", TASK, {**IS_PREVIEW, "aws:TagKeys": ["mayfly:id"]}),
    ("a shell in a running job", "ecs:ExecuteCommand", TASK, {**OURS, **IS_RUNNER}),
    ("another image under the runners' family", "ecs:RegisterTaskDefinition", RUNNER, PREVIEW_TAGS),
    ("a definition for somebody else's family", "ecs:RegisterTaskDefinition", arn("ecs", "task-definition/payments:1"), PREVIEW_TAGS),
    ("a privileged preview", "ecs:RegisterTaskDefinition", PREVIEW, {**PREVIEW_TAGS, "ecs:privileged": "true"}),
    ("a definition without our tag", "ecs:RegisterTaskDefinition", PREVIEW, {}),
    ("the runners' definition deleted", "ecs:DeleteTaskDefinitions", RUNNER, {}),
    ("a service that never ends", "ecs:CreateService", arn("ecs", "service/mayfly/x"), OURS),
    ("another service stopped", "ecs:UpdateService", arn("ecs", "service/mayfly/shop"), OURS),
    ("the production listener's rule removed", *elb("DeleteRule", arn("elasticloadbalancing", "listener-rule/app/shop/1/2/3"), IS_PREVIEW)),
    ("a rule of others at the same load balancer moved", *elb("ModifyRule", RULE, {})),
    ("a rule at another listener", *elb("CreateRule", arn("elasticloadbalancing", "listener/app/shop/1/2"), PREVIEW_TAGS)),
    ("a rule without our tag", *elb("CreateRule", LISTENER, {})),
    ("the default action changed", *elb("ModifyListener", LISTENER, {})),
    ("a target put before production", *elb("RegisterTargets", arn("elasticloadbalancing", "targetgroup/shop/1"), IS_PREVIEW)),
    ("targets of an untagged group removed", *elb("DeregisterTargets", GROUP, {})),
    ("somebody's rule made ours by its tag", *elb("AddTags", RULE, PREVIEW_TAGS)),
    ("the load balancer deleted", *elb("DeleteLoadBalancer", arn("elasticloadbalancing", "loadbalancer/app/mayfly-preview/a1"), {})),
    ("the runner image deleted", "ecr:BatchDeleteImage", arn("ecr", "repository/mayfly-runner"), {}),
    ("an image pushed", "ecr:PutImage", IMAGES, {}),
    ("another project built", "codebuild:StartBuild", arn("codebuild", "project/release"), {}),
    ("the project changed", "codebuild:UpdateProject", arn("codebuild", "project/mayfly-preview-build"), {}),
    ("other people's logs read", "logs:GetLogEvents", arn("logs", "log-group:/payments:log-stream:x"), {}),
    ("the GitHub credential read", "ssm:GetParameter", arn("ssm", "parameter/mayfly/app-key"), {}),
    ("a parameter written although handing over is off", "ssm:PutParameter", arn("ssm", "parameter/mayfly/handover/x"), {}),
    ("a secret read", "secretsmanager:GetSecretValue", arn("secretsmanager", "secret:x"), {}),
    ("another role taken", "sts:AssumeRole", role("admin"), {}),
    ("an ARN that looks like ours, on another cluster: looked at", "ecs:DescribeTasks", TASK, OTHER_CLUSTER),
    ("an ARN that looks like ours, on another cluster: stopped", "ecs:StopTask", TASK, {**OTHER_CLUSTER, **IS_RUNNER}),
    ("the tasks of another cluster listed", "ecs:ListTasks", "*", OTHER_CLUSTER),
    ("instances of another cluster", "ecs:DescribeContainerInstances", arn("ecs", "container-instance/mayfly/1"), OTHER_CLUSTER),
    ("a preview on another cluster", "ecs:RunTask", PREVIEW, {**OTHER_CLUSTER, **PREVIEW_TAGS}),
    ("a preview without an id", "ecs:RunTask", PREVIEW, {**OURS, "aws:RequestTag/mayfly:kind": "preview"}),
    ("the preview's role passed to a build", "iam:PassRole", role("mayfly-preview-task"), {"iam:PassedToService": "codebuild.amazonaws.com"}),
    ("tags of a definition changed later", "ecs:TagResource", PREVIEW, {"aws:TagKeys": ["mayfly:kind"]}),
    ("a foreign tag on a definition", "ecs:TagResource", PREVIEW, {"ecs:CreateAction": "RegisterTaskDefinition", "aws:TagKeys": ["owner"]}),
    ("a definition that claims to tag nothing", "ecs:TagResource", PREVIEW, {"ecs:CreateAction": "RegisterTaskDefinition"}),
    ("a renewal that claims to tag nothing", "ecs:TagResource", TASK, IS_PREVIEW),
    ("a target group without our tag", *elb("CreateTargetGroup", GROUP, {})),
    ("a foreign tag on a new rule", *elb("AddTags", RULE, {"elasticloadbalancing:CreateAction": "CreateRule", "aws:TagKeys": ["owner"]})),
    ("a new rule that claims to tag nothing", *elb("AddTags", RULE, {"elasticloadbalancing:CreateAction": "CreateRule"})),
    ("a foreign tag on a preview's rule", *elb("AddTags", RULE, {**IS_PREVIEW, "aws:TagKeys": ["owner"]})),
    ("a renewed rule that claims to tag nothing", *elb("AddTags", RULE, IS_PREVIEW)),
    ("its own policy changed", "iam:PutRolePolicy", role("mayfly-launcher"), {}),
]

ISSUER = "token.actions.githubusercontent.com"


def token(sub, **claims):
    claims = {"aud": "sts.amazonaws.com", "repository_id": "4242", "job_workflow_ref": "octo/demo/.github/workflows/build-on-ecs.yml@refs/heads/main", **claims}
    return {f"{ISSUER}:{name}": value for name, value in {"sub": sub, **claims}.items()}


# With contexts = ["environment:production", "ref:refs/heads/main"] and build-on-ecs.yml of the main branch as the only workflow.
TRUSTED = [
    ("the environment, by names", token("repo:octo/demo:environment:production")),
    ("the environment, by names with ids", token("repo:octo@77/demo@4242:environment:production")),
    ("the main branch", token("repo:octo/demo:ref:refs/heads/main")),
]

IMPOSTORS = [
    ("another repository", token("repo:octo/other:environment:production", repository_id="4243")),
    ("another repository that sends our id's subject", token("repo:octo/demo:environment:production", repository_id="4243")),
    ("the same name after it was given up and taken by a stranger", token("repo:octo@99/demo@5555:environment:production", repository_id="5555")),
    ("another owner with the same repository name", token("repo:evil/demo:environment:production")),
    ("a pull request, from a fork or not", token("repo:octo/demo:pull_request")),
    ("a pull request, by names with ids", token("repo:octo@77/demo@4242:pull_request")),
    ("another environment", token("repo:octo/demo:environment:staging")),
    ("an environment whose name begins like ours", token("repo:octo/demo:environment:production-eu")),
    ("another branch", token("repo:octo/demo:ref:refs/heads/feature")),
    ("a tag called main", token("repo:octo/demo:ref:refs/tags/main")),
    ("another workflow file", token("repo:octo/demo:environment:production", job_workflow_ref="octo/demo/.github/workflows/evil.yml@refs/heads/main")),
    ("the workflow file of another branch", token("repo:octo/demo:environment:production", job_workflow_ref="octo/demo/.github/workflows/build-on-ecs.yml@refs/heads/evil")),
    ("a token for another audience", token("repo:octo/demo:environment:production", aud="https://github.com/octo")),
]
