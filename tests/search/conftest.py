"""The shipped catalogue as search documents, and an index of it that tests only read."""

from __future__ import annotations

import csv

import pytest

from guanxue.config import ROOT
from guanxue.search import SearchDocument, analysis
from guanxue.search.asking import Asker
from guanxue.search.index import Library


def shipped_documents() -> list[SearchDocument]:
    """Every planned course of the catalogue, much as the courses room gives it to search."""
    with (ROOT / "courses/catalogue/course_titles.csv").open(encoding="utf-8-sig", newline="") as f:
        return [
            SearchDocument(kind="course", id=row["course_id"], title=row["title_zh"], url=f"/courses/{row['course_id']}",
                           keywords=[row["title_en"], *row["category_path"].split("/")], body=row["syllabus"].replace(";", "\n"))
            for row in csv.DictReader(f)
        ]


@pytest.fixture(scope="session")
def shipped() -> list[SearchDocument]:
    """The shipped catalogue's documents."""
    return shipped_documents()


@pytest.fixture(scope="session")
def asker(tmp_path_factory, shipped) -> Asker:
    """Asks an index of the shipped catalogue with the shipped synonyms."""
    library = Library(tmp_path_factory.mktemp("index"))
    synonyms = analysis.read_synonyms(ROOT / "courses/synonyms.csv", sorted((ROOT / "courses").glob("*/lessons/*-words.md")))
    analysis.know(synonyms.words())
    library.build(shipped)
    return Asker(library.reader(), synonyms)
