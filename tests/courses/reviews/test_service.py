"""Handing in, readers in order, remarks at their place, the checklist, rights, withdrawal; on both databases where it writes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from tests.factories import GIFT, OWN_WORK, TEXT, make_course, make_person

from guanxue import audit, courses, jobs, learning, media
from guanxue.core import clock
from guanxue.core.actor import ANONYMOUS, SYSTEM
from guanxue.core.db import session
from guanxue.core.errors import Forbidden, Invalid
from guanxue.courses import rules
from guanxue.courses.models import DRAFT, PUBLISHED, RETURNED, SUBMITTED
from guanxue.courses.reviews import comparing
from guanxue.media.service import finish_asset

KIND = "skills-upgrading"


@pytest.fixture
def people(any_db):
    """An author, three reviewers, an administrator, a learner."""
    roles = {"learner": None, "author": "instructor", "first": "reviewer", "second": "reviewer", "third": "reviewer",
             "administrator": "administrator"}
    return {name: make_person(f"1380000000{n}", f"人{n}", role) for n, (name, role) in enumerate(roles.items())}


def draft(author, **more):
    course = courses.create_course(author, title="安全测量", kind=KIND, **more)
    courses.add_lesson(author, course, title="先停机", kind="text", body=TEXT)
    courses.add_lesson(author, course, title="考核", kind="quiz", body=GIFT)
    return course


def handed_in(people, **more):
    course = draft(people["author"], **more)
    courses.submit_course(people["author"], course, claims=OWN_WORK)
    return course


def want_readers(people, readers: int) -> None:
    points = courses.current_checklist().points
    courses.publish_checklist(people["administrator"], readers=readers, points=points)


def filmed(author, course, name: str = "a"):
    """A film of the author's own in the course, ready."""
    lesson = courses.add_lesson(author, course, title=f"看{name}", kind="video")
    asset = media.create_narrated(SYSTEM, media.NarrationSpec(f"film-{name}", name, "", [media.SlideSpec("停机", ["先停机。"])]))
    courses.attach_video(author, course, lesson.id, asset)
    finish_asset(asset.id, version="test", duration_ms=60_000, facts={"has_sound": True, "bytes": {"360p": 1, "mp4": 1, "audio": 1}})
    return lesson


# ---- handing in


def test_what_is_handed_in_is_frozen_and_is_what_is_published(people):
    course = handed_in(people)
    candidate = courses.find_candidate(course.id)
    assert [x["slug"] for x in candidate.document["lessons"]] == ["lesson-1", "quiz"]
    assert candidate.digest == rules.content_digest(candidate.document["course"], candidate.document["lessons"])
    revision = courses.approve_course(people["first"], course)
    published = courses.lessons_of(revision.id)
    assert [(x.slug, x.title, x.body) for x in published] == [
        (x["slug"], x["title"], x["body"]) for x in candidate.document["lessons"]]


def test_whoever_wrote_under_an_account_that_was_merged_into_theirs_does_not_review(people):
    course = handed_in(people)
    session.execute(text("UPDATE accounts_person SET merged_into_id = :kept WHERE id = :merged"),
                    {"kept": people["first"].id, "merged": people["author"].id})
    with pytest.raises(Forbidden):
        courses.approve_course(people["first"], course)
    assert courses.approve_course(people["second"], course) is not None


def test_nothing_slips_in_between_reading_and_publishing(people):
    course = handed_in(people)
    lesson = courses.list_lessons(course.id)[0]
    lesson.body += "\n\n混进来的一段。"  # past every service that would refuse it
    session.flush()
    with pytest.raises(courses.CandidateMoved):
        courses.approve_course(people["first"], course)
    assert course.revision_id is None


def test_a_candidate_and_a_verdict_are_only_ever_added_to(people):
    course = handed_in(people)
    courses.approve_course(people["first"], course)
    session.flush()
    for statement in ("UPDATE courses_candidate SET digest = 'x'", "DELETE FROM courses_verdict", "UPDATE courses_verdict SET outcome = 'returned'",
                      "UPDATE courses_rights SET basis = 'open'", "DELETE FROM courses_checklist"):
        with pytest.raises(DatabaseError, match="append-only"), session.begin_nested():
            session.execute(text(statement))


def test_a_submission_can_be_drawn_back_before_the_first_verdict_and_not_after(people):
    want_readers(people, 2)
    course = handed_in(people)
    courses.draw_back(people["author"], course)
    assert course.state == DRAFT and courses.list_submitted() == []
    courses.submit_course(people["author"], course)
    assert courses.approve_course(people["first"], course) is None
    with pytest.raises(courses.NotReady):
        courses.draw_back(people["author"], course)
    with pytest.raises(Forbidden):
        courses.draw_back(people["first"], course)


def test_a_verdict_on_an_older_try_is_refused(people):
    course = handed_in(people)
    courses.draw_back(people["author"], course)
    courses.submit_course(people["author"], course)
    with pytest.raises(courses.CandidateMoved):
        courses.approve_course(people["first"], course, candidate=1)
    assert courses.approve_course(people["first"], course, candidate=2)


def test_a_course_handed_in_before_there_were_candidates_can_still_be_read_and_published(people):
    course = draft(people["author"])
    course.state = SUBMITTED
    session.flush()
    reading = courses.reading_of(course)
    assert reading.candidate.id is None and reading.place == 1
    assert courses.approve_course(people["first"], course).number == 1
    assert courses.find_candidate(course.id).number == 1


def test_only_the_system_and_administrators_publish_without_readers(people):
    course = draft(people["author"])
    for actor in (people["author"], people["first"]):
        with pytest.raises(Forbidden):
            courses.publish_course(actor, course)
    assert courses.publish_course(SYSTEM, course).number == 1


# ---- readers in order


def test_three_readers_read_one_after_the_other_and_the_last_publishes(people):
    want_readers(people, 3)
    course = handed_in(people)
    for n, name in enumerate(("first", "second"), 1):
        assert courses.reading_of(course).place == n
        assert courses.approve_course(people[name], course) is None
        assert course.state == SUBMITTED and course.revision_id is None
    revision = courses.approve_course(people["third"], course)
    assert revision.number == 1 and course.state == PUBLISHED
    assert [v.place for v in courses.verdicts_of(courses.find_candidate(course.id))] == [1, 2, 3]
    assert [r.step for r in courses.list_review_lines(course.id)] == ["submitted", "passed", "passed", "approved"]


def test_nobody_reads_the_same_try_twice_and_no_author_reads(people):
    want_readers(people, 2)
    course = handed_in(people)
    courses.approve_course(people["first"], course)
    with pytest.raises(courses.NotReady):
        courses.approve_course(people["first"], course)
    both = type(people["author"])("person", people["author"].id, "人", frozenset({"teach", "review"}))
    with pytest.raises(Forbidden):
        courses.approve_course(both, course)
    assert course.revision_id is None


def test_after_a_return_the_readers_begin_again(people):
    want_readers(people, 2)
    course = handed_in(people)
    courses.approve_course(people["first"], course)
    courses.return_course(people["second"], course, "第二段再改改。")
    assert course.state == RETURNED
    courses.submit_course(people["author"], course)
    assert courses.reading_of(course).place == 1
    courses.approve_course(people["second"], course)
    assert courses.approve_course(people["first"], course).number == 1


# ---- the checklist


def test_every_point_has_to_pass_before_a_course_does(people):
    course = handed_in(people)
    keys = [p["key"] for p in courses.current_checklist().points]
    assert keys == ["content", "form", "ideology", "format", "quality", "copyright"]
    some = {key: courses.Judged(True) for key in keys[:5]}
    with pytest.raises(Invalid) as open_point:
        courses.approve_course(people["first"], course, points=some)
    assert [f["field"] for f in open_point.value.fields] == ["point-copyright"]
    with pytest.raises(Invalid):
        courses.approve_course(people["first"], course, points=some | {"copyright": courses.Judged(False, "没写来源")})
    assert course.state == SUBMITTED
    courses.return_course(people["first"], course, "写明来源。", points=some | {"copyright": courses.Judged(False, "没写来源")})
    kept = courses.verdicts_of(courses.find_candidate(course.id))[0].points
    assert kept[-1] == {"key": "copyright", "is_passed": False, "remark": "没写来源"} and len(kept) == 6


def test_what_was_handed_in_keeps_its_version_of_the_list(people):
    course = handed_in(people)
    new = courses.publish_checklist(people["administrator"], readers=3, points=[{"title": "安全", "hint": "没有危险动作"}])
    assert new.number == 2 and new.points == [{"key": "p1", "title": "安全", "hint": "没有危险动作"}]
    assert courses.reading_of(course).checklist.number == 1
    assert courses.approve_course(people["first"], course).number == 1  # one reader, as it was when it was handed in
    other = handed_in(people)
    assert courses.reading_of(other).checklist.number == 2


def test_only_an_administrator_changes_the_list_and_bad_ones_are_refused(people):
    points = courses.current_checklist().points
    with pytest.raises(Forbidden):
        courses.publish_checklist(people["first"], readers=2, points=points)
    for bad in ({"readers": 0, "points": points}, {"readers": 4, "points": points}, {"readers": 1, "points": points},
                {"readers": 2, "points": []}, {"readers": 2, "points": [{"title": "内容"}, {"title": "内容"}]}):
        with pytest.raises(Invalid):
            courses.publish_checklist(people["administrator"], **bad)
    assert courses.current_checklist().number == 1


# ---- remarks


def test_remarks_stand_at_their_place_and_say_whether_it_changed(people):
    author, reader = people["author"], people["first"]
    course = handed_in(people)
    places = [("lesson-1", "paragraph", "2"), ("lesson-1", "paragraph", "4"), ("quiz", "question", "q2"), ("", "fact", "title"), ("lesson-1", "lesson", "")]
    for lesson, kind, place in places:
        courses.add_remark(reader, course, lesson_slug=lesson, kind=kind, place=place, text=f"看看{kind}{place}")
    courses.return_course(reader, course)  # the remarks are the reasons
    first, quiz = courses.list_lessons(course.id)
    paragraphs = comparing.paragraphs_of(TEXT)
    paragraphs[1] = "测量之前先按急停。"
    courses.edit_lesson(author, course, first.id, title="先停机", body="\n\n".join(["新的开头。", *paragraphs]))
    courses.edit_lesson(author, course, quiz.id, title="考核", body=GIFT.split("::q2::")[0])
    said = courses.list_remarks(course)
    assert [(x.remark.place, x.change, x.place) for x in said] == [
        ("2", "changed", "2"), ("4", "same", "5"), ("q2", "removed", "q2"), ("title", "same", "title"), ("", "same", "")]
    courses.answer_remark(author, course, said[0].remark.id, is_settled=True)
    courses.answer_remark(author, course, said[1].remark.id, text="游标本来就这样读。")
    assert [x.state for x in courses.list_remarks(course)] == ["settled", "answered", "open", "open", "open"]
    assert [r["place"] for r in courses.remarks_here(course, "lesson-1")] == ["5", ""]
    courses.submit_course(author, course)
    courses.decide_remark(people["second"], course, said[0].remark.id, text="还是不对", is_settled=False)
    assert courses.list_remarks(course)[0].state == "open" and courses.count_unsettled(course.id) == 5
    courses.approve_course(people["second"], course)
    assert courses.count_unsettled(course.id) == 0


def test_a_remark_needs_a_place_that_is_there_and_words(people):
    course = handed_in(people)
    for lesson, kind, place, words in (("lesson-1", "paragraph", "99", "x"), ("lesson-1", "paragraph", "0", "x"), ("lesson-9", "lesson", "", "x"),
                                       ("quiz", "question", "q9", "x"), ("lesson-1", "second", "3", "x"), ("", "fact", "owner_id", "x"),
                                       ("lesson-1", "word", "1", "x"), ("lesson-1", "paragraph", "2", "  ")):
        with pytest.raises(Invalid):
            courses.add_remark(people["first"], course, lesson_slug=lesson, kind=kind, place=place, text=words)
    with pytest.raises(Forbidden):
        courses.add_remark(people["author"], course, lesson_slug="lesson-1", kind="lesson", place="", text="自己提")
    assert courses.list_remarks(course) == []


def test_a_remark_at_a_second_changes_with_the_film(people):
    author, course = people["author"], courses.create_course(people["author"], title="看片", kind=KIND)
    lesson = filmed(author, course)
    courses.add_lesson(author, course, title="考核", kind="quiz", body=GIFT)
    courses.submit_course(author, course, claims=OWN_WORK)
    courses.add_remark(people["first"], course, lesson_slug=lesson.slug, kind="second", place="12", text="这里没声音")
    courses.return_course(people["first"], course)
    assert courses.list_remarks(course)[0].change == "same"
    other = media.create_narrated(SYSTEM, media.NarrationSpec("film-b", "b", "", [media.SlideSpec("停机", ["先停机。"])]))
    courses.attach_video(author, course, lesson.id, other)
    assert courses.list_remarks(course)[0].change == "changed"
    with pytest.raises(courses.NoSuchRemark):
        courses.answer_remark(author, draft(author), courses.list_remarks(course)[0].remark.id, is_settled=True)


def test_a_stranger_answers_no_remark(people):
    course = handed_in(people)
    made = courses.add_remark(people["first"], course, lesson_slug="lesson-1", kind="lesson", place="", text="短了")
    with pytest.raises(Forbidden):
        courses.answer_remark(people["learner"], course, made.id, text="不")
    with pytest.raises(Forbidden):
        courses.decide_remark(people["learner"], course, made.id, is_settled=True)


# ---- rights


def test_nothing_is_handed_in_before_its_rights_are_declared(people):
    course = draft(people["author"])
    with pytest.raises(Invalid):
        courses.submit_course(people["author"], course)
    tomorrow = clock.today() + timedelta(days=1)
    for bad in (courses.Claim("", "nobody"), courses.Claim("own", ""), courses.Claim("licensed", "nobody"), courses.Claim("open", "agreed"),
                courses.Claim("licensed", "nobody", licensor="厂里"), courses.Claim("licensed", "nobody", until_on=tomorrow),
                courses.Claim("licensed", "nobody", licensor="厂里", until_on=clock.today() - timedelta(days=1))):
        with pytest.raises(Invalid):
            courses.submit_course(people["author"], course, claims=[bad])
    assert course.state == DRAFT and courses.rights_of(course).course is None
    courses.submit_course(people["author"], course, claims=[courses.Claim("licensed", "agreed", licensor="厂里", until_on=tomorrow)])
    assert course.state == SUBMITTED


def test_saying_the_same_again_adds_nothing_and_a_new_film_is_asked_about(people):
    author, course = people["author"], draft(people["author"])
    courses.declare_rights(author, course, OWN_WORK)
    courses.declare_rights(author, course, OWN_WORK)
    assert session.scalar(text("SELECT count(*) FROM courses_rights")) == 1
    lesson = filmed(author, course)
    assert [x.id for x in courses.rights_of(course).missing] == [lesson.id]
    with pytest.raises(Invalid, match="看a"):
        courses.submit_course(author, course)
    courses.submit_course(author, course, claims=[*OWN_WORK, courses.Claim("open", "agreed", lesson.slug, licence="CC BY")])
    standing = courses.rights_of(course)
    assert standing.is_whole and standing.films[lesson.slug].licence == "CC BY" and standing.course.basis == "own"


def test_a_licence_that_ends_warns_then_stops_new_learners_and_a_renewed_one_lets_them_in(people):
    author, learner = people["author"], people["learner"]
    course = draft(author)
    last = clock.today() + timedelta(days=30)
    courses.submit_course(author, course, claims=[courses.Claim("licensed", "nobody", licensor="厂里", until_on=last)])
    courses.approve_course(people["first"], course)
    assert courses.warning(course) == last and courses.why_closed(course) is None
    enrolment = learning.enrol(learner, course)
    with clock.advance(32 * 86_400):
        courses.settle_all(SYSTEM)
        courses.settle_all(SYSTEM)
        assert courses.why_closed(course) is not None and course.slug not in [i.slug for i in courses.browse(courses.Query()).items]
        with pytest.raises(learning.CannotEnrol):
            learning.enrol(people["second"], course)
        assert learning.enrol(learner, course) is enrolment  # who is in may finish
        assert learning.start_attempt(learner, courses.lessons_of(course.revision_id)[-1])
        later = clock.today() + timedelta(days=100)
        courses.declare_rights(author, course, [courses.Claim("licensed", "nobody", licensor="厂里", until_on=later)])
        assert courses.why_closed(course) is None and learning.enrol(people["second"], course)
    assert session.scalar(text("SELECT count(*) FROM courses_stop")) == 1


def test_the_daily_look_asks_for_the_next_one(people, any_app):
    courses.watch_rights()
    courses.watch_rights()
    assert [j.name for j in jobs.list_jobs() if j.name == "courses.rights"] == ["courses.rights"]


# ---- withdrawing


def test_a_withdrawn_course_takes_nobody_new_and_lets_those_in_finish(people):
    author, learner = people["author"], people["learner"]
    course = handed_in(people)
    courses.approve_course(people["first"], course)
    learning.enrol(learner, course)
    courses.withdraw_course(author, course)
    assert course.slug not in [i.slug for i in courses.browse(courses.Query()).items]
    assert courses.find_course(course.slug, ANONYMOUS) is course  # its page says so
    with pytest.raises(learning.CannotEnrol):
        learning.enrol(people["second"], course)
    lesson = courses.lessons_of(course.revision_id)[0]
    assert learning.open_playback(learner, lesson, "k")[1]
    with pytest.raises(courses.NotReady):
        courses.withdraw_course(author, course)
    courses.restore_course(author, course)
    assert learning.enrol(people["second"], course)
    assert {"courses.course.stopped", "courses.course.reopened"} <= {x.action for x in audit.list_lines(subject=f"course:{course.id}")}


def test_what_an_administrator_took_out_needs_a_reason_and_an_administrator_to_come_back(people):
    author, administrator = people["author"], people["administrator"]
    course = handed_in(people)
    courses.approve_course(people["first"], course)
    with pytest.raises(Invalid):
        courses.withdraw_course(administrator, course)
    with pytest.raises(Forbidden):
        courses.withdraw_course(people["learner"], course)
    courses.withdraw_course(administrator, course, "内容过时")
    with pytest.raises(Forbidden):
        courses.restore_course(author, course)
    lesson = courses.list_lessons(course.id)[0]
    courses.edit_lesson(author, course, lesson.id, title="新的", body=TEXT)
    courses.submit_course(author, course)
    courses.approve_course(people["first"], course)
    assert courses.why_closed(course) is not None  # a new revision does not undo it
    courses.restore_course(administrator, course)
    assert courses.why_closed(course) is None


def test_a_new_revision_brings_back_what_its_author_took_out(people):
    course = handed_in(people)
    courses.approve_course(people["first"], course)
    courses.withdraw_course(people["author"], course)
    courses.edit_lesson(people["author"], course, courses.list_lessons(course.id)[0].id, title="新的", body=TEXT)
    courses.submit_course(people["author"], course)
    courses.approve_course(people["first"], course)
    assert courses.why_closed(course) is None


# ---- versions and what differs


def test_versions_are_compared_lesson_by_lesson(people):
    author, course = people["author"], handed_in(people)
    courses.approve_course(people["first"], course)
    first, quiz = courses.list_lessons(course.id)
    courses.edit_lesson(author, course, first.id, title="先停机再量", body=TEXT.replace("垂直于轴线", "平行于轴线"))
    courses.edit_lesson(author, course, quiz.id, title="考核", body=GIFT.replace("Z轴", "Z 轴") + "\n::q3::新题{FALSE}\n")
    courses.add_lesson(author, course, title="又一课", kind="text", body=TEXT)
    assert list(courses.list_versions(course)) == ["c1", "r1", "draft"] and courses.usual_versions(course) == ("r1", "draft")
    assert courses.compare(courses.content_at(course, "c1"), courses.content_at(course, "r1")).is_empty
    found = courses.compare(courses.content_at(course, "r1"), courses.content_at(course, "draft"))
    marks = {x.slug: x for x in found.lessons}
    assert {s: x.mark for s, x in marks.items()} == {"lesson-1": "changed", "lesson-2": "added", "quiz": "changed"}
    changed = next(b for b in marks["lesson-1"].blocks if b.mark == "changed")
    assert [(p.mark, p.text) for p in changed.pieces if p.mark != "same"] == [("removed", "垂直"), ("added", "平行")]
    assert [b.mark for b in marks["quiz"].questions] == ["changed", "added", "same"]


def test_a_course_of_the_system_keeps_its_digest_and_its_revision(people):
    course = make_course()
    first = course.revision_id
    assert courses.publish_course(SYSTEM, course).id == first
    document = courses.get_revision(first).document
    films = {x.slug: media.get_asset(x.asset_id).digest for x in courses.list_lessons(course.id) if x.asset_id}
    content = [{"slug": x.slug, "section": x.section, "title": x.title, "kind": x.kind, "body": x.body, "asset_id": films.get(x.slug)}
               for x in courses.list_lessons(course.id)]
    policy = courses.get_revision(first).policy_id
    assert courses.get_revision(first).digest == rules.content_digest({**document, "policy": policy}, content)


# ---- the person behind an account


def become_one(merged, kept) -> None:
    session.execute(text("UPDATE accounts_person SET merged_into_id = :kept WHERE id = :merged"),
                    {"kept": kept.id, "merged": merged.id})


def test_two_accounts_of_one_person_are_one_reader(people):
    want_readers(people, 2)
    course = handed_in(people)
    courses.approve_course(people["first"], course)
    become_one(people["first"], people["second"])
    with pytest.raises(courses.NotReady):
        courses.approve_course(people["second"], course)
    assert courses.approve_course(people["third"], course) is not None


def test_who_handed_it_in_under_another_account_does_not_read_it(people):
    course = draft(people["author"])
    courses.submit_course(people["administrator"], course, claims=OWN_WORK)
    become_one(people["administrator"], people["first"])
    with pytest.raises(Forbidden):
        courses.approve_course(people["first"], course)


def test_an_administrator_who_changed_the_draft_wrote_it_and_does_not_approve_it(people):
    course = draft(people["author"])
    lesson = courses.list_lessons(course.id)[0]
    courses.edit_lesson(people["administrator"], course, lesson.id, title="先停机", body=TEXT + "\n\n管理员改的一段。")
    courses.submit_course(people["author"], course, claims=OWN_WORK)
    with pytest.raises(Forbidden):
        courses.approve_course(people["administrator"], course)
    courses.approve_course(people["first"], course)
    courses.edit_lesson(people["author"], course, lesson.id, title="先停机", body=TEXT)
    courses.submit_course(people["author"], course)
    assert courses.approve_course(people["administrator"], course) is not None, "of what is new since then they wrote nothing"
