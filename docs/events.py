#!/usr/bin/env python3
"""Makes the second part of docs/events.md from the plugins' own pages; --check only tells whether it is as it should be.

The page's first part is written by hand; its table says which plugin has which event, and is checked against the pages too."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/events.md"
PLUGINS = ["messaging", "rooms", "users", "direct", "typing", "notifications", "heartbeat", "admin", "auth"]
MARK = "<!-- From here on made by docs/events.py of the plugins' pages. -->\n"


def section(name):
    """A plugin's page, one level down, with links that work from docs/."""
    text = (ROOT / "plugins" / name / "README.md").read_text()
    text = re.sub(r"^(#+ )", r"#\1", text, flags=re.M)
    return re.sub(r"\]\((?!https?:|#)([^)]+)\)", lambda link: f"]({relocated(name, link[1])})", text)


def relocated(name, target):
    path, hash_mark, anchor = target.partition("#")
    full = (ROOT / "plugins" / name / path).resolve()
    rest = hash_mark + anchor
    if full == PAGE:
        return rest or "#"
    if PAGE.parent in full.parents:
        return full.relative_to(PAGE.parent).as_posix() + rest
    return "../" + full.relative_to(ROOT).as_posix() + rest


def owned(intro):
    """(plugin, event) of each row of the first part's table."""
    for row in re.findall(r"^\| \[(\w+)\]\(#\w+\) \|(.*)\|$", intro, re.M):
        for event in re.findall(r"`([^`]+)`", row[1]):
            yield row[0], event


def faults(page):
    if MARK not in page:
        return [f"docs/events.md: the mark is missing: {MARK.strip()}"]
    intro, _ = page.split(MARK, 1)
    found = []
    if page != intro + MARK + generated():
        found.append("docs/events.md is not what the plugins' pages say: run docs/events.py")
    rows = list(owned(intro))
    for name, event in rows:
        if f"`{event}`" not in section(name):
            found.append(f"docs/events.md gives {event} to {name}, whose page does not mention it")
    for name in PLUGINS:
        if not any(name == row[0] for row in rows):
            found.append(f"docs/events.md has no row for {name}")
    for folder in sorted((ROOT / "plugins").iterdir()):
        if (folder / "CMakeLists.txt").exists() and folder.name not in PLUGINS:
            found.append(f"plugins/{folder.name} is not in docs/events.py")
    return found


def generated():
    return "\n" + "\n".join(section(name) for name in PLUGINS)


def main():
    page = PAGE.read_text()
    if sys.argv[1:] == ["--check"]:
        found = faults(page)
        print("\n".join(found) or "docs/events.md is as the plugins' pages say")
        return 1 if found else 0
    intro = page.split(MARK, 1)[0]
    PAGE.write_text(intro + MARK + generated())
    return 0


if __name__ == "__main__":
    sys.exit(main())
