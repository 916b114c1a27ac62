"""The runner: within limits, in an empty folder, ended with everything it started; its last words kept."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from guanxue.media import programs
from guanxue.media.errors import Stopped
from guanxue.media.programs import ProgramFailed, run


def shell(script: str, **options) -> str:
    return run(["sh", "-c", script], **{"timeout_s": 20, **options})


def is_alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def test_a_program_works_in_an_empty_folder_with_nothing_of_our_environment(monkeypatch):
    monkeypatch.setenv("GUANXUE_SECRET_KEY", "a secret")
    monkeypatch.setenv("LD_PRELOAD", "")
    assert shell("ls -A; env").splitlines() and "secret" not in shell("env") and "GUANXUE" not in shell("env")
    assert shell("ls -A") == ""
    assert shell("pwd").strip() != os.getcwd()


def test_a_program_is_behind_the_sites_own_work_in_a_session_of_its_own():
    nice, session, group = shell("nice; ps -o sid= -p $$; ps -o pgid= -p $$").split()
    assert int(nice) == 19 and session == group and int(session) != os.getsid(0)


def test_memory_file_size_and_processor_time_have_limits():
    with pytest.raises(ProgramFailed):
        run(["python3", "-c", "x = bytearray(4 * 1024**3)"], timeout_s=20)
    with pytest.raises(ProgramFailed):
        shell("head -c 3000000 /dev/zero > large", file_bytes=1_000_000)
    began = time.monotonic()
    with pytest.raises(ProgramFailed):
        shell("while :; do :; done", cpu_s=1, timeout_s=60)
    assert time.monotonic() - began < 60


def test_a_program_that_does_not_get_on_is_ended_with_its_children(tmp_path):
    pids = tmp_path / "pids"
    with pytest.raises(ProgramFailed, match="did not get on"):
        shell(f"sleep 60 & echo $! > {pids}; echo $$ >> {pids}; echo out_time_us=5; echo out_time_us=5; wait", quiet_s=0.5,
              on_progress=lambda _s: None, timeout_s=60)
    assert not any(is_alive(int(pid)) for pid in pids.read_text().split())


def test_a_program_that_ignores_being_asked_is_made_to_end(monkeypatch, tmp_path):
    monkeypatch.setattr(programs, "GRACE_S", 0.2)
    with pytest.raises(Stopped):
        shell(f"trap '' TERM; echo $$ > {tmp_path}/pid; while :; do sleep 0.1; done",
              is_lost=lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() != "")
    assert not is_alive(int((tmp_path / "pid").read_text()))


def test_progress_only_grows_and_is_told_in_seconds():
    seen = []
    shell("for n in N/A -9223372036854775808 1000000 500000 2500000; do echo out_time_us=$n; done", on_progress=seen.append)
    assert seen == [1.0, 2.5]


def test_the_last_words_are_kept_however_much_was_said():
    with pytest.raises(ProgramFailed, match="the very end$"):
        shell("head -c 500000 /dev/zero | tr '\\0' x >&2; echo the very end >&2; exit 3")


def test_whoever_says_too_much_is_ended():
    with pytest.raises(ProgramFailed, match="too much"):
        shell("yes", timeout_s=60)


def test_what_a_reader_of_lines_raises_ends_the_program():
    class Enough(Exception):
        pass

    def take(line):
        if line == "3":
            raise Enough

    with pytest.raises(Enough):
        shell("seq 5; sleep 60", on_line=take, timeout_s=60)


def test_a_program_stands_still_while_something_else_is_done_and_then_goes_on(tmp_path):
    ticks, seen = tmp_path / "ticks", []

    def other():
        time.sleep(0.2)  # what it wrote before it was held is there
        seen.append(ticks.stat().st_size)
        time.sleep(0.8)
        seen.append(ticks.stat().st_size)

    def overtaking():
        return other if not seen and ticks.exists() and ticks.stat().st_size else None

    shell(f"for n in 1 2 3 4 5 6 7 8 9 10; do echo out_time_us=$n; echo x >> {ticks}; sleep 0.05; done", overtaking=overtaking,
          on_progress=lambda _s: None, quiet_s=0.7, timeout_s=60)
    assert seen[0] == seen[1] < 20 and ticks.stat().st_size == 20


def test_a_program_that_is_no_longer_wanted_while_it_stands_still_ends_with_its_children(tmp_path):
    pids, held = tmp_path / "pids", []
    with pytest.raises(Stopped):
        shell(f"sleep 60 & echo $! > {pids}; echo $$ >> {pids}; wait", is_lost=lambda: bool(held),
              overtaking=lambda: (lambda: held.append(1)) if pids.exists() and pids.read_text().count("\n") == 2 else None)
    assert not any(is_alive(int(pid)) for pid in pids.read_text().split())
