"""Commands in the documents are commands: the command line takes them as they stand, make has the targets."""

from __future__ import annotations

import re
import shlex

import pytest
import typer
from tests.docs.markdown import ROOT, Document, documents

from netloom.daemon.main import _arguments
from netloom.faces.cli.main import app

DOCUMENTS = documents()
SHELLS = {"sh", "bash"}
NOT_MEANT_TO_BE_TYPED = re.compile(r"[…|<>\[\]]|NOUN|VERB|\.\.\.")
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))

PAGES = pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: page.name)


def lines(page: Document) -> list[str]:
    """What can be typed: lines of blocks, and code within prose."""
    blocks = [
        line
        for block in page.blocks
        for line in block.text.splitlines()
        # Blocks without a language are output, but for lists of targets.
        if block.language in SHELLS or (not block.language and line.startswith("make "))
    ]
    pieces = [piece for line in [*blocks, *page.code] for piece in re.split(r"&&|;|\s\|\s", line)]
    return [piece.partition(" #")[0].strip().rstrip("&").strip() for piece in pieces]


def commands(page: Document, program: str) -> list[list[str]]:
    """The arguments of a program's calls."""
    found = []
    for line in lines(page):
        if not line.startswith(f"{program} ") or NOT_MEANT_TO_BE_TYPED.search(line.partition(" >")[0]):
            continue
        found.append(shlex.split(line.partition(" >")[0])[1:])
    return found


def parse(words: list[str]) -> None:
    """Let the command line read words without doing anything."""
    command = typer.main.get_command(app)
    name = "netloom"
    context = None
    while True:
        try:
            context = command.make_context(name, list(words), parent=context)
        except typer.Exit:
            return  # --help
        if not hasattr(command, "resolve_command"):
            return
        rest = [*getattr(context, "_protected_args", []), *context.args]
        if not rest:
            return
        name, command, words = command.resolve_command(context, rest)


@PAGES
def test_netloom_takes_what_is_written(page: Document) -> None:
    for words in commands(page, "netloom"):
        if {"--install-completion", "--show-completion"} & set(words):
            continue  # parsing these does them; tests/packaging tries them
        bare = [word for word in words if not word.startswith("-")]
        if len(bare) <= 2 and not any(word.startswith("-") for word in words):
            # `netloom ca init` and `netloom nic attach` name a command; what it needs is left to its help.
            words = [*words, "--help"]  # noqa: PLW2901
        parse(words)


@PAGES
def test_netloomd_takes_what_is_written(page: Document) -> None:
    for words in commands(page, "netloomd"):
        named_only = words == ["backup"]
        _arguments().parse_args([*words, "FILE"] if named_only else words)


@PAGES
def test_targets_of_make_are_there(page: Document) -> None:
    # Prose has words like "make a copy"; code has targets.
    named = [line.split()[1] for line in lines(page) if re.match(r"make [a-z-]+", line)]
    assert set(named) <= TARGETS


def test_a_wrong_command_is_noticed() -> None:
    with pytest.raises(Exception, match="No such option"):
        parse(["nic", "create", "a", "--network", "blue", "--colour", "red"])
    with pytest.raises(Exception, match="No such command"):
        parse(["nic", "paint", "a"])
