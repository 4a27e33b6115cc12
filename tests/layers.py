#!/usr/bin/env python3
"""Checks that arrows point down: a folder of core/ includes only what lies below it, and plugins only the SDK."""
import pathlib
import re
import sys

BELOW = {
    "base": set(),
    "protocol": {"base"},
    "console": {"base", "protocol"},
    "net": {"base", "protocol"},
    "session": {"base", "protocol", "net"},
    "hub": {"base", "protocol", "net", "session"},
    "host": {"base", "protocol", "net", "session", "hub"},
    "control": {"base", "protocol", "net", "session", "hub", "host"},
    "server": {"base", "console", "protocol", "net", "session", "hub", "host", "control"},
}
PROTOCOL_FROM_NET = {"protocol/http_request.h", "protocol/ip_address.h", "protocol/proxy_header.h"}
OUTSIDE = {  # which folders may meet the outside of each kind
    r"boost/container/": {"host", "protocol"},
    r"boost/(?!container/)": {"host"},
    r"wshub/(?!abi\.h)": set(),
    r"wshub/abi\.h": {"host"},
    r"Poco/Net/": {"net", "console", "control"},
    r"sys/epoll\.h": {"net"},
    r"openssl/": {"net"},
    r"histedit\.h": {"console"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)


def faults(root):
    for path in sorted((root / "core").rglob("*")):
        if path.suffix not in {".h", ".cpp"}:
            continue
        folder = path.relative_to(root / "core").parts[0]
        for name in INCLUDE.findall(path.read_text(encoding="utf-8")):
            first = name.split("/")[0]
            if first in BELOW and "/" in name:
                if first != folder and first not in BELOW[folder]:
                    yield f"{path.relative_to(root)}: core/{folder} must not include {name}"
                if folder == "net" and first == "protocol" and name not in PROTOCOL_FROM_NET:
                    yield f"{path.relative_to(root)}: of core/protocol, core/net may include only {sorted(PROTOCOL_FROM_NET)}, not {name}"
            for pattern, allowed in OUTSIDE.items():
                if re.match(pattern, name) and folder not in allowed:
                    yield f"{path.relative_to(root)}: {name} belongs to {sorted(allowed) or 'plugins'} alone"
    for path in sorted((root / "plugins").rglob("*")):
        if path.suffix not in {".h", ".cpp"}:
            continue
        for name in INCLUDE.findall(path.read_text(encoding="utf-8")):
            if "/" in name and name.split("/")[0] in BELOW | {"core": 0}:
                yield f"{path.relative_to(root)}: plugins include only the SDK, not {name}"
    for path in sorted((root / "sdk").rglob("*.h")):
        for name in INCLUDE.findall(path.read_text(encoding="utf-8")):
            if path.name == "poco_json.h" and name.startswith("Poco/"):
                continue  # that is what it is for; no other header includes it
            if name == "poco_json.h" or name.split("/")[0] in set(BELOW) | {"Poco", "boost", "spdlog", "fmt"}:
                yield f"{path.relative_to(root)}: the SDK stands alone and must not include {name}"


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    found = list(faults(root))
    print("\n".join(found) or "every include points down")
    return 1 if found else 0


sys.exit(main())
