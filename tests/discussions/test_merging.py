"""What one person wrote under two accounts stands under the one that stays, and goes back when they part."""

from __future__ import annotations

from sqlalchemy import select
from tests.two_accounts import MERGED, city, kept_actor, lives, merge, nobody_is_slowed_down, part, person  # noqa: F401

from guanxue import courses, discussions, helpdesk
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session, writing


def whose() -> dict:
    """Who stands at each thing that was written."""
    found = {t.text: t.person_id for t in session.scalars(select(discussions.Question))}
    found |= {f"{r.course_id}:{r.text}": r.person_id for r in session.scalars(select(discussions.Rating))}
    return found | {t.code: t.person_id for t in session.scalars(select(helpdesk.Ticket))}


def test_words_move_with_their_writer_and_a_course_is_rated_once(lives):  # noqa: F811
    with lives.test_request_context(), writing():
        mine, theirs = kept_actor(), Actor("person", person(MERGED).id, "林小莲")
        both, only = (courses.get_course(slug, SYSTEM) for slug in ("both", "theirs"))
        discussions.rate(mine, both, 5, "好")
        discussions.rate(theirs, both, 1, "不好")
        discussions.rate(theirs, only, 4, "可以")
        discussions.ask(theirs, only, "卡尺怎么读？")
        ticket = helpdesk.open_ticket(theirs, topic="lesson", text="放不出来", context={}).code
        before, kept, merged = whose(), mine.id, theirs.id
    code, effects = merge(lives)
    assert effects["posts.moved"] == {"discussions": 2} and effects["tickets.moved"] == {"helpdesk": 1}
    with lives.app_context():
        assert whose() == {"卡尺怎么读？": kept, f"{both.id}:好": kept, f"{both.id}:不好": merged, f"{only.id}:可以": kept, ticket: kept}
        assert helpdesk.list_messages(helpdesk.get_ticket(kept_actor(), ticket))[0].person_id == kept
    part(lives, code)
    with lives.app_context():
        assert whose() == before
