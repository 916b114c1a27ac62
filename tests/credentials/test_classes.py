"""The certificate of a class that met."""

from __future__ import annotations

from tests.classes.test_service import WIDE, close, people  # noqa: F401 the fixture of its cast
from tests.factories import attend, make_class

from guanxue import classes, credentials
from guanxue.core import clock
from guanxue.credentials.checking import check


def test_a_completed_class_gets_a_certificate_of_training(people):  # noqa: F811
    teacher, one, *_others = people
    cls, meeting = make_class(teacher, is_public=True, hours=4, **WIDE)
    classes.join_class(one, cls, promises=True)
    attend(one, cls, meeting)
    assert close(teacher, cls, meeting) == 1 and credentials.issue_all(one.id) == 1
    award = credentials.list_awards(one.id)[0]
    row = award.issued.credential
    assert check(credentials.file_of(row), credentials.list_keys(), clock.now(), [credentials.signed_list(1, clock.now())]).is_valid
    said, told = credentials.payload_of(row)["microCredential"], credentials.paper_of(row)
    assert row.kind == "class" and said["participation"] == "面授" and said["workload"] == {"classHours": 5.333, "classHourMinutes": 45, "credits": 0.333}
    assert said["learningOutcomes"] == ["量具的使用"] and told["title"] == "培训合格证书" and "参加并完成“数控车工五级班”，合格" in told["sentence"]
