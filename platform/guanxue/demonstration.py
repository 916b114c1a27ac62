"""The catalogue we ship (towns, trades, plans, courses, tracks) and the demonstration's people, loaded through services.

Safe to repeat: what is there already is left or brought up to date, never made twice. The catalogue is for every site, the
people for demonstrations only.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from PIL import Image, ImageDraw

from guanxue import accounts, classes, courses, programmes, recognition, standards, tracks
from guanxue.accounts import checking, identity
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session, writing
from guanxue.core.errors import Invalid
from guanxue.core.i18n import gettext as _
from guanxue.core.settings import settings

AWAY_FROM_NOWHERE = 1.5  # squares of the map: courses for every town come after the neighbours' own
WHAT_THEY_ARE = {
    None: "学员", "instructor": "教师", "curator": "镇街课程管理员（虎门）", "enterprise_manager": "企业管理员",
    "inspector": "督查员", "administrator": "系统管理员", "reviewer": "课程审核员",
    "support_agent": "帮助台工作人员", "credit_officer": "学分办事员",
}


def table(name: str) -> list[dict]:
    """The rows of a table of the catalogue."""
    with (settings().courses_dir / "catalogue" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as f:
        return list(csv.DictReader(f))


def course_folders() -> list[Path]:
    """The shipped course folders in the order in which their films are made: with GUANXUE_TOWN that town's first, then the
    nearest; else, and among those as near, the quickest to narrate first. Raises Invalid for a town that there is not.
    """
    folders = [p.parent for p in settings().courses_dir.glob("*/course.yaml")]
    places = {row["town_id"]: (int(row["map_column"]), int(row["map_row"])) for row in table("towns")}
    here = settings().town
    if here and here not in places:
        raise Invalid(_("GUANXUE_TOWN：没有“%(town)s”这个镇街。", town=here))

    def away(folder: Path) -> float:
        if not here:
            return 0
        towns = courses.read_folder(folder).towns
        return min((math.dist(places[here], places[t]) for t in towns if t in places), default=AWAY_FROM_NOWHERE)

    return sorted(folders, key=lambda p: (away(p), sum(f.stat().st_size for f in p.glob("lessons/*.md")), p.name))


def load(actor: Actor, say: Callable[[str], None]) -> None:
    """The catalogue and the people."""
    load_catalogue(actor, say)
    hashed = accounts.hash_password(settings().demo_password)
    with writing():
        accounts.create_demo_people(actor, hashed)
        load_class()
        load_certificates()
        choose_goals()
    session.remove()


def choose_goals() -> None:
    """Two goals of the demonstration's learner, where they have none."""
    person = accounts.find_person_by_phone("13900000001")
    if not programmes.list_goals(person.id):
        for code in ("one-credit-a-year", "dual-certificate"):
            programmes.choose_goal(Actor("person", person.id, person.name), code)


def load_class() -> None:
    """A class that meets today, of the demonstration's teacher with its learner on the roster, where they have none."""
    person = accounts.find_person_by_phone("13900000002")
    teacher = Actor("person", person.id, person.name, accounts.capabilities_of(person.id))
    if classes.list_at_work(teacher):
        return
    now = clock.now().astimezone(clock.CITY).replace(second=0, microsecond=0)
    now += timedelta(minutes=10 - now.minute % 10)
    made = classes.create_class(teacher, classes.Facts(
        title="游标卡尺实操体验班", plan="第一次：认量具、读数。第二次：上机测量。", institution="", course="", policy="light",
        begins_on=now.date(), ends_on=now.date() + timedelta(days=30), seats=20, share_permille=800, is_public=True))
    for title, days, kind in (("认量具、读数", 0, "theory"), ("上机测量", 7, "practice")):
        begins = now + timedelta(days=days)
        classes.add_meeting(teacher, made, classes.Plan(
            kind=kind, title=title, place="实训楼 302", on=begins.date(), begins=begins.time(),
            ends=(begins + timedelta(hours=3)).time(), breaks="", seats=None))
    classes.open_class(teacher, made)
    classes.add_people(teacher, made, [classes.Line(1, "林小莲", "13900000001")])


# An address code that no place has, so that the number can be nobody's.
DEMO_DOCUMENT = "99000019880808002X"
# (number, trade, level, days since it was issued): the first is recognised, the second refused, the third looked up, the
# fourth waits.
DEMO_CERTIFICATES = (
    ("Y000044000001255000001", "车工", "5", 300), ("Y000044000001254000002", "车工", "4", 90),
    ("Y000044000001255000003", "钳工", "5", 200), ("Y000044000001255000004", "电工", "5", 60))


def load_certificates() -> None:
    """Certificates of the demonstration's second learner, and what its two credit officers did with them; once."""
    holder, checker, decider = (_proved(phone) for phone in ("13900000010", "13900000009", "13900000011"))
    if recognition.list_own(holder.id):
        return
    stated = identity.state_number(holder, DEMO_DOCUMENT, agrees=True)
    checking.record_seen(checker, holder.id, stated.code, number=DEMO_DOCUMENT, place="长安镇服务中心 1 号窗口",
                         looked_on=clock.today(), is_original=True, is_person=True)
    trades = {o.name: o.slug for o in standards.list_occupations()}
    for n, (number, trade, level, age) in enumerate(DEMO_CERTIFICATES):
        proof = recognition.keep_proof(holder, recognition.prepare_proof(_sheet()))
        made = recognition.file_certificate(holder, recognition.Facts(
            kind="skill-level", number=number, occupation=trades[trade], level=level,
            issuer="示例评价机构", issued_on=(clock.today() - timedelta(days=age)).isoformat()), [proof.code])
        if n < 3:
            recognition.look_up(checker, recognition.open_filing(made), recognition.Lookup(
                source="national", looked_on=clock.today().isoformat(), found="none" if n == 1 else "match",
                reference="示例查询 1"))
        if n == 0:
            recognition.approve(decider, recognition.open_filing(made))
        elif n == 1:
            recognition.refuse(decider, recognition.open_filing(made), "not-found",
                               "网上查不到这个编号。请对着证书再看一遍，改好再交。")


def _proved(phone: str) -> Actor:
    """Somebody of the demonstration as after a second factor."""
    person = accounts.find_person_by_phone(phone)
    return Actor("person", person.id, person.name, accounts.capabilities_of(person.id), proved_at=clock.now())


def _sheet() -> io.BytesIO:
    """A picture of a sheet with nothing that a state certificate has on it."""
    image, made = Image.new("RGB", (600, 420), "white"), io.BytesIO()
    pen = ImageDraw.Draw(image)
    pen.rectangle((20, 20, 580, 400), outline="gray", width=3)
    for y in range(120, 340, 40):
        pen.line((80, y, 520, y), fill="lightgray", width=6)
    image.save(made, "PNG")
    made.seek(0)
    return made


def load_catalogue(actor: Actor, say: Callable[[str], None]) -> None:
    """Everything but people, in a few transactions, so that a start that was broken off goes on where it was."""
    with writing():
        accounts.load_towns(actor, table("towns"))
        standards.load_industries(actor, table("industries"))
        standards.load_occupations(actor, table("occupations"), table("occupation_skills"))
    with writing():
        say(f"课程计划 {courses.load_plans(actor, table('course_titles'))} 门")
    folders = course_folders()
    for folder in folders:
        with writing():
            courses.import_folder(actor, folder)
    say(f"完整课程 {len(folders)} 门")
    with writing():
        say(f"一镇一品学习路线 {tracks.load_tracks(actor, table('tracks'))} 条")
    session.remove()


def account_lines() -> list[str]:
    """Lines that name the demonstration's people, for the terminal."""
    lines = [f"{phone}  {name}（{WHAT_THEY_ARE[role]}）" for phone, name, role, _o, _t in accounts.DEMO_PEOPLE]
    return ["演示账号（密码见 GUANXUE_DEMO_PASSWORD，默认 guanxue-demo-2026）：", *lines]
