"""What tests ask of the documents: their files, links and code blocks.

Rule 1: a block is what GitHub shows as one; the words behind the language say whose terminal it is (```sh h1).
Rule 2: nothing here decides what is right; tests do.
"""

from __future__ import annotations

import pathlib
import re
import subprocess
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).parents[2]

_FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=indent)```$", re.M | re.S)
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.M)


@dataclass(frozen=True)
class Block:
    """A code block: its language, the words behind it, its text."""

    language: str
    words: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Document:
    """A Markdown file of the repository."""

    path: pathlib.Path
    text: str

    @property
    def name(self) -> str:
        """Its path in the repository."""
        return str(self.path.relative_to(ROOT))

    @property
    def blocks(self) -> list[Block]:
        """Its fenced code blocks, in order."""
        found = []
        for match in _FENCE.finditer(self.text):
            language, *words = match["info"].split() or [""]
            found.append(Block(language, tuple(words), match["text"]))
        return found

    @property
    def prose(self) -> str:
        """Everything but the blocks."""
        return _FENCE.sub("", self.text)

    @property
    def code(self) -> list[str]:
        """Pieces of code within the prose."""
        return _CODE.findall(self.prose)

    @property
    def links(self) -> list[str]:
        """Targets of the links in the prose."""
        return _LINK.findall(_CODE.sub("", self.prose))

    @property
    def anchors(self) -> set[str]:
        """Names of the headings, as GitHub makes them."""
        return {
            re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
            for heading in _HEADING.findall(self.prose)
        }


def document(name: str) -> Document:
    """One document."""
    path = ROOT / name
    return Document(path, path.read_text(encoding="utf-8"))


def documents() -> list[Document]:
    """All Markdown files that belong to the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    names = listed.stdout.split() if listed.returncode == 0 else []
    if not names:  # an unpacked source archive
        names = [
            str(path.relative_to(ROOT))
            for path in ROOT.rglob("*.md")
            if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
        ]
    return [document(name) for name in sorted(names)]
