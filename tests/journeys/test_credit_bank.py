"""The credit bank, as one worker and two officers use it: minutes become an entry, a goal gets a way, a certificate passes three
people and fills a part of the goal by what the table says, and a stranger believes the paper."""

from __future__ import annotations

import base64
import io
import os
import re
import sqlite3
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import Locator, Page, expect
from tests.accounts.test_kinds import checked
from tests.journeys.pictures import Album
from tests.journeys.site import (
    DESKTOP,
    QUIZ,
    RIGHT,
    SLUG,
    TEXT,
    TITLE,
    VIDEO,
    Site,
    answer_questions,
    play,
    register,
    seen,
    sign_in,
    until,
)

from guanxue.accounts import totp
from guanxue.config import DEMO_PASSWORD, ROOT
from guanxue.core import clock

PHONE_NUMBER, NAME, DOCUMENT = "13711160001", "谭丽芳", checked("99000019911106001")
CHECKER, APPROVER = "13900000009", "13900000011"  # the demonstration's two credit officers
GOAL, SKILLS, RECOGNISED, WHOLE = "学历+技能双证", "技能", "认定的证书和竞赛", "一共"
TRADE, LEVEL = "车工", "五级/初级工"
ISSUED_ON = clock.today() - timedelta(days=60)
NUMBER = f"Y000044000001{ISSUED_ON:%y}5116001"  # as one is made: 1 letter, 21 digits, the year and the level among them
CODE = re.compile(r"(?:[0-9A-Z]{4}-){2}[0-9A-Z]{4}")
ENOUGH = 150_000

# A second course, of the certificate's trade, so that there is a way to plan: one text, one question.
NEXT_SLUG, NEXT_TITLE = "lathe-closing", "车床收工五件事"
NEXT = {
    "course.yaml": f"""slug: {NEXT_SLUG}
title: {NEXT_TITLE}
kind: 技能提升
level: 五级/初级工
occupation: turner
industry: equipment
planned_hours: 1
summary: 下班前五分钟，给明天的自己留一台好机床。
lessons:
  - file: lessons/01-close.md
    kind: text
quiz: quiz.gift
""",
    "quiz.gift": "::q1::卡盘扳手可以留在卡盘里过夜。{FALSE}\n",
    "lessons/01-close.md": "# 收工前做五件事\n\n" + "\n\n".join((
        "第一件，停主轴，退刀架。把刀架退到离卡盘最远的地方，取下工件，卡盘扳手放回架子上，不要留在卡盘里。",
        "第二件，清铁屑。用钩子和刷子，不用手，也不用气枪对着导轨吹。长的铁屑先断成小段，再扫进铁屑箱。",
        "第三件，擦导轨，上油。用干净的棉布把导轨擦一遍，看不见水迹，再薄薄涂一层油，明天才不会生锈。",
        "第四件，看一遍量具。卡尺、千分尺擦干净，零位对一对，放进盒子。有磕碰的，写在本子上，告诉班长。",
        "第五件，关气，断电，签名。先关气源，再按急停，最后断总电。把今天的产量、换刀次数和异响写下来，签上名字，交给下一班。")) + "\n",
}


def test_minutes_a_goal_and_a_certificate_become_credit_that_a_stranger_believes(whole_site, open_page, tmp_path):
    site, album = whole_site, Album("The credit bank, from the first minute to the paper", __file__)
    bring_course(site, tmp_path / NEXT_SLUG)
    worker, checker, approver = open_page(), open_page(DESKTOP), open_page(DESKTOP)

    begin_course(site, worker)
    come_to_work(site, checker, CHECKER)  # the film plays meanwhile
    come_to_work(site, approver, APPROVER)
    finish_course(worker)
    earned, course_code = see_the_entry(site, worker, album)

    before = choose_goal_and_plan(site, worker, album)
    assert before[WHOLE] == before[SKILLS] == earned and before[RECOGNISED] == 0
    certificate = file_certificate(site, worker, album)
    prove_identity(site, worker, checker)
    four_eyes(site, certificate, checker, approver, album)

    worth = worth_by_the_table(site, worker)
    worker.goto(f"{site.address}/me/recognition/{certificate}")
    expect(worker.get_by_role("main")).to_contain_text(f"记了 {worth:.3f} 学分")
    album.take(worker, "What became of the certificate")
    after = progress(site, worker, album)
    assert {name: after[name] - before[name] for name in after} == {WHOLE: worth, SKILLS: worth, RECOGNISED: worth}

    balance = read_statement(site, worker, album, tmp_path, course_code, earned, worth)
    code, serial = take_certificate(site, worker, album, tmp_path, earned)
    assert code == course_code
    a_stranger_believes_it(site, open_page(), album, code, serial, earned)
    the_ledger_agrees(site, balance)
    album.bind()


# ---- the worker studies


def bring_course(site: Site, folder: Path) -> None:
    """An operator takes a course folder in."""
    for name, text in NEXT.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    command(site, "import-course", str(folder))


def begin_course(site: Site, page: Page) -> None:
    """Somebody new registers, joins, and lets the film play."""
    page.goto(f"{site.address}/register?next=/courses/{SLUG}")
    register(page, PHONE_NUMBER, NAME)
    seen(page.get_by_role("button", name="报名，开始学")).click()
    page.wait_for_url(f"**/learn/{SLUG}/{VIDEO}")
    play(page, "2")


def finish_course(page: Page) -> None:
    """The film to its end, the page of text, the questions."""
    expect(page.locator("#counted-words")).to_have_text("这节课已学完", timeout=60_000)
    page.locator("#next-up a").click()
    page.wait_for_url(f"**/learn/{SLUG}/{TEXT}")
    expect(page.locator("#counted-words")).to_have_text("这节课已学完")
    page.locator("#next-up a").click()
    page.wait_for_url(f"**/learn/{SLUG}/{QUIZ}")
    page.get_by_role("button", name="开始考核").click()
    answer_questions(page, RIGHT)
    page.get_by_role("button", name="交卷").click()
    page.get_by_role("link", name="学分已存入").click()


def see_the_entry(site: Site, page: Page, album: Album) -> tuple[Decimal, str]:
    """One entry, its minutes down to each lesson's, and nothing else; its credits and its code."""
    expect(page.get_by_role("heading", level=1)).to_have_text("我的学分")
    album.take(page, "My credits: one entry")
    page.locator(".lines summary").first.click()
    why, content_ms = page.locator(".why").first, sum(round(x["duration_s"] * 1000) for x in site.lessons())
    earned = Decimal(content_ms // 43_200) / 1000
    expect(page.locator("#balance")).to_have_text(f"{earned:.3f}")
    expect(why).to_contain_text(f"{content_ms} 毫秒")
    why.locator(".minutes summary").click()
    expect(why.locator(".minutes li")).to_have_count(3)
    album.take(page, "From which minutes it came", page.locator(".lines > li").first)
    code = CODE.search(why.inner_text())[0]
    why.locator(".minutes a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("为什么这样算")
    expect(page.get_by_role("main")).to_contain_text("已经够了")
    album.take(page, "A lesson, sitting by sitting")
    return earned, code


# ---- the worker plans


def choose_goal_and_plan(site: Site, page: Page, album: Album) -> dict[str, Decimal]:
    """The programme becomes the goal; the way begins with a course, and with a certificate where one is at hand. How far it is."""
    page.goto(site.address + "/me/credits")
    page.get_by_role("link", name="学分能做什么").click()
    album.take(page, "What credits are good for")
    page.get_by_role("link", name=GOAL).click()
    page.get_by_role("button", name="定为我的目标").click()
    step = page.locator(".way li", has_text=NEXT_TITLE)
    expect(step).to_be_visible()
    album.take(page, "A goal, and how far it is")
    step.get_by_role("link", name="开始学").click()
    seen(page.get_by_role("button", name="报名，开始学")).click()
    page.wait_for_url(f"**/learn/{NEXT_SLUG}/**")
    page.goto(site.address + "/me/goals")
    expect(page.locator("section", has_text="我的目标").first).to_contain_text(GOAL)
    page.get_by_role("link", name=GOAL).click()
    expect(page.locator(".way li", has_text=NEXT_TITLE).get_by_role("link")).to_contain_text("接着学")
    page.get_by_label(re.compile(f"{TRADE} {LEVEL}")).check()
    page.get_by_role("button", name="重新算").click()
    way = page.locator("section", has=page.locator("#way"))
    expect(way.locator("li", has_text=f"{TRADE} {LEVEL}")).to_contain_text("不用再学")
    album.take(page, "The way with a certificate that one holds", way)
    return bars(page)


def bars(page: Page) -> dict[str, Decimal]:
    """How full they are: all of it, the part that the certificate goes to, the cap it falls under."""
    def have(label: str) -> Decimal:
        row = page.locator(".bars li", has=page.get_by_text(label, exact=True))
        return Decimal(row.locator(".num").inner_text().split(" / ")[0])

    return {label: have(label) for label in (WHOLE, SKILLS, RECOGNISED)}


def progress(site: Site, page: Page, album: Album) -> dict[str, Decimal]:
    """How far it is now; the certificate is among what counts."""
    page.goto(site.address + "/me/goals")
    page.get_by_role("link", name=GOAL).click()
    album.take(page, "The part of the goal that it fills")
    counted = page.locator("section", has=page.locator("#credits"))
    expect(counted.locator("li")).to_have_count(2)
    expect(counted.locator("li", has_text=TRADE)).to_contain_text(SKILLS)
    album.take(page, "Which credits count towards it", counted)
    return bars(page)


# ---- a certificate, and three people


def file_certificate(site: Site, page: Page, album: Album) -> str:
    """From the way's step: a photo and six lines. Its number here."""
    page.locator(".way li", has_text=f"{TRADE} {LEVEL}").get_by_role("link", name="去登记").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("职业技能等级证书")
    page.get_by_label("证书的照片或 PDF").set_input_files(
        {"name": "IMG_0107.jpg", "mimeType": "image/jpeg", "buffer": photograph()})
    for label, known in (("职业（工种）", TRADE), ("等级", LEVEL)):  # the step brought them along
        expect(page.get_by_label(label, exact=True).locator("option:checked")).to_have_text(known)
    page.get_by_label("证书编号").fill(NUMBER)
    page.get_by_label("发证机构").fill("东莞市某某职业技能评价中心")
    page.get_by_label("发证日期").fill(ISSUED_ON.isoformat())
    album.take(page, "Filing a certificate")
    page.get_by_role("button", name="交上去").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{TRADE} {LEVEL}")
    expect(page.get_by_role("main")).to_contain_text("等核查")
    album.take(page, "It waits; what it will be worth, and what is still to do")
    return page.url.rpartition("/")[2]


def photograph() -> bytes:
    """A phone's photo of a sheet that looks like nobody's certificate."""
    image, made = Image.new("RGB", (900, 1200), "#7A6A58"), io.BytesIO()
    pen = ImageDraw.Draw(image)
    pen.polygon([(90, 130), (820, 100), (850, 1080), (70, 1110)], fill="#F7F3EA")
    for y in range(260, 900, 80):
        pen.line((170, y, 170 + 560 - y % 240, y - 12), fill="#B8B0A0", width=16)
    pen.ellipse((560, 860, 740, 1030), outline="#9A8F7C", width=10)
    image.save(made, "JPEG", quality=70)
    return made.getvalue()


def prove_identity(site: Site, page: Page, officer: Page) -> None:
    """The worker states a document; at the counter an officer copies its number from the paper."""
    page.get_by_role("link", name="去确认身份").click()
    page.get_by_label("身份证").fill(DOCUMENT)
    page.get_by_label("我单独同意保存我的证件号").check()
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("身份信息")
    officer.goto(site.address + "/office/identity")
    officer.get_by_label("来的人的手机号或证件号").fill(PHONE_NUMBER)
    officer.get_by_role("button", name="查找").click()
    officer.get_by_role("link", name=NAME).click()
    officer.get_by_label("照着证件输一遍号码").fill(DOCUMENT)
    officer.get_by_label("在哪里看的").fill("大朗镇服务中心 3 号窗口")
    officer.get_by_label("是证件原件，没有过期").check()
    officer.get_by_label("照片和本人对得上").check()
    officer.get_by_role("button", name="通过").click()
    expect(officer.get_by_role("main")).to_contain_text("大朗镇服务中心 3 号窗口")


def come_to_work(site: Site, page: Page, phone: str) -> None:
    """An officer signs in and sets up the second factor that the office asks for."""
    sign_in(page, site, phone)
    page.goto(site.address + "/office/recognition")
    page.get_by_label("先输入登录密码").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="开始设置").click()
    page.get_by_text("扫不了？手动输入密钥").click()
    secret = page.locator("details p.num").first.inner_text().replace(" ", "")
    page.get_by_label("验证码").fill(totp.code_of(base64.b32decode(secret), totp.step_of(clock.now())))
    page.get_by_role("button", name="打开两步验证").click()
    page.get_by_role("link", name="我已经保存好了").click()
    page.wait_for_url("**/office/recognition")


def four_eyes(site: Site, code: str, checker: Page, approver: Page, album: Album) -> None:
    """One officer looks it up and may not approve it; another approves it, and nobody could before."""
    approver.goto(f"{site.address}/office/recognition/{code}")
    expect(approver.get_by_role("button", name="认定，记学分")).to_have_count(0)
    checker.goto(site.address + "/office/recognition")
    album.take(checker, "The office: what waits to be looked up")
    checker.get_by_role("link", name=NAME).click()
    assert NUMBER not in checker.content()
    checker.get_by_role("button", name="打开编号和 1 个文件").click()
    expect(checker.get_by_role("main")).to_contain_text(NUMBER)
    until(checker, lambda: checker.locator(".pictures img").evaluate("(i) => i.complete && i.naturalWidth > 0"))
    checker.get_by_label("在哪里查的").select_option(label="技能人才评价证书全国联网查询")
    checker.get_by_label("查到了什么").select_option(label="查到了，姓名、编号、等级都对得上")
    checker.get_by_label("查询编号、网页或名单的位置").fill("查询结果第 1 条")
    album.take(checker, "The first officer: where it was looked up, and what was found")
    checker.get_by_role("button", name="记下核查结果").click()
    expect(checker.get_by_role("main")).to_contain_text("这张证书是你核查的，要由另一个人决定。")
    expect(checker.get_by_role("button", name="认定，记学分")).to_have_count(0)
    approver.goto(site.address + "/office/recognition?tab=checked")
    approver.get_by_role("link", name=NAME).click()
    album.take(approver, "The second officer: what was found, what it will give")
    approver.get_by_role("button", name="认定，记学分").click()
    expect(approver.get_by_role("main")).to_contain_text("已认定")


def worth_by_the_table(site: Site, page: Page) -> Decimal:
    """What the published table gives for that level."""
    page.goto(site.address + "/recognition")
    return Decimal(page.locator("tr", has=page.get_by_role("cell", name=LEVEL, exact=True)).locator("td.num").inner_text())


# ---- what the worker can show


def read_statement(site: Site, page: Page, album: Album, folder: Path, code: str, *entries: Decimal) -> Decimal:
    """Page and paper of the year say the same: the name, each amount, its sum, the codes to check them by. The balance."""
    page.goto(site.address + "/me/credits")
    album.take(page, "My credits: the certificate is in")
    balance = Decimal(page.locator("#balance").inner_text())
    assert balance == sum(entries)
    page.get_by_role("link", name="年度对账单").click()
    expect(page.locator("#closing")).to_have_text(f"{balance:.3f}")
    for amount in entries:
        expect(page.locator(".lines")).to_contain_text(f"+{amount:.3f}")
    album.take(page, "The year's statement")
    paper = download(page, page.get_by_role("main").get_by_role("link", name="PDF"), folder / "statement.pdf")
    text = words_of(paper)
    assert all(part in text for part in (NAME, f"期末{balance:.3f}学分", code, TITLE, *(f"+{amount:.3f}" for amount in entries)))
    assert len(set(CODE.findall(text))) == len(entries)
    album.take_paper(paper, "The statement on paper")
    return balance


def take_certificate(site: Site, page: Page, album: Album, folder: Path, earned: Decimal) -> tuple[str, str]:
    """The course's certificate, on the page and on paper; its code and its serial."""
    credential = page.locator(".credential", has_text=TITLE)

    def is_issued() -> bool:
        page.goto(site.address + "/me/certificates")
        return credential.get_by_role("link", name="PDF").count() == 1

    until(page, is_issued)  # the worker behind the site did it by itself
    serial = credential.locator("p", has_text="编号").inner_text().split()[-1]
    album.take(page, "My certificates")
    paper = download(page, credential.get_by_role("link", name="PDF"), folder / "certificate.pdf")
    text = words_of(paper)
    code = CODE.search(text)[0]
    assert all(part in text for part in (NAME, TITLE, f"{earned:.3f}学分", serial, f"/verify/{code.replace('-', '')}"))
    album.take_paper(paper, "The certificate on paper")
    return code, serial


def download(page: Page, link: Locator, path: Path) -> Path:
    """What the link sends, as a file."""
    with page.expect_download(timeout=ENOUGH) as coming:
        link.click()
    coming.value.save_as(path)
    return path


def words_of(pdf: Path) -> str:
    """What stands on a paper, without the blanks that its lines are set with."""
    text = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], check=True, capture_output=True, text=True).stdout
    return re.sub(r"\s+", "", text)


def a_stranger_believes_it(site: Site, page: Page, album: Album, code: str, serial: str, earned: Decimal) -> None:
    """Signed out, by the code from the paper: genuine, whose only when the name is typed; one letter changed is not known."""
    page.goto(site.address + "/verify")
    page.get_by_label("核验码").fill(code.lower())
    page.get_by_role("button", name="核验").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("这份记录真实有效")
    shown = page.get_by_role("main")
    for part in (TITLE, f"{earned:.3f}", serial, code):
        expect(shown).to_contain_text(part)
    assert NAME not in page.content() and PHONE_NUMBER not in page.content()
    album.take(page, "A stranger checks the code")
    page.get_by_label("持有人的姓名").fill(NAME)
    page.get_by_role("button", name="比对").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("相符")
    page.goto(site.address + "/verify")
    other = code[:-1] + ("A" if code[-1] != "A" else "C")
    page.get_by_label("核验码").fill(other)
    page.get_by_role("button", name="核验").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("核验一份学分")
    expect(page.locator(".error")).to_be_visible()
    expect(page.get_by_label("核验码")).to_have_value(other)  # to be compared with the paper and put right
    album.take(page, "One letter changed: nobody knows it")


# ---- and behind the pages


def the_ledger_agrees(site: Site, balance: Decimal) -> None:
    """The person's postings sum up to what the pages say, everybody's to nothing, and all of it derives from the evidence again."""
    total = "SELECT SUM(p.amount_millicredits) FROM ledger_posting p"
    with sqlite3.connect(f"file:{site.folder}/data/guanxue.db?mode=ro", uri=True) as db:
        assert db.execute(total).fetchone()[0] == 0
        mine = db.execute(f"{total} JOIN ledger_account a ON a.id = p.account_id WHERE a.key ="
                          " (SELECT 'person:' || id FROM accounts_person WHERE phone = ?)", (PHONE_NUMBER,)).fetchone()[0]
    assert mine == balance * 1000
    assert "账本完好" in command(site, "ledger", "verify")
    assert "全部相符" in command(site, "credits", "recompute", "--learner", PHONE_NUMBER)


def command(site: Site, *words: str) -> str:
    """What an operator types at the site's terminal; what it answers."""
    environ = {**os.environ, "GUANXUE_DATA": f"{site.folder}/data", "GUANXUE_SECRET_KEY": "journeys-journeys-journeys-journeys"}
    done = subprocess.run([sys.executable, "-m", "guanxue", *words], env=environ, cwd=ROOT, capture_output=True, text=True, timeout=150)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
