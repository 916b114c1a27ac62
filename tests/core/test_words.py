"""Words in templates: of the page's own language, with values escaped."""

from __future__ import annotations

from flask import render_template_string


def said(app, template: str, language: str = "", **values) -> str:
    with app.test_request_context("/", headers={"Cookie": f"lang={language}"} if language else None):
        return render_template_string(template, **values)


def test_each_page_speaks_its_own_language_whoever_asked_before(bare_app):
    for _twice in range(2):
        assert said(bare_app, "{{ _('课程目录') }}") == "课程目录"
        assert said(bare_app, "{{ _('课程目录') }}", "en") == "Course catalog"


def test_values_are_escaped_and_messages_are_not(bare_app):
    assert said(bare_app, "{{ _('<i>%(n)s</i> 100%%', n=n) }}", n="<b>") == "<i>&lt;b&gt;</i> 100%"
    assert said(bare_app, "{{ _('<i>100%%</i>') }}") == "<i>100%</i>"


def test_a_number_chooses_its_form(bare_app):
    template = "{{ ngettext('%(n)s 门课', '%(n)s 门课', n, n=n) }}"
    assert [said(bare_app, template, "en", n=n) for n in (1, 2)] == ["1 course", "2 courses"]
    assert said(bare_app, template, n=2) == "2 门课"
