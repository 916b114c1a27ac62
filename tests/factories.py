"""The cast of every story. Actors without rows for pure services; people with rows come from accounts."""

from __future__ import annotations

from guanxue.core.actor import Actor


def learner(person_id: int = 1) -> Actor:
    """阿莲, who learns."""
    return Actor("person", person_id, "阿莲")


def instructor(person_id: int = 2) -> Actor:
    """陈师傅, who teaches."""
    return Actor("person", person_id, "陈师傅", frozenset({"teach"}))


def curator(person_id: int = 3, town: str = "humen") -> Actor:
    """黄主任, who curates a town."""
    return Actor("person", person_id, "黄主任", frozenset({f"curate:{town}"}))


def reviewer(person_id: int = 7) -> Actor:
    """何老师, who reviews courses."""
    return Actor("person", person_id, "何老师", frozenset({"review"}))


def administrator(person_id: int = 6) -> Actor:
    """梁工, who administers."""
    return Actor("person", person_id, "梁工", frozenset({"administer"}))
