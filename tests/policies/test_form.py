"""The numbers of a policy as a form: nothing is lost on the way there and back, nothing is rounded, every fault has its field."""

from __future__ import annotations

from datetime import date

import pytest
from flask_babel import force_locale
from hypothesis import given
from hypothesis import strategies as st

from guanxue.core.errors import Invalid
from guanxue.policies import Numbers, form, labels, numbers_document
from guanxue.policies.defaults import HALF_HOUR_STEPS_1, LIGHT_2, SHIPPED, SUBSIDISED_1

TODAY = date(2030, 1, 1)
ODD = SUBSIDISED_1 | {
    "class_hour_ms": 2_700_001, "late_cap_ms": 7_260_000, "daily_cap_ms": 1, "presence_answer_ms": 1500, "quiz_share_permille": 333,
    "hour_step_milli": 1, "presence_kinds": ["roll", "face", "tap"], "lesson_steps": [[0, 0], [1, 1], [1500, 1500], [3_600_001, 20_000]]}


def filled(document: dict, **change: str | list[str]) -> dict[str, list[str]]:
    """The form of a document as a browser sends it, with other words in some fields."""
    found = form.fields_of(Numbers.from_document(document)) | {"title": ["规则"], "effective_on": ["2030-01-01"]}
    return found | {name: value if isinstance(value, list) else [value] for name, value in change.items()}


def read(document: dict = SUBSIDISED_1, **change) -> dict:
    return form.read(filled(document, **change), TODAY).numbers


def faults(document: dict = SUBSIDISED_1, **change) -> dict[str, str]:
    """{field: what is said beside it} of a form that is refused."""
    with pytest.raises(Invalid) as told:
        read(document, **change)
    return {f["field"]: str(f["message"]) for f in told.value.fields}


@pytest.mark.parametrize("language", ["zh_Hans", "zh_Hant", "en"])
@pytest.mark.parametrize("document", [*(numbers for _code, _version, _title, numbers, _day in SHIPPED), ODD],
                         ids=[*(f"{code}/{version}" for code, version, *_more in SHIPPED), "odd"])
def test_a_policy_comes_back_from_its_form_as_it_was(app, document, language):
    numbers = Numbers.from_document(document)
    with app.test_request_context(), force_locale(language):
        found = read(document)
    assert found == numbers_document(numbers) and list(found) == list(numbers_document(numbers))
    assert Numbers.from_document(found) == numbers


def test_every_number_has_its_words_and_no_unit_is_of_a_number_that_there_is_not():
    names = [name for group in labels.LABELS.values() for name in group]
    known = set(numbers_document(Numbers.from_document(LIGHT_2)))
    assert set(names) == known and len(names) == len(known)
    assert {*form.UNITS, *form.ABOVE_ZERO, *form.MARKS, *labels.HINTS, *labels.CHOICES} <= known


@pytest.mark.parametrize(("unit", "word"), [
    (form.MINUTES, "分钟"), (form.HOURS, "小时"), (form.SECONDS, "秒"), (form.PERCENT, "百分之"), (form.TIMES, "倍"),
    (form.CLASS_HOURS, "学时")])
def test_a_label_names_the_unit_of_its_number(unit, word):
    found = {name: str(label) for group in labels.LABELS.values() for name, label in group.items()}
    asked = [found[name] for name, its in form.UNITS.items() if its == unit]
    assert asked and all(word in label for label in asked)


@pytest.mark.parametrize(("name", "text", "number"), [
    ("class_hour_ms", "45", 2_700_000), ("class_hour_ms", "0.001", 60), ("class_hour_ms", "１．５ 分钟", 90_000),
    ("class_hour_ms", "90 秒", 90_000), ("late_cap_ms", "1.5", 5_400_000), ("offline_window_ms", "168", 604_800_000),
    ("presence_answer_ms", "1.5", 1500), ("presence_makeup_ms", "72小时", 259_200_000), ("quiz_share_permille", "33.3", 333),
    ("quiz_share_permille", "33.30 ％", 333), ("quiz_share_permille", "100", 1000), ("max_rate_permille", "1.5 倍", 1500),
    ("yearly_cap_milli", "960 学时", 960_000), ("quiz_hours_milli", "0.125", 125), ("pass_mark", "60", 60), ("pass_mark", "060", 60),
    ("retention_years", "9999", 9999), ("identity_level", "3", 3)])
def test_each_unit_is_read_as_people_write_it(name, text, number):
    assert read(**{name: text})[name] == number


@pytest.mark.parametrize(("name", "number", "text"), [
    ("class_hour_ms", 2_700_000, "45"), ("class_hour_ms", 2_700_060, "45.001"), ("class_hour_ms", 2_700_001, "2700.001 秒"),
    ("late_cap_ms", 5_400_000, "1.5"), ("late_cap_ms", 7_260_000, "121 分钟"), ("presence_answer_ms", 60_000, "60"),
    ("presence_makeup_ms", 259_200_000, "72"), ("share_watched_permille", 900, "90"), ("share_watched_permille", 905, "90.5"),
    ("max_rate_permille", 1500, "1.5"), ("yearly_cap_milli", 960_000, "960"), ("hour_step_milli", 1, "0.001"), ("quiz_attempts", 10, "10")])
def test_a_number_is_shown_exactly(name, number, text):
    assert form.fields_of(Numbers.from_document(SUBSIDISED_1 | {name: number}))[name] == [text]


def test_steps_of_lessons_are_lines():
    assert filled(HALF_HOUR_STEPS_1)["lesson_steps"] == ["超过 0 分钟 0.25\n超过 15 分钟 0.5\n30 分钟 1"]
    for text in ("30 分钟 1\r\n\r\n超过15分钟，0.5 学时\r\n > 0 秒：0.25", "0.5小时1\n超过 900 秒 0.500\n超过 0 小时 0.25"):
        assert read(lesson_steps=text)["lesson_steps"] == HALF_HOUR_STEPS_1["lesson_steps"], "shortest first, however they are written"
    assert read(HALF_HOUR_STEPS_1, lesson_steps=" \r\n ")["lesson_steps"] == []


def test_units_are_named_in_the_readers_language(app):
    with app.test_request_context(), force_locale("en"):
        assert filled(HALF_HOUR_STEPS_1)["lesson_steps"] == ["over 0 min 0.25\nover 15 min 0.5\n30 min 1"]
        assert read(lesson_steps="Over 15 min 0.5\n超过 20 分钟 1")["lesson_steps"] == [[900_001, 500], [1_200_001, 1000]]


NUMBER, ABOVE, PERCENT = "请写一个数，例如 1.5", "要大于 0。", "请写 0 到 100，最多一位小数。"


@pytest.mark.parametrize(("name", "text", "said"), [
    ("class_hour_ms", "", NUMBER), ("class_hour_ms", "x", NUMBER), ("class_hour_ms", "-1", NUMBER), ("class_hour_ms", "1e3", NUMBER),
    ("class_hour_ms", "0", ABOVE), ("class_hour_ms", "45.0001", NUMBER), ("class_hour_ms", "45 天", NUMBER),
    ("class_hour_ms", "45 %", NUMBER), ("class_hour_ms", "9" * 400, NUMBER), ("daily_cap_ms", "nan", NUMBER),
    ("daily_cap_ms", "1.", NUMBER), ("presence_answer_ms", "0.0001", NUMBER), ("max_rate_permille", "1.0005", NUMBER),
    ("hour_step_milli", "0", ABOVE), ("yearly_cap_milli", "0.1234", NUMBER), ("quiz_share_permille", "33.33", PERCENT),
    ("share_watched_permille", "100.1", PERCENT), ("share_watched_permille", "", PERCENT), ("offline_share_permille", "-1", PERCENT),
    ("pass_mark", "101", "请写 1 到 100 的整数。"), ("pass_mark", "1.5", "请写 1 到 100 的整数。"), ("test_out_mark", "", "请写 0 到 100 的整数。"),
    ("quiz_attempts", "0", "请写 1 到 9999 的整数。"), ("class_hours_per_credit", "0", "请写 1 到 9999 的整数。"),
    ("reading_chars_per_minute", "10000", "请写 1 到 9999 的整数。"), ("beat_every_s", "0", "请写 1 到 9999 的整数。"),
    ("identity_level", "4", "请选一个。"), ("identity_level", "", "请选一个。"), ("identity_at", "later", "请选一个。"),
    ("presence_kinds", [], "请至少选一种。"), ("presence_kinds", ["face"], "不能只有刷脸"), ("presence_kinds", ["nod"], "请至少选一种。"),
    ("presence_min_ms", "0", "不比最长的长"), ("presence_min_ms", "16", "不比最长的长"), ("presence_min_ms", "x", NUMBER),
    ("presence_answer_ms", "0", ABOVE), ("lesson_steps", "10 0.25", "第 1 行看不懂"), ("lesson_steps", "10 分钟", "第 1 行看不懂"),
    ("lesson_steps", "10 分钟 1\n少于 5 分钟 1", "第 2 行看不懂"), ("lesson_steps", "10 分钟 0.2555", "第 1 行看不懂"),
    ("lesson_steps", "10.00001 分钟 1", "第 1 行看不懂"), ("lesson_steps", "[[1, 250]]", "第 1 行看不懂"),
    ("lesson_steps", "10 分钟 1\n\n600 秒 2", "第 3 行写的长度，上面已经有了"), ("title", " ", "请写一点内容。"), ("title", "长" * 41, "最多 40 个字"),
    ("effective_on", "", "请填从哪一天起用。"), ("effective_on", "2030-02-30", "请填从哪一天起用。"), ("effective_on", "2029-12-31", "不能倒回去")])
def test_what_cannot_be_is_named_at_its_field_and_nowhere_else(name, text, said):
    found = faults(**{name: text})
    assert list(found) == [name] and said in found[name]


def test_a_field_that_did_not_come_is_named():
    with pytest.raises(Invalid) as told:
        form.read({}, TODAY)
    lists = {"lesson_steps", "presence_kinds", "identity_at"}  # nothing in them says something
    assert {f["field"] for f in told.value.fields} == {"title", "effective_on", *numbers_document(Numbers.from_document(LIGHT_2))} - lists


def test_all_that_is_wrong_is_named_at_once():
    assert set(faults(title="", pass_mark="x", lesson_steps="x")) == {"title", "pass_mark", "lesson_steps"}


def test_without_checks_their_numbers_are_free():
    free = {"presence_max_ms": "0", "presence_min_ms": "5", "presence_answer_ms": "0", "presence_kinds": []}
    assert not read(**free)["presence_kinds"] and list(faults(**free | {"presence_kinds": ["face"]})) == ["presence_kinds"]


@given(st.integers(0, 9_999_999), st.sampled_from([form.WHOLE, *form.UNITS.values()]))
def test_no_number_changes_on_the_way(number, unit):
    assert form.stored(form.written(number, unit), unit) == number


@given(st.dictionaries(st.sampled_from(sorted(numbers_document(Numbers.from_document(LIGHT_2)))), st.sampled_from(
    ["", "0", "1", "100", "100.1", "0.001", "7 小时", "10 分钟 1\n5 分钟 2", "tap", "face", "claim"])))
def test_what_is_read_is_always_a_policy(change):
    try:
        found = read(**change)
    except Invalid:
        return
    assert numbers_document(Numbers.from_document(found)) == found
