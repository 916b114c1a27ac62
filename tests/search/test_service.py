"""The index follows what changes, is rebuilt while people read, and is only a copy."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import threading
import time

import pytest
from click.testing import CliRunner
from tests.conftest import make_app
from tests.factories import make_course

from guanxue import jobs, search
from guanxue.core.command import Application
from guanxue.core.db import session, writing
from guanxue.core.settings import settings
from guanxue.jobs.worker import run_waiting
from guanxue.search import SearchDocument
from guanxue.search.commands import command
from guanxue.search.service import state

TITLES = {
    "turning": "数控车床编程", "milling": "数控铣床操作", "fork": "叉车安全驾驶", "drone": "无人机航拍", "elevator": "电梯日常保养",
    "knit": "毛织品质检验",
}


class Shelf:
    """A pretended feature: things with titles, some of which can be studied."""

    def __init__(self, titles: dict[str, str]) -> None:
        self.titles = dict(titles)
        self.open: set[str] = set()

    def load(self, id: str) -> SearchDocument | None:
        if id not in self.titles:
            return None
        return SearchDocument(kind="thing", id=id, title=self.titles[id], url=f"/things/{id}", rank=int(id in self.open))

    def list_ids(self) -> list[str]:
        return list(self.titles)


def shelve(app) -> Shelf:
    """Things that search of this app knows, indexed."""
    shelf = Shelf(TITLES)
    with app.app_context():
        state().sources.clear()
        search.register("thing", shelf.load, shelf.list_ids)
        search.rebuild()
    return shelf


@pytest.fixture
def shelf(bare_app):
    """Things that search knows, indexed."""
    return shelve(bare_app)


def ids(text: str, **more) -> list[str]:
    return [hit.id for hit in search.query(text, **more).hits]


def touch(app, id: str) -> None:
    with app.app_context(), writing():
        search.touch("thing", id)


def test_words_pinyin_initials_and_typos_find(bare_app, shelf):
    with bare_app.app_context():
        assert set(ids("数控")) == set(ids("shukong")) == set(ids("ＳＨＵＫＯＮＧ")) == {"turning", "milling"}
        assert ids("skcc")[0] == ids("数控车床")[0] == "turning"
        assert ids("插车") == ids("chahce") == ["fork"]
        assert set(ids("CNC")) == set(ids("cnc")) >= {"turning", "milling"}
        assert ids("铲车") == ["fork"]
        assert ids("") == ids("  ，") == ids("量子物理") == []


def test_what_was_probably_meant_is_named(bare_app, shelf):
    with bare_app.app_context():
        result = search.query("无人鸡")
        assert (result.stage, result.did_you_mean, [h.id for h in result.hits]) == (2, "无人机", ["drone"])
        assert search.query("无人机").did_you_mean is None


def test_a_planned_thing_never_stands_above_an_open_one_that_answers_as_well(bare_app, shelf):
    shelf.titles |= {f"plan{n}": "数控" for n in range(8)} | {"real": "五轴加工中心与数控车床综合实训提高班"}
    shelf.open.add("real")
    with bare_app.app_context():
        search.rebuild()
        assert ids("数控")[0] == ids("shukong")[0] == "real"


def test_kinds_and_limit_narrow_what_is_given_but_not_what_was_found(bare_app, shelf):
    with bare_app.app_context():
        assert ids("数控", kinds=("course",)) == []
        result = search.query("数控", kinds=("thing",), limit=1)
        assert (len(result.hits), result.total) == (1, 2)


def test_a_touched_thing_is_found_by_its_new_title_and_a_lost_one_no_more(any_app):
    shelf = shelve(any_app)
    shelf.titles["fork"] = "堆高机作业"
    del shelf.titles["drone"]
    touch(any_app, "fork")
    touch(any_app, "drone")
    with any_app.app_context():
        assert ids("叉车") == ["fork"]
    jobs.run_waiting(any_app)
    with any_app.app_context():
        assert "fork" in ids("堆高机")
        assert ids("无人机") == []
        assert search.status().documents == {"thing": 5}
        assert search.status().waiting == 0


def test_a_change_that_rolls_back_is_not_indexed(bare_app, shelf):
    with bare_app.app_context(), pytest.raises(RuntimeError), writing():
        search.touch("thing", "fork")
        raise RuntimeError
    assert jobs.run_waiting(bare_app) == 0


def test_what_is_in_the_index_as_it_is_costs_no_writing(bare_app, shelf):
    touch(bare_app, "fork")
    before = sorted(p.name for p in settings_of(bare_app).index_dir.rglob("*"))
    jobs.run_waiting(bare_app)
    assert sorted(p.name for p in settings_of(bare_app).index_dir.rglob("*")) == before


def settings_of(app):
    with app.app_context():
        return settings()


def test_a_change_while_the_index_is_built_is_not_lost(bare_app, shelf):
    def change_once(count: int) -> None:
        if count == 3:
            shelf.titles["turning"] = "车削新课"  # after it was loaded: the new index would not know
            touch(bare_app, "turning")
            worker.start()

    worker = threading.Thread(target=jobs.run_waiting, args=(bare_app,))
    with bare_app.app_context():
        search.rebuild(change_once)
        session.remove()
    worker.join()
    with bare_app.app_context():
        assert "turning" in ids("车削新课")


def test_people_go_on_reading_while_the_index_is_built_anew(bare_app, shelf):
    stop, wrong = threading.Event(), []

    def read() -> None:
        with bare_app.app_context():
            while not stop.is_set():
                state().library._looked = 0.0  # look at the disk every time
                if set(ids("数控")) != {"turning", "milling"}:
                    wrong.append(ids("数控"))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    with bare_app.app_context():
        for _ in range(5):
            search.rebuild()
            search.update("thing", "fork")
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []


def test_losing_the_index_loses_nothing(bare_app, site, shelf):
    with bare_app.app_context():
        assert ids("数控")
        shutil.rmtree(settings().index_dir)
        assert ids("叉车") == ["fork"]  # what is in memory goes on answering
        assert not search.is_ready()
        search.freshen()
        assert search.is_ready()
    again = make_app(site)
    with again.app_context():
        assert set(ids("数控")) == {"turning", "milling"}


def test_a_lost_index_is_built_again_in_the_background(bare_app, shelf):
    with bare_app.app_context():
        assert ids("数控")
        shutil.rmtree(settings().index_dir)
        state().library._looked = 0.0
        deadline = time.monotonic() + 20
        while not search.is_ready() and time.monotonic() < deadline:
            assert set(ids("数控")) == {"turning", "milling"}
            time.sleep(0.05)
        assert search.is_ready()


@pytest.mark.parametrize("suffix", [".toc", ".seg"])
def test_a_damaged_index_is_noticed_and_made_again(bare_app, site, shelf, suffix):
    with bare_app.app_context():
        (file,) = state().library.current().glob(f"*{suffix}")
        file.write_bytes(file.read_bytes()[:7])
    again = make_app(site)
    with again.app_context():
        state().sources.clear()
        search.register("thing", shelf.load, shelf.list_ids)
        assert not search.is_ready()
        search.freshen()
        assert set(ids("数控")) == {"turning", "milling"}


def test_an_update_without_an_index_builds_it(bare_app, shelf):
    with bare_app.app_context():
        shutil.rmtree(settings().index_dir)
    touch(bare_app, "fork")
    jobs.run_waiting(bare_app)
    with bare_app.app_context():
        assert search.is_ready()
        assert search.status().documents == {"thing": 6}


def test_an_index_made_with_another_word_list_answers_but_is_made_anew(bare_app, shelf):
    with bare_app.app_context():
        state().library.words_print = "0123456789"
        assert ids("叉车") == ["fork"]
        assert not search.status().is_up_to_date
        search.freshen()
        assert search.status().is_up_to_date


def test_a_build_that_fails_leaves_the_old_index_and_no_rest(bare_app, shelf):
    def break_off(count: int) -> None:
        if count == 3:
            raise OSError("disk full")

    with bare_app.app_context():
        with pytest.raises(OSError, match="disk full"):
            search.rebuild(break_off)
        assert ids("叉车") == ["fork"]
        assert len(list(settings().index_dir.glob("index-*"))) == 1


def _write_for_ever(app) -> None:
    with app.app_context():
        for n in range(10_000):
            state().sources["thing"].load.__self__.titles["fork"] = f"叉车第{n}版"
            search.update("thing", "fork")


def test_a_writer_killed_at_any_moment_leaves_an_index_that_answers(bare_app):
    shelve(bare_app)
    fork = multiprocessing.get_context("fork")
    for wait_s in (0.05, 0.11, 0.16, 0.23, 0.31):
        writer = fork.Process(target=_write_for_ever, args=(bare_app,))
        writer.start()
        time.sleep(wait_s)
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
        with bare_app.app_context():
            assert search.is_ready()
            search.update("thing", "knit")  # the lock died with its holder
            assert [h.id for h in search.query("叉车").hits] == ["fork"]


def test_suggestions_go_on_from_what_is_typed_open_things_first(bare_app, shelf):
    shelf.open.add("milling")
    with bare_app.app_context():
        search.rebuild()
        assert [s.text for s in search.suggest("数控")] == ["数控铣床操作", "数控车床编程"]
        assert search.suggest("shuk")[0].url == "/things/milling"
        assert search.suggest("skcc")[0].text == "数控车床编程"
        assert [s.text for s in search.suggest("铣床")] == ["数控铣床操作"]
        assert search.suggest("铲车")[0].text == "叉车安全驾驶"
        assert search.suggest("s") == search.suggest("") == []
        assert len(search.suggest("数控", limit=1)) == 1


def test_the_command_gives_the_same_results_as_json(bare_app, shelf):
    shelf_of_courses = Shelf(TITLES)

    def load(id):
        found = shelf_of_courses.load(id)
        return SearchDocument(kind="course", id=id, title=found.title, url=found.url)

    with bare_app.app_context():
        search.register("course", load, shelf_of_courses.list_ids)
        search.rebuild()
    out = run(bare_app, "skcc", "--json", "--limit", "1")
    answer = json.loads(out)
    assert (answer["total"] >= 1, [i["slug"] for i in answer["items"]]) == (True, ["turning"])
    assert run(bare_app, "叉车") == "fork\t叉车安全驾驶\n"


def test_the_command_says_when_there_is_no_index(bare_app):
    result = CliRunner().invoke(command, ["叉车"], obj=Application(lambda: bare_app))
    assert (result.exit_code, "guanxue reindex" in result.output) == (1, True)


def run(app, *words: str) -> str:
    """What the command prints."""
    result = CliRunner().invoke(command, list(words), obj=Application(lambda: app))
    assert result.exit_code == 0, result.output
    return result.stdout


def test_page_found_before_the_index_knew_a_course_is_not_kept(bare_app):
    with bare_app.app_context():
        search.rebuild()
        with writing():
            make_course("fresh", title="游标卡尺读数")
    client = bare_app.test_client()
    assert "游标卡尺读数" not in client.get("/courses?q=卡尺").get_data(as_text=True)  # the index has not followed yet
    run_waiting(bare_app)
    with bare_app.app_context():
        state().library.reader(at_once=True)
    assert "游标卡尺读数" in client.get("/courses?q=卡尺").get_data(as_text=True)


def test_warm_leaves_nothing_to_a_thread(shelf, bare_app):
    with bare_app.app_context():
        state().library._reader = None
        search.warm()
        reader = state().library.reader()
        state().library._looked = 0.0
        assert "vocabulary" in vars(reader) and state().library.reader() is reader
    assert not [t for t in threading.enumerate() if t.name == "search-warm"]
