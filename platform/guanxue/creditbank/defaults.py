"""The rules of crediting that we ship. Our proposal, not official (docs/decisions/0029-credit-rules.md); a published version
never changes: a city that decides otherwise publishes the next.
"""

from guanxue.core.i18n import marked as N_

CREDIT = 1000  # millicredits

CITY_1 = {
    "year_month": 1,
    "semester_month": 7,
    # No annual cap was found in force anywhere near; 60 a year from online study is our proposal.
    "caps": [{"code": "year-online", "period": "year", "most_milli": 60 * CREDIT, "online": True}],
    "floors": [],  # completing a course or a class asks for its own minimums already, each of them
    "near_permille": 1000,  # the same title once blanks, marks and ordinals are written alike
    "tell_permille": 850,
    "near_sources": ["course"],
    "content_permille": 800,  # one college's rule: from 80 % on it is the same course
    "abbreviations": [["plc", "可编程控制器"], ["可编程逻辑控制器", "可编程控制器"], ["cnc", "数控"]],
    # Formal study and skills may count as continuing and general education; nothing general counts as formal study.
    "counts_as": [
        ["secondary-vocational", "continuing-education"], ["secondary-vocational", "general-literacy"],
        ["skills-upgrading", "continuing-education"], ["skills-upgrading", "secondary-vocational"],
        ["continuing-education", "general-literacy"],
    ],
    "valid_months": [],  # credit is a record and does not expire
    "warn_days": 60,
    "window_months": [["certificate", 96], ["competition", 96]],  # eight years to bring a result in
    "provider_kinds": [],
}

# version, title, document, the city day from which it holds
SHIPPED = [(1, N_("莞学学分规则"), CITY_1, "2026-01-01")]
