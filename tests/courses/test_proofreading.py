"""Our own courses hold to our own standard; and what does not is found."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from guanxue.cli import main
from guanxue.config import ROOT
from guanxue.courses import proofreading
from guanxue.courses.folders import read_folder

OURS = sorted(x.parent for x in (ROOT / "courses").glob("*/course.yaml") if "\nfacts:" in x.read_text("utf-8"))
MODEL = ROOT / "courses" / "dalang-flat-knitting"


@pytest.fixture(scope="module")
def proofs():
    folders = [read_folder(path) for path in OURS]
    assert not any(f.faults or f.unready for f in folders)
    return [proofreading.proofread(f) for f in folders]


def test_every_course_of_ours_holds_to_the_standard(proofs):
    assert proofs and {p.slug: [str(x.message) for x in p.findings] for p in proofs if p.findings} == {}
    assert proofreading.find_twins(proofs) == []


@pytest.fixture
def course(tmp_path):
    """A copy of one of ours, and what is found in it after some words became others."""
    folder = tmp_path / "course"
    shutil.copytree(MODEL, folder)

    def spoil(name: str, pattern: str, words: str) -> list[str]:
        path = folder / name
        text, count = re.subn(pattern, words, path.read_text("utf-8"), count=1, flags=re.M | re.S)
        assert count == 1, pattern
        path.write_text(text, "utf-8")
        read = read_folder(folder)
        assert not read.faults, read.faults
        return [f"{x.where} {x.message}" for x in proofreading.proofread(read).findings]

    return folder, spoil


FIRST, WORDS = "lessons/01-machine-and-danger.md", "lessons/08-words.md"
PLANTED = {
    "a slide about which nobody is asked": (FIRST, r"\Z", "\n## 新来的一页\n\n横机旁边要留一条走道，宽度够两个人并排走过去。\n", "没有一道题问到"),
    "a question that names no place": ("quiz.gift", r"^// guanxue: from[^\n]+\n(?=::dalang-flat-knitting-002)", "", "没有写从哪里能答出来"),
    "a quotation that nobody said": ("quiz.gift", r"(^// guanxue: from \S+ )[^\n]+", r"\1月亮是圆的", "没有这句话"),
    "an answer that the lesson does not give": ("quiz.gift", r"^  =[^\n]+(?=\n  [~#])", "  =涡轮增压器型号", "答案在"),
    "no explanation": ("quiz.gift", r"\{FALSE####[^}]+\}", "{FALSE}", "没有解析"),
    "an option that gives itself away": (
        "quiz.gift", r"^  =[^\n]+(?=\n  ~)", "  =先停机再断开总开关然后上锁挂牌最后试一次启动确认不动才伸手", "一看就猜得到"),
    "a claim without a source": (WORDS, r"(^- [^\n]+?)——[^\n]+", r"\1", "没有写出处"),
    "a source that nobody knows": (WORDS, r"——[^\n]+", "——GB 99999", "出处不在"),
    "a claim that no lesson makes": (WORDS, r"(## 依据\s+- )[^\n]+?——", r"\1天会塌下来——", "课里没有这句话"),
    "advice about danger without a source": (WORDS, r"## 依据.*", "## 依据\n", "却没有写依据"),
    "a sentence without end": (FIRST, r"\Z", "\n" + "走到机器旁边先看一眼，" * 8 + "再动手。\n", "这句太长"),
    "no breath": (FIRST, r"\Z", "\n横机操作工每天早上开机以前都要把机器前后左右上下里外统统仔细看上一遍才可以。\n", "一口气太长"),
    "too little said": (FIRST, r"^## .*", "## 只有一页\n\n横机会伤手。\n", "应为 900"),
    "nothing drawn": (FIRST, r"^```.*", "## 只有一页\n\n横机会伤手。\n", "有图"),
    "no task": ("lessons/07-task.md", r"^## 检查表", "## 别的", "没有实操任务"),
    "too few words": (WORDS, r"## 词语.*?(?=## 依据)", "## 词语\n\n- **横机**：织毛衣的机器。\n\n", "词语有 1 个"),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_what_was_planted_is_found(course, fault):
    _folder, spoil = course
    name, pattern, words, says = PLANTED[fault]
    found = spoil(name, pattern, words)
    assert any(says in x for x in found), found


def test_true_and_false_that_lean_to_one_side_are_found(course):
    folder, _spoil = course
    quiz = folder / "quiz.gift"
    text = quiz.read_text("utf-8")
    assert text.count("{TRUE") > 1
    quiz.write_text(text.replace("{TRUE", "{FALSE"), "utf-8")
    found = [str(x.message) for x in proofreading.proofread(read_folder(folder)).findings]
    assert any("总选一边就能猜中" in x for x in found), found


def test_a_copied_paragraph_is_found_also_when_reworded(course, proofs):
    _folder, spoil = course
    other = next(p for p in OURS if p != MODEL and (p / "lessons").is_dir())
    slide = max((s for p in proofs if p.slug == other.name for s in p.slides), key=lambda s: len(s[1]))
    copied = slide[1].replace("要", "得").replace("不能", "不可")
    spoil(FIRST, r"\Z", "\n## 抄来的一页\n\n" + copied + "\n")
    mine = proofreading.proofread(read_folder(_folder))
    assert [x.where for x in proofreading.find_twins([mine, *(p for p in proofs if p.slug == other.name)])] == [slide[0]]


def test_the_command_judges_many_at_once_and_says_so_by_its_status(course):
    folder, spoil = course
    run = CliRunner().invoke
    both = [str(MODEL), str(next(p for p in OURS if p != MODEL)), str(ROOT / "courses" / "catalogue"), str(ROOT / "courses" / "README.md")]
    told = run(main, ["check", *both])
    assert told.exit_code == 0 and "校对了 2 门课" in told.output and "0 门有问题" in told.output, told.output
    spoil(WORDS, r"——[^\n]+", "——GB 99999")
    told = run(main, ["check", str(folder), both[1]])
    assert told.exit_code == 1 and "GB 99999" in told.output and "1 门有问题" in told.output
    assert run(main, ["check", str(folder), "--json"]).exit_code == 1


def test_lessons_are_drawn_by_a_number_and_the_same_number_draws_the_same(course):
    both = [str(MODEL), str(next(p for p in OURS if p != MODEL))]
    first, again, other = (CliRunner().invoke(main, ["check", *both, "--draw", "4", "--seed", seed]).output.split("抽到的课")[1].split("\n")[1:5]
                           for seed in ("7", "7", "8"))
    assert first == again != other and len(set(first)) == 4
    assert all((ROOT / "courses" / x.strip().replace("/", "/lessons/")).with_suffix(".md").is_file() for x in first)


@pytest.mark.parametrize(("words", "figures"), [
    ("二百二十伏", "220伏"), ("零点零二毫米", "0.02毫米"), ("一千零五十", "1050"), ("三万六千", "36000"), ("二零二六年", "2026年"), ("十二度", "12度"),
    ("一般", "1般"), ("两支", "2支")])
def test_figures_are_compared_as_digits(words, figures):
    assert proofreading._said(words) == figures


def test_all_our_courses_are_named_by_their_folder():
    assert all(Path(p / "lessons").is_dir() and read_folder(p).slug == p.name for p in OURS)
