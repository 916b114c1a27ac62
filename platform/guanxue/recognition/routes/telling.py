"""A certificate as templates show it: plain values in the reader's language."""

from __future__ import annotations

from guanxue import recognition
from guanxue.core.i18n import gettext
from guanxue.core.i18n import lazy as _
from guanxue.recognition import File, Filing, Step

STEP_WORDS = {
    "filed": _("交进来了"), "disputed": _("另一个人也交了这个编号，正在查明"), "looked-up": _("核查过了"),
    "approved": _("认定了"), "refused": _("没有通过"),
    "reopened": _("申诉成立，重新核查"), "withdrawn": _("本人撤回了"), "taken-back": _("认定收回了"),
    "restored": _("申诉成立，认定恢复了"),
    "take-back-asked": _("有人提出收回认定"), "take-back-dropped": _("不收回"),
}
# What the holder is not told: their own reading, and what one officer asked another.
OFFICE_ONLY = frozenset({"seen", "take-back-asked", "take-back-dropped"})


def row_of(file: File) -> dict:
    """What lists and heads of pages show."""
    return row_of_filing(file.filing) | {"decided_at": file.decision.at if file.decision else None}


def row_of_filing(f: Filing) -> dict:
    """The same without what its steps say."""
    return {"code": f.code, "title": recognition.title_of(f), "kind": recognition.KIND_WORDS[f.kind], "kind_code": f.kind,
            "state": f.state, "state_words": recognition.STATE_WORDS[f.state], "filed_at": f.filed_at,
            "number_masked": f.number_masked, "worth_milli": recognition.worth_milli(f)}


def steps_of(file: File, names: dict[str, str] | None = None) -> list[dict]:
    """Every step in order; with `names` (by reference) as the office reads it, else as the holder does."""
    return [_step(s, names) for s in file.steps
            if s.step != "seen" and (names is not None or s.step not in OFFICE_ONLY)]


def _step(s: Step, names: dict[str, str] | None) -> dict:
    return {
        "step": s.step, "words": STEP_WORDS[s.step], "at": s.at, "text": gettext(s.text) if s.text else "",
        "source": recognition.PLACES.get(s.source, ""), "looked_on": s.looked_on,
        "found": recognition.FOUND_WORDS.get(s.found, ""), "reference": s.reference,
        "reason": recognition.REASONS.get(s.detail.get("reason", ""), ""),
        "by": (names.get(s.by) or gettext("系统")) if names is not None else ""}


def credit_words(file: File) -> dict | None:
    """What it was given and why, or would be given now: {given_milli, asked_milli, rule, sentences, code, is_posted}.

    None of what is refused, withdrawn or taken back.
    """
    if file.filing.state not in ("waiting", "checked", "approved"):
        return None
    decision = recognition.decision_of(file.filing)
    return {"given_milli": decision.given_milli, "asked_milli": decision.outcome.asked_milli, "rule": decision.rule,
            "sentences": [str(s) for s in decision.sentences], "code": decision.code or "",
            "is_posted": decision.entry_number is not None}
