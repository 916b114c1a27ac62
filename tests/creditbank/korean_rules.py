"""The rules that Korea's academic credit bank publishes, as data: a fixture, and a proof that our form can say them."""

from __future__ import annotations

CREDIT = 1000

KOREA = {
    "year_month": 3,  # 1 March to the end of February
    "semester_month": 9,
    "caps": [
        {"code": "year", "period": "year", "most_milli": 42 * CREDIT},
        {"code": "semester", "period": "semester", "most_milli": 24 * CREDIT},
        {"code": "institution", "period": "ever", "most_milli": 105 * CREDIT, "each_provider": True},
        {"code": "two-year-institution", "period": "ever", "most_milli": 60 * CREDIT, "each_provider": True,
         "provider_kind": "two-year"},
    ],
    "floors": [{"source": "course", "component": "attendance", "least": 800}, {"source": "course", "component": "mark", "least": 60}],
    "near_permille": 1000,
    "tell_permille": 800,
    "near_sources": ["course"],
    "abbreviations": [["it", "信息技术"]],
    "provider_kinds": [["small-college", "two-year"]],
}

# 140 = major ≥ 60 + general ≥ 30, ≥ 18 of it from the own institution: a target, for the room of programmes.
DEGREE = {"total": 140 * CREDIT, "major": 60 * CREDIT, "general": 30 * CREDIT, "own": 18 * CREDIT}
