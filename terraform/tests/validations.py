#!/usr/bin/env python3
"""validations.py: each validation of a variable must have a test that makes it fail. Reads the files only: needs neither Terraform
nor an account."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]


def blocks(folder, kind):
    """The blocks `kind "name"` of a formatted folder: each ends with a brace at the beginning of a line."""
    text = "\n".join(path.read_text() for path in sorted(folder.glob("*.tf")))
    return dict(re.findall(rf'^{kind} "([^"]+)" \{{\n(.*?)^\}}', text, re.MULTILINE | re.DOTALL))


def failures(folder):
    """How often each variable is expected to fail."""
    tests = "\n".join(path.read_text() for path in folder.glob("tests/*.tftest.hcl"))
    names = [name for group in re.findall(r"expect_failures = \[([^\]]*)\]", tests) for name in re.findall(r"var\.(\w+)", group)]
    return {name: names.count(name) for name in names}


def faults(folder):
    expected = failures(folder)
    for name, body in blocks(folder, "variable").items():
        wanted = len(re.findall(r"^  validation \{", body, re.MULTILINE))
        if expected.get(name, 0) < wanted:
            yield f"var.{name} has {wanted} validations, and {expected.get(name, 0)} tests that make it fail"


def main():
    folders = [ROOT, *sorted((ROOT / "modules").iterdir()), *sorted((ROOT / "examples").iterdir())]
    found = [f"{folder.relative_to(ROOT.parent)}: {fault}" for folder in folders for fault in faults(folder)]
    print("\n".join(found), end="\n" if found else "")
    print(f"validations: {len(folders)} folders, {len(found)} faults")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
