"""What the numbers of a policy are called on the administrator's page, in the groups and in the units of its form."""

from __future__ import annotations

from guanxue.core.i18n import lazy as _
from guanxue.policies.rules import MATCHED, PHONE, SEEN, STATED

# group → {number: label}
LABELS = {
    _("学时和学分"): {
        "class_hour_ms": _("1 学时是几分钟"), "class_hours_per_credit": _("几学时是 1 学分"),
        "hour_step_milli": _("学时只算整的：不满几学时的部分不算"), "lesson_steps": _("每节课按自己的长度算学时"),
        "quiz_ms_per_question": _("通过考核，每道题算几分钟"), "quiz_hours_milli": _("每通过一次考核，另算几学时"),
        "quiz_share_permille": _("考核最多占一门课的百分之几"), "reading_chars_per_minute": _("每分钟读多少字"),
    },
    _("怎样算学过"): {
        "share_watched_permille": _("每节课至少看百分之几"), "max_rate_permille": _("最快按几倍速算"),
        "beat_every_s": _("学习进度隔几秒报一次"), "late_after_ms": _("晚到几分钟算补报"),
        "late_cap_ms": _("一门课最多补报几小时"), "theory_share_permille": _("先学完网课的百分之几才能上实操"),
    },
    _("上限"): {"daily_cap_ms": _("一天最多算几小时"), "yearly_cap_milli": _("一年最多认定几学时")},
    _("考核"): {
        "pass_mark": _("几分及格"), "test_out_mark": _("先考到几分可以免学"), "quiz_attempts": _("可以考几次"),
        "quiz_cooldown_ms": _("都没过，等几小时再考"), "exam_grace_ms": _("断网时交卷宽限几分钟"),
    },
    _("在场确认"): {
        "presence_min_ms": _("最短隔几分钟问一次"), "presence_max_ms": _("最长隔几分钟问一次"),
        "presence_answer_ms": _("要在几秒内回答"), "presence_misses": _("没赶上的，一门课最多补几次"),
        "presence_makeup_ms": _("没赶上的，几小时内补"), "presence_kinds": _("用什么方式确认"),
    },
    _("没有网络的时候"): {
        "offline_share_permille": _("下载学习最多占一门课的百分之几"), "offline_window_ms": _("下载以后几小时内有效"),
    },
    _("身份和保存"): {
        "identity_level": _("身份要到哪一级"), "identity_at": _("什么时候要"),
        "retention_years": _("没有认定学分的学习记录保存几年"),
    },
}
HINTS = {
    "hour_step_milli": _("1 是只算整学时；0.001 是零头也算。"),
    "lesson_steps": _("一行一档：从多长起，算几学时，例如“30 分钟 1”“超过 15 分钟 0.5”。空着是把整门课的时间加起来算。"),
    "quiz_hours_milli": _("0 是按题算时间。"), "max_rate_permille": _("1 是正常速度，1.5 是 1.5 倍速。"),
    "late_cap_ms": _("0 是不能补报。"), "daily_cap_ms": _("0 是不限。"), "yearly_cap_milli": _("0 是不限。"),
    "pass_mark": _("满分 100 分。"), "test_out_mark": _("0 是不可以免学。"), "presence_max_ms": _("0 是不问。"),
    "presence_kinds": _("不能只有刷脸。"), "offline_share_permille": _("0 是不可以下载学习。"),
}
KINDS = {"tap": _("点一下"), "question": _("答一道题"), "code": _("输一个数字"), "roll": _("老师点名"), "face": _("刷脸")}
CHOICES = {
    "identity_level": {str(PHONE): _("只有手机号"), str(STATED): _("填写了证件号码"), str(SEEN): _("工作人员看过证件"),
                       str(MATCHED): _("外部服务核对过证件")},
    "identity_at": {"": _("不要"), "enrol": _("报名以前"), "exam": _("考核以前"), "claim": _("学分入账以前")},
}
