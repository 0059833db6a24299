"""A small evaluator of IAM policies: Allow and Deny, wildcards in actions and resources, and the condition operators that our
policies use. It knows no others and says so, rather than to pass over a condition that it does not understand."""

import re


def matches(pattern, value):
    """IAM's wildcards: * for any characters, also / and :, and ? for one."""
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern)
    return re.fullmatch("".join(parts), value, re.DOTALL) is not None


def listed(value):
    return value if isinstance(value, list) else [value]


def truth(value):
    return str(value).lower() == "true"


OPERATORS = {
    "StringEquals": lambda wanted, have: wanted == have,
    "StringLike": matches,
    "ArnEquals": matches,
    "ArnLike": matches,
    "Bool": lambda wanted, have: truth(wanted) == truth(have),
}


def condition_holds(operator, key, wanted, context):
    """One condition key. Keys are compared without regard to case, as IAM does."""
    have = {name.lower(): value for name, value in context.items()}.get(key.lower())
    if operator == "Null":
        return (have is None) == truth(listed(wanted)[0])
    every = operator.startswith("ForAllValues:")
    operator = operator.removeprefix("ForAllValues:")
    if_exists = operator.endswith("IfExists")
    compare = OPERATORS[operator.removesuffix("IfExists")]  # A KeyError names the operator that is missing here.
    if have is None:
        return every or if_exists
    fits = [any(compare(one, value) for one in listed(wanted)) for value in listed(have)]
    return all(fits) if every else any(fits)


def statement_applies(statement, action, resource, context):
    if not any(matches(pattern.lower(), action.lower()) for pattern in listed(statement["Action"])):
        return False
    # Trust policies have no resource: they stand on one.
    if "Resource" in statement and not any(matches(pattern, resource) for pattern in listed(statement["Resource"])):
        return False
    return all(
        condition_holds(operator, key, wanted, context)
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def decide(policy, action, resource, context):
    """Allow, Deny (a statement says so) or ImplicitDeny (nothing allows it)."""
    found = {s["Effect"] for s in policy["Statement"] if statement_applies(s, action, resource, context)}
    return "Deny" if "Deny" in found else "Allow" if "Allow" in found else "ImplicitDeny"
