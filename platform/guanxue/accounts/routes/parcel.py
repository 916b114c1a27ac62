"""A person's data as a parcel: data.json as programs read it, index.html as people do."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import datetime

from flask import render_template

from guanxue.accounts.routes.deeds import DOCUMENT_STEPS, deed
from guanxue.core import clock
from guanxue.core.i18n import gettext
from guanxue.core.i18n import marked as N_  # noqa: N812 gettext's own name for it

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
ROOMS = {
    "accounts": N_("账号"), "helpdesk": N_("求助"), "media": N_("视频"), "quizzes": N_("考核"),
    "courses": N_("课程"), "learning": N_("学习"), "discussions": N_("提问和评价"), "creditbank": N_("学分"),
    "tracks": N_("学习路线"), "cases": N_("更正和申诉"), "oversight": N_("学习检查"), "classes": N_("培训班"),
    "recognition": N_("证书换学分"), "credentials": N_("证书"), "programmes": N_("目标"),
}
# What the names in data.json mean.
WORDS = {
    "account": N_("账号"), "former_names": N_("以前的姓名"), "identity": N_("身份信息"), "roles": N_("角色"),
    "consents": N_("同意记录"), "sessions": N_("登录记录"), "second_factor": N_("两步验证"), "merges": N_("账号合并"),
    "looks": N_("谁看过我的信息"), "trail": N_("操作记录"), "tickets": N_("求助"), "messages": N_("对话"),
    "uploads": N_("上传的视频"), "authorships": N_("合写的课"), "added_at": N_("邀请时间"),
    "attempts": N_("考核"), "answers": N_("回答"), "wishes": N_("想学的课"), "courses": N_("我教的课"),
    "review_lines": N_("课程审核意见"), "enrolments": N_("报名"), "lessons": N_("每节课"), "sittings": N_("学习时段"),
    "lapsed_at": N_("学习记录到期删除"),
    "completions": N_("结业"), "notes": N_("笔记"), "ratings": N_("评价"), "questions": N_("提问"),
    "reports": N_("举报"), "entries": N_("学分流水"), "tracks": N_("加入的路线"), "finishes": N_("学完的路线"),
    "id": N_("编号"), "name": N_("姓名"), "phone": N_("手机号"), "town": N_("镇街"), "registered_at": N_("注册时间"),
    "has_password": N_("设了密码"), "until_at": N_("用到"), "reason": N_("原因"), "number_masked": N_("号码"),
    "stated_at": N_("填写时间"), "role": N_("角色"), "organisation": N_("单位"), "purpose": N_("事项"),
    "version": N_("版本"), "is_given": N_("同意"), "at": N_("时间"), "kind": N_("种类"), "device": N_("设备"),
    "created_at": N_("开始"), "last_seen_at": N_("最近使用"), "ended_at": N_("结束"), "since": N_("开启时间"),
    "code": N_("编号"), "merged_at": N_("合并时间"), "parted_at": N_("拆分时间"), "what": N_("内容"),
    "action": N_("动作"), "subject": N_("对象"), "by_me": N_("我自己做的"), "topic": N_("问题类型"), "page": N_("页面"),
    "opened_at": N_("开始"), "context": N_("当时的情况"), "is_staff": N_("工作人员"), "text": N_("文字"),
    "said_at": N_("时间"), "title": N_("名称"), "started_at": N_("开始"), "expires_at": N_("截止"),
    "submitted_at": N_("交卷"), "score": N_("得分"), "pass_mark": N_("合格分"), "is_passed": N_("合格"),
    "slug": N_("网址里的名字"), "state": N_("状态"), "step": N_("步骤"), "remarks": N_("意见"), "by_name": N_("署名"),
    "course": N_("课程"), "revision": N_("课程版本"), "enrolled_at": N_("报名时间"), "studied_at": N_("最近学习"),
    "left_at": N_("退出时间"), "lesson": N_("课"), "credited_ms": N_("计入时间"), "is_complete": N_("已完成"),
    "intervals_ms": N_("计入的段落"), "granted_ms": N_("计入时间"), "completed_at": N_("学完时间"),
    "content_ms": N_("内容时长"), "at_ms": N_("位置"), "written_at": N_("时间"), "stars": N_("评分"),
    "balance_millicredits": N_("学分余额"), "number": N_("账本编号"), "amount_millicredits": N_("学分"),
    "policy": N_("规则"), "is_reversed": N_("已撤销"), "track": N_("学习路线"),
    "moves": N_("合并时移动的学分"), "came": N_("移到这里"),
    "carried": N_("合并带来的学习"), "joined_finishes": N_("合并带来的路线"), "joined_at": N_("加入时间"),
    "finished_at": N_("学完时间"), "complaints": N_("我的投诉"), "contact": N_("联系方式"),
    "case_lines": N_("投诉处理中的话"), "review_remarks": N_("提的审核意见"), "remark_lines": N_("对审核意见的答复"),
    "verdicts": N_("审核结论"), "declarations": N_("素材权利说明"), "basis": N_("来源"), "people": N_("出镜的人"),
    "marks": N_("老师批改"), "marks_given": N_("我批改的答案"), "permille": N_("得分（千分之）"),
    "corrections_asked": N_("我提出的答案更正"), "answer": N_("答复"),
    "cases": N_("更正和申诉"), "case_steps": N_("经过"), "sightings": N_("从哪里学习"),
    "classes": N_("培训班"), "attendance": N_("到课"), "managed": N_("当班主任的班"), "taught": N_("任课的班"),
    "begins_on": N_("开始日期"), "ends_on": N_("结束日期"), "undertaking_at": N_("签承诺书的时间"), "way": N_("方式"),
    "until": N_("到"), "attended_ms": N_("到课时长"), "class_moves": N_("合并时移动的培训班学分"),
    "credentials": N_("证书"), "compared": N_("比对姓名的记录"), "is_match": N_("相符"), "file": N_("证书文件"),
    "key_id": N_("公钥编号"), "digest": N_("文件指纹"), "issued_at": N_("出具时间"),
    "documents": N_("我的证件"), "identity_steps": N_("确认身份的经过"), "level": N_("身份确认到哪一步"), "country": N_("国家"),
    "looked_on": N_("看证件的日期"), "place": N_("地点"), "reference": N_("查询编号"), "note": N_("给本人的话"),
    "days": N_("有上限的规则每天计入的时间"), "day": N_("日期"),
    "presence": N_("在场确认：上次确认以后"), "counted_ms": N_("学了多久"), "checks": N_("在场确认"), "steps": N_("经过"),
    "rooms": N_("我开的课堂"), "seats": N_("我进过的课堂"), "closed_at": N_("结束"),
    "network": N_("网络（加密后的记号）"), "findings": N_("学习疑点"),
    "filings": N_("交过的证书"), "certificate_number": N_("证书编号"), "issuer": N_("发证机构"), "issued_on": N_("发证日期"),
    "filed_at": N_("交的时间"), "pictures": N_("图片"), "form": N_("格式"), "filing_steps": N_("经过"),
    "openings": N_("谁打开看过"),
}

# What short values mean, where they are not words already.
VALUES = {
    "terms": N_("用户协议"), "privacy": N_("隐私说明"), "identity": N_("保存证件号"), "course-sms": N_("用短信告诉我课程的事"),
    "web": N_("浏览器"), "bearer": N_("程序"), "opened": N_("打开了我的账号页"), "completion": N_("学完课程"),
    "listed": N_("看证件时列出了同名的账号"),
    "reversal": N_("冲销学分"), "draft": N_("草稿"), "submitted": N_("课程提交审核"), "returned": N_("课程退回修改"),
    "confirmed": N_("已更正"), "refused": N_("不更正"),
    "open": N_("没传完"), "whole": N_("传完了"), "expired": N_("过期了"), "dropped": N_("删掉了"),
    "passed": N_("课程审核通过一位"), "filed": N_("等处理"), "asked": N_("请作者说明"),
    "countered": N_("作者说明投诉"), "decided": N_("决定投诉"), "upheld": N_("投诉成立"), "rejected": N_("投诉不成立"),
    "held": N_("核实投诉，先停课"), "released": N_("核实投诉，恢复课程"), "answered": N_("答复审核意见"),
    "settled": N_("了结审核意见"), "reopened": N_("重新提出审核意见"),
    "invited": N_("待本人确认"), "enrolled": N_("已入班"), "waiting": N_("候补"), "withdrawn": N_("已退班"),
    "completed": N_("已结业"), "in": N_("签到"), "out": N_("签退"), "roll": N_("老师点名"), "typed": N_("输入数字"),
    "citizen-id": N_("身份证"), "passport": N_("护照"), "identity-match": N_("把姓名和证件号交给核验服务"),
    "hk-macao-permit": N_("港澳居民来往内地通行证（回乡证）"), "taiwan-permit": N_("台湾居民来往大陆通行证（台胞证）"),
    "foreign-residence": N_("外国人永久居留身份证"), **{f"document.{step}": words for step, words in DOCUMENT_STEPS.items()},
    "class": N_("培训班结业"), "published": N_("课程发布"), "approved": N_("课程审核通过"),
    "certificate": N_("技能证书转换学分"), "competition": N_("技能竞赛成绩转换学分"),
    "filing.skill-level": N_("职业技能等级证书"), "filing.qualification": N_("职业资格证书"),
    "filing.specific-ability": N_("专项职业能力证书"), "filing.competition": N_("技能竞赛成绩"),
    "filing.waiting": N_("等核查"), "filing.checked": N_("查过了，等决定"), "filing.approved": N_("已认定"),
    "filing.refused": N_("没有通过"), "filing.withdrawn": N_("自己撤回了"), "filing.taken-back": N_("认定已收回"),
    "filing.filed": N_("交进来了"), "filing.disputed": N_("另一个人也交了这个编号，正在查明"),
    "filing.looked-up": N_("核查过了"), "filing.reopened": N_("申诉成立，重新核查"), "filing.seen": N_("我看过了"),
    "filing.restored": N_("申诉成立，认定恢复了"),
    "filing.take-back-asked": N_("有人提出收回认定"), "filing.take-back-dropped": N_("不收回"),
    "filing.match": N_("查到了，姓名、编号、等级都对得上"), "filing.none": N_("查不到这个编号"),
    "filing.differs": N_("查到了，但有对不上的地方"), "filing.no-answer": N_("查询的地方没有答复，打不开"),
    "filing.national": N_("技能人才评价证书全国联网查询"), "filing.province": N_("省人社厅的证书查询"),
    "filing.issuer": N_("打电话或写信问发证机构"), "filing.original": N_("当面看了证书原件"),
    "filing.organiser": N_("竞赛主办单位公布的名单"), "filing.other": N_("其他地方"), "filing.check": N_("核查证书"),
    "filing.appeal": N_("处理申诉或争议"), "filing.support": N_("本人要求帮忙看"),
}


def pack(documents: dict[int, dict[str, dict]], name: str) -> bytes:
    """The ZIP of {account: {room: what it keeps}}: one's own account first, then those that were merged into it."""
    now, (own, *merged) = clock.now(), documents.items()
    whole = {"format": "guanxue-personal-data/1", "made_at": now.isoformat(), **own[1],
             "merged_accounts": [{"id": number, **kept} for number, kept in merged]}
    accounts = [{"id": number, "rooms": _rooms(kept)} for number, kept in documents.items()]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as parcel:
        parcel.writestr("index.html", render_template("accounts/parcel.html", name=name, made_at=now, accounts=accounts))
        parcel.writestr("data.json", json.dumps(whole, ensure_ascii=False, indent=1))
    return packed.getvalue()


def _rooms(documents: dict[str, dict]) -> list[dict]:
    return [{"title": gettext(ROOMS[room]) if room in ROOMS else room, "parts": _parts(kept)}
            for room, kept in documents.items()]


def _parts(kept: dict) -> list[dict]:
    """Each part of a room as a table: {title, head, rows}; single values are a table of names and values."""
    single = {k: v for k, v in kept.items() if not isinstance(v, (list, dict))}
    parts = [{"title": "", "head": [], "rows": _pairs(single)}] if single else []
    for key, value in kept.items():
        if isinstance(value, dict):
            parts.append({"title": _word(key), "head": [], "rows": _pairs(value)})
        elif isinstance(value, list):
            names = list(dict.fromkeys(k for row in value for k in row))
            parts.append({"title": _word(key), "head": [_word(n) for n in names],
                          "rows": [[_text(n, row.get(n, "")) for n in names] for row in value]})
    return parts


def _pairs(values: dict) -> list[list[str]]:
    return [[_word(k), _text(k, v)] for k, v in values.items()]


def _word(key: str) -> str:
    return gettext(WORDS[key]) if key in WORDS else key


def _text(key: str, value: object) -> str:
    """A value as people read it: city times, minutes and seconds, credits, yes and no."""
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    if key == "action":
        return deed(value)
    if isinstance(value, str):
        if key in ("purpose", "kind", "what", "state", "step", "answer") and value in VALUES:
            return gettext(VALUES[value])
        return _city(value) if MOMENT.match(value) else value
    if key == "intervals_ms":
        return "，".join(f"{_time(a)}–{_time(b)}" for a, b in value)
    if key.endswith("_ms"):
        return _time(value)
    if key.endswith("_millicredits"):
        return f"{value / 1000:.3f}"
    if isinstance(value, dict):
        return "；".join(f"{_word(k)}：{_text(k, v)}" for k, v in value.items())
    if isinstance(value, list):
        return " / ".join(_text(key, v) for v in value)
    return str(value)


def _time(ms: int) -> str:
    seconds = ms // 1000
    return f"{seconds // 60}:{seconds % 60:02}"


def _city(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(clock.CITY).strftime("%Y-%m-%d %H:%M")
