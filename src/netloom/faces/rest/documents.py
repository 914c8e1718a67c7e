"""Files in: YAML or JSON to the model's specs, all mistakes of a file at once, each with its line.

Rule 1: the fast way builds values without positions; only a file with mistakes is read again to find where they are.
Rule 2: what a document says is checked here as far as it can be alone; what concerns other objects the use case checks.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from netloom.app.cloud.resources.documents import Document, DocumentKind, parse
from netloom.base.errors import InvalidInput, NetloomError, TooLarge
from netloom.contract.documents import MAX_DOCUMENTS
from netloom.contract.explain import explain, known_fields
from netloom.contract.problems import MAX_ERRORS
from netloom.faces.rest.body import JSON_TYPES, YAML_TYPES
from netloom.faces.rest.problems import HttpProblem, Mistake, Mistakes
from netloom.faces.rest.yaml_door import Malformed, Path, Value, load, locate
from netloom.model.errors import InvalidDocuments
from netloom.model.errors import Mistake as IntentMistake
from netloom.model.kinds import Kind
from netloom.model.specs import SPEC_TYPES, Spec

_STEP: Final = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_NONE: Final[Mapping[str, DocumentKind]] = {}
_KINDS: Final = {kind.value: SPEC_TYPES[kind] for kind in Kind}


@dataclass(frozen=True, slots=True)
class File:
    """A file that was read.

    Attributes:
        specs: what it declares of the switches' intent, in its order.
        places: where each of them stands in the file.
        documents: what it declares of the cloud.
        data: its text, for positions.
        listed: it was one JSON list, not a stream of documents.
    """

    specs: tuple[Spec, ...]
    places: tuple[int, ...]
    documents: tuple[Document, ...]
    data: bytes
    listed: bool

    @property
    def size(self) -> int:
        """How many documents."""
        return len(self.specs) + len(self.documents)

    def placed(self, error: InvalidDocuments) -> InvalidDocuments:
        """What was found wrong with `specs`, by the documents' places in the file."""
        found = tuple(IntentMistake(self.places[mistake.index], mistake.error) for mistake in error.mistakes)
        return InvalidDocuments(found, error.omitted)

    def explain(self, error: InvalidDocuments) -> Mistakes:
        """What a use case found wrong with several documents, with positions."""
        found = [(mistake.index, mistake.error) for mistake in error.mistakes]
        total = len(found) + error.omitted
        return Mistakes(
            _with_marks(found, self.data, listed=self.listed), total=total, code=error.stable_code
        )


def read_file(data: bytes, media_type: str, cloud: Mapping[str, DocumentKind] = _NONE) -> File:
    """What a file declares; `cloud`: kinds of documents besides those of intent.

    Raises:
        Malformed: not YAML or JSON.
        Mistakes: documents that cannot be right, up to `MAX_ERRORS` of them with their positions.
        TooLarge: too many documents, too deep, too many values.
        HttpProblem: neither YAML nor JSON (415).
    """
    if media_type in YAML_TYPES:
        values, listed = load(data, max_documents=MAX_DOCUMENTS), False
    elif media_type in JSON_TYPES:
        values, listed = _load_json(data)
    else:
        raise HttpProblem(
            415, f"a file of type {media_type[:64]!r}", hint="application/yaml or application/json"
        )
    if not values:
        raise Malformed("the file declares nothing", hint="for example: kind: Network")
    specs: list[Spec] = []
    places: list[int] = []
    documents: list[Document] = []
    mistakes: list[tuple[int, NetloomError]] = []
    wrong = 0
    for index, value in enumerate(values):
        try:
            kind = value.get("kind") if isinstance(value, dict) else None
            if isinstance(value, dict) and isinstance(kind, str) and kind in cloud:
                said = {name: item for name, item in value.items() if name != "kind"}
                documents.append(parse(index, cloud[kind], said))
            else:
                specs.append(_spec(value, cloud))
                places.append(index)
        except InvalidInput as error:
            wrong += 1
            if wrong <= MAX_ERRORS:
                mistakes.append((index, error))
    if mistakes:
        raise Mistakes(_with_marks(mistakes, data, listed=listed), total=wrong)
    return File(tuple(specs), tuple(places), tuple(documents), data, listed)


def parse_path(text: str | None) -> Path:
    """A field path (`attachment.host`, `segments[3]`) as steps."""
    if not text:
        return ()
    return tuple(int(index) if index else name for name, index in _STEP.findall(text))


def _spec(value: Value, cloud: Mapping[str, DocumentKind]) -> Spec:
    if not isinstance(value, dict):
        raise InvalidInput(
            "expected an object", hint="fields like kind: Network and name: blue", code="wrong-type"
        )
    kind = value.get("kind")
    schema = _KINDS.get(kind) if isinstance(kind, str) else None
    if schema is None:
        raise _unknown_kind(value, kind, (*_KINDS, *cloud))
    fields = {name: item for name, item in value.items() if name != "kind"}
    try:
        return msgspec.convert(fields, schema).checked()
    except msgspec.ValidationError as error:
        raise explain(error, known_fields(schema)) from error


def _unknown_kind(value: Mapping[str, Value], kind: Value, known: Sequence[str]) -> InvalidInput:
    kinds = ", ".join(known)
    if "kind" not in value:
        return InvalidInput("kind is missing", subject="kind", hint=f"one of {kinds}", code="missing-field")
    near = difflib.get_close_matches(str(kind), known, 1)
    hint = f"did you mean {near[0]}?" if near else f"one of {kinds}"
    return InvalidInput(
        f"there is no kind {str(kind)[:64]!r}", subject="kind", hint=hint, code="unknown-kind"
    )


def _with_marks(
    found: Sequence[tuple[int, NetloomError]], data: bytes, *, listed: bool
) -> tuple[Mistake, ...]:
    """Mistakes with document, line and column. A JSON text is read as the YAML that it nearly always is."""
    wanted: dict[int, list[Path]] = {}
    paths: list[tuple[int, Path]] = []
    for index, error in found:
        path = parse_path(error.subject)
        place = (0, (index, *path)) if listed else (index, path)
        paths.append(place)
        wanted.setdefault(place[0], []).append(place[1])
    marks = locate(data, wanted)
    mistakes = []
    for (index, error), place in zip(found, paths, strict=True):
        mark = marks.get(place)
        mistakes.append(
            Mistake(
                detail=error.message,
                field=f"documents[{index}].{error.subject}" if error.subject else f"documents[{index}]",
                hint=error.hint,
                document=index,
                line=None if mark is None else mark.line,
                column=None if mark is None else mark.column,
            )
        )
    return tuple(mistakes)


def _load_json(data: bytes) -> tuple[list[Value], bool]:
    """One object, a list of them, or `{"items": [...]}` as `export` writes, maybe with what it left out."""
    try:
        value: Value = json.loads(data, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        raise Malformed(f"not JSON: {error.msg}", line=error.lineno, column=error.colno) from error
    except (UnicodeDecodeError, ValueError) as error:  # ValueError: numbers of more digits than Python reads
        raise Malformed(f"not JSON: {error}") from error
    except RecursionError as error:
        raise Malformed("nested too deep") from error
    if (
        isinstance(value, dict)
        and value.keys() - {"left_out"} == {"items"}
        and isinstance(value["items"], list)
    ):
        value = value["items"]
    listed = isinstance(value, list)
    values: list[Value] = value if isinstance(value, list) else [value]
    if len(values) > MAX_DOCUMENTS:
        raise TooLarge(f"{len(values)} documents", code="too-many-documents", hint=f"at most {MAX_DOCUMENTS}")
    return values, listed


def _unique(pairs: Iterable[tuple[str, Value]]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for key, value in pairs:
        if key in found:
            raise Malformed(f"the key {key[:64]!r} stands twice in one object", hint="remove one of them")
        found[key] = value
    return found
