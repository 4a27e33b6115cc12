"""For mkdocs: files of the repository outside docs/ to which pages link come along under repository/, Markdown as pages."""
import pathlib
import posixpath
import re

from mkdocs.structure.files import File

ROOT = pathlib.Path(__file__).resolve().parent.parent
PREFIX = "repository/"
LINK = re.compile(r"(\]\()(?![a-z]+:|#|/)([^)\s#]*)(#[^)\s]*)?(\))")
FENCE = re.compile(r"^(```.*?^```\s*?$)", re.M | re.S)


def home_of(src):
    """A page's path in the repository."""
    return src[len(PREFIX):] if src.startswith(PREFIX) else "docs/" + src


def place_of(path):
    """Where the site has a file of the repository."""
    return path[len("docs/"):] if path.startswith("docs/") else PREFIX + path


def targets(text, src):
    """Files that a page links to, as paths in the repository."""
    for part in FENCE.split(text)[::2]:
        for _, target, _, _ in LINK.findall(part):
            if target:
                yield posixpath.normpath(posixpath.join(posixpath.dirname(home_of(src)), target))


def on_files(files, config):
    for file in list(files):
        if file.src_path.endswith((".py", ".pyc")):
            files.remove(file)
    seen = {file.src_path for file in files}
    waiting = [(ROOT / "docs" / path).read_text(encoding="utf-8") and path for path in seen if path.endswith(".md")]
    while waiting:
        src = waiting.pop()
        for target in targets((ROOT / home_of(src)).read_text(encoding="utf-8"), src):
            place = place_of(target)
            # What is not there is left to mkdocs to complain of; so are folders, which a site cannot show.
            if place in seen or not (ROOT / target).is_file():
                continue
            seen.add(place)
            file = File(place, str(ROOT), config["site_dir"], config["use_directory_urls"])
            file.abs_src_path = str(ROOT / target)
            files.append(file)
            if place.endswith(".md"):
                waiting.append(place)
    return files


def on_page_markdown(markdown, page, config, files):
    src = page.file.src_path

    def relocated(match):
        opening, target, anchor, closing = match.groups()
        if not target:
            return match[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(home_of(src)), target))
        if not (ROOT / path).is_file():
            return match[0]
        place = posixpath.relpath(place_of(path), posixpath.dirname(src) or ".")
        return f"{opening}{place}{anchor or ''}{closing}"

    parts = FENCE.split(markdown)
    return "".join(part if i % 2 else LINK.sub(relocated, part) for i, part in enumerate(parts))
