#!/usr/bin/env python3
"""readme.py [--check]: writes the tables of inputs and outputs into each README.md, between its markers; with --check it only says
which are out of date. Reads the files only: needs neither Terraform nor an account."""

import re
import sys

from validations import ROOT, blocks

BEGIN, END = "<!-- begin: tables, by terraform/tests/readme.py -->", "<!-- end: tables -->"


def argument(body, name):
    """An argument of a block as it is written; a heredoc as one line."""
    heredoc = re.search(rf"^  {name}\s+= <<-TEXT\n(.*?)^  TEXT$", body, re.MULTILINE | re.DOTALL)
    if heredoc:
        return " ".join(heredoc.group(1).split())
    line = re.search(rf"^  {name}\s+= (.+)$", body, re.MULTILINE)
    return line and line.group(1)


def description(body):
    text = argument(body, "description") or ""
    return text.removeprefix('"').removesuffix('"').replace('\\"', '"').replace("|", "\\|")


def type_of(body):
    """A type in one word or two: what an object consists of stands in variables.tf."""
    text = argument(body, "type") or "any"
    return "object" if text.startswith("object") else "list of objects" if text.startswith("list(object") else text


def tables(folder):
    variables, outputs = blocks(folder, "variable"), blocks(folder, "output")
    required = {name: body for name, body in variables.items() if argument(body, "default") is None}
    yield "## Inputs"
    for title, chosen in (("required", required), ("optional", {n: b for n, b in variables.items() if n not in required})):
        if chosen:
            head = ["", f"| {title} | type |" + (" default |" if title == "optional" else "") + " |"]
            yield from [*head, "| --- | --- |" + (" --- |" if title == "optional" else "") + " --- |"]
        for name, body in chosen.items():
            default = f" `{argument(body, 'default')}` |" if title == "optional" else ""
            yield f"| `{name}` | {type_of(body)} |{default} {description(body)} |"
    yield from ["", "## Outputs", "", "| output | |", "| --- | --- |"]
    yield from (f"| `{name}` | {description(body)} |" for name, body in outputs.items())


def renewed(folder, text):
    """The README with its tables as they should be."""
    if BEGIN not in text or END not in text:
        sys.exit(f"{folder}/README.md has no markers: {BEGIN} and {END}")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    return f"{before}{BEGIN}\n" + "\n".join(tables(folder)) + f"\n{END}{after}"


def main():
    old = []
    for folder in [ROOT, *sorted((ROOT / "modules").iterdir())]:
        readme = folder / "README.md"
        text = readme.read_text()
        if (new := renewed(folder, text)) != text:
            old.append(str(readme.relative_to(ROOT.parent)))
            if "--check" not in sys.argv:
                readme.write_text(new)
    verb = "are out of date: run terraform/tests/readme.py" if "--check" in sys.argv else "were renewed"
    print(f"readme: {len(old)} {verb}: {' '.join(old)}" if old else "readme: all tables are up to date")
    sys.exit(bool(old) and "--check" in sys.argv)


if __name__ == "__main__":
    main()
