#!/usr/bin/env python3
"""The layout of wshub/abi.h, number by number, as C and C++ compilers see it.

layout.py check --cc CC --cxx CXX: what is frozen in tests/abi/VERSION (layout.txt, and the headers beside it) must be the
beginning of what sdk/include has now. Changes that would break plugins are tried on copies, and must be found.
layout.py print HEADERS --cc CC: the layout of those headers, as it stands in layout.txt.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

FOLDER = pathlib.Path(__file__).resolve().parent
PRESENT = FOLDER.parent.parent / "sdk" / "include"
FROZEN = sorted(path.parent for path in FOLDER.glob("*/layout.txt"))
# These say which version it is.
MAY_CHANGE = {"WSHUB_ABI_MINOR", "WSHUB_SDK_VERSION"}
# Ends with a wshub_desc, and its own size stands in `descsz`.
GROWS_WITHOUT_SIZE = {"wshub_note"}
COMPILERS = {"c": "cc", "c++": "c++"}


def parameter_type(text):
    """ "const wshub_str* rooms" -> "const wshub_str*": names may change, types may not."""
    words = re.findall(r"\w+|\*", text)
    qualifiers = [word for word in words if word == "const"]
    names = [word for word in words if word not in ("const", "*")]
    return " ".join([*qualifiers, names[0]]) + "*" * words.count("*")


def signature(text):
    return "(" + ", ".join(parameter_type(each) for each in text.split(",")) + ")"


def fields_of(body):
    """(name, type) of each member."""
    fields = []
    for declaration in (each.strip() for each in body.split(";")):
        if not declaration:
            continue
        function = re.fullmatch(r"(.+?)\(\*(\w+)\)\((.*)\)", declaration, re.S)
        if function:
            fields.append((function[2], parameter_type(function[1]) + " (*)" + signature(function[3])))
            continue
        first, *more = declaration.split(",")
        kind = parameter_type(re.sub(r"\[.*", "", first))
        for each in (first, *more):
            name = re.search(r"(\w+)\s*(\[\w+\])?\s*$", each)
            fields.append((name[1], kind + (name[2] or "")))
    return fields


class Header:
    """Every name of abi.h that crosses the wall."""

    def __init__(self, folder):
        text = (folder / "wshub" / "abi.h").read_text()
        text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
        # What plugins are compiled with, and no part of the wall.
        text = text.split("#define WSHUB_STRINGIFY_")[0]
        self.structs = {
            name: fields_of(body)
            for body, name in re.findall(r"typedef struct \w+ \{(.*?)\} (\w+);", text, re.S)
        }
        self.types = {name: kind for kind, name in re.findall(r"typedef (\w+) (\w+);", text)}
        self.constants = []
        for body in re.findall(r"enum \{(.*?)\};", text, re.S):
            self.constants += [each.split("=")[0].strip() for each in body.split(",") if each.strip()]
        self.constants += re.findall(r"^#define (WSHUB_\w+) \d+$", text, re.M)
        self.texts = re.findall(r'^#define (WSHUB_\w+) "', text, re.M)
        self.functions = re.findall(r"^(?!typedef)(\w[\w* ]*)\b(\w+)\(void\);", text, re.M)

    def program(self):
        lines = ["#include <stdio.h>", "#include <wshub/abi.h>", "int main(void) {"]
        for name, kind in self.types.items():
            lines.append(f'printf("type {name} %zu {kind}\\n", sizeof({name}));')
        for name, fields in self.structs.items():
            lines.append(f'printf("struct {name} %zu\\n", sizeof({name}));')
            for field, kind in fields:
                at = f"offsetof({name}, {field}), sizeof((({name}*)0)->{field})"
                lines.append(f'printf("field {name}.{field} %zu %zu {kind}\\n", {at});')
        for name in self.constants:
            lines.append(f'printf("constant {name} %lld\\n", (long long){name});')
        for name in self.texts:
            lines.append(f'printf("text {name} %s\\n", {name});')
        for kind, name in self.functions:
            lines.append(f'puts("function {name} {kind.strip()}");')
        return "\n".join([*lines, "return 0; }", ""])


def layout(folder, compiler, language="c"):
    """One line for each name."""
    with tempfile.TemporaryDirectory() as place:
        program = pathlib.Path(place) / "layout"
        standard = {"c": "-std=c99", "c++": "-std=c++17"}[language]
        command = [compiler, standard, "-x", language, "-", "-I", str(folder), "-o", str(program)]
        subprocess.run(command, input=Header(folder).program(), text=True, check=True)
        return subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout.splitlines()


def broken_promises(frozen, present):
    """What of the layout `frozen` is no more in `present`, or grew where it must not."""
    now = {" ".join(line.split()[:2]): line for line in present}
    sizes = {line.split()[1]: int(line.split()[2]) for line in frozen if line.startswith("struct ")}
    with_size = {line.split()[1].split(".")[0] for line in frozen if re.match(r"field \w+\.size 0 ", line)}
    wrong = []
    for line in frozen:
        kind, name, *rest = line.split(" ")
        found = now.get(f"{kind} {name}")
        if found is None:
            wrong.append(f"{name} is gone")
        elif kind == "struct":
            size = int(found.split()[2])
            may_grow = name in with_size or name in GROWS_WITHOUT_SIZE
            if size < sizes[name] or (size > sizes[name] and not may_grow):
                wrong.append(f"{name} has {size} bytes instead of {sizes[name]}")
        elif found != line and name not in MAY_CHANGE and not name.startswith("wshub_note.desc"):
            wrong.append(f"{line} has become {found}")
    frozen_names = {" ".join(line.split()[:2]) for line in frozen}
    for key, line in now.items():
        struct = key.split()[1].split(".")[0]
        if key in frozen_names or not key.startswith("field ") or struct not in sizes:
            continue
        # Not into the padding at the end either: a reader could not tell whether it is there.
        if int(line.split()[2]) < sizes[struct]:
            wrong.append(f"{key.split()[1]} is new and not at the end")
    return wrong


# What must not happen to the present header: a replacement, and what is said of it.
BREAKS = [
    (r"(typedef struct wshub_event \{\s*uint32_t size, flags;)", r"\1 uint64_t more;", "wshub_event.session"),
    (r"(int32_t \(\*on\)\()", r"int32_t (*before)(wshub_host*); \1", "wshub_host_v1.on"),
    (r"(int32_t \(\*on\)\(wshub_host\*,) uint32_t", r"\1 uint64_t", "wshub_host_v1.on"),
    (r"int32_t \(\*leave\)\([^;]*;", "", "wshub_host_v1.leave is gone"),
    (r"WSHUB_UNCHANGED = 2", "WSHUB_UNCHANGED = 4", "WSHUB_UNCHANGED"),
    (r"(WSHUB_ON_EVENT = 1,)", r"WSHUB_ON_FIRST = 0, \1", None),
    (r"WSHUB_ON_JOIN,", "WSHUB_ON_ENTER, WSHUB_ON_JOIN,", "WSHUB_ON_JOIN"),
    (r"(typedef struct wshub_bytes \{[^}]*)\}", r"\1 size_t more; }", "wshub_bytes has"),
    (r"typedef uint64_t wshub_session;", "typedef uint32_t wshub_session;", "type wshub_session"),
    (r"char version\[24\]", "char version[32]", "wshub_desc.version"),
    (r"uint32_t state_version, reserved_more;", "uint32_t state_version;", "wshub_plugin_v1.reserved_more is gone"),
    (r"#define WSHUB_ABI_MAJOR 1", "#define WSHUB_ABI_MAJOR 2", "WSHUB_ABI_MAJOR"),
    (r"(\} wshub_emit;)", r"uint64_t more; \1", None),
    (r"(\} wshub_host_v1;)", r"int32_t (*more)(wshub_host*); \1", None),
]


class Layout(unittest.TestCase):
    maxDiff = None

    def test_there_is_something_frozen(self):
        self.assertIn(FOLDER / "1.0", FROZEN)

    def test_the_frozen_headers_are_what_they_were(self):
        for version in FROZEN:
            golden = (version / "layout.txt").read_text().splitlines()
            for language, compiler in COMPILERS.items():
                with self.subTest(version=version.name, language=language):
                    self.assertEqual(layout(version / "include", compiler, language), golden)

    def test_all_of_them_is_the_beginning_of_what_there_is_now(self):
        for language, compiler in COMPILERS.items():
            present = layout(PRESENT, compiler, language)
            for version in FROZEN:
                golden = (version / "layout.txt").read_text().splitlines()
                with self.subTest(version=version.name, language=language):
                    self.assertEqual(broken_promises(golden, present), [])

    def test_every_name_of_the_header_was_looked_at(self):
        header = Header(PRESENT)
        names = {*header.structs, *header.types, *header.constants, *header.texts}
        names |= {name for _, name in header.functions}
        text = re.sub(r"/\*.*?\*/", " ", (PRESENT / "wshub" / "abi.h").read_text(), flags=re.S)
        text = text.split("#define WSHUB_STRINGIFY_")[0]
        mentioned = set(re.findall(r"\b(?:wshub|WSHUB)_\w+", text))
        # The include guard, the handle whose inside is the host's, and what a plugin may set.
        self.assertEqual(mentioned - names, {"WSHUB_ABI_H", "wshub_host", "WSHUB_ABI_MIN_MINOR"})

    def test_what_would_break_plugins_is_found(self):
        golden = (FROZEN[0] / "layout.txt").read_text().splitlines()
        original = (PRESENT / "wshub" / "abi.h").read_text()
        for pattern, replacement, expected in BREAKS:
            with self.subTest(pattern=pattern), tempfile.TemporaryDirectory() as place:
                changed, count = re.subn(pattern, replacement, original, count=1)
                self.assertEqual(count, 1, "the pattern is not in the header any more")
                header = pathlib.Path(place) / "wshub" / "abi.h"
                header.parent.mkdir()
                header.write_text(changed)
                said = broken_promises(golden, layout(pathlib.Path(place), COMPILERS["c"]))
                if expected is None:
                    self.assertEqual(said, [])
                else:
                    self.assertTrue(any(expected in line for line in said), said)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["check", "print"])
    parser.add_argument("headers", nargs="?", type=pathlib.Path, default=PRESENT)
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--cxx", default="c++")
    options = parser.parse_args()
    if options.what == "print":
        print("\n".join(layout(options.headers, options.cc)))
        return
    COMPILERS.update({"c": options.cc, "c++": options.cxx})
    result = unittest.main(argv=[sys.argv[0], "-v"], exit=False).result
    sys.exit(0 if result.wasSuccessful() else 1)


if __name__ == "__main__":
    main()
