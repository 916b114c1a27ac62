"""What the numbers of a policy are called on the administrator's page, with their units, in the groups of the form."""

from __future__ import annotations

from guanxue.core.i18n import lazy as _

# group → {number: label}
LABELS = {
    _("学时和学分"): {
        "class_hour_ms": _("1 学时多长（毫秒）"), "class_hours_per_credit": _("几学时 1 学分"),
        "hour_step_milli": _("学时只算到这一档（千分之一学时；1000 是整学时）"),
        "lesson_steps": _("按课分档：[[从多少毫秒起, 千分之一学时], …]，空着是把时间加起来算"),
        "quiz_ms_per_question": _("通过考核，每题算多少毫秒"),
        "quiz_hours_milli": _("通过考核另算多少（千分之一学时；0 是按题算）"),
        "quiz_share_permille": _("考核最多占一门课多少（千分之一）"),
        "reading_chars_per_minute": _("阅读速度（每分钟多少字）"),
    },
    _("怎样算学过"): {
        "share_watched_permille": _("每节课至少看多少（千分之一）"), "max_rate_permille": _("最快按几倍速算（千分之一）"),
        "beat_every_s": _("隔多少秒报一次"), "late_after_ms": _("晚到多久算补报（毫秒）"),
        "late_cap_ms": _("一门课最多补报（毫秒）"),
        "theory_share_permille": _("先学完多少网课才能上实操（千分之一）"),
    },
    _("上限"): {
        "daily_cap_ms": _("一天最多算（毫秒；0 不限）"), "yearly_cap_milli": _("一年最多认定（千分之一学时；0 不限）"),
    },
    _("考核"): {
        "pass_mark": _("及格线（百分制）"), "quiz_attempts": _("可以考几次"), "quiz_cooldown_ms": _("考完几次后要等（毫秒）"),
        "test_out_mark": _("先考到多少分可以免学（0 不可以）"), "exam_grace_ms": _("断网交卷宽限（毫秒）"),
    },
    _("在场确认"): {
        "presence_min_ms": _("最短隔多久（毫秒）"), "presence_max_ms": _("最长隔多久（毫秒；0 没有确认）"),
        "presence_answer_ms": _("多久内回答（毫秒）"), "presence_misses": _("最多补几次"),
        "presence_makeup_ms": _("多久内补（毫秒）"),
        "presence_kinds": _("方式：tap 点一下，question 答题，code 数字，roll 点名，face 刷脸（不能只有刷脸）"),
    },
    _("没有网络的时候"): {
        "offline_share_permille": _("最多占一门课多少（千分之一；0 不可以）"),
        "offline_window_ms": _("下载后多久内有效（毫秒）"),
    },
    _("身份和保存"): {
        "identity_level": _("身份要到哪一级：0 手机号，1 已填写，2 已查看证件，3 已核对"),
        "identity_at": _("什么时候要：enrol 报名，exam 考核，claim 入账；空着是不要"),
        "retention_years": _("没有认定学分的学习记录保存几年"),
    },
}
