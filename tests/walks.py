"""A filled site and everybody who visits it; every route with an example of its address.

`python -m tests.walks > tests/route_rights.csv` writes the table of who may what anew; read the difference before keeping it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from unittest import mock
from urllib.parse import quote, urljoin, urlsplit

from sqlalchemy import inspect, text
from tests.accounts.test_kinds import checked
from tests.clients import API, Browser, Learner
from tests.factories import GIFT, OWN_WORK, TEXT, make_class, make_course, make_film, make_person, town_row
from tests.media import decks

from guanxue import (
    accounts,
    cases,
    classes,
    courses,
    credentials,
    discussions,
    helpdesk,
    learning,
    media,
    oversight,
    policies,
    quizzes,
    recognition,
    search,
    standards,
    tracks,
)
from guanxue.accounts import checking, identity, organisations
from guanxue.core import clock
from guanxue.core.actor import ANONYMOUS, SYSTEM, Actor
from guanxue.core.db import db, session, writing
from guanxue.core.web import dispatch
from guanxue.courses import parcels
from guanxue.learning import api as learning_api
from guanxue.learning.models import Check
from guanxue.learning.presence import add_step, lock_presence, take_seat
from guanxue.oversight.detectors import Found
from guanxue.recognition import batches as recognition_batches
from guanxue.recognition import service as recognition_service

TABLE = Path(__file__).with_name("route_rights.csv")
CLASS = "ABCDEFGH"
CHECK = "check-of-lian"
FILING, BATCH = "CERTAAAA22", "BATCHAAA22"
LEARNER, INSTRUCTOR, OTHER, CURATOR, ENTERPRISE, INSPECTOR, REVIEWER, ADMINISTRATOR, AGENT, OFFICER = (
    f"138000000{n:02}" for n in range(1, 11))
ROLES = {
    "anonymous": None, "learner": LEARNER, "instructor": INSTRUCTOR, "other instructor": OTHER, "curator": CURATOR,
    "enterprise manager": ENTERPRISE, "inspector": INSPECTOR, "reviewer": REVIEWER, "administrator": ADMINISTRATOR,
    "support agent": AGENT, "credit officer": OFFICER,
}
# What bookkeeping may move while somebody only reads.
BOOKKEEPING = {"accounts_session", "accounts_signin_failure", "jobs_job"}
BOOKKEPT = {"accounts_person.seen_at"}


@dataclass(frozen=True)
class Route:
    """A route of the site with one method and an example of its address."""

    endpoint: str
    method: str
    rule: str
    address: str

    @property
    def is_api(self) -> bool:
        """Does it speak JSON?"""
        return self.address.startswith(API)


def fill(app, *, is_searched: bool = True) -> None:
    """People of every role; a course that 林小莲 finished, one she studies; a draft, one handed in, a plan; a track."""
    with app.test_request_context(), writing():
        accounts.load_towns(SYSTEM, [town_row("humen"), town_row("dalang", "大朗镇")])
        make_person(LEARNER, "林小莲")
        author = make_person(INSTRUCTOR, "陈志强", "instructor")
        make_person(OTHER, "周工", "instructor")
        make_person(CURATOR, "黄秀英", "curator", "humen")
        make_person(ENTERPRISE, "周建国", "enterprise_manager", "humen")
        make_person(INSPECTOR, "许明", "inspector")
        reviewer = make_person(REVIEWER, "何静", "reviewer")
        make_person(ADMINISTRATOR, "梁伟", "administrator")
        make_person(AGENT, "苏敏", "support_agent")
        make_person(OFFICER, "冯佩", "credit_officer")
        make_course("done-course", title="学完的课", videos_ms=(3_000_000,))
        make_course("safe-measuring", texts=1)
        courses.load_plans(SYSTEM, [{
            "course_id": "plan-1", "title_zh": "筹备中的课", "title_en": "A plan", "kind": "技能提升", "level": "", "occupation_id": "",
            "category_path": "x", "delivery": "online", "hours": "32", "syllabus": "一;二", "town_ids": "humen"}])
        for slug in ("own-draft", "handed-in"):
            course = courses.create_course(author, title="针织布检验", kind="skills-upgrading", slug=slug)
            courses.add_lesson(author, course, title="看布", kind="text", body=TEXT)
            courses.add_lesson(author, course, title="考核", kind="quiz", body=GIFT)
        courses.submit_course(author, course, claims=OWN_WORK)
        courses.add_remark(reviewer, course, lesson_slug="lesson-1", kind="paragraph", place="2", text="说明停几秒。")
        courses.add_remark(reviewer, course, lesson_slug="quiz", kind="question", place="q2", text="选项太短。")
        courses.return_course(reviewer, course)
        courses.edit_lesson(author, course, courses.list_lessons(course.id)[0].id, title="看布", body=TEXT.replace("停稳", "完全停稳"))
        courses.submit_course(author, course, note="第二段改过了。")
        courses.complain(ANONYMOUS, courses.get_course("safe-measuring", SYSTEM), topic="rights", lesson_slug="lesson-1",
                         text="这一节用了我拍的照片，没有问过我。", contact="李 13900000000")
        school = organisations.create_organisation(SYSTEM, name="东莞市针织职业技术学校", kind="school", slug="knit-school")
        organisations.add_teacher(SYSTEM, school, INSTRUCTOR)
        _filmed(author)
        for slug, is_open in (("open-track", True), ("draft-track", False)):
            track = tracks.create_track(SYSTEM, town_slug="humen", title="针织一条路", summary="先学测量。", slug=slug)
            stage = tracks.add_stage(SYSTEM, track, "入门")
            tracks.add_course(SYSTEM, track, stage.id, "safe-measuring")
            if is_open:
                tracks.publish_track(SYSTEM, track)
    learner = Learner(app, LEARNER)
    learner.finish("done-course")
    with app.test_request_context(), writing():
        credentials.issue_all(accounts.find_person_by_phone(LEARNER).id)
    learner.call("PUT", "/courses/safe-measuring/enrolment", 200)
    _judged(app, learner, author)
    _words(app)
    _known(app)
    _classes(app, author)
    _cases(app)
    _presence(app, author)
    _parcels(app, author)
    _certificates(app)
    if is_searched:
        with app.test_request_context():
            search.rebuild()


def _filmed(author: Actor) -> None:
    """A draft with a film and its subtitles, some lines of which want a look."""
    course = courses.create_course(author, title="看布的课", kind="skills-upgrading", slug="filmed-draft")
    lesson = courses.add_lesson(author, course, title="看布的录像", kind="video", body=TEXT)
    film = make_film("看布", 60_000)
    courses.attach_video(author, course, lesson.id, film)
    lines = [media.Cue(0, 4_000, "先停机。"), media.Cue(3_000, 6_000, "再把布摊平，从左上角看到右下角。"), media.Cue(6_000, 7_000, "一秒里写了太多字，谁也来不及看完这一行。")]
    courses.write_subtitles(author, course, lesson.id, lines, base="")
    shown = courses.add_lesson(author, course, title="看布的幻灯片", kind="video", is_narrated=True)
    pages = [media.prepare_file(f"{n}.png", io.BytesIO(decks.png(n))) for n in range(2)]
    courses.put_pages(author, course, shown.id, media.Deck(pages, ["先停机，再看布。", ""], ["先停机，再看布。", ""]))
    courses.remove_lesson(author, course, courses.add_lesson(author, course, title="看布的旧录像", kind="video", body=TEXT).id)


def _parcels(app, author: Actor) -> None:
    """Two course packages of 陈志强's: one ready to be fetched, and the same one come in again and looked at."""
    with app.test_request_context():
        parcel = courses.parcel_of(courses.get_course("own-draft", SYSTEM), of_draft=True)
        out = parcels.begin(author, way="out", name="own-draft.zip", title="针织布检验", slug="own-draft", step=parcels.PACKING)
        parcels.pack(author, out, parcel)
        with parcels.package_of(author.id, out).open("rb") as stream:
            parcels.look(author, parcels.receive(author, "own-draft.zip", stream))


def _judged(app, learner: Learner, author: Actor) -> None:
    """A course with a short answer that waits for its teacher, and a key that is said to be faulty."""
    with app.test_request_context(), writing():
        course = courses.create_course(author, title="问答的课", kind="skills-upgrading", slug="asked-course")
        courses.add_lesson(author, course, title="看布", kind="text", body=TEXT)
        courses.add_lesson(author, course, title="考核", kind="quiz", body=GIFT + "\n::q3::为什么要先停机？{####防止卷入。}\n")
        courses.publish_course(SYSTEM, course)
        learning.ask_correction(author, course, courses.list_papers(course.id)[0].paper_id, "q2", {"right": [0]}, reason="答案写错了。")
    learner.call("PUT", "/courses/asked-course/enrolment", 200)
    attempt = learner.call("POST", f"/quizzes/{learner.lessons('asked-course')[-1]['id']}/attempts", 200)["attempt_id"]
    learner.call("PUT", f"/attempts/{attempt}/answers", 200, q3="会卷住手套。")
    learner.call("POST", f"/attempts/{attempt}/submit", 200)
    with app.test_request_context(), writing():
        course = courses.get_course("asked-course", SYSTEM)
        person = accounts.find_person_by_phone(LEARNER)
        quizzes.grant_time(author, person.id, learning.time_subject(course.id), permille=500, reason="看字慢")


def _words(app) -> None:
    """What 林小莲 said and wrote: a ticket at the desk, a question to the teacher, a note to herself."""
    with app.test_request_context(), writing():
        person = accounts.find_person_by_phone(LEARNER)
        actor, course = Actor("person", person.id, person.name), courses.get_course("safe-measuring", SYSTEM)
        helpdesk.open_ticket(actor, topic="lesson", text="看完了还显示没学完", context={"page": "/me"})
        discussions.ask(actor, course, "卡尺读数怎么看？")
        learning.add_note(actor, learning.find_enrolment(actor.id, course.id), courses.lessons_of(course.revision_id)[0], "先停机")


def _known(app) -> None:
    """林小莲 stated a document and waits for an officer to look at it."""
    with app.test_request_context(), writing():
        person = accounts.find_person_by_phone(LEARNER)
        actor = Actor("person", person.id, person.name)
        checking.ask_check(actor, identity.state_number(actor, checked("99000019900101001"), agrees=True).code)


def _classes(app, author: Actor) -> None:
    """A class that meets in a quarter of an hour, with 林小莲 on its roster."""
    with app.test_request_context(), writing():
        cls, _meeting = make_class(author, starts_in_s=900, title="数控车工五级班", is_public=True)
        cls.code = CLASS
        person = accounts.find_person_by_phone(LEARNER)
        classes.join_class(Actor("person", person.id, person.name), cls, promises=True)


def _cases(app) -> None:
    """A correction that 林小莲 asked for and that is decided; a finding about her; a training room."""
    with app.test_request_context(), writing():
        person, officer = (accounts.find_person_by_phone(phone) for phone in (LEARNER, INSPECTOR))
        learner = Actor("person", person.id, person.name)
        inspector = Actor("person", officer.id, officer.name, frozenset({"inspect"}))
        made = cases.open_case(learner, kind="correction", subject="course:done-course", claim="第 1 课少算了十分钟。", person_ids=[person.id])
        cases.decide(inspector, cases.dossier(made), result="partly", text="少了两分钟，已经补上。")
        oversight.add_findings([Found("pace", "pace:example", (person.id,), 200, (person.ref,), {
            "questions": 20, "seconds_tenths": 91, "chars": 900, "chars_a_minute": 5900, "score": 100, "is_first": True})])
        oversight.open_room(inspector, name="虎门服装职校 3 号机房")


def _certificates(app) -> None:
    """A certificate that 林小莲 filed and an officer looked up; a table with another of hers, brought by an officer."""
    with app.test_request_context(), writing():
        standards.load_industries(SYSTEM, [{"industry_id": "textiles", "name_zh": "毛织", "name_en": "Knitwear", "sectors": "毛织"}])
        standards.load_occupations(SYSTEM, [{
            "occupation_id": "lathe-operator", "code": "", "code_confidence": "C", "name_zh": "车工", "name_en": "Lathe operator",
            "levels": "", "sector_path": "毛织"}], [])
        learner, officer = (Actor("person", p.id, p.name, accounts.capabilities_of(p.id), proved_at=clock.now())
                            for p in (accounts.find_person_by_phone(phone) for phone in (LEARNER, OFFICER)))
        proof = recognition.keep_proof(learner, recognition.prepare_proof(io.BytesIO(decks.png(1))))
        facts = {"occupation": "lathe-operator", "issuer": "东莞市评价中心", "issued_on": clock.today().isoformat()}
        with mock.patch.object(recognition_service, "new_code", lambda: FILING):
            made = recognition.file_certificate(learner, recognition.Facts(
                kind="skill-level", number="Y000044000001255000001", level="5", **facts), [proof.code])
        recognition.look_up(officer, recognition.open_filing(made), recognition.Lookup(
            source="national", looked_on=clock.today().isoformat(), found="match", reference="第 1 条"))
        row = {"line": "2", "name": learner.name, "phone": LEARNER, "kind": "职业资格证书", "number": "1419003014401234",
               "occupation": "车工", "level": "四级", "issuer": "东莞市评价中心", "issued_on": clock.today().isoformat()}
        with mock.patch.object(recognition_batches, "new_code", lambda: BATCH):
            recognition.take_batch(officer, [row], "一月.xlsx")


def _presence(app, author: Actor) -> None:
    """A presence check that 林小莲 missed and can make up; a session of 陈志强's in which she sits."""
    with app.test_request_context(), writing():
        person, now = accounts.find_person_by_phone(LEARNER), clock.now_ms()
        course = courses.get_course("safe-measuring", SYSTEM)
        enrolment, lesson = learning.find_enrolment(person.id, course.id), courses.lessons_of(course.revision_id)[0]
        lock_presence(person.id)
        check = Check(code=CHECK, person_id=person.id, number=1, enrolment_id=enrolment.id, revision_lesson_id=lesson.id,
                      policy_id=policies.current_policy("subsidised").id, since_ms=now - 900_000, drawn_ms=now - 100_000,
                      due_ms=600_000, counted_ms=606_000, at_ms=42_000)
        session.add(check)
        session.flush()
        for at, what, told in ((100_000, "asked", {"kind": "tap"}), (99_000, "shown", {"expires_ms": now - 39_000}),
                               (39_000, "missed", {"silent": False}), (9_000, "proved", {"kind": "tap", "counts_from_ms": now - 11_000})):
            add_step(check, what, now - at, told)
        room = learning.open_room(author, "虎门电商园三楼，上午")
        take_seat(room, person.id)


@dataclass(frozen=True)
class Examples:
    """Values of addresses on the filled site."""

    playback: str
    attempt: str
    lesson: int
    quiz: int
    draft_lesson: int
    draft_quiz: int
    filmed_lesson: int
    slides_lesson: int
    stage: int
    row: int
    code: str
    session_id: int
    ticket: str
    question: int
    note: int
    short: str  # an attempt with a short answer that waits
    paper: int
    correction: int
    complaint: str
    remark: int
    parcel: str  # a course package that came in and was looked at
    packed: str  # one that can be fetched
    class_code: str
    case: str  # one of 林小莲's that is decided
    proof: str  # the picture of her certificate
    taken: str  # 林小莲's ticket for a lesson that she took along

    @classmethod
    def of(cls, app) -> Examples:
        """Looked up, and opened where something must be open."""
        learner = Learner(app, LEARNER)
        lessons = learner.lessons()
        quiz, video = int(lessons[-1]["id"]), int(lessons[0]["id"])
        playback = learner.call("POST", f"/lessons/{video}/playback", 201)["playback_id"]
        attempt = learner.call("POST", f"/quizzes/{quiz}/attempts", 200)["attempt_id"]
        taken = learner.call("POST", f"/lessons/{video}/ticket", 201, device="phone-one-1", now_ms=0)["ticket"]
        with app.test_request_context():
            code = session.scalar(text("SELECT code FROM creditbank_award"))
            draft, *_between, draft_quiz = (x.id for x in courses.list_lessons(courses.get_course("own-draft", SYSTEM).id))
            filmed, slides = (x.id for x in courses.list_lessons(courses.get_course("filmed-draft", SYSTEM).id))
            stage, row = (session.scalar(text(f"SELECT max(id) FROM {t}")) for t in ("tracks_stage", "tracks_stage_course"))
            person = accounts.find_person_by_phone(LEARNER)
            session_id = accounts.list_sessions(person.id)[0].id
            ticket, question, note = (session.scalar(text(f"SELECT max({c}) FROM {t}")) for c, t in (
                ("code", "helpdesk_ticket"), ("id", "discussions_question"), ("id", "learning_note")))
            short, correction, paper = session.execute(text(
                "SELECT attempt_id, r.id, paper_id FROM quizzes_submission, quizzes_regrade_request r WHERE short_count > 0")).one()
            complaint, remark = session.execute(text("SELECT code, r.id FROM courses_complaint, courses_remark r ORDER BY r.id")).first()
            author = accounts.find_person_by_phone(INSTRUCTOR)
            class_code, case = (session.scalar(text(f"SELECT code FROM {t}")) for t in ("classes_class", "cases_case"))
            proof = session.scalar(text("SELECT code FROM recognition_proof"))
            mine = {x["way"]: ticket for ticket, x in parcels.list_mine(Actor("person", author.id, author.name))}
        return cls(playback, attempt, video, quiz, draft, draft_quiz, filmed, slides, stage, row, code, session_id, ticket, question, note, short, paper,
                   correction, complaint, remark, mine["in"], mine["out"], class_code, case, proof, taken)


def routes(app, examples: Examples) -> list[Route]:
    """Every route and method of the app, by address."""
    found = []
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            found.append(Route(rule.endpoint, method, rule.rule, _address(rule.rule, rule.endpoint, method, examples)))
    return sorted(found, key=lambda r: (r.rule, r.method))


def _address(rule: str, endpoint: str, method: str, x: Examples) -> str:
    values = {
        "slug": _slug(rule), "course": "safe-measuring", "lesson": "quiz" if method == "POST" else "lesson-1",
        "lesson_id": x.filmed_lesson if "/subtitles" in rule else x.slides_lesson if rule.endswith("/slides") else x.draft_quiz if rule.endswith(("/draw", "/levels")) else x.draft_lesson, "code": "one-credit-a-year" if "/goals/" in rule or "/programmes/" in rule else (BATCH if "/batches/" in rule else FILING) if "/recognition/" in rule else CHECK if "/presence/" in rule else x.case if rule.startswith("/me/cases/") else x.class_code if "/classes/" in rule else x.ticket if rule.startswith(("/help/", "/desk/")) else x.complaint if _is_case(rule) else x.code, "remark_id": x.remark, "complaint_id": 1,
        # What takes or drops a package also changes the disk, which nobody undoes: there it is one that nobody has.
        "ticket": "0" * 32 if method == "POST" else x.packed if rule.endswith(".zip") else x.parcel,
        "person_id": 1, "removed_id": 1, "kind": "question", "thing_id": x.question, "question_id": x.question, "note_id": x.note, "session_id": x.session_id, "stage_id": x.stage, "row_id": x.row,
        "attempt": x.short, "allowance_id": 1, "meeting_id": 1, "place_id": 1, "number": 3 if "/marking/" in rule else 1 if "/letters/" in rule or "/status/" in rule else 2, "serial": f"{x.code}-1", "paper_id": x.paper, "request_id": x.correction,
        "industry": "textiles", "name": "x", "group": "all", "what": "person" if "/evidence/" in rule else "learners", "case_id": 1, "finding_id": 1, "room_id": 1, "form": "csv", "filename": "base/base.css", "token": "forged", "key": 1 if "/evidence/" in rule else "forged", "course_id": 1, "asset_id": 1, "version": 1 if rule.startswith("/recognition/") else "v", "proof": x.proof,
        "id": x.playback if "/playbacks/" in rule else x.taken if "/tickets/" in rule else x.attempt if "/attempts/" in rule else x.quiz if "/quizzes/" in rule
        else x.session_id if "/sessions/" in rule else x.lesson,
    }
    unknown = [name for name in re.findall(r"<(?:\w+:)?(\w+)>", rule) if name not in values]
    assert not unknown, f"{rule}: tests/walks.py knows no example of {unknown}"
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda m: quote(str(values[m[1]])), rule)


def _is_case(rule: str) -> bool:
    return "/complaints/" in rule


def _slug(rule: str) -> str:
    for part, slug in (("/admin/organisations/", "knit-school"), ("/teach/<slug>/changes", "handed-in"), ("/subtitles", "filmed-draft"), ("/slides", "filmed-draft"), ("/teach/take/", "plan-1"), ("/teach/plans/", "plan-1"), ("/marking", "asked-course"), ("/exams", "asked-course"), ("/insight", "asked-course"), ("/corrections", "asked-course"),
                       ("/teach/", "own-draft"), ("/oversight/", "handed-in"), ("/curate/", "draft-track"),
                       ("/tracks/", "open-track"), ("/towns/", "humen"), ("/wish", "plan-1")):
        if part in rule:
            return slug
    return "safe-measuring"


class Visitors:
    """A browser of every role on the filled site."""

    def __init__(self, app) -> None:
        self.app = app
        self.browsers = {role: Browser(app, phone) for role, phone in ROLES.items()}
        self.browsers["anonymous"].see("/login")

    def decision(self, role: str, route: Route) -> str:
        """What the site answers: the status, or "login" where it asks to sign in. Whatever is done is undone."""
        learning_api._openings._buckets.clear()
        with _undone():
            answer = self.ask(role, route)
        return "login" if answer.status_code == 303 and "/login" in answer.headers["Location"] else str(answer.status_code)

    def ask(self, role: str, route: Route, *, token: bool = True):
        """The answer to an empty form, an empty JSON object or a plain GET, as that role."""
        browser = self.browsers[role]
        cookies = dict(browser.client._cookies)
        try:
            if route.method == "GET":
                return browser.client.get(route.address)
            headers = {"X-CSRF-Token": browser.token} if token else {}
            if route.is_api:
                return browser.client.open(route.address, method=route.method, json={}, headers=headers)
            return browser.client.open(route.address, method=route.method, data={}, headers=headers)
        finally:
            browser.client._cookies.clear()  # signing out must not sign the visitor out for the routes after it
            browser.client._cookies.update(cookies)


def _undone():
    """Inside, every request is decided and then rolled back."""
    return mock.patch.object(dispatch, "end_work", lambda *, commit: _end(commit=False))


_end = dispatch.end_work


def table(app) -> list[list[str]]:
    """Who may what: a row a route, a column a role."""
    visitors, rows = Visitors(app), [["method", "route", *ROLES]]
    for route in routes(app, Examples.of(app)):
        rows.append([route.method, route.rule, *(visitors.decision(role, route) for role in ROLES)])
    return rows


def fingerprint(app, without: set[str] = BOOKKEEPING) -> str:
    """A hash of every row of every product table."""
    digest = hashlib.sha256()
    with app.app_context(), db.engine.connect() as connection:
        for name in sorted(set(inspect(connection).get_table_names()) - without):
            rows = sorted(repr({k: v for k, v in row.items() if f"{name}.{k}" not in BOOKKEPT})
                          for row in connection.execute(text(f"SELECT * FROM {name}")).mappings())
            digest.update(f"{name}\n{rows}\n".encode())
    return digest.hexdigest()


def committed_table() -> dict[tuple[str, str], list[str]]:
    """The table of who may what, by method and route."""
    with TABLE.open(encoding="utf-8", newline="") as f:
        header, *rows = csv.reader(f)
    assert header == ["method", "route", *ROLES], "write it anew: python -m tests.walks > tests/route_rights.csv"
    return {(method, route): cells for method, route, *cells in rows}


def links(page: str, base: str) -> set[str]:
    """Addresses of this site that a page names."""
    found = set()
    for link in re.findall(r"""(?:href|src|poster)="([^"#]+)""", page):
        address = urljoin(base, link.replace("&amp;", "&"))
        if not urlsplit(address).netloc and not urlsplit(address).scheme:
            found.add(address)
    return found


def main() -> None:
    """Print a fresh table."""
    from tests.conftest import make_app, prepare
    with tempfile.TemporaryDirectory() as folder:
        app = make_app(Path(folder))
        prepare(app)
        fill(app)
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(table(app))
        sys.stdout.write(out.getvalue())


if __name__ == "__main__":
    main()
