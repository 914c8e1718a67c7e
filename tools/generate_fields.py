"""Generate `src/netloom/wire/openflow/fields_table.py` from `data/ovs-fields.json`.

    generate_fields.py             write the table
    generate_fields.py --check     fail when the table is not what would be written
    generate_fields.py --extract include/openvswitch/meta-flow.h
                                   write the data file again from Open vSwitch's source (Apache-2.0)

The data file holds facts only: a field's name, width, wire headers, prerequisites. Its `order` list is the order in
which Open vSwitch writes fields in a match (`nx_put_raw` in lib/nx-match.c); keep it when extracting.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data" / "ovs-fields.json"
TABLE = ROOT / "src" / "netloom" / "wire" / "openflow" / "fields_table.py"

VERSIONS = {"1.0": 1, "1.1": 2, "1.2": 3, "1.3": 4, "1.4": 5, "1.5": 6}
WIDTHS = {"u8": 1, "be16": 2, "be32": 4, "MAC": 6, "be64": 8, "be128": 16, "tunnelMD": 124}
# Longest prefix first: name prefix -> (experimenter, class).
CLASSES = {
    "OXM_OF_PKT_REG": (0, 0x8001),
    "NXOXM_NSH_": (0x005AD650, 0xFFFF),
    "ERICOXM_OF_": (0, 0x1000),
    "ONFOXM_ET_": (0x4F4E4600, 0xFFFF),
    "NXOXM_ET_": (0x00002320, 0xFFFF),
    "NXM_OF_": (0, 0x0000),
    "NXM_NX_": (0, 0x0001),
    "OXM_OF_": (0, 0x8000),
}
Fact = dict[str, object]


def extract(header: Path) -> list[Fact]:
    """Read every field of `enum mf_field_id`: a stylised comment and one or more MFF_ constants."""
    text = header.read_text()
    body = text[text.index("enum OVS_PACKED_ENUM mf_field_id {") :]
    body = body[: body.index("\n};")]
    facts: list[Fact] = []
    for comment, constants in re.findall(r"/\*((?:(?!\*/).)*)\*/\s*((?:MFF_\w+,\s*)+)", body, re.S):
        names = re.findall(r"MFF_\w+", constants)
        if not names or "Type:" not in comment:
            continue
        lines = [re.sub(r"^\s*\* ?", "", line).rstrip() for line in comment.splitlines()]
        for name in names:
            number = re.search(r"(\d+)$", name)
            instance = [line.replace("<N>", number.group(1)) if number else line for line in lines]
            if len(names) > 1 and number:
                instance = [
                    re.sub(r"<\d+>", "", line).rstrip()
                    for line in instance
                    if not re.search(r"<\d+>", line) or f"<{number.group(1)}>" in line
                ]
            facts.append(_fact(instance))
    return facts


def _fact(lines: list[str]) -> Fact:
    joined: list[str] = []
    for line in lines:
        if line.startswith(" ") and joined:
            joined[-1] += " " + line.strip()
        else:
            joined.append(line.strip())
    title = re.match(r'"([^"]+)"(?:\s+\(aka "([^"]+)"\))?', " ".join(joined).strip())
    if not title:
        raise SystemExit(f"cannot read {joined}")
    keys = dict(m.groups() for line in joined if (m := re.match(r"([A-Za-z0-9. ]+):\s+(.*)\.$", line)))
    kind = re.match(r"(\w+)(?: \(low (\d+) bits\))?$", keys["Type"])
    if not kind:
        raise SystemExit(f"cannot read {keys}")
    width = WIDTHS[kind.group(1)]
    headers = [
        _header(part.strip()) for key in ("OXM", "NXM") for part in keys[key].split(",") if part != "none"
    ]
    return {
        "name": title.group(1),
        "alias": title.group(2),
        "bytes": width,
        "bits": int(kind.group(2) or width * 8),
        "variable": kind.group(1) == "tunnelMD",
        "maskable": keys["Maskable"] == "bitwise",
        "writable": keys["Access"] == "read/write",
        "format": keys["Formatting"],
        "needs": keys["Prerequisites"],
        # Open vSwitch chooses the last header whose version is not newer than the connection's.
        "headers": sorted(headers, key=lambda header: header[4]),
    }


def _header(text: str) -> tuple[str, int, int, int, int]:
    match = re.match(r"(\w+)\((\d+)\) since(?: OF(1\.\d) and)? v", text)
    if not match:
        raise SystemExit(f"cannot read {text}")
    name, number, version = match.groups()
    prefix = max((p for p in CLASSES if name.startswith(p)), key=len)
    vendor, oxm_class = CLASSES[prefix]
    return name, vendor, oxm_class, int(number), VERSIONS[version] if version else 0


def dump(facts: list[Fact], order: list[str]) -> str:
    """The data file's text: one field on a line, so that a change reads well."""
    rows = ",\n".join("    " + json.dumps(fact) for fact in facts)
    about = "Facts of Open vSwitch 3.1's match fields, from include/openvswitch/meta-flow.h; see tools/generate_fields.py."
    return f'{{\n  "about": {json.dumps(about)},\n  "order": {json.dumps(order)},\n  "fields": [\n{rows}\n  ]\n}}\n'


def render(data: dict[str, list[Fact]]) -> str:
    """The table's source text."""
    order = {name: index for index, name in enumerate(data["order"])}
    lines = [
        '"""Every match field that Open vSwitch knows.',
        "",
        "Generated by tools/generate_fields.py from data/ovs-fields.json: do not edit.",
        '"""',
        "",
        "from __future__ import annotations",
        "",
        "from netloom.wire.openflow.field import Field, Format, Header, Prerequisite",
        "",
    ]
    constants = []
    for fact in data["fields"]:
        name = str(fact["name"])
        base = re.sub(r"\d+$", "", name) if fact["variable"] else name
        rank = order.get(name, order.get(base, len(order)))
        constant = name.upper()
        constants.append(constant)
        headers = "".join(
            f'Header("{h}", 0x{vendor:x}, 0x{cls:x}, {number}, {since}), '
            for h, vendor, cls, number, since in fact["headers"]  # type: ignore[attr-defined]
        )
        needs = str(fact["needs"]).upper().replace(" ", "_").replace("IPV4/IPV6", "IP")
        kind = str(fact["format"]).upper().replace(" ", "_").replace("1.0_", "10_").replace("1.1+_", "11_")
        lines.append(
            f'{constant} = Field(name="{name}", alias={json.dumps(fact["alias"]).replace("null", "None")}, '
            f"width={fact['bytes']}, bits={fact['bits']}, variable={fact['variable']}, maskable={fact['maskable']}, "
            f"writable={fact['writable']}, format=Format.{kind}, prerequisite=Prerequisite.{needs}, rank={rank}, "
            f"headers=({headers.rstrip() if headers else ''}))"
        )
    lines += ["", "ALL: tuple[Field, ...] = (", *[f"    {constant}," for constant in constants], ")", ""]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail when the table is not current"
    )
    parser.add_argument(
        "--extract", type=Path, metavar="META_FLOW_H", help="write the data file from OVS's source"
    )
    arguments = parser.parse_args()
    if arguments.extract:
        order = json.loads(DATA.read_text())["order"] if DATA.exists() else []
        DATA.write_text(dump(extract(arguments.extract), order))
    text = render(json.loads(DATA.read_text()))
    if arguments.check:
        if TABLE.read_text() != text:
            print(f"{TABLE.relative_to(ROOT)} is not current: run tools/generate_fields.py", file=sys.stderr)
            return 1
        return 0
    TABLE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
