"""Fields of the table of kinds as options of a command, and back as values.

Rule 1: what is given is sent; what it means, and whether it can be, is the server's to say.
Rule 2: a secret need not stand in the list of processes: `-` asks for it, or reads standard input without a terminal.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer

from netloom.base.errors import InvalidInput
from netloom.contract.cloud import Field, Form
from netloom.contract.hints import hint_of

SECRETS: Final = frozenset({"password", "key", "private_key"})
"""Fields that nobody else shall read."""
ASKED: Final = "-"


def parameter(field: Field, noun: str, *, positional: bool = False) -> inspect.Parameter:
    """A field as a parameter of a command's function."""
    name = field.name.replace("_", "-")
    annotation: Any
    if positional:
        annotation = Annotated[str, typer.Argument(metavar=field.name.upper(), help=about(field, noun))]
        return inspect.Parameter(field.name, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=annotation)
    names = [f"--{name}/--no-{name}"] if field.form is Form.FLAG else [f"--{name}"]
    option = typer.Option(*names, help=about(field, noun), metavar=_metavar(field), show_default=False)
    kind: Any = {
        Form.FLAG: bool, Form.NUMBER: int, Form.TEXTS: list[str], Form.MAP: list[str], Form.JSON: list[str],
    }.get(field.form, str)  # fmt: skip
    if field.required:
        annotation, default = Annotated[kind, option], inspect.Parameter.empty
    else:
        annotation, default = Annotated[kind | None, option], None
    return inspect.Parameter(
        field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


def about(field: Field, noun: str) -> str:
    """What an option is, in a line; `noun`: of the kind that it is said of."""
    parts = [field.name.replace("_", " ").capitalize()]
    hint = hint_of(noun, field.name)
    if hint and not field.refers and not field.choices:
        parts.append(hint)
    if field.refers:
        parts.append(f"name or id of a {field.refers.replace('-', ' ')}")
    if field.choices:
        parts.append("one of " + ", ".join(field.choices))
    if is_secret(field):
        parts.append(f"{ASKED} asks for it, or reads standard input")
    if field.form is Form.TIME:
        parts.append("as 2026-01-31T12:00:00Z")
    if field.form in {Form.TEXTS, Form.MAP, Form.JSON}:
        parts.append("may be given again")
    return ": ".join((parts[0], "; ".join(parts[1:]))) + "." if parts[1:] else parts[0] + "."


def values_of(fields: tuple[Field, ...], given: Mapping[str, object]) -> dict[str, object]:
    """What was given, as it is sent.

    Raises:
        InvalidInput: a pair has no `=`, or a value that begins as JSON is none.
    """
    found: dict[str, object] = {}
    for field in fields:
        value = given.get(field.name)
        if value is None or value == []:
            continue
        match field.form:
            case Form.MAP if isinstance(value, list):
                found[field.name] = dict(_pair(text, field.name) for text in value)
            case Form.JSON if isinstance(value, list):
                parts = [_json(text, field.name) for text in value]
                found[field.name] = parts[0] if len(parts) == 1 and not isinstance(parts[0], str) else parts
            case _:
                found[field.name] = _secret(field) if is_secret(field) and value == ASKED else value
    return found


def is_secret(field: Field) -> bool:
    """Whether its value is for nobody else's eyes."""
    return field.form is Form.TEXT and field.name in SECRETS


def _secret(field: Field) -> str:
    """What is typed unseen; all of standard input, less the end of its last line, where nobody types."""
    if sys.stdin.isatty():
        asked: str = typer.prompt(field.name.replace("_", " ").capitalize(), hide_input=True, err=True)
        return asked
    return sys.stdin.read().removesuffix("\n")


def _metavar(field: Field) -> str | None:
    if field.form is Form.MAP:
        return "KEY=VALUE"
    return None


def _pair(text: str, name: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign:
        raise InvalidInput(f"{text!r} is not KEY=VALUE", subject=f"--{name}", hint="for example team=net")
    return key, value


def _json(text: str, name: str) -> object:
    if not text.lstrip().startswith(("{", "[", '"')):
        return text
    try:
        found: object = json.loads(text)
    except ValueError as error:
        raise InvalidInput(
            f"not JSON: {error}", subject=f"--{name}", hint="quote it for the shell"
        ) from error
    return found
