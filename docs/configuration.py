#!/usr/bin/env python3
"""Makes the tables of docs/configuration.md of what the program and the plugins say of their keys (wshub config --describe);
--check only tells whether they are as they should be. What stands between the tables is written by hand.

  docs/configuration.py [--check] [PROGRAM]        without it: build/release/bin/wshub"""
import json
import pathlib
import re
import subprocess
import sys

from events import PLUGINS

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/configuration.md"
MARK = "<!-- From here on made by docs/configuration.py of what the plugins say. -->\n"
HEAD = "| key | default | what it is for | values |\n| --- | --- | --- | --- |\n"
# What the core says of its keys in words, a plugin says by a type.
VALUES = {
    "string": "a text",
    "secret": "a text, which is never shown",
    "bool": "true or false",
    "int": "a whole number",
    "double": "a number",
    "duration": "a duration such as 500ms, 25s or 5m",
    "size": "a size such as 512, 256KB or 1MB",
    "list": "texts separated by commas",
    "path": "a path",
}


def described(program):
    """The keys of each section, by its name."""
    command = [program, "config", "--describe", "--json", "--config", "/dev/null", "--set", "plugins.enabled=" + ",".join(PLUGINS)]
    sections = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    for name, keys in sections.items():
        for key in keys if name.startswith("plugin.") else []:
            key["values"] = VALUES.get(key["values"], key["values"])
    return sections


def table(keys):
    def cell(text):
        return text.replace("|", "\\|")

    def row(key):
        default = f"`{cell(key['default'])}`" if key["default"] else ""
        return f"| `{key['key']}` | {default} | {cell(key['description'])} | {cell(key['values'])} |\n"

    return HEAD + "".join(map(row, keys))


def common(sections):
    """What every plugin has."""
    plugins = [keys for name, keys in sections.items() if name.startswith("plugin.")]
    return [key for key in plugins[0] if all(key in keys for keys in plugins)]


def of_plugin(name, sections, shared):
    own = [key for key in sections[f"plugin.{name}"] if key not in shared]
    page = f"[Its page](../plugins/{name}/README.md)"
    return f"### [plugin.{name}]\n\n" + (f"{page} explains these.\n\n{table(own)}" if own else f"No key but those above. {page}.\n")


def generated(page, sections):
    """The page with the tables as they should be. Each section's is the first below its heading."""
    shared = common(sections)
    page = page.split(MARK, 1)[0]
    for name, keys in [*((name, keys) for name, keys in sections.items() if not name.startswith("plugin.")), ("plugin.NAME", shared)]:
        pattern = re.compile(rf"(^## \[{re.escape(name)}\]\n(?:(?!## |\|).*\n)*)((?:\|.*\n)+)", re.M)
        page, count = pattern.subn(lambda found, keys=keys: found[1] + table(keys), page)
        if count != 1:
            sys.exit(f"docs/configuration.md: there is no table below ## [{name}]")
    return page.rstrip() + "\n\n" + MARK + "\n" + "\n".join(of_plugin(name, sections, shared) for name in PLUGINS)


def main():
    arguments = sys.argv[1:]
    check = "--check" in arguments
    program = next((each for each in arguments if each != "--check"), ROOT / "build/release/bin/wshub")
    page = PAGE.read_text()
    wanted = generated(page, described(program))
    if not check:
        PAGE.write_text(wanted)
        return 0
    headings = set(re.findall(r"^## \[([\w.]+)\]$", page, re.M)) - {"plugin.NAME"}
    if page != wanted or not headings <= set(described(program)):
        print("docs/configuration.md is not what the program says: run docs/configuration.py")
        return 1
    print("docs/configuration.md is as the program says")
    return 0


if __name__ == "__main__":
    sys.exit(main())
