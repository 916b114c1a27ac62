"""A case sets a sitting aside before anything was credited: it counts no more, says so, and may be counted again."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import text
from tests.cases.test_routes import FIRST, LIN, SECOND, inspector
from tests.clients import Browser, Learner, words
from tests.factories import attend, make_class, make_course, make_person

from guanxue import accounts, audit, cases, classes, courses, creditbank, learning, oversight
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session, writing
from guanxue.learning import evidence

THIRD = "13800000005"


@pytest.fixture
def town(any_app):
    """林小莲 watched the whole film, the quiz is still to come; three inspectors."""
    with any_app.test_request_context(), writing():
        make_course(videos_ms=(3_000_000,))
        make_person(LIN)
        for phone, name in ((FIRST, "许明"), (SECOND, "何静"), (THIRD, "宋姐")):
            make_person(phone, name, "inspector")
    who = Learner(any_app, LIN)
    who.call("PUT", "/courses/safe-measuring/enrolment", 200)
    who.watch(who.lessons()[0]["id"], 3000)
    who.app = any_app
    return who


def opened(app, *refs, against=1) -> tuple[int, str]:
    """A fraud case about these: its row id and its code."""
    with app.test_request_context(), writing():
        case = cases.open_case(SYSTEM, kind="fraud", subject="finding:1", claim="有疑点。", evidence=refs, person_ids=[against])
        return case.id, case.code


def upheld(app, *refs, against=1, phone=LIN) -> str:
    """A fraud case about these, found and accepted; its code."""
    number, code = opened(app, *refs, against=against)
    lin, first = Browser(app, phone), inspector(app)
    lin.see(f"/me/cases/{code}")
    lin.send(f"/me/cases/{code}", step="say", text="我自己学的。")
    page = first.see(f"/oversight/cases/{number}")
    assert all(f'value="{ref}"' in page for ref in refs) and "不算的学习" in page
    first.send(f"/oversight/cases/{number}", step="decide", result="upheld", text="看过记录，是脚本。", award=list(refs))
    assert "这一次不算" in words(lin.get(f"/me/cases/{code}/letters/1"))
    lin.see(f"/me/cases/{code}")
    lin.send(f"/me/cases/{code}", step="accept")
    assert "已执行" in lin.see(f"/me/cases/{code}")
    return code


def lesson(who) -> learning.LessonProgress:
    """The film as the learner has it now."""
    with who.app.app_context():
        course = courses.get_course("safe-measuring", SYSTEM)
        return learning.course_progress(learning.find_enrolment(1, course.id)).lessons[0]


def completion(app):
    with app.app_context():
        found = learning.list_completions(1)
        return found[0] if found else None


def sound(app):
    with app.app_context():
        assert creditbank.recompute()[1] == []
        for one in learning.list_completions(1):
            derived = learning.derive_completion(one)
            assert derived.faults == [] and derived.content_ms == one.content_ms
        return creditbank.balance(1)


def test_what_was_set_aside_is_studied_again_and_the_completion_names_it(town):
    assert lesson(town).is_complete
    code = upheld(town.app, "playback:1")
    now = lesson(town)
    assert not now.is_complete and now.credited_ms == 0
    lin = Browser(town.app, LIN)
    for path in ("/learn/safe-measuring/" + now.lesson.slug, f"/learn/safe-measuring/{now.lesson.slug}/why"):
        page = lin.see(path)
        assert f"看 {code} 号决定" in page and f"/me/cases/{code}" in page
    assert "查过以后，决定这一次不算" in page
    town.pass_quiz(town.lessons()[-1]["id"])
    assert completion(town.app) is None and sound(town.app) == 0, "nothing is credited for what was set aside"
    with clock.advance(7200):
        town.watch(now.lesson.id, 3000)
    made = completion(town.app)
    assert made is not None and made.evidence["set_aside"] == [1] and sound(town.app) > 0
    assert code not in lin.see("/learn/safe-measuring/" + now.lesson.slug), "it was studied again"
    assert code in lin.see(f"/learn/safe-measuring/{now.lesson.slug}/why")


def test_what_was_complete_before_stays_and_is_taken_back_instead(town):
    number, code = opened(town.app, "playback:1")
    lin, first = Browser(town.app, LIN), inspector(town.app)
    lin.see(f"/me/cases/{code}")
    lin.send(f"/me/cases/{code}", step="say", text="我自己学的。")
    first.see(f"/oversight/cases/{number}")
    first.send(f"/oversight/cases/{number}", step="decide", result="upheld", text="是脚本。", award="playback:1")
    town.pass_quiz(town.lessons()[-1]["id"])
    before = sound(town.app)
    lin.see(f"/me/cases/{code}")
    lin.send(f"/me/cases/{code}", step="accept")
    assert "学分要另外收回" in lin.see(f"/me/cases/{code}") and sound(town.app) == before > 0
    assert code not in lin.see("/learn/safe-measuring/" + lesson(town).lesson.slug), "nobody is told to study again what counts"
    number, _code = opened(town.app, "playback:1")
    assert 'value="playback:1"' not in first.see(f"/oversight/cases/{number}")


def test_a_later_case_counts_it_again(town):
    code = upheld(town.app, "playback:1")
    town.pass_quiz(town.lessons()[-1]["id"])
    lin, second = Browser(town.app, LIN), inspector(town.app, SECOND)
    link = re.search(r'href="(/me/cases/new[^"]*playback[^"]*)"', lin.see(f"/learn/safe-measuring/{lesson(town).lesson.slug}/why"))[1]
    assert "第1课" in lin.see(link.replace("&amp;", "&"))
    asked = lin.send("/me/cases/new", about="playback:1", kind="appeal", text="那天我在厂里，有人看见。").headers["Location"].rpartition("/")[2]
    with town.app.app_context():
        case = next(d.case for d in cases.list_own(1) if d.case.code == asked)
    assert "你决定的" in words(inspector(town.app).get(f"/oversight/cases/{case.id}")), "who set it aside does not hear it"
    assert "重新算" in second.see(f"/oversight/cases/{case.id}")
    second.send(f"/oversight/cases/{case.id}", step="decide", result="upheld", text="有两个证人。", award="playback:1")
    lin.see(f"/me/cases/{asked}")
    lin.send(f"/me/cases/{asked}", step="accept")
    made = completion(town.app)
    assert made is not None and "set_aside" not in made.evidence and sound(town.app) > 0
    assert code not in lin.see("/learn/safe-measuring/" + lesson(town).lesson.slug)


def test_a_rebuilt_cache_leaves_it_out(town):
    upheld(town.app, "playback:1")
    with town.app.test_request_context(), writing():
        session.execute(text("DELETE FROM learning_progress"))
        evidence.restore_progress(learning.get_enrolment(1))
    assert lesson(town).credited_ms == 0


def merged(app, phone="13800000009") -> tuple[int, str]:
    """Lin's account goes into a new one of hers: that one's row id, and the merge's code."""
    with app.test_request_context(), writing():
        kept = make_person(phone, "林小莲").id
    with app.test_request_context(), writing():
        return kept, accounts.merge_accounts(SYSTEM, kept, 1, reason="同一个人的两个账号").code


def test_what_was_set_aside_of_two_accounts_that_were_one_stays_so_when_they_part(town):
    kept, merge = merged(town.app)
    upheld(town.app, "playback:1", against=kept, phone="13800000009")
    with town.app.test_request_context(), writing():
        told = accounts.foresee_part(SYSTEM, accounts.get_merge(merge))
        assert not any("记入结业" in str(x.sentence) for x in told.effects)
        accounts.part_accounts(SYSTEM, merge, reason="分开")
    who = Learner(town.app, LIN)
    who.pass_quiz(who.lessons()[-1]["id"])
    with town.app.test_request_context(), writing():
        enrolment = learning.get_enrolment(1)
        assert evidence.derive_spans(enrolment)[lesson(town).lesson.id].credited_ms == 0
        evidence.rebuild_progress(enrolment)
    assert not lesson(town).is_complete and completion(town.app) is None and sound(town.app) == 0


def test_who_goes_on_in_a_sitting_that_was_set_aside_is_told_to_begin_another(town):
    film = town.lessons()[0]["id"]
    going = town.call("POST", f"/lessons/{film}/playback", 201)
    with clock.advance(600):
        town.beat(going, (600_000, 0, 600, 1))
        silent = town.call("POST", f"/lessons/{film}/playback", 201, key="abcdefgh")
    upheld(town.app, "playback:1", "playback:2", "playback:3")
    town.pass_quiz(town.lessons()[-1]["id"])
    with clock.advance(1500):
        for playback, beat in ((going, (1_450_000, 600, 1450, 1)), (silent, (850_000, 0, 850, 1))):
            told = town.call("POST", f"/playbacks/{playback['playback_id']}/beats", 409, nonce=playback["nonce"],
                             seq=playback["next_seq"], beats=[dict(zip(("t_ms", "from_s", "to_s", "rate"), beat, strict=True))])
            assert told["type"].endswith("playback-expired") and "不算" in told["detail"]
        with town.app.app_context():
            assert audit.list_lines(action="learning.beat.superseded") == []
    assert lesson(town).credited_ms == 0
    with clock.advance(7200):
        town.watch(film, 3000)
    assert completion(town.app) is not None and sound(town.app) > 0


def test_a_line_of_attendance_is_left_out_and_may_be_called_anew(any_app):
    with any_app.test_request_context(), writing():
        lin, teacher = make_person(LIN), make_person("13800000012", "陈师傅", "instructor")
        for phone, name in ((FIRST, "许明"), (SECOND, "何静")):
            make_person(phone, name, "inspector")
        cls, meeting = make_class(teacher, is_public=True)
        classes.join_class(lin, cls, promises=True)
        attend(lin, cls, meeting)
        lines, code, ends_at = [f"attendance:{x.id}" for x in classes.list_attendance([meeting.id])], cls.code, meeting.ends_at
    with clock.travel(ends_at + timedelta(minutes=5)):
        case = upheld(any_app, *lines)
        page = Browser(any_app, LIN).see(f"/classes/{code}")
        assert f"看 {case} 号决定" in page
        with any_app.test_request_context(), writing():
            cls = classes.find_class(code)
            place = classes.find_place(lin, cls)
            assert classes.standing_of(cls, place).attended_ms == 0
            assert classes.close_class(teacher, cls) == 0 and creditbank.balance(1) == 0
            own = cases.open_case(lin, kind="appeal", subject=lines[1], claim="我到了。", evidence=[lines[1]], person_ids=[1])
            assert [x["ref"] for x in oversight.list_offered(cases.dossier(own))] == lines, "all that the case set aside"
            meeting = classes.list_meetings(cls.id)[0]
            (here,) = classes.roll_of(meeting, [place])
            assert (here.since_ms, here.attended_ms, here.way) == (None, 0, ""), "so the teacher sees whom to call"
            classes.call_roll(teacher, cls, meeting, place, classes.Mark("present"), "本人到了，看过监控")
            assert classes.find_completion(place.id) is not None and creditbank.balance(1) > 0
            assert creditbank.recompute()[1] == []


def test_nobody_sets_aside_what_is_anothers_or_in_an_own_case(town):
    with town.app.test_request_context(), writing():
        other = make_person("13800000077", "黄小明")
        case = cases.open_case(SYSTEM, kind="fraud", subject="finding:2", claim="x", evidence=["playback:1"], person_ids=[other.id])
        own = cases.open_case(Actor("person", 1, "林小莲"), kind="correction", subject="playback:1", claim="少算了。",
                              evidence=["playback:1"], person_ids=[1])
        numbers = case.id, own.id
    first = inspector(town.app)
    for number in numbers:
        assert 'value="playback:1"' not in first.see(f"/oversight/cases/{number}")
        first.send(f"/oversight/cases/{number}", 422, step="decide", result="partly", text="x", award="playback:1")


@pytest.mark.parametrize("aside", (2, 3))
def test_a_stay_that_is_left_out_makes_the_one_before_no_longer(any_app, aside):
    """In, out, in again, out again: without the second sign-in or the second sign-out, the first stay is what it was."""
    with any_app.test_request_context(), writing():
        teacher, lin = make_person("13800000012", "周师傅", "instructor"), make_person(LIN)
        cls, meeting = make_class(teacher, is_public=True)
        classes.join_class(lin, cls, promises=True)
        for since_s, until_s in ((0, 1800), (3600, 9000), (9600, 10200)):
            attend(lin, cls, meeting, since_s, until_s)
        lines = classes.list_attendance([meeting.id])
        told = {f"attendance:{lines[aside].id}": "X"}
        with pytest.MonkeyPatch.context() as patch, clock.travel(meeting.ends_at + timedelta(minutes=1)):
            place = classes.find_place(lin, cls)
            whole = classes.standing_of(cls, place).attended_ms
            patch.setattr(cases, "list_set_aside", lambda _people: told)
            left = classes.standing_of(cls, place).attended_ms
            assert classes.roll_of(meeting, [place])[0].attended_ms == left, "the roll shows what counts"
    assert abs(whole - 7_800_000) < 5000 and abs(left - 2_400_000) < 5000
