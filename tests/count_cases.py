#!/usr/bin/env python3
"""Prints "PASSED FAILED": the test cases inside the tests of a ctest run, from the file of `ctest --output-junit FILE`.

A test that says how many cases it had (Catch2, node --test) counts with these, any other as one. One that failed without
a failed case (it crashed, or a sanitizer complained at its end) counts as one failed case more.
"""
import re
import sys
import xml.etree.ElementTree

CATCH_ALL = re.compile(r"^All tests passed \(\d+ assertions? in (\d+) test cases?\)$", re.M)
CATCH_SUM = re.compile(r"^test cases: +\d+ \|(.*)$", re.M)
NODE_SUM = re.compile(r"^(?:#|ℹ) (pass|fail|cancelled) (\d+)$", re.M)


def cases(text):
    """(passed, failed) as the output says, or None if it says nothing."""
    found = CATCH_ALL.findall(text)
    if found:
        return int(found[-1]), 0
    found = CATCH_SUM.findall(text)
    if found:
        counts = dict(reversed(part.split(None, 1)) for part in found[-1].split("|"))
        return int(counts.get("passed", 0)) + int(counts.get("failed as expected", 0)), int(counts.get("failed", 0))
    counts = dict(NODE_SUM.findall(text))
    if counts:
        return int(counts["pass"]), int(counts["fail"]) + int(counts.get("cancelled", 0))
    return None


def main(file):
    passed = failed = 0
    for test in xml.etree.ElementTree.parse(file).iter("testcase"):
        good = test.get("status") == "run"
        inside = cases(test.findtext("system-out") or "") or (int(good), 0)
        passed += inside[0]
        failed += inside[1] if good or inside[1] else 1
    print(passed, failed)


if __name__ == "__main__":
    main(sys.argv[1])
