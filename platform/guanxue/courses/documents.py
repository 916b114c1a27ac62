"""What search is given about courses."""

from __future__ import annotations

from sqlalchemy import or_, select

from guanxue import accounts, standards
from guanxue.core.actor import ANONYMOUS
from guanxue.core.db import session
from guanxue.courses import queries, reviews, rules, subtitling
from guanxue.courses.models import Course, RevisionLesson
from guanxue.search import SearchDocument


def load(slug: str) -> SearchDocument | None:
    """The course as search keeps it; None when it is not in the catalogue any more."""
    course = queries.find_course(slug, ANONYMOUS)
    if course is None or reviews.why_closed(course) is not None:
        return None
    words = queries.get_revision(course.revision_id).document if course.revision_id else None
    title = words["title"] if words else course.title
    occupation = standards.find_occupation(course.occupation) if course.occupation else None
    town_ids = set(queries.list_town_ids(course.id))
    keywords = [course.title_en, occupation.name if occupation else "", *course.category_path.split("/"),
                *(t.name for t in accounts.list_towns() if t.id in town_ids)]
    return SearchDocument(kind="course", id=slug, title=title, url=f"/courses/{slug}", keywords=[k for k in keywords if k],
                          body=_body(course), rank=1 if course.revision_id else 0, popularity=0)


def _body(course: Course) -> str:
    if not course.revision_id:
        return "\n".join([course.summary, *course.syllabus])
    resting = reviews.resting(course.id, course.revision_id)
    lessons = [x for x in queries.lessons_of(course.revision_id) if x.slug not in resting]
    texts = [f"{x.title}\n{_words(x)}" for x in lessons if x.kind != "quiz"]
    return "\n".join([course.summary, *texts])


def _words(lesson: RevisionLesson) -> str:
    """What is read in a lesson; of a film also what is said in it, where somebody wrote that down."""
    if lesson.subtitles_id is None:
        return rules.spoken_text(lesson.body)
    said = "\n".join(c.text for c in subtitling.words_of(lesson))
    return f"{rules.spoken_text(lesson.body)}\n{said}"


def list_slugs() -> list[str]:
    """Every course of the catalogue."""
    return list(session.scalars(select(Course.slug).where(or_(Course.revision_id.is_not(None), Course.is_planned))))
