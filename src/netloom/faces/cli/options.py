"""Options that many commands take, written once."""

from __future__ import annotations

from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError

from netloom.base.errors import InvalidInput
from netloom.contract.fields import Spec
from netloom.faces.cli.output import Format

S = TypeVar("S", bound=Spec)

Output = Annotated[Format, typer.Option("-o", "--output", help="How to print the answer.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until the status is Done on every host concerned.")]
WaitSeconds = Annotated[
    float, typer.Option("--wait-seconds", min=0.1, max=86_400, help="How long --wait waits, in seconds.")
]
Labels = Annotated[
    list[str] | None, typer.Option("-l", "--label", metavar="KEY=VALUE", help="A label; may be given again.")
]
LabelFilter = Annotated[
    list[str] | None,
    typer.Option(
        "-l", "--label", metavar="KEY=VALUE", help="Only those with this label; may be given again."
    ),
]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="Show at most so many.")]

WAIT_SECONDS = 60.0


def parse_labels(texts: list[str] | None) -> dict[str, str]:
    """`KEY=VALUE` options as a map.

    Raises:
        InvalidInput: one has no `=`.
    """
    found: dict[str, str] = {}
    for text in texts or ():
        key, sign, value = text.partition("=")
        if not sign:
            raise InvalidInput(
                f"{text!r} is not KEY=VALUE", subject="--label", hint="for example -l tenant=blue"
            )
        found[key] = value
    return found


def given(**fields: object) -> dict[str, object]:
    """The options that were given: those that are not None (and no empty maps)."""
    return {name: value for name, value in fields.items() if value is not None and value != {}}


def spec_of(schema: type[S], fields: dict[str, object]) -> S:
    """A spec made of options.

    Raises:
        InvalidInput: a value is out of its bounds; the field is told as its option.
    """
    try:
        return schema.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(str(step) for step in first["loc"])
        raise InvalidInput(
            f"{first['input']!r}: {first['msg']}", subject=field, code="invalid-option"
        ) from error
