#!/usr/bin/env python3
"""policy_test.py [TERRAFORM]: holds the launcher's policies, as Terraform makes them, against cases.py. Needs `init` to have run here.
TERRAFORM is the program to run, `terraform` unless told. Needs no account: the provider is mocked."""

import json
import os
import subprocess
import sys

import cases
import iam

FOLDER = os.path.dirname(os.path.abspath(__file__))


def policies(terraform):
    """The trust policy and the launcher's policy, from the state that the test run leaves."""
    command = [terraform, "test", "-json", "-verbose"]
    run = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
    for line in run.stdout.splitlines():
        event = json.loads(line) if line.startswith("{") else {}
        if event.get("type") == "test_state":
            role = event["test_state"]["outputs"]["launcher_role"]["value"]
            return role["trust_policy"], role["launcher_policy"]
    sys.exit(f"{' '.join(command)} gave no state (has `init` run in {FOLDER}?):\n{run.stdout}{run.stderr}")


def wrong(trust, launcher):
    """A line for each case that is not decided as it must be."""
    for action, resource, context in cases.ALLOWED:
        if iam.decide(launcher, action, resource, context) != "Allow":
            yield f"refused, but mayfly needs it: {action} on {resource} with {context}"
    for what, action, resource, context in cases.ATTACKS:
        if iam.decide(launcher, action, resource, context) == "Allow":
            yield f"allowed: {what}: {action} on {resource} with {context}"
    for what, context in cases.TRUSTED:
        if iam.decide(trust, "sts:AssumeRoleWithWebIdentity", "", context) != "Allow":
            yield f"not trusted: {what}: {context}"
    for what, context in cases.IMPOSTORS:
        if iam.decide(trust, "sts:AssumeRoleWithWebIdentity", "", context) == "Allow":
            yield f"trusted: {what}: {context}"


def idle_statements(launcher):
    """Statements without which every call would be allowed just the same: nobody knows what they are for."""
    for statement in launcher["Statement"]:
        rest = {"Statement": [other for other in launcher["Statement"] if other != statement]}
        if all(iam.decide(rest, *case) == "Allow" for case in cases.ALLOWED):
            yield f"statement {statement['Sid']} is needed by no call in cases.py"


def idle_conditions(launcher):
    """Conditions without which no attack would come through: nobody has tried what they are for."""
    for number, statement in enumerate(launcher["Statement"]):
        for operator in statement.get("Condition", {}):
            bare = {**statement, "Condition": {name: keys for name, keys in statement["Condition"].items() if name != operator}}
            rest = {"Statement": [*launcher["Statement"][:number], bare, *launcher["Statement"][number + 1 :]]}
            if not any(iam.decide(rest, *attack[1:]) == "Allow" for attack in cases.ATTACKS):
                yield f"condition {operator} of {statement['Sid']} stops no attack in cases.py"


def main():
    trust, launcher = policies(sys.argv[1] if len(sys.argv) > 1 else "terraform")
    faults = [*wrong(trust, launcher), *idle_statements(launcher), *idle_conditions(launcher)]
    print("\n".join(faults), end="\n" if faults else "")
    print(
        f"policy test: {len(launcher['Statement'])} statements, {len(cases.ALLOWED)} calls allowed, {len(cases.ATTACKS)} attacks and "
        f"{len(cases.IMPOSTORS)} impostors refused, {len(faults)} faults"
    )
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
