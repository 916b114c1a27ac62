"""A policy in plain words: what a learner asks about, each question with its answer; nothing that the policy does not do."""

from __future__ import annotations

from guanxue.core.i18n import gettext as _
from guanxue.core.i18n import ngettext
from guanxue.policies.models import Policy
from guanxue.policies.rules import MATCHED, SEEN, STATED, Numbers

MINUTE, HOUR, DAY = 60_000, 3_600_000, 24 * 3_600_000


def told(policy: Policy) -> dict:
    """{name, code, version, title, effective_on, is_voluntary, answers: [(question, sentences)]}, in the reader's language."""
    numbers = policy.numbers
    parts = (
        (_("学时和学分怎么算"), _hours(numbers)), (_("怎样算学过"), _watching(numbers)),
        (_("一天、一年最多算多少"), _bounds(numbers)),
        (_("考核"), _quiz(numbers)), (_("在场确认"), _presence(numbers)), (_("没有网络的时候"), _offline(numbers)),
        (_("要不要证明身份"), _identity(numbers)),
        (_("记录留多久"), _keeping(numbers)))
    return {"name": policy.name, "code": policy.code, "version": policy.version, "title": _(policy.title),
            "effective_on": policy.effective_on, "is_voluntary": numbers.is_voluntary,
            "answers": [(question, sentences) for question, sentences in parts if sentences]}


def span(ms: int) -> str:
    """A length of time in the largest unit that leaves nothing over."""
    for unit, one in ((DAY, lambda n: ngettext("%(n)s 天", "%(n)s 天", n, n=n)),
                      (HOUR, lambda n: ngettext("%(n)s 小时", "%(n)s 小时", n, n=n)),
                      (MINUTE, lambda n: ngettext("%(n)s 分钟", "%(n)s 分钟", n, n=n))):
        if ms and ms % unit == 0:
            return one(ms // unit)
    return _("%(n)s 秒", n=_number(ms, 1000))


def _number(value: int, of: int) -> str:
    """A share of whole numbers as people write it: 500 of 1000 is 0.5."""
    return f"{value / of:.3f}".rstrip("0").rstrip(".")


def _percent(permille: int) -> str:
    return _number(permille, 10)


def _step(ms: int, hours: str) -> object:
    """A step of a lesson's length; one that begins a millisecond behind a whole second is told as "longer than"."""
    if ms > 1 and ms % 1000 == 1:
        return _("超过 %(t)s，算 %(h)s 学时。", t=span(ms - 1), h=hours)
    return _("满 %(t)s，算 %(h)s 学时。", t=span(ms) if ms > 1 else _("一点点"), h=hours)


def _hours(n: Numbers) -> list[str]:
    if n.lesson_steps:
        found = [_("每节课按自己的长度算学时：")]
        found += [_step(ms, _number(milli, 1000)) for ms, milli in reversed(n.lesson_steps)]
    else:
        found = [_("%(t)s是 1 学时。整门课的时间加起来再算，不是一节一节舍去零头。", t=span(n.class_hour_ms))]
    if n.hour_step_milli > 1:
        found.append(_("学时只算整的：不满 %(h)s 学时的部分不算。", h=_number(n.hour_step_milli, 1000)))
    if n.quiz_hours_milli:
        found.append(_("每通过一次考核，另算 %(h)s 学时。", h=_number(n.quiz_hours_milli, 1000)))
    else:
        found.append(_("通过考核，每道题算 %(t)s。", t=span(n.quiz_ms_per_question)))
        if n.quiz_share_permille < 1000:
            found.append(_("考核的时间最多占一门课的 %(p)s%%。", p=_percent(n.quiz_share_permille)))
    found.append(_("%(n)s 学时是 1 学分，算到千分位，只舍不入。", n=n.class_hours_per_credit))
    return found


def _watching(n: Numbers) -> list[str]:
    found = [_("每节课看满（或读满）%(p)s%% 就算学完。看过的地方重看，不重复算；往前往后拖都可以，没看的不算。",
               p=_percent(n.share_watched_permille))]
    if n.max_rate_permille > 1000:
        found.append(_("最快可以用 %(r)s 倍速，照样算。", r=_number(n.max_rate_permille, 1000)))
    else:
        found.append(_("按正常速度看才算；放得更快，只按实际过去的时间算。"))
    if n.late_cap_ms:
        found.append(_("网络断了也不怕：手机先记着，连上再补报，一门课最多补 %(t)s。", t=span(n.late_cap_ms)))
    else:
        found.append(_not_made_up(n))
    return found


def cut_off(n: Numbers) -> str:
    """What the player says while it does not reach the server: whether what is played now will count."""
    return _("网络断了：已记在本机，连上后补报。") if n.late_cap_ms else _("网络断了。%(rule)s", rule=_not_made_up(n))


def _not_made_up(n: Numbers) -> str:
    if n.is_offline_counted:
        return _("断网超过 %(t)s的那一段不算；要断网学，请先下载。", t=span(n.late_after_ms))
    return _("断网超过 %(t)s的那一段不算。", t=span(n.late_after_ms))


def _bounds(n: Numbers) -> list[str]:
    found = []
    if n.daily_cap_ms:
        found.append(_("所有这类课加起来，一天最多算 %(t)s。超过的部分可以看，但不计，第二天接着算。", t=span(n.daily_cap_ms)))
    if n.yearly_cap_milli:
        found.append(_("一年最多认定 %(h)s 学时。", h=_number(n.yearly_cap_milli, 1000)))
    return found


def _quiz(n: Numbers) -> list[str]:
    found = [_("可以考 %(n)s 次；都没过，等 %(t)s再考。及格线是 %(p)s 分，课程另有规定的按课程。", n=n.quiz_attempts,
               t=span(n.quiz_cooldown_ms), p=n.pass_mark)]
    if n.test_out_mark:
        found.append(_("已经会了？可以先考。第一次就考到 %(p)s 分，课就算学完，不用再看；学时只算真正看过的和考核。",
                       p=n.test_out_mark))
    if n.exam_grace_ms:
        found.append(_("交卷的时候断网，%(t)s内连上，之前写好的答案照样算。", t=span(n.exam_grace_ms)))
    return found


def _presence(n: Numbers) -> list[str]:
    if not n.presence_max_ms:
        return []
    return [
        _("学习中每隔 %(a)s到 %(b)s会问一次你在不在，有 %(t)s可以回答，不够可以加时间，不用说理由。",
          a=span(n.presence_min_ms), b=span(n.presence_max_ms), t=span(n.presence_answer_ms)),
        _("没赶上，视频就停下；上一次确认以后的那一段先不算，%(t)s内补上就算，一门课最多补 %(n)s 次。",
          t=span(n.presence_makeup_ms), n=n.presence_misses),
        _("不用刷脸。点一下、答一道题、输一个数字，或者由老师点名，都可以。")]


def _offline(n: Numbers) -> list[str]:
    if not n.is_offline_counted:
        return []
    share = _("算，而且都算。") if n.offline_share_permille == 1000 else \
        _("算，最多占一门课的 %(p)s%%。", p=_percent(n.offline_share_permille))
    return [_("先下载再学，没有网络也%(share)s下载以后 %(t)s内学、连上网就补报。", share=share, t=span(n.offline_window_ms))]


def _identity(n: Numbers) -> list[str]:
    if not (n.identity_level and n.identity_at):
        return [_("不用，手机号就可以。")]
    level = {STATED: _("填写身份证件号码"), SEEN: _("让工作人员看过证件"), MATCHED: _("由外部服务核对过证件")}[n.identity_level]
    moment = {"enrol": _("报名以前"), "exam": _("考核以前"), "claim": _("学分入账以前")}[n.identity_at]
    return [_("%(when)s，要%(what)s。以前学的都算，晚一点证明也不会少。", when=moment, what=level)]


def _keeping(n: Numbers) -> list[str]:
    return [_("认定了学分的，学习记录和学分一样一直留着：学分随时可以凭它重新核算。"),
            _("没有认定学分的，从最后一次学习起留 %(n)s 年，然后删掉：哪一段什么时候看过、下载学习和在场确认的记录。答卷不删。",
              n=n.retention_years),
            _("更正、申诉和疑点还没有办结的，办结以后才删。")]
