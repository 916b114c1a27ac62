"""An older ledger put back is found until a signed, audited rewind says so; nothing else can be excused by one."""

from __future__ import annotations

import json
import threading

import pytest
from click.testing import CliRunner
from tests.factories import learner
from tests.ledger.test_service import TAMPERINGS, deposit, tamper

from guanxue import audit, ledger
from guanxue.core.actor import SYSTEM
from guanxue.core.command import Application
from guanxue.core.db import db, end_work, writing
from guanxue.core.errors import Forbidden, Invalid
from guanxue.ledger import verification
from guanxue.ledger.commands import group

CUT, _first = TAMPERINGS["cut the tail with its tree and heads"]


@pytest.fixture
def older(any_app):
    """Eight entries were kept and sealed outside; the database holds the first six again, as an old backup would."""
    with any_app.test_request_context():
        for n in range(1, 9):
            with writing():
                deposit(n, n * 10, person=n)
                ledger.seal()
        assert cut().first_bad_entry == 7
        yield any_app


def cut() -> ledger.Report:
    """Put the ledger of six entries back."""
    quoted = [s.replace(" index ", ' "index" ') if db.engine.dialect.name == "sqlite" else s for s in CUT]
    return tamper(*quoted)


def rewind(reason="恢复周一的备份", authority="信息科 2026-7 号") -> dict:
    with writing():
        return ledger.rewind(SYSTEM, reason=reason, authority=authority)


def verified() -> ledger.Report:
    report = ledger.verify()
    end_work(commit=False)
    return report


def test_an_older_ledger_fails_until_a_rewind_is_recorded_and_is_named_ever_after(older):
    assert not verified().is_sound
    assert rewind() == {"from_size": 8, "size": 6}
    report = verified()
    assert report.faults == [] and len(report.rewinds) == 1
    assert all(word in report.rewinds[0] for word in ("8", "6", "恢复周一的备份", "信息科 2026-7 号"))
    line = audit.list_lines(subject="ledger")[0]
    assert (line.action, line.detail["from_size"], line.detail["size"]) == ("ledger.rewound", 8, 6)
    for n in range(20, 24):
        with writing():
            deposit(n)
    report = verified()
    assert report.faults == [] and report.entries == 10 and len(report.rewinds) == 1


def test_a_second_old_backup_needs_a_second_rewind(older):
    rewind()
    with writing():
        deposit(30)
        ledger.seal()
    assert not cut().is_sound
    rewind(reason="又恢复了一次")
    report = verified()
    assert report.faults == [] and ["又恢复了一次" in r for r in report.rewinds] == [False, True]


def test_entries_posted_before_the_rewind_was_recorded_stay_good(older):
    for n in (30, 31, 32):
        with writing():
            deposit(n)
            ledger.seal()
    assert not verified().is_sound
    assert rewind() == {"from_size": 8, "size": 6}
    assert verified().faults == [] and verified().entries == 9
    assert not cut().is_sound  # the new tail is guarded outside again


def test_a_rewind_needs_cause_reason_authority_and_right(any_app):
    with any_app.test_request_context():
        with writing():
            deposit(1)
            ledger.seal()
        with pytest.raises(ledger.NothingToRewind):
            rewind()
        for words in ({"reason": " "}, {"authority": ""}):
            with pytest.raises(Invalid):
                rewind(**words)
        with pytest.raises(Forbidden), writing():
            ledger.rewind(learner(), reason="x", authority="y")
        assert audit.list_lines(subject="ledger") == [] and verified().rewinds == []


@pytest.mark.parametrize("name", ["change an amount", "change a document", "cut the tail", "change who holds"])
def test_a_rewind_excuses_no_change(any_app, name):
    with any_app.test_request_context():
        for n in range(1, 9):
            with writing():
                deposit(n, n * 10, person=n)
                ledger.seal()
        before = ledger.kept_bytes()
        assert not tamper(*TAMPERINGS[name][0]).is_sound
        with pytest.raises(ledger.NothingToRewind):
            rewind()
        assert ledger.kept_bytes() == before and not verified().is_sound


def test_a_changed_old_entry_below_the_cut_is_not_excused(older):
    tamper("UPDATE ledger_posting SET amount_millicredits = amount_millicredits * 2 WHERE entry_number = 3")
    with pytest.raises(ledger.NothingToRewind):
        rewind()


def test_a_rewind_line_copied_to_the_end_excuses_nothing(older):
    rewind()
    for n in range(40, 44):
        with writing():
            deposit(n)
            ledger.seal()
    assert verified().is_sound and not cut().is_sound
    line = next(x for x in ledger.kept_bytes().splitlines(keepends=True) if b'"rewind"' in x)
    with ledger.kept_heads_path().open("ab") as file:
        file.write(line)
    assert any("回退登记" in f for f in verified().faults)


@pytest.mark.parametrize("change", [{"size": 2}, {"reason": "别的"}, {"from_size": 100}, {"signature": "00" * 64}, {"after": "00" * 32}])
def test_a_forged_rewind_is_a_fault(older, change):
    rewind()
    path = ledger.kept_heads_path()
    lines = [json.loads(x) for x in path.read_text("utf-8").splitlines()]
    lines = [x | change if x.get("kind") == "rewind" else x for x in lines]
    path.write_text("".join(json.dumps(x, sort_keys=True) + "\n" for x in lines), "utf-8")
    assert not verified().is_sound


def test_a_line_taken_out_before_the_rewind_is_a_fault(older):
    rewind()
    path = ledger.kept_heads_path()
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
    assert not verified().is_sound


def test_the_command_records_it_and_verify_names_it(older):
    run = lambda *args: CliRunner().invoke(group, args, obj=Application(lambda: older))
    assert run("verify").exit_code == 1
    assert run("rewind", "--reason", "恢复备份").exit_code == 2  # no authority
    told = run("rewind", "--reason", "恢复备份", "--authority", "李工")
    assert told.exit_code == 0 and told.stdout == "已登记回退：从 8 笔退到 6 笔。\n"
    seen = run("verify")
    assert seen.exit_code == 0 and "恢复备份" in seen.stdout and "李工" in seen.stdout
    again = run("rewind", "--reason", "x", "--authority", "y")
    assert again.exit_code == 1 and again.stdout == ""


@pytest.mark.both_databases
def test_verify_while_others_post_sees_one_moment(any_app, monkeypatch):
    def post(n: int) -> None:
        with any_app.test_request_context(), writing():
            deposit(n)

    def and_then_another_posts(report, tree) -> None:
        writer = threading.Thread(target=post, args=(tree.size + 1,))
        writer.start()
        writer.join()
        check_nodes(report, tree)

    post(1)
    check_nodes = verification._check_nodes
    monkeypatch.setattr(verification, "_check_nodes", and_then_another_posts)
    told = CliRunner().invoke(group, ["verify"], obj=Application(lambda: any_app))
    assert told.exit_code == 0 and told.stdout.startswith("账本完好：1 笔。\n"), told.output
