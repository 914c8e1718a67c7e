"""Links lead somewhere: files are there, headings too."""

from __future__ import annotations

import pytest
from tests.docs.markdown import ROOT, Document, document, documents

WRITTEN_BY_MAKE = {"docs/benchmarks.md"}
"""`make bench` writes it."""

DOCUMENTS = documents()


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Document) -> None:
    for link in page.links:
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.path.parent / name).resolve() if name else page.path
        relative = str(target.relative_to(ROOT))
        if relative in WRITTEN_BY_MAKE and not target.exists():
            continue
        assert target.exists(), f"{page.name}: {link} is not there"
        if anchor:
            assert anchor in document(relative).anchors, f"{page.name}: no heading for {link}"


def test_every_page_of_design_and_decisions_is_in_the_index() -> None:
    linked = {(ROOT / "docs" / link.partition("#")[0]).resolve() for link in document("docs/README.md").links}
    pages = {page.path for page in DOCUMENTS if page.name.startswith("docs/")} - {ROOT / "docs" / "README.md"}
    assert sorted(str(path) for path in pages - linked) == []
