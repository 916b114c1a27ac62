"""The cast of every story. Actors without rows for pure services; people with rows come from accounts."""

from __future__ import annotations

from datetime import datetime, timedelta

from guanxue import accounts, classes, courses, media
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.media.service import finish_asset


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


# ---- people and things with rows, for tests that go through clients and databases

PASSWORD = "a-good-password-1"
_hashed: list[str] = []


def make_person(phone: str = "13800000001", name: str = "林小莲", role: str | None = None, organisation: str | None = None) -> Actor:
    """A registered person as an Actor; call inside a writing transaction."""
    if not _hashed:
        _hashed.append(accounts.hash_password(PASSWORD))
    person = accounts.register_person(SYSTEM, phone=phone, password_hash=_hashed[0], name=name, terms_version=accounts.current_edition())
    if role:
        accounts.grant_role(SYSTEM, person, role, organisation)
    return Actor("person", person.id, name, accounts.capabilities_of(person.id))


GIFT = """::q1::主轴停稳以后才能测量工件。{TRUE####防止卷入。}

::q2::车床的纵向轴是哪一根？{
  ~X轴
  =Z轴
  ~Y轴
  ####与主轴平行。
}
"""
TEXT = "## 先停机\n\n测量之前先停机。主轴停稳以后再伸手。\n\n## 再测量\n\n卡尺要垂直于轴线。读数时视线与刻线垂直。"


def make_course(slug: str = "safe-measuring", *, videos_ms: tuple[int, ...] = (60_000,), texts: int = 0, title: str = "安全测量",
                gift: str = GIFT, level: int | None = None) -> courses.Course:
    """A published course: videos that are ready (rows only, no files), texts, a quiz of two questions."""
    course = courses.create_course(SYSTEM, title=title, kind="skills-upgrading", slug=slug, summary="停机、测量、记录。", level=level)
    for n, duration_ms in enumerate(videos_ms, 1):
        lesson = courses.add_lesson(SYSTEM, course, title=f"第{n}课", kind="video", body=TEXT)
        asset = media.create_narrated(SYSTEM, media.NarrationSpec(f"{slug}-{n}", title, "", [media.SlideSpec("停机", ["先停机。"])]))
        courses.attach_video(SYSTEM, course, lesson.id, asset)
        finish_asset(asset.id, version="test", duration_ms=duration_ms, facts={"has_sound": True, "bytes": {"360p": 1, "mp4": 1, "audio": 1}})
    for n in range(1, texts + 1):
        courses.add_lesson(SYSTEM, course, title=f"读{n}", kind="text", body=TEXT + f"\n\n第{n}篇。")
    courses.add_lesson(SYSTEM, course, title="考核", kind="quiz", body=gift)
    courses.publish_course(SYSTEM, course)
    return course


OWN_WORK = [courses.Claim("own", "nobody")]  # what an author declares who made everything and filmed nobody


def make_film(name: str = "film", duration_ms: int = 60_000, **facts) -> media.Asset:
    """A film that a teacher uploaded and that is ready: rows only, no files."""
    asset = media.create_from_original(SYSTEM, f"{name}.mp4", f"digest-of-{name}")
    finish_asset(asset.id, version="test", duration_ms=duration_ms,
                 facts={"has_sound": True, "bytes": {"360p": 1, "mp4": 1, "audio": 1}, **facts})
    return asset


def bearer(client, phone: str = "13800000001") -> dict:
    """Headers of a signed-in program."""
    answer = client.post("/api/v1/session", json={"phone": phone, "password": PASSWORD})
    assert answer.status_code == 200, answer.get_json()
    return {"Authorization": f"Bearer {answer.get_json()['token']}"}


def town_row(slug: str = "humen", name: str = "虎门镇", **more) -> dict:
    """A row of the table of towns."""
    return {"town_id": slug, "name_zh": name, "short_zh": name[:2], "name_en": slug.title(), "kind": "镇", "division_code": "441900121",
            "industries_zh": "服装;电子信息", "industries_en": "Garments; Electronics", "map_column": "1", "map_row": "1", **more}


# ---- classes that meet

HOUR_S = 3600


def class_facts(**more) -> classes.Facts:
    """What a class's form holds: this week, one seat more than few."""
    today = clock.today()
    return classes.Facts(**{
        "title": "数控车工五级班", "plan": "两次理论，一次实操。", "institution": "", "course": "", "policy": "light", "begins_on": today,
        "ends_on": today + timedelta(days=10), "seats": 2, "share_permille": 800, "is_public": False, **more})


def meeting_plan(begins: datetime, hours: float = 3, **more) -> classes.Plan:
    """A meeting that begins then and lasts so long."""
    begins = begins.astimezone(clock.CITY)
    ends = begins + timedelta(hours=hours)
    return classes.Plan(**{"kind": "theory", "title": "量具的使用", "place": "实训楼 302", "on": begins.date(), "begins": begins.time(),
                           "ends": ends.time(), "breaks": "", "seats": None, **more})


def make_class(teacher: Actor, *, starts_in_s: float = HOUR_S, hours: float = 3, breaks: str = "", kind: str = "theory",
               opened: bool = True, **facts) -> tuple[classes.TrainingClass, classes.Meeting]:
    """A class of `teacher` with one meeting, opened."""
    begins = (clock.now() + timedelta(seconds=starts_in_s)).replace(second=0, microsecond=0)
    facts.setdefault("begins_on", min(clock.today(), clock.city_day(begins)))  # it is past midnight for some of every day
    cls = classes.create_class(teacher, class_facts(**facts))
    meeting = classes.add_meeting(teacher, cls, meeting_plan(begins, hours, breaks=breaks, kind=kind))
    if opened:
        classes.open_class(teacher, cls)
    return cls, meeting


def attend(person: Actor, cls: classes.TrainingClass, meeting: classes.Meeting, since_s: float = -60, until_s: float | None = None) -> None:
    """Sign in so long after the meeting began (a minute before), by the code on the screen, and out (a minute after its end)."""
    length_s = (meeting.ends_at - meeting.begins_at).total_seconds()
    for way, at_s in (("in", since_s), ("out", length_s + 60 if until_s is None else until_s)):
        with clock.travel(meeting.begins_at + timedelta(seconds=at_s)):
            seen = classes.read_token(meeting, classes.shown_now(meeting, way).token)
            classes.sign(person, cls, meeting, seen, classes.Where(), promises=True)
