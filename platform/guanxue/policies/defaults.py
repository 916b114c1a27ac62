"""The policies we ship. Change a number here only together with a new version: a published version never changes.

Basis: class hour 45 minutes and 16 class hours a credit are our proposal (docs/decisions/0003-credits.md), not official.
"""

from guanxue.core.i18n import marked as N_

LIGHT_1 = {
    "class_hour_ms": 45 * 60_000,
    "class_hours_per_credit": 16,
    "share_watched_permille": 900,  # of each lesson's distinct milliseconds
    "max_rate_permille": 2000,  # voluntary courses count up to double speed
    "beat_every_s": 15,
    "late_after_ms": 120_000,
    "late_cap_ms": 6 * 3_600_000,  # voluntary courses forgive a long hole in the network
    "quiz_ms_per_question": 60_000,
    "pass_mark": 60,  # of 100
    "quiz_attempts": 3,  # then a pause
    "quiz_cooldown_ms": 24 * 3_600_000,
    "reading_chars_per_minute": 300,
}

# code, version, title, numbers; effective from the beginning of the platform.
SHIPPED = [("light", 1, N_("自愿学习（宽松）"), LIGHT_1)]
EFFECTIVE_ON = "2026-01-01"
