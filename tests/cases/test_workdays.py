"""The calendar of working days: 2026 as published, other years by weekends."""

from datetime import date

from guanxue.cases import workdays


def test_2026_has_the_days_that_were_published():
    off = [d for d, is_work in workdays._special().items() if not is_work]
    assert len(off) == 3 + 9 + 3 + 5 + 3 + 3 + 7
    assert {d for d, is_work in workdays._special().items() if is_work} == {
        date(2026, 1, 4), date(2026, 2, 14), date(2026, 2, 28), date(2026, 5, 9), date(2026, 9, 20), date(2026, 10, 10)}
    assert all(d.weekday() >= 5 for d, is_work in workdays._special().items() if is_work)


def test_a_term_over_the_national_day_skips_it_and_counts_the_saturday_worked_instead():
    assert workdays.add_workdays(date(2026, 9, 30), 1) == date(2026, 10, 8)
    assert workdays.add_workdays(date(2026, 9, 30), 3) == date(2026, 10, 10)
    assert workdays.add_workdays(date(2026, 2, 13), 2) == date(2026, 2, 24)


def test_nought_days_end_today_and_none_begins_before_tomorrow():
    assert workdays.add_workdays(date(2026, 10, 1), 0) == date(2026, 10, 1)
    assert workdays.add_workdays(date(2026, 11, 26), 1) == date(2026, 11, 27)


def test_what_is_left_is_the_way_back_of_what_was_given():
    for day in (date(2026, 2, 10), date(2026, 9, 29), date(2026, 12, 29), date(2028, 2, 27)):
        for count in range(1, 25):
            due = workdays.add_workdays(day, count)
            assert workdays.workdays_until(day, due) == count and workdays.is_workday(due)
    assert workdays.workdays_until(date(2026, 10, 12), date(2026, 10, 9)) == -2


def test_a_year_without_a_calendar_has_weekends_and_is_asked_for():
    assert workdays.add_workdays(date(2027, 9, 30), 1) == date(2027, 10, 1)
    assert workdays.missing_years(date(2026, 6, 1)) == [] and workdays.missing_years(date(2026, 12, 12)) == [2027]
    assert workdays.missing_years(date(2027, 3, 1)) == [2027]
