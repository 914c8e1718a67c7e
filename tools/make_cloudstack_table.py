"""Makes the table of CloudStack's commands that the API face starts from, out of what a server's `listApis` said.

Usage: tools/make_cloudstack_table.py LISTAPIS.json[.gz]

The result (`src/netloom/faces/cloudstack/data/api.json.gz`) is the same for the same input, byte by byte.
"""

from __future__ import annotations

import gzip
import json
import pathlib
import sys

TARGET = pathlib.Path(__file__).resolve().parent.parent / "src/netloom/faces/cloudstack/data/api.json.gz"


def fields(response: list[dict[str, object]]) -> list[dict[str, object]]:
    """Names and types, each name once, nested ones below."""
    found: dict[object, dict[str, object]] = {}
    for field in response:
        if not field.get("name"):
            continue
        kept: dict[str, object] = {"name": field["name"], "type": field.get("type") or "string"}
        inner = fields(field.get("response") or [])  # type: ignore[arg-type]
        if inner:
            kept["response"] = inner
        found.setdefault(field["name"], kept)
    return [found[name] for name in sorted(found, key=str)]


def command(api: dict[str, object]) -> dict[str, object]:
    """One command."""
    params = [
        {
            "name": param["name"],
            "type": param["type"],
            "required": param["required"],
            "length": int(param["length"]),
            "since": param.get("since") or "",
            "related": ",".join(dict.fromkeys((param.get("related") or "").split(","))),
        }
        for param in sorted(api["params"], key=lambda param: param["name"])  # type: ignore[attr-defined]
    ]
    return {
        "name": api["name"],
        "since": api.get("since") or "",
        "isasync": api["isasync"],
        "params": params,
        "response": fields(api["response"]),  # type: ignore[arg-type]
    }


def main() -> int:
    source = pathlib.Path(sys.argv[1]).read_bytes()
    apis = json.loads(gzip.decompress(source) if sys.argv[1].endswith(".gz") else source)
    table = [command(api) for api in sorted(apis, key=lambda api: api["name"])]
    text = json.dumps(table, separators=(",", ":"), ensure_ascii=False).encode()
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_bytes(gzip.compress(text, 9, mtime=0))
    print(f"{TARGET.name}: {len(table)} commands, {TARGET.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
