"""The one page of joints: which rooms there are, who listens to which event, which job runs what, what is searchable."""

from __future__ import annotations

import logging
from types import ModuleType

import click
from flask import Flask

from guanxue import (
    accounts,
    audit,
    cases,
    classes,
    courses,
    credentials,
    creditbank,
    discussions,
    helpdesk,
    jobs,
    learning,
    ledger,
    media,
    oversight,
    policies,
    programmes,
    quizzes,
    recognition,
    search,
    standards,
    tracks,
)
from guanxue.accounts import api as _accounts_api  # noqa: F401 declares its calls
from guanxue.accounts import commands as accounts_commands
from guanxue.accounts import joined as accounts_joined
from guanxue.accounts import keeping as accounts_keeping
from guanxue.accounts import routes as accounts_routes
from guanxue.accounts import signin
from guanxue.accounts import tasks as accounts_tasks
from guanxue.accounts.routes import admin as _accounts_admin  # noqa: F401 adds its pages to the blueprint
from guanxue.accounts.routes import checking as _accounts_checking  # noqa: F401
from guanxue.accounts.routes import codes as _accounts_codes  # noqa: F401
from guanxue.accounts.routes import forgotten as _accounts_forgotten  # noqa: F401
from guanxue.accounts.routes import identity as _accounts_identity  # noqa: F401
from guanxue.accounts.routes import merging as _accounts_merging  # noqa: F401
from guanxue.accounts.routes import officer as _accounts_officer  # noqa: F401
from guanxue.accounts.routes import organisations as _accounts_organisations  # noqa: F401
from guanxue.accounts.routes import papers as _accounts_papers  # noqa: F401
from guanxue.accounts.routes import phone as _accounts_phone  # noqa: F401
from guanxue.accounts.routes import privacy as _accounts_privacy  # noqa: F401
from guanxue.accounts.routes import second_factor as _accounts_second_factor  # noqa: F401
from guanxue.accounts.routes import settings as _accounts_settings  # noqa: F401
from guanxue.accounts.routes import signin as _accounts_signin  # noqa: F401
from guanxue.cases import keeping as cases_keeping
from guanxue.cases import routes as case_routes
from guanxue.cases import tasks as case_tasks
from guanxue.classes import keeping as classes_keeping
from guanxue.classes import merging as classes_merging
from guanxue.classes import routes as class_pages
from guanxue.classes import tasks as class_tasks
from guanxue.classes.routes import learner as _classes_learner  # noqa: F401 adds its pages to the blueprint
from guanxue.classes.routes import meetings as _classes_meetings  # noqa: F401
from guanxue.classes.routes import report as _classes_report  # noqa: F401
from guanxue.classes.routes import roll as _classes_roll  # noqa: F401
from guanxue.classes.routes import roster as _classes_roster  # noqa: F401
from guanxue.classes.routes import signing as _classes_signing  # noqa: F401
from guanxue.classes.routes import teach as _classes_teach  # noqa: F401
from guanxue.config import ROOT, Settings, UnsafeSettings
from guanxue.core import events
from guanxue.core.actor import Actor
from guanxue.core.i18n import lazy as _
from guanxue.core.web import operate, places
from guanxue.core.web.dispatch import current_actor
from guanxue.courses import api as _courses_api  # noqa: F401 declares its calls
from guanxue.courses import commands as course_commands
from guanxue.courses import documents as course_documents
from guanxue.courses import keeping as courses_keeping
from guanxue.courses import routes as course_pages
from guanxue.courses import tasks as course_tasks
from guanxue.courses.routes import answering as _courses_answering  # noqa: F401 adds its pages to the blueprint
from guanxue.courses.routes import arranging as _courses_arranging  # noqa: F401 adds its pages to the blueprint
from guanxue.courses.routes import checklist as _courses_checklist  # noqa: F401
from guanxue.courses.routes import draw as _courses_draw  # noqa: F401
from guanxue.courses.routes import files as _courses_files  # noqa: F401
from guanxue.courses.routes import lessons as _courses_lessons  # noqa: F401
from guanxue.courses.routes import parcels as _courses_parcels  # noqa: F401
from guanxue.courses.routes import plans as _courses_plans  # noqa: F401
from guanxue.courses.routes import public as _courses_public  # noqa: F401
from guanxue.courses.routes import questions as _courses_questions  # noqa: F401
from guanxue.courses.routes import review as _courses_review  # noqa: F401
from guanxue.courses.routes import slides as _courses_slides  # noqa: F401
from guanxue.courses.routes import subtitles as _courses_subtitles  # noqa: F401
from guanxue.courses.routes import takedowns as _courses_takedowns  # noqa: F401
from guanxue.courses.routes import teach as _courses_teach  # noqa: F401
from guanxue.courses.routes import team as _courses_team  # noqa: F401
from guanxue.courses.routes import uploads as _courses_uploads  # noqa: F401
from guanxue.courses.routes import video as _courses_video  # noqa: F401
from guanxue.credentials import api as _credentials_api  # noqa: F401 declares its calls
from guanxue.credentials import commands as credentials_commands
from guanxue.credentials import keeping as credentials_keeping
from guanxue.credentials import merging as credentials_merging
from guanxue.credentials import routes as credentials_routes
from guanxue.credentials import tasks as credentials_tasks
from guanxue.creditbank import api as _creditbank_api  # noqa: F401 declares its calls
from guanxue.creditbank import commands as creditbank_commands
from guanxue.creditbank import keeping as creditbank_keeping
from guanxue.creditbank import merging as creditbank_merging
from guanxue.creditbank import routes as creditbank_pages
from guanxue.creditbank import tasks as creditbank_tasks
from guanxue.creditbank.routes import rules as _creditbank_rules  # noqa: F401
from guanxue.creditbank.routes import statement as _creditbank_statement  # noqa: F401
from guanxue.discussions import keeping as discussions_keeping
from guanxue.discussions import merging as discussions_merging
from guanxue.discussions import routes as discussion_routes
from guanxue.helpdesk import keeping as helpdesk_keeping
from guanxue.helpdesk import merging as helpdesk_merging
from guanxue.helpdesk import routes as helpdesk_routes
from guanxue.learning import api as _learning_api  # noqa: F401 declares its calls
from guanxue.learning import commands as learning_commands
from guanxue.learning import keeping as learning_keeping
from guanxue.learning import merging as learning_merging
from guanxue.learning import routes as learning_pages
from guanxue.learning import tasks as learning_tasks
from guanxue.learning.routes import corrections as _learning_corrections  # noqa: F401
from guanxue.learning.routes import exams as _learning_exams  # noqa: F401
from guanxue.learning.routes import insight as _learning_insight  # noqa: F401
from guanxue.learning.routes import marking as _learning_marking  # noqa: F401
from guanxue.learning.routes import notes as _learning_notes  # noqa: F401
from guanxue.learning.routes import offline as _learning_offline  # noqa: F401
from guanxue.learning.routes import presence as _learning_presence  # noqa: F401
from guanxue.learning.routes import preview as _learning_preview  # noqa: F401
from guanxue.learning.routes import study as _learning_study  # noqa: F401
from guanxue.learning.routes import why as _learning_why  # noqa: F401
from guanxue.ledger import api as _ledger_api  # noqa: F401 declares its calls
from guanxue.ledger import commands as ledger_commands
from guanxue.ledger import routes as ledger_pages
from guanxue.ledger import tasks as ledger_tasks
from guanxue.media import api as media_api
from guanxue.media import keeping as media_keeping
from guanxue.media import routes as media_routes
from guanxue.media import tasks as media_tasks
from guanxue.oversight import keeping as oversight_keeping
from guanxue.oversight import opening as oversight_opening
from guanxue.oversight import routes as oversight_pages
from guanxue.oversight import tasks as oversight_tasks
from guanxue.oversight.routes import cases as _oversight_cases  # noqa: F401 adds its pages to the blueprint
from guanxue.oversight.routes import credits as _oversight_credits  # noqa: F401
from guanxue.oversight.routes import evidence as _oversight_evidence  # noqa: F401
from guanxue.oversight.routes import fraud as _oversight_fraud  # noqa: F401
from guanxue.oversight.routes import rooms as _oversight_rooms  # noqa: F401
from guanxue.policies import routes as policies_routes
from guanxue.programmes import api as _programmes_api  # noqa: F401 declares its calls
from guanxue.programmes import keeping as programmes_keeping
from guanxue.programmes import merging as programmes_merging
from guanxue.programmes import routes as programme_pages
from guanxue.programmes.routes import goals as _programmes_goals  # noqa: F401 adds its pages to the blueprint
from guanxue.programmes.routes import office as _programmes_office  # noqa: F401
from guanxue.quizzes import keeping as quizzes_keeping
from guanxue.recognition import keeping as recognition_keeping
from guanxue.recognition import merging as recognition_merging
from guanxue.recognition import routes as recognition_pages
from guanxue.recognition import tasks as recognition_tasks
from guanxue.recognition.routes import batches as _recognition_batches  # noqa: F401 adds its pages to the blueprint
from guanxue.recognition.routes import mine as _recognition_mine  # noqa: F401
from guanxue.recognition.routes import office as _recognition_office  # noqa: F401
from guanxue.recognition.routes import worth as _recognition_worth  # noqa: F401
from guanxue.search import commands as search_commands
from guanxue.search import tasks as search_tasks
from guanxue.tracks import api as _tracks_api  # noqa: F401 declares its calls
from guanxue.tracks import documents as track_documents
from guanxue.tracks import keeping as tracks_keeping
from guanxue.tracks import merging as tracks_merging
from guanxue.tracks import routes as track_pages
from guanxue.tracks import tasks as track_tasks
from guanxue.tracks.routes import curate as _tracks_curate  # noqa: F401 adds its pages to the blueprint
from guanxue.tracks.routes import home as _tracks_home  # noqa: F401
from guanxue.tracks.routes import public as _tracks_public  # noqa: F401

__all__ = ["COMMANDS", "ROOT", "install_sign_in", "join", "prepare", "refuse_unsafe", "warm"]

log = logging.getLogger(__name__)
# Importing a room is what puts its tables into the database's metadata.
ROOMS = (audit, jobs, ledger, search, policies, standards, accounts, cases, helpdesk, media, quizzes, courses,
         classes, learning, discussions, creditbank, recognition, credentials, programmes,
         tracks, oversight)


# The rooms' own commands (their commands.py).
COMMANDS: list[click.Command] = [*accounts_commands.COMMANDS, *ledger_commands.COMMANDS, *search_commands.COMMANDS,
                                 *course_commands.COMMANDS, *learning_commands.COMMANDS, *creditbank_commands.COMMANDS,
                                 *credentials_commands.COMMANDS]


def install_sign_in(app: Flask) -> None:
    """Who is asking? Before anything else looks at a request."""
    signin.install(app)


def join(app: Flask) -> None:
    """Join the rooms of this app. Called once, inside its app context."""
    _blueprints(app)
    _events()
    _jobs()
    _search()
    _operators()
    _workplaces()
    _keepers()


def _blueprints(app: Flask) -> None:
    """Every edge that answers addresses."""
    edges = (ledger_pages, policies_routes, accounts_routes, case_routes, helpdesk_routes, media_routes, media_api,
             course_pages, class_pages, learning_pages, discussion_routes, creditbank_pages, recognition_pages,
             credentials_routes, programme_pages, track_pages, oversight_pages)
    for edge in edges:
        app.register_blueprint(edge.blueprint)


def _events() -> None:
    """Down is a call, up is an event."""
    ledger.seal_after_commit()
    events.listen(media.AssetReady, courses.fill_durations)
    events.listen(media.AssetReady, courses.take_film)
    events.listen(media.AssetFailed, courses.note_failure)
    events.listen(media.CompanionsMade, courses.note_companions)
    events.listen(media.AssetImproved, courses.note_companions)
    events.listen(media.Transcribed, courses.take_transcript)
    events.listen(courses.LessonReady, learning.settle_courses)
    events.listen(courses.RestEnded, learning.give_rests_back)
    events.listen(quizzes.SubmissionMarked, learning.settle_marked)
    events.listen(quizzes.KeyCorrected, learning.correct_later)
    events.listen(quizzes.SubmissionMarked, creditbank.settle_marked)  # behind what completes by it
    events.listen(quizzes.KeyCorrected, creditbank.settle_corrected)
    events.listen(learning.CourseCompleted, creditbank.award_completion, settle=creditbank.award_later)
    events.listen(accounts.IdentityRaised, creditbank.settle_identity, settle=creditbank.settle_identity_later)
    events.listen(learning.CourseCompleted, tracks.settle_completion, settle=tracks.settle_later)
    events.listen(accounts.IdentityDisputed, cases.open_dispute)
    events.listen(learning.StudyBegan, oversight.note_study, settle=oversight.let_go)
    events.listen(classes.SignedHere, oversight.note_sign, settle=oversight.let_go)
    events.listen(cases.CaseClosed, oversight.carry_out, settle=oversight.carry_out_later)
    events.listen(cases.CaseClosed, recognition.settle_case, settle=recognition.settle_case_later)  # behind what takes credit
    events.listen(learning.CourseCompleted, lambda event: classes.settle_course(event.person_id, event.course_id),
                  settle=lambda event: classes.settle_course_later(event.person_id, event.course_id))
    events.listen(classes.ClassCompleted, creditbank.award_class, settle=creditbank.award_class_later)
    for event in (learning.CourseCompleted, classes.ClassCompleted, accounts.IdentityRaised):
        events.listen(event, _issue_later)  # behind those that award
    classes.register_study(learning.STUDY)
    events.listen(accounts.PersonRenamed, courses_keeping.refresh_names)


def _issue_later(event: learning.CourseCompleted | classes.ClassCompleted | accounts.IdentityRaised) -> None:
    """What was just credited gets its certificate, by a job."""
    credentials.issue_later(event.person_id)


def _jobs() -> None:
    """What the worker runs for a job's name."""
    jobs.register("ledger.seal", ledger_tasks.seal, max_attempts=1000)
    jobs.register("media.make", media_tasks.make, heavy=True, given_up=media_tasks.give_up)
    jobs.register("media.improve", media_tasks.improve, heavy=True, given_up=media_tasks.leave_rough)
    jobs.register("media.companions", media_tasks.make_companions, heavy=True)
    jobs.register("media.sweep_version", media_tasks.sweep_version)
    jobs.register("media.transcribe", media_tasks.transcribe, heavy=True, given_up=media_tasks.give_up_listening)
    jobs.register("media.sweep_uploads", media_tasks.sweep_uploads)
    jobs.register("media.sweep_files", media_tasks.sweep_files)
    jobs.register("courses.parcel", course_tasks.move_parcel, given_up=course_tasks.give_up_parcel)
    jobs.register("courses.sweep_parcels", course_tasks.sweep_parcels)
    jobs.register("courses.rights", course_tasks.settle_rights, max_attempts=50)
    jobs.register("courses.tidy", course_tasks.tidy_drafts)
    jobs.register("search.update", search_tasks.update)
    jobs.register("accounts.send_message", accounts_tasks.send_message)
    jobs.register("accounts.erase", accounts_tasks.erase, max_attempts=50)
    jobs.register("accounts.match", accounts_tasks.match_identity, max_attempts=10, given_up=accounts_tasks.give_up_matching)
    jobs.register("cases.close", case_tasks.close_over)
    jobs.register("oversight.look", oversight_tasks.look)
    jobs.register("oversight.carry_out", oversight_tasks.carry_out, max_attempts=50)
    jobs.register("classes.settle", class_tasks.settle, max_attempts=50)
    jobs.register("classes.settle_class", class_tasks.settle_class, max_attempts=50)
    jobs.register("recognition.sweep", recognition_tasks.sweep)
    jobs.register("recognition.settle_case", recognition_tasks.settle_case, max_attempts=50)
    jobs.register("credits.award_class", creditbank_tasks.award_class, max_attempts=50)
    jobs.register("credentials.issue", credentials_tasks.issue, max_attempts=50)
    jobs.register("credits.expire", creditbank_tasks.expire, max_attempts=50)
    jobs.register("credits.award", creditbank_tasks.award, max_attempts=50)
    jobs.register("credits.settle_raised", creditbank_tasks.settle_raised, max_attempts=50)
    jobs.register("credits.identity", creditbank_tasks.settle_identity, max_attempts=50)
    jobs.register("learning.hand_in", learning_tasks.hand_in, max_attempts=50)
    jobs.register("learning.lapse", learning_tasks.lapse)
    jobs.register("learning.settle_correction", learning_tasks.settle_correction, max_attempts=50)
    jobs.register("tracks.settle", track_tasks.settle, max_attempts=50)


def _search() -> None:
    """What can be found, and who tells the index about it."""
    search.register("course", course_documents.load, course_documents.list_slugs)
    search.register("track", track_documents.load_track, track_documents.list_track_slugs)
    search.register("town", track_documents.load_town, track_documents.list_town_slugs)


def _operators() -> None:
    """What is asked before the site counts as ready, and the numbers its operators watch."""
    operate.must_be_ready("index", search.is_ready)
    operate.watch(
        operate.Gauge("guanxue_jobs", "Background jobs by state", lambda: _by_state(jobs.count_by_state())),
        operate.Gauge("guanxue_videos", "Videos by state", lambda: _by_state(media.count_by_state())),
        operate.Gauge("guanxue_courses_open", "Courses that can be studied",
                      lambda: [({}, courses.browse(courses.Query(status="open", per_page=1)).total)]),
        operate.Gauge("guanxue_ledger_entries", "Entries of the ledger", lambda: [({}, ledger.size())]),
        operate.Gauge("guanxue_ledger_unsealed", "Entries of the ledger that wait for a signed head",
                      lambda: [({}, ledger.size() - ledger.sealed_size())]))


def _merging_by(room: ModuleType) -> dict:
    """A room's verbs for merging and parting, as a Keeper takes them."""
    return {"plan_merge": room.plan_merge, "merge": room.merge, "plan_part": room.plan_part, "part": room.part}


# How each room takes part when two accounts of one person are merged and parted.
MERGING = {
    "accounts": _merging_by(accounts_joined), "helpdesk": _merging_by(helpdesk_merging),
    "classes": _merging_by(classes_merging),
    "learning": {"lock": learning_merging.lock_study, **_merging_by(learning_merging)},
    "discussions": _merging_by(discussions_merging), "creditbank": _merging_by(creditbank_merging),
    "recognition": _merging_by(recognition_merging),
    "credentials": _merging_by(credentials_merging),
    "programmes": _merging_by(programmes_merging),
    "tracks": _merging_by(tracks_merging),
}


def _keepers() -> None:
    """What every room keeps of a person, from the bottom up: for export, deletion, merging and parting."""
    for room, keeping in (
        ("accounts", accounts_keeping), ("cases", cases_keeping), ("helpdesk", helpdesk_keeping),
        ("media", media_keeping), ("quizzes", quizzes_keeping),
        ("courses", courses_keeping), ("classes", classes_keeping), ("learning", learning_keeping),
        ("discussions", discussions_keeping),
        ("creditbank", creditbank_keeping), ("recognition", recognition_keeping),
        ("credentials", credentials_keeping), ("programmes", programmes_keeping), ("tracks", tracks_keeping),
        ("oversight", oversight_keeping),
    ):
        accounts.register_keeper(accounts.Keeper(room, keeping.export, keeping.erase, left=keeping.left,
                                                 **MERGING.get(room, {})))
    accounts.register_relier("creditbank", creditbank.has_awards_since)
    accounts.register_retainer("creditbank", accounts.Retainer(creditbank.kept_until, creditbank.is_refused_by_number))
    accounts.register_retainer("recognition", accounts.Retainer(recognition_keeping.kept_until))
    oversight_opening.register()
    recognition.register_opener()
    for source in recognition.SOURCES:
        creditbank.register_source(source)
    for rest in (recognition.REST, credentials.REST, programmes.REST):
        creditbank.register_rest(rest)


def _workplaces() -> None:
    """The staff's pages, in the order of the rail, each with who may open it."""
    places.open_workplaces(
        places.Workplace("/teach", _("我教的课"), "pen", lambda actor: actor.may("teach")),
        places.Workplace("/oversight/reviews", _("课程审核"), "check", lambda actor: actor.may("review"),
                         lambda: len(courses.list_submitted())),
        places.Workplace("/oversight/takedowns", _("投诉处理"), "warning", lambda actor: actor.may("review"),
                         courses.count_waiting),
        places.Workplace("/teach/marking", _("批改"), "text", lambda actor: actor.may("teach") or actor.may("review"),
                         lambda: learning.count_waiting(current_actor())),
        places.Workplace("/rooms", _("课堂点名"), "person", learning.may_open_room),
        places.Workplace("/oversight/presence", _("复核在场确认"), "check", lambda actor: actor.may("inspect")),
        places.Workplace("/oversight/corrections", _("答案更正"), "quiz", lambda actor: actor.may("review"),
                         lambda: len(quizzes.list_requests(is_open=True))),
        places.Workplace("/oversight/exams", _("查看答卷"), "quiz", lambda actor: actor.may("inspect")),
        places.Workplace("/oversight/reports", _("被举报的内容"), "flag", lambda actor: actor.may("review"),
                         lambda: len(discussions.list_reported())),
        places.Workplace("/teach/classes", _("培训班"), "people",
                         lambda actor: classes.may_make(actor) or actor.may("inspect")),
        places.Workplace("/oversight/fraud", _("学习疑点"), "eye", lambda actor: actor.may("inspect"), oversight.count_waiting,
                         "/oversight/evidence"),
        places.Workplace("/oversight/cases", _("更正和申诉"), "flag", lambda actor: actor.may("inspect"), cases.count_waiting),
        places.Workplace("/admin/credits", _("学分记录"), "shield", lambda actor: actor.may("administer")),
        places.Workplace("/oversight/rooms", _("培训室"), "home", lambda actor: actor.may("inspect")),
        places.Workplace("/curate", _("学习路线管理"), "town", lambda actor: bool(tracks.list_towns_curated(actor))),
        places.Workplace("/desk", _("帮助台"), "message", lambda actor: actor.may("support"), helpdesk.count_open),
        places.Workplace("/office/identity", _("看证件"), "shield", lambda actor: actor.may("identify"),
                         accounts.count_unchecked),
        places.Workplace("/office/recognition", _("证书换学分"), "shield", lambda actor: actor.may(recognition.OFFICE),
                         recognition.count_waiting),
        places.Workplace("/office/recognition/batches", _("成批交证书"), "people", recognition.may_bring),
        places.Workplace("/admin/people", _("人员"), "person", lambda actor: actor.may("administer"), also="/admin/merges"),
        places.Workplace("/admin/organisations", _("单位"), "home", lambda actor: actor.may("administer")),
        places.Workplace("/office/programmes", _("目标和奖励"), "flag",
                         lambda actor: actor.may("identify") or actor.may("inspect")),
        places.Workplace("/admin/policies", _("计学规则"), "clock", lambda actor: actor.may("administer")),
        places.Workplace("/admin/credit-rules", _("学分规则"), "clock", lambda actor: actor.may("administer")),
        places.Workplace("/admin/conversion", _("证书转换表"), "check", lambda actor: actor.may("administer")),
        places.Workplace("/admin/checklist", _("审核清单"), "check", lambda actor: actor.may("administer")))


def _by_state(counts: dict[str, int]) -> list[tuple[dict[str, str], int]]:
    return [({"state": state}, count) for state, count in sorted(counts.items())]


def warm(app: Flask) -> None:
    """Read what every page needs, catalogue and index, before the first visitor comes; a site not prepared yet starts cold."""
    try:
        with app.app_context():
            courses.snapshot()
            search.warm()
        visitor = app.test_client()  # what a first visit compiles and looks up is made once, not in each worker
        for page in ("/", "/courses", "/courses?q=a", "/login"):
            visitor.get(page)
    except Exception:
        log.warning("the site starts cold: run guanxue init")


def refuse_unsafe(settings: Settings) -> None:
    """What only the database can tell about safety. Raises UnsafeSettings with one plain line."""
    if settings.is_production and accounts.has_demo_people():
        raise UnsafeSettings("数据库里有演示账号（密码是公开的）。正式运行请换一个新的数据库。")


def prepare(actor: Actor) -> None:
    """What every site needs before it opens: policies, keys, what older films lack. Safe to repeat; call inside writing()."""
    policies.load_defaults(actor)
    creditbank.load_defaults(actor)
    programmes.load_defaults(actor)
    recognition.load_defaults(actor)
    recognition.watch_proofs()
    media.want_companions()
    media.watch_files()
    courses.watch_rights()
    courses.watch_drafts()
    cases.watch_terms()
    oversight.watch()
    learning.watch_lapses()
    creditbank.watch_expiry()
    ledger.ensure_key()
    ledger.watch()
    credentials.ensure_key()
