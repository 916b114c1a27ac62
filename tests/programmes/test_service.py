"""Goals and rewards on both databases: nothing is deducted, nothing rewarded twice, not even by two officers at once."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from tests.clients import Learner
from tests.factories import make_course, make_person

from guanxue import accounts, audit, courses, creditbank, programmes, standards
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session, writing
from guanxue.core.errors import Forbidden, Invalid
from guanxue.creditbank import Holding
from guanxue.programmes import NothingToMark, keeping, merging
from guanxue.programmes.models import Goal, Reward, Use

PHONE, OFFICER = "13800000001", "13800000009"
SCHEME = "first-step"  # 0.1 credits, once


def actor_of(phone) -> Actor:
    person = accounts.find_person_by_phone(phone)
    return Actor("person", person.id, person.name, accounts.capabilities_of(person.id), proved_at=clock.now())


@pytest.fixture
def site(any_app):
    """A learner with 0.12 credits from two courses, an officer who keeps credits, a third course half done by nobody."""
    with any_app.test_request_context(), writing():
        make_person()
        make_person(OFFICER, "何主任", role="credit_officer")
        for slug in ("one", "two", "three"):
            make_course(slug, videos_ms=(2_500_000,), title=f"课程 {slug}")
    who = Learner(any_app)
    for n, slug in enumerate(("one", "two")):
        with clock.advance(n * 7200):
            who.finish(slug)
    return any_app


def test_marking_uses_the_threshold_and_deducts_nothing(site):
    with site.test_request_context(), writing():
        person = accounts.find_person_by_phone(PHONE)
        before = creditbank.balance(person.id)
        assert before == 120
        reward = programmes.mark_rewarded(actor_of(OFFICER), SCHEME, person.id)
        assert creditbank.balance(person.id) == before, "credits are a record, never a coin"
        uses = programmes.uses_of([reward.id])[reward.id]
        assert sum(u.millicredits for u in uses) == 100
        assert {u.credit_code for u in uses} == {h.code for h in creditbank.list_holdings(person.id)}
        with pytest.raises(NothingToMark):
            programmes.mark_rewarded(actor_of(OFFICER), SCHEME, person.id)
        assert not programmes.list_reached(programmes.get_current(SCHEME))
        assert any(line.action == "programmes.reward.marked" for line in audit.list_lines(subject=f"person:{person.id}"))


def test_two_officers_at_once_mark_once(site):
    with site.test_request_context():
        person_id, officer = accounts.find_person_by_phone(PHONE).id, actor_of(OFFICER)
    gate, outcomes = threading.Barrier(4), []

    def mark():
        gate.wait()
        try:
            with site.test_request_context(), writing():
                programmes.mark_rewarded(officer, SCHEME, person_id)
            outcomes.append("marked")
        except NothingToMark:
            outcomes.append("refused")

    threads = [threading.Thread(target=mark) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["marked", "refused", "refused", "refused"]
    with site.test_request_context():
        assert session.scalar(select(func.count()).select_from(Reward)) == 1
        assert session.scalar(select(func.sum(Use.millicredits))) == 100


def test_another_scheme_may_count_the_same_credits(site):
    with site.test_request_context(), writing():
        person = accounts.find_person_by_phone(PHONE)
        programmes.mark_rewarded(actor_of(OFFICER), SCHEME, person.id)
        other = programmes.progress_of(programmes.get_current("one-credit-a-year"), person.id)
        assert other.reach == 120


def test_who_may_mark(site):
    with site.test_request_context(), writing():
        learner = actor_of(PHONE)
        with pytest.raises(Forbidden):
            programmes.mark_rewarded(learner, SCHEME, learner.id)
        own = Actor("person", learner.id, learner.name, frozenset({"identify"}))
        with pytest.raises(Forbidden):
            programmes.mark_rewarded(own, SCHEME, learner.id)
        with pytest.raises(NothingToMark):
            programmes.mark_rewarded(actor_of(OFFICER), "dual-certificate", learner.id)
        with pytest.raises(programmes.NoSuchProgramme):
            programmes.mark_rewarded(actor_of(OFFICER), "none", learner.id)


def test_a_credit_taken_back_counts_no_more(site):
    with site.test_request_context(), writing():
        person = accounts.find_person_by_phone(PHONE)
        creditbank.take_back(SYSTEM, creditbank.list_holdings(person.id)[0].code,
                             reason="冒名", authority="督查组")
        with pytest.raises(NothingToMark):
            programmes.mark_rewarded(actor_of(OFFICER), SCHEME, person.id)


# ---- the way


def way(code, person_id, *certificates, held=()):
    programme = programmes.get_current(code)
    return programmes.find_way(programme, programmes.progress_of(programme, person_id), programmes.list_offers(person_id),
                               certificates, held)


def test_the_way_goes_on_with_what_is_half_finished_and_leaves_out_what_is_done(site):
    who = Learner(site)
    who.call("PUT", "/courses/three/enrolment", 200)
    video = who.lessons("three")[0]
    with clock.advance(20_000):
        who.watch(video["id"], 1500)
    with site.test_request_context():
        person = accounts.find_person_by_phone(PHONE)
        offers = programmes.list_offers(person.id)
        assert [o.outcome.subject for o in offers] == ["course:three"]
        whole = -(-(2_500_000 + 2 * 60_000) // 60_000)
        assert offers[0].rank == programmes.GO_ON and offers[0].minutes < whole - 20
        found = way("one-credit-a-year", person.id)
        assert [o.outcome.subject for o in found.offers] == ["course:three"] and found.way.reach == 120 + 60
        assert not found.way.is_reached


def certificate(person_id, milli=4000, subject="occupation:6-18-01-01"):
    outcome = creditbank.Outcome("course", f"paper:{milli}", person_id, subject, "车工四级", milli, 0, "skills-upgrading", "city", 4,
                                 clock.now(), False, {})
    return programmes.Offer(outcome, 0, "/me/recognition", programmes.FILE, "", milli)


def test_a_certificate_shortens_the_way_of_who_says_that_they_hold_it(site):
    with site.test_request_context():
        person = accounts.find_person_by_phone(PHONE)
        paper = certificate(person.id)
        without, told = way("one-credit-a-year", person.id, paper), way("one-credit-a-year", person.id, paper, held=[paper.key])
        assert without.certificates == (paper,) and not without.way.is_reached
        assert [o.key for o in told.offers] == [paper.key] and told.way.is_reached and told.way.minutes == 0


def test_what_the_bank_would_refuse_is_never_proposed(site, monkeypatch):
    """A bound that nobody here knows of: the bank gives nothing for course three, and the way does without."""
    real = creditbank.preview_all

    def strict(outcomes):
        return [d if d.outcome.subject != "course:three" else type(d)(d.outcome, 0, "secret", "") for d in real(outcomes)]

    monkeypatch.setattr(creditbank, "preview_all", strict)
    with site.test_request_context():
        found = way("one-credit-a-year", accounts.find_person_by_phone(PHONE).id)
        assert found.offers == () and found.is_narrowed


def test_the_room_that_a_year_leaves_is_known_before(site, monkeypatch):
    """With 0.03 credits of room in the year, a course of 0.06 is worth 0.03 to the way."""
    real = creditbank.preview_all

    def full(outcomes):
        return [type(d)(d.outcome, min(d.given_milli, 30), "year", "") for d in real(outcomes)]

    monkeypatch.setattr(creditbank, "preview_all", full)
    with site.test_request_context():
        found = way("one-credit-a-year", accounts.find_person_by_phone(PHONE).id)
        assert found.way.given == (30,) and not found.is_narrowed and found.way.reach == 150


# ---- goals, versions, merging, keeping


def test_a_goal_is_chosen_once_and_may_be_left(site):
    with site.test_request_context(), writing():
        me = actor_of(PHONE)
        for _n in range(2):
            programmes.choose_goal(me, SCHEME)
        assert programmes.list_goals(me.id) == [SCHEME]
        programmes.leave_goal(me, SCHEME)
        programmes.leave_goal(me, SCHEME)
        assert programmes.list_goals(me.id) == []
        programmes.choose_goal(me, SCHEME)
        assert programmes.list_goals(me.id) == [SCHEME]
        with pytest.raises(programmes.NoSuchProgramme):
            programmes.choose_goal(me, "none")


def test_a_version_holds_from_its_day_and_never_changes_what_was_before(site):
    with site.test_request_context(), writing():
        admin = Actor("person", 99, "张", frozenset({"administer"}))
        facts = {"code": SCHEME, "kind": programmes.SCHEME, "title": "起步奖", "document": {"total_milli": 500}}
        programmes.publish_programme(admin, **facts, effective_on=clock.today() + timedelta(days=3))
        assert programmes.get_current(SCHEME).version == 1
        with clock.advance(3 * 86_400):
            assert programmes.get_current(SCHEME).version == 2
        with pytest.raises(Invalid):
            programmes.publish_programme(admin, **facts, effective_on=clock.today() - timedelta(days=1))
        with pytest.raises(Invalid):
            programmes.publish_programme(admin, **{**facts, "document": {"total_milli": 0}}, effective_on=clock.today())
        with pytest.raises(Forbidden):
            programmes.publish_programme(actor_of(OFFICER), **facts, effective_on=clock.today())


def test_goals_follow_a_merge_and_go_back(site):
    with site.test_request_context(), writing():
        kept = actor_of(PHONE)
        make_person("13800000002", "林小莲")
        merged = actor_of("13800000002")
        programmes.choose_goal(kept, SCHEME)
        for code in (SCHEME, "ten-credits"):
            programmes.choose_goal(merged, code)
        its = accounts.Merging("m1", kept.id, merged.id)
        plan = merging.plan_merge(kept.id, merged.id)
        assert [e.amount for e in plan.effects] == [1]
        document = merging.merge(kept, its, plan)
        assert programmes.list_goals(kept.id) == [SCHEME, "ten-credits"] and programmes.list_goals(merged.id) == []
        merging.part(kept, its, merging.plan_part(its, {"programmes": document}))
        assert programmes.list_goals(kept.id) == [SCHEME] and len(programmes.list_goals(merged.id)) == 2


def test_what_is_kept_of_a_person_is_told_and_goals_are_forgotten(site):
    with site.test_request_context(), writing():
        me = actor_of(PHONE)
        programmes.choose_goal(me, SCHEME)
        programmes.mark_rewarded(actor_of(OFFICER), SCHEME, me.id)
        told = keeping.export(me.id)
        assert told["goals"][0]["code"] == SCHEME and sum(c["millicredits"] for c in told["rewards"][0]["credits"]) == 100
        assert keeping.erase(me, me.id) == keeping.left(me.id)
        assert session.scalar(select(func.count()).select_from(Goal)) == 0
        assert session.scalar(select(func.count()).select_from(Reward)) == 1


def test_the_catalogue_names_policy_and_institution_of_each_course(site):
    with site.test_request_context():
        item = courses.find_item("one")
        assert item.policy_id and item.provider == "city"


# ---- certificates


def test_certificates_of_the_trades_one_studies_are_offered_above_the_level_one_holds(site, monkeypatch):
    with site.test_request_context(), writing():
        standards.load_industries(SYSTEM, [{"industry_id": "textiles", "name_zh": "毛织", "name_en": "Knitwear", "sectors": "毛织"}])
        standards.load_occupations(SYSTEM, [{
            "occupation_id": "lathe-operator", "code": "", "code_confidence": "C", "name_zh": "车工", "name_en": "Lathe operator",
            "levels": "", "sector_path": "毛织"}], [])
        person = accounts.find_person_by_phone(PHONE)
        assert programmes.list_certificates(person.id) == [], "none of a trade that nobody studied"
        item = courses.find_item("one")
        monkeypatch.setattr(courses, "find_item", lambda slug: replace(item, occupation="lathe-operator"))
        told = [(o.outcome.title, o.adds) for o in programmes.list_certificates(person.id)]
        assert [adds for _title, adds in told] == [4000, 8000, 12_000] and all("车工" in title for title, _adds in told)
        held = Holding("certificate", "occupation:lathe-operator", "车工 五级", "skills-upgrading", "city", 2, False, 4000, clock.now(), 1, "X")
        monkeypatch.setattr(creditbank, "list_holdings", lambda person_id: [held])
        assert [o.adds for o in programmes.list_certificates(person.id)] == [4000, 8000], "an upgrade adds the difference"
