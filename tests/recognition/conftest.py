"""The cast of these stories: a learner whose paper was seen, three credit officers, a town's curator, two trades."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import text
from tests.accounts.test_kinds import checked
from tests.clients import Browser, place
from tests.factories import make_person, town_row

from guanxue import accounts, recognition, standards
from guanxue.accounts import checking, identity
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session, writing

LIAN, OTHER, FENG, LUO, ZHAO, HUANG = "13800000001", "13800000002", "13800000003", "13800000004", "13800000005", "13800000006"
NUMBER = "Y000044000001255000001"  # well formed: year 25, level 5
FOURTH = "Y000044000001254000002"  # the same trade, level 4


def cast(app) -> None:
    """Everybody and every trade, committed."""
    with app.test_request_context(), writing():
        accounts.load_towns(SYSTEM, [town_row("humen"), town_row("dalang", "大朗镇")])
        standards.load_industries(SYSTEM, [{"industry_id": "metal", "name_zh": "五金", "name_en": "Metal", "sectors": "机械"}])
        standards.load_occupations(SYSTEM, [
            {"occupation_id": slug, "code": "", "code_confidence": "C", "name_zh": name, "name_en": slug, "levels": "",
             "sector_path": "机械"} for slug, name in (("lathe-operator", "车工"), ("fitter", "钳工"))], [])
        people = {phone: make_person(phone, name, role, town) for phone, name, role, town in (
            (LIAN, "林小莲", None, None), (OTHER, "黄小明", None, None), (FENG, "冯佩", "credit_officer", None),
            (LUO, "罗敏", "credit_officer", None), (ZHAO, "赵工", "credit_officer", None), (HUANG, "黄主任", "curator", "humen"))}
        accounts.set_town(people[LIAN], "humen")
        see_paper(people[FENG], people[LIAN], "99000019900101001")


def see_paper(officer: Actor, person: Actor, seventeen: str) -> None:
    """The person stated a document and an officer saw it."""
    made = identity.state_number(person, checked(seventeen), agrees=True)
    checking.record_seen(proved(officer), person.id, made.code, number=checked(seventeen), place="一号窗口",
                         looked_on=clock.today(), is_original=True, is_person=True)


def proved(actor: Actor) -> Actor:
    """The actor after a second factor."""
    return Actor("person", actor.id, actor.name, actor.capabilities, proved_at=clock.now())


def actor_of(phone: str) -> Actor:
    """Somebody as services see them, with a second factor shown."""
    person = accounts.find_person_by_phone(phone)
    return Actor("person", person.id, person.name, accounts.capabilities_of(person.id), proved_at=clock.now())


def browser_of(app, phone: str) -> Browser:
    """An officer's browser whose session has shown a second factor."""
    browser = Browser(app, phone)
    with app.test_request_context(), writing():
        person = accounts.find_person_by_phone(phone)
        session.execute(text("UPDATE accounts_session SET proved_at = :now WHERE person_id = :id"),
                        {"now": clock.now() if session.get_bind().dialect.name == "postgresql" else clock.now().replace(tzinfo=None),
                         "id": person.id})
    return browser


def picture(colour: str = "white") -> io.BytesIO:
    """A photo as a phone sends it."""
    made = io.BytesIO()
    Image.new("RGB", (400, 300), colour).save(made, "JPEG")
    made.seek(0)
    return made


def day(days_ago: int = 100) -> str:
    """A day of issue."""
    return (clock.today() - timedelta(days=days_ago)).isoformat()


def form(**more) -> dict:
    """What the form of a skill level certificate holds."""
    return {"kind": "skill-level", "occupation": "lathe-operator", "level": "5", "number": NUMBER, "issuer": "东莞市评价中心",
            "issued_on": day(), **more}


def facts(**more) -> recognition.Facts:
    """The same for services."""
    return recognition.Facts(**form(**more))


def file_by_service(phone: str = LIAN, **more) -> recognition.Filing:
    """A certificate with a picture, without a browser; inside a writing context."""
    person = actor_of(phone)
    proof = recognition.keep_proof(person, recognition.prepare_proof(picture()))
    return recognition.file_certificate(person, facts(**more), [proof.code])


LOOKUP = {"source": "national", "found": "match", "reference": "查询结果第 1 条", "text": ""}


def lookup(**more) -> recognition.Lookup:
    """A look-up that found it."""
    return recognition.Lookup(**{**LOOKUP, "looked_on": clock.today().isoformat(), **more})


def recognise(filing: recognition.Filing, checker: str = FENG, decider: str = LUO):
    """Both pairs of eyes; what the credit bank answered."""
    recognition.look_up(actor_of(checker), recognition.open_filing(filing), lookup(contest=filing.contest))
    return recognition.approve(actor_of(decider), recognition.open_filing(filing))


def file_by_browser(browser: Browser, status: int = 303, **more):
    """The form sent with a picture; the certificate's code, or the answer where it was refused."""
    browser.see("/me/recognition/new?kind=skill-level")
    answer = browser.send("/me/recognition/new", status, multipart=True, **{**form(), "file": (picture(), "IMG_1.jpg"), **more})
    return place(answer).rpartition("/")[2] if status == 303 else answer


@pytest.fixture
def town(bare_app):
    """Everybody, on SQLite."""
    cast(bare_app)
    return bare_app


@pytest.fixture
def any_town(any_app):
    """Everybody, on each database."""
    cast(any_app)
    return any_app
