"""What detectors found, in words for people."""

from __future__ import annotations

from guanxue.core.i18n import lazy as _
from guanxue.oversight import thresholds as t
from guanxue.oversight.detectors import ANSWERS, APART, DEVICE, PACE, PARALLEL, ROLL
from guanxue.oversight.models import Finding

KINDS = {
    PARALLEL: _("两台设备同时"),
    PACE: _("快得不像人"),
    ANSWERS: _("错得一模一样"),
    DEVICE: _("一台设备很多人"),
    APART: _("人在两处"),
    ROLL: _("只有点名的学时"),
}
# What each looks for, from where on, and what is in order.
LOOKS_FOR = {
    PARALLEL: _(
        "一小时内两台设备互相抢播放 %(n)s 次以上；或者两次考核从头到尾，别的设备、别的网络上一直在播放。"
        "手机换电脑接着看、边看边答一次，都正常。", n=t.TAKEOVERS),
    PACE: _(
        "答题平均不到 %(s)s 秒一题；第一次考、大多答对，却比每分钟读 %(c)s 字还快；或者播放上报整齐得没有一点误差。"
        "重考时记得题目所以答得快，正常。", s=t.MS_A_QUESTION // 1000, c=t.CHARS_A_MINUTE),
    ANSWERS: _(
        "几个人选了同样的、很少有人选的错误答案，至少 %(n)s 道。都答对不算：会的人答案都一样。"
        "很多人都会错的题也不算。", n=t.SHARED_WRONG),
    DEVICE: _(
        "%(d)s 天里有 %(n)s 个以上账号在同一台设备上学习。登记过的培训室不算；夫妻、家人共用一部手机不到这个数。"
        "同一个网络（同一家厂、同一栋宿舍）从来不算。", d=t.DEVICE_DAYS, n=t.PEOPLE_A_DEVICE),
    APART: _(
        "在培训班签到以后、签退以前，另一台设备、另一个网络上播放了 %(m)s 分钟以上。"
        "只算真正在播放的时间，页面开着、暂停的不算。"
        "用签到的那部手机、教室的网络、登记过的培训室看课，正常。", m=t.APART_MS // 60_000),
    ROLL: _(
        "一个班里多数人、至少 %(p)s 人，各有 %(h)s 学时以上没有扫码签到，只靠一个人点名；而且几天的课一小时内一起点完，"
        "或者上课 %(d)s 天以后才点。当场点名、每次课后几天内补记，都正常。",
        p=t.ROLL_PEOPLE, h=t.ROLL_HOURS_MILLI // 1000, d=t.ROLL_LATE_MS // 86_400_000),
}


def sentence(finding: Finding) -> str:
    """What was found, with its figures."""
    f, kind = finding.facts, finding.kind
    if kind == PARALLEL:
        if "takeovers" in f:
            return str(_("%(m)s 分钟里，两台设备互相抢了 %(n)s 次播放。", m=f["minutes"], n=f["takeovers"]))
        return str(_("%(n)s 次考核从头到尾，另一台设备、另一个网络上一直在播放课程，共 %(m)s 分钟。",
                     n=f["attempts"], m=f["minutes"]))
    if kind == PACE:
        return _pace(f)
    if kind == ANSWERS:
        return str(_(
            "%(p)s 个人有 %(n)s 道题错得一模一样，这些错误答案很少有人选。"
            "说是照抄，比说是碰巧，可能性大 %(x)s 倍以上。", p=f["people"], n=f["shared"],
            x=f"{10 ** min(9, int(f['log10_odds'])):,}"))
    if kind == DEVICE:
        told = str(_("%(d)s 天里，%(n)s 个账号在同一台设备上学习。它不是登记过的培训室设备。", d=f["days"], n=f["people"]))
        if (new := f.get("new", f["people"])) < f["people"]:
            told += str(_("这里是新发现的 %(n)s 个，其余的以前已经列出。", n=new))
        return told
    if kind == ROLL:
        return _roll(f)
    return str(_("在班里签到期间，另一台设备、另一个网络上播放了 %(m)s 分钟。", m=f["minutes"]))


def _roll(f: dict) -> str:
    told = str(_("结业的 %(of)s 人里，%(n)s 人各有 %(h)s 学时以上没有扫码签到，只靠一个人点名。",
                 of=f["of"], n=f["people"], h=f["hours"]))
    if "minutes" in f:
        return told + str(_("%(d)s 天的课，%(m)s 分钟里一起点的名。", d=f["days"], m=f["minutes"]))
    return told + str(_("点名的时候，课已经过去 %(d)s 天左右。", d=f["late_days"]))


def _pace(f: dict) -> str:
    if "beats" in f:
        return str(_("%(n)s 次播放上报，%(p)s%% 的间隔正好是 %(s)s 毫秒，播放的长度也分毫不差。浏览器的计时做不到这样整齐。",
                     n=f["beats"], p=f["same_permille"] / 10, s=f["step_ms"]))
    told = str(_("%(q)s 道题，%(s)s 秒交卷，得 %(x)s 分。", q=f["questions"], s=f["seconds_tenths"] / 10, x=f["score"]))
    if f["is_first"]:
        told += str(_("这是第一次考，等于每分钟读 %(c)s 字。", c=f["chars_a_minute"]))
    if f.get("times", 1) > 1:
        told += str(_("这样的考核一共 %(n)s 次。", n=f["times"]))
    return told
