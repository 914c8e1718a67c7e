"""Errors: RFC 9457 problem details, with netloom's stable code, the field and a hint.

Rule 1: programs compare `code`; people read `detail` and `hint`.
Rule 2: one request, one problem; several mistakes in one body are listed in `errors`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from netloom.contract.fields import Answer

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:netloom:problem:"
MAX_ERRORS = 20
"""Mistakes that one problem lists; the rest is counted in `errors_omitted`."""


class Mistake(Answer):
    """One mistake in a body or a file."""

    detail: str
    field: Annotated[str | None, Field(description="Path of the field.", examples=["items[3].mac"])] = None
    hint: str | None = None
    document: Annotated[int | None, Field(description="Index of the YAML document, from 0.")] = None
    line: Annotated[int | None, Field(description="From 1.")] = None
    column: Annotated[int | None, Field(description="From 1.")] = None


class Problem(Answer):
    """Why a request was refused or failed (`application/problem+json`)."""

    type: Annotated[str, Field(examples=["urn:netloom:problem:stale-version"])]
    title: Annotated[str, Field(description="The kind of problem, in words.", examples=["Stale version"])]
    status: Annotated[int, Field(description="The HTTP status.", examples=[412])]
    detail: Annotated[str, Field(description="What was wrong, with the value seen.")]
    code: Annotated[str, Field(description="Stable, kebab-case.", examples=["stale-version"])]
    instance: Annotated[str | None, Field(description="Id of this request, as in the log.")] = None
    field: Annotated[str | None, Field(description="Field or object concerned.")] = None
    hint: Annotated[str | None, Field(description="What would be right.")] = None
    current: Annotated[int | None, Field(description="Generation now (stale-version only).")] = None
    retry_after: Annotated[float | None, Field(description="Seconds.")] = None
    document: Annotated[int | None, Field(description="Index of the YAML document, from 0.")] = None
    line: Annotated[int | None, Field(description="Line in the body, from 1.")] = None
    column: Annotated[int | None, Field(description="Column in the line, from 1.")] = None
    errors: tuple[Mistake, ...] = ()
    errors_omitted: int = 0
