"""What of a course a phone can take along, and what that weighs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from guanxue import courses, media, policies
from guanxue.core.i18n import Name
from guanxue.courses import RevisionLesson
from guanxue.learning.models import Enrolment


@dataclass(frozen=True)
class Takeable:
    """A lesson that can be taken along; `portable` is None for a text, which weighs next to nothing."""

    lesson: RevisionLesson
    portable: media.Portable | None

    def shown(self, path: str) -> dict:
        """As the page's script takes it; `path` is the lesson's page."""
        film = self.portable
        return {"id": self.lesson.id, "path": path, "title": str(Name(self.lesson.title)), "kind": self.lesson.kind,
                "film": film.film if film else 0, "pictures": film.pictures if film else {},
                "sounds": [{"type": kind, "bytes": n} for kind, n in film.sounds] if film else []}


def list_takeable(enrolment: Enrolment, lessons: Sequence[RevisionLesson]) -> list[Takeable]:
    """Of these lessons of the enrolment's revision those that can be taken along now; none where its policy counts nothing."""
    if not policies.get_policy(enrolment.policy_id).numbers.is_offline_counted:
        return []
    films = {a.id: media.portable(a) for a in media.list_assets([x.asset_id for x in lessons if x.asset_id])}
    found = [Takeable(x, films.get(x.asset_id)) for x in lessons if x.kind != "quiz" and x.duration_ms is not None]
    return [x for x in found if (x.lesson.kind == "text" or x.portable) and courses.why_resting(x.lesson) is None]
