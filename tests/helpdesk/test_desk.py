"""Asking for help from a page, and staff answering beside the learner."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from tests.clients import Browser, Learner, place, words
from tests.factories import make_course, make_person

from guanxue import accounts, helpdesk
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session, writing
from guanxue.helpdesk import Message, Ticket, keeping

AGENT = "13800000005"


@pytest.fixture
def site(bare_app):
    """A learner, another one, a support agent, a course."""
    with bare_app.test_request_context(), writing():
        make_person()
        make_person("13800000002", "周小明")
        make_person(AGENT, "何静", "support_agent")
        make_course()
    return bare_app


def ask(who: Browser, source: str = "", topic: str = "lesson", **form) -> str:
    """Send the form; the ticket's address."""
    who.see("/help" + (f"?from={source}" if source else ""))
    return place(who.send("/help", **{"from": source, "topic": topic, "text": "看完了还显示没学完", **form}))


def test_a_question_carries_the_page_the_lesson_and_the_last_sync(site):
    learner = Learner(site)
    learner.call("PUT", "/courses/safe-measuring/enrolment", 200)
    learner.watch(learner.lessons()[0]["id"], 30)
    slug = re.search(r"/learn/safe-measuring/([^\"/?]+)", Browser(site, "13800000001").see("/courses/safe-measuring"))[1]
    ask(Browser(site, "13800000001"), f"/learn/safe-measuring/{slug}?t=3")
    with site.app_context():
        context = session.scalar(select(Ticket)).context
    assert context["page"] == f"/learn/safe-measuring/{slug}" and context["course"] == "safe-measuring"
    assert context["lesson"] == slug and context["credited_ms"] == 30_000
    assert abs(context["last_sync_ms"] - clock.now_ms()) < 120_000


def test_staff_answers_as_itself_and_the_asker_goes_on_until_it_is_settled(site):
    asker, agent = Browser(site, "13800000001"), Browser(site, AGENT)
    address = ask(asker, "/courses/safe-measuring")
    code = address.rsplit("/", 1)[1]
    assert "看完了还显示没学完" in agent.see("/desk")
    assert "138****0001" in agent.see(f"/desk/{code}") and "13800000001" not in agent.see(f"/desk/{code}")
    agent.send(f"/desk/{code}", text="请把视频最后一段看完。")
    page = asker.see(address)
    assert "请把视频最后一段看完。" in page and "莞学帮助台" in page and "何静" not in page
    assert "看完了还显示没学完" not in agent.see("/desk")
    asker.send(address, text="看完了，好了，谢谢")
    assert "看完了还显示没学完" in agent.see("/desk")
    asker.send(address, close="1")
    assert "已经了结" in asker.see(address)
    agent.see(f"/desk/{code}")
    agent.send(f"/desk/{code}", 409, text="不客气")


def test_nobody_else_reads_a_ticket_and_nobody_but_staff_sees_the_desk(site):
    address = ask(Browser(site, "13800000001"))
    other = Browser(site, "13800000002")
    other.see(address, 404)
    other.send(address, 404, text="我也要说")
    other.see("/desk", 403)
    other.send("/desk/" + address.rsplit("/", 1)[1], 403, text="冒充回复")
    assert place(site.test_client().get("/desk")).startswith("/login")


def test_a_visitor_leaves_a_number_and_finds_the_answer_by_its_address_alone(site):
    visitor = Browser(site)
    visitor.see("/help")
    answer = visitor.send("/help", 422, topic="account", text="登录不了", contact="12")
    assert "11 位手机号" in words(answer) and "登录不了" in answer.get_data(as_text=True)
    address = ask(visitor, topic="account", contact="13900001111", text="登录不了")
    assert "收藏" in Browser(site).see(address)
    assert "13900001111" not in visitor.see(address)
    assert "13900001111" in Browser(site, AGENT).see("/desk/" + address.rsplit("/", 1)[1])


def test_an_empty_too_long_or_uncategorised_question_keeps_what_was_written(site):
    who = Browser(site, "13800000001")
    who.see("/help")
    assert "请写一点内容" in words(who.send("/help", 422, topic="lesson", text=" \n\u200b"))
    assert "最多 2000 个字" in words(who.send("/help", 422, topic="lesson", text="长" * 2001))
    kept = who.send("/help", 422, topic="nonsense", text="留着这句")
    assert "请选一类问题" in words(kept) and "留着这句" in kept.get_data(as_text=True)
    with site.app_context():
        assert session.scalar(select(func.count()).select_from(Message)) == 0


def test_asking_has_a_limit_a_day_and_for_visitors_an_hour(site):
    person, visitor = Browser(site, "13800000001"), Browser(site)
    for _n in range(10):
        ask(person)
    person.send("/help", 429, topic="lesson", text="再问")
    for _n in range(5):
        ask(visitor, contact="13900001111")
    visitor.send("/help", 429, topic="lesson", text="再问", contact="13900002222")
    with clock.advance(3601):
        ask(visitor, contact="13900001111")


def test_a_question_older_than_two_hours_is_marked_and_the_longest_wait_stands_first(site):
    who = Browser(site, "13800000001")
    ask(who, text="先问的")
    with clock.advance(timedelta(hours=1).total_seconds()):
        ask(who, text="后问的")
    with clock.advance(timedelta(hours=2, minutes=30).total_seconds()):
        page = Browser(site, AGENT).see("/desk")
    assert page.index("先问的") < page.index("后问的") and page.count("等太久了") == 1


def test_staff_does_not_answer_itself(site):
    agent = Browser(site, AGENT)
    address = ask(agent)
    agent.see("/desk/" + address.rsplit("/", 1)[1])
    agent.send("/desk/" + address.rsplit("/", 1)[1], 403, text="自问自答")


def test_a_page_from_elsewhere_is_not_carried_along(site):
    ask(Browser(site, "13800000001"), "https://example.org/x")
    with site.app_context():
        assert session.scalar(select(Ticket)).context["page"] == ""


def test_only_its_own_verbs_change_a_ticket(site):
    with site.test_request_context(), writing():
        person, agent = make_person("13800000008", "甲"), make_person("13800000009", "乙", "support_agent")
        ticket = helpdesk.open_ticket(person, topic="lesson", text="一", context={})
        with pytest.raises(Exception, match="权限"):
            helpdesk.answer(person, ticket, "我来答")
        helpdesk.answer(agent, ticket, "答")
        assert ticket.state == "answered"
        helpdesk.close(agent, ticket)
        helpdesk.close(person, ticket)
        with pytest.raises(helpdesk.TicketClosed):
            helpdesk.speak(person, ticket, "还有")


def test_what_a_person_said_in_a_visitors_ticket_is_told_and_goes_with_them(site):
    address = ask(Browser(site), contact="13811111111", topic="account")
    learner = Browser(site, "13800000001")
    learner.see(address)
    learner.send(address, text="登录以后接着说")
    with site.test_request_context(), writing():
        person = accounts.find_person_by_phone("13800000001")
        assert "登录以后接着说" in str(keeping.export(person.id))
        accounts.erase_person(SYSTEM, person.id)
    page = Browser(site).see(address)
    assert "看完了还显示没学完" in page and "登录以后接着说" not in page
