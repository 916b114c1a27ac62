"""Questions as an Excel table, and the template teachers fill. The table reads back to the same questions."""

from __future__ import annotations

from guanxue.core import sheets
from guanxue.core.i18n import lazy as _
from guanxue.quizzes.formats.reports import Loss
from guanxue.quizzes.formats.spelling import KIND_NAMES, LEVEL_NAMES, spelled
from guanxue.quizzes.rules import Question

LETTERS = "ABCDEFGHIJKL"
SHEET = "题目"
HEADING = ("题型", "题干", *(f"选项{c}" for c in LETTERS[:8]), "答案", "解析", "题库", "难度", "多选计分", "题号")
WIDTHS = (10, 48, *(18 for _c in LETTERS[:8]), 18, 36, 14, 8, 14, 14)
EXAMPLES = (
    ("单选", "数控车床上，与主轴平行的坐标轴是（　）。", "X轴", "Y轴", "Z轴", "", "", "", "", "", "C", "Z轴平行于主轴。"),
    ("多选", "下列属于劳动防护用品的有（　）。", "安全帽", "防护眼镜", "手机", "工作服", "", "", "", "", "ABD", ""),
    ("判断", "主轴没有停稳时可以测量工件。", "", "", "", "", "", "", "", "", "错", ""),
    ("填空", "G00 是____指令，G01 是____指令。", "", "", "", "", "", "", "", "", "快速定位；直线插补/直线",
     "两个空用；隔开，几种写法用/隔开"),
    ("填数", "圆周率约为____（保留两位小数）。", "", "", "", "", "", "", "", "", "3.14±0.01", ""),
    ("排序", "停电作业的顺序是：", "验电", "停电", "挂接地线", "", "", "", "", "", "BAC", ""),
    ("连线", "把颜色和含义连起来。", "", "", "", "", "", "", "", "", "红 → 禁止；黄 → 警告；绿 → 提示", ""),
    ("简答", "为什么不能戴手套操作车床？", "", "", "", "", "", "", "", "", "手套会被卷入旋转的卡盘。", "由人批改"),
)


def write_template() -> bytes:
    """The table to fill: the heading and an example of every kind."""
    return sheets.write_workbook(SHEET, HEADING, [row + ("",) * (len(HEADING) - len(row)) for row in EXAMPLES], WIDTHS)


def write_workbook(questions: list[Question]) -> tuple[bytes, list[Loss]]:
    """The questions as a table, and what it cannot say of them."""
    rows, losses = [], []
    for number, question in enumerate(questions, 1):
        said = spelled(question)
        letters = list(said.options)
        if len(letters) > 8:
            losses.append(Loss(number, _("选项超过 8 个，表格里放不下，这道题没有写出。"), True))
            continue
        losses += [Loss(number, what, not said.is_whole) for what in said.losses]
        if not said.is_whole:
            continue
        options = [words for _letter, words in letters] + [""] * (8 - len(letters))
        rule = "全对才得分" if question.rule == "whole" else ""
        rows.append((KIND_NAMES[question.kind], said.stem, *options, said.answer, said.explanation, question.pool,
                     LEVEL_NAMES.get(question.level, ""), rule, question.id))
    return sheets.write_workbook(SHEET, HEADING, rows, WIDTHS), losses
