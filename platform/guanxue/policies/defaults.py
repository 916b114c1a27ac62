"""The policies we ship. Change a number here only together with a new version: a published version never changes.

Basis, as far as there is one, stands beside each; what has none is our proposal and not official
(docs/decisions/0003-credits.md, 0020-policies.md). Codes are stable: courses name them.
"""

from guanxue.core.i18n import marked as N_

MINUTE, HOUR, DAY = 60_000, 3_600_000, 24 * 3_600_000

LIGHT_1 = {
    "class_hour_ms": 45 * MINUTE,
    "class_hours_per_credit": 16,
    "share_watched_permille": 900,  # of each lesson's distinct milliseconds
    "max_rate_permille": 2000,  # voluntary courses count up to double speed
    "beat_every_s": 15,
    "late_after_ms": 120_000,
    "late_cap_ms": 6 * HOUR,  # voluntary courses forgive a long hole in the network
    "quiz_ms_per_question": MINUTE,
    "pass_mark": 60,  # of 100
    "quiz_attempts": 3,  # then a pause
    "quiz_cooldown_ms": DAY,
    "reading_chars_per_minute": 300,
}
LIGHT_2 = LIGHT_1 | {
    "offline_share_permille": 1000,
    "offline_window_ms": 14 * DAY,
    "test_out_mark": 80,  # who knows it already need not sit through it
    "exam_grace_ms": 120_000,
}
# Real name, process and traces: the rules for subsidised online training ask for them; none of them fixes these figures.
SUBSIDISED_1 = LIGHT_1 | {
    "max_rate_permille": 1000,
    "late_cap_ms": 0,  # what comes late counts with an offline ticket alone
    "quiz_share_permille": 200,
    "daily_cap_ms": 8 * 45 * MINUTE,  # eight class hours a day, often quoted, nowhere found in a published text
    "yearly_cap_milli": 960_000,  # 60 credits a year
    "presence_min_ms": 8 * MINUTE,
    "presence_max_ms": 15 * MINUTE,
    "presence_answer_ms": MINUTE,
    "presence_misses": 9,  # one province's rules for site staff: at most nine misses, made up within three days
    "presence_makeup_ms": 3 * DAY,
    "presence_kinds": ["tap", "question", "code", "roll"],
    "offline_share_permille": 300,
    "offline_window_ms": 7 * DAY,
    "identity_level": 2,
    "identity_at": "claim",
    "exam_grace_ms": 120_000,
    "theory_share_permille": 1000,
    "retention_years": 10,
}
# An enterprise's online training in one province (2020): a class hour is not less than 45 minutes.
WHOLE_HOURS_1 = SUBSIDISED_1 | {"hour_step_milli": 1000}
# One cadre academy's rule: 30 minutes or more are one hour, over 15 half an hour, less a quarter; a passed test half an hour.
HALF_HOUR_STEPS_1 = SUBSIDISED_1 | {
    "class_hour_ms": 30 * MINUTE,
    "lesson_steps": [[1, 250], [15 * MINUTE + 1, 500], [30 * MINUTE, 1000]],
    "quiz_hours_milli": 500,
    "quiz_share_permille": 1000,
}

BEGINNING, SECOND = "2026-01-01", "2026-11-26"
# code, version, title, numbers, the city day from which it holds
SHIPPED = [
    ("light", 1, N_("自愿学习（宽松）"), LIGHT_1, BEGINNING),
    ("light", 2, N_("自愿学习（宽松）"), LIGHT_2, SECOND),
    ("subsidised", 1, N_("补贴培训（严格）"), SUBSIDISED_1, SECOND),
    ("whole-hours", 1, N_("补贴培训（只计整学时）"), WHOLE_HOURS_1, SECOND),
    ("half-hour-steps", 1, N_("补贴培训（30 分钟一学时，分档计）"), HALF_HOUR_STEPS_1, SECOND),
]
