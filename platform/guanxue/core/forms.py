"""A form that is read once: what is wrong with it is remembered field by field, and refused together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from guanxue.core.errors import Invalid
from guanxue.core.i18n import lazy as _
from guanxue.core.plain import plain_text

Form = Mapping[str, Sequence[str]]  # name → values, as a browser sends it


def first(form: Form, name: str) -> str:
    """The first value of a field, without control characters and blank ends; "" where there is none."""
    return plain_text((form.get(name) or [""])[0])


class Reading:
    """Reads a form. What cannot be so is a fault of its field, the first one counts; refuse() tells all of them."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._faults: dict[str, object] = {}

    def refuse(self) -> None:
        """Raise Invalid where something was wrong."""
        if self._faults:
            raise Invalid(_("还不能发布：下面有些地方要改。"),
                          fields=[{"field": name, "message": message} for name, message in self._faults.items()])

    def words(self, name: str, longest: int) -> str:
        """Words that have to be there."""
        text = self._text(name)
        if not text:
            self._fault(name, _("请写一点内容。"))
        elif len(text) > longest:
            self._fault(name, _("最多 %(n)s 个字，请写短一点。", n=longest))
        return text

    def _choice(self, name: str, among: Collection[str]) -> str:
        text = self._text(name)
        if text in among:
            return text
        self._fault(name, _("请选一个。"))
        return ""

    def _fault(self, name: str, message: object) -> None:
        self._faults.setdefault(name, message)

    def _text(self, name: str) -> str:
        return first(self._form, name)
