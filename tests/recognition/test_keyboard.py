"""A certificate is filed with the keyboard alone and without any script; what is wrong is where the focus goes."""

from __future__ import annotations

import threading

import pytest
from tests.factories import PASSWORD
from tests.recognition.conftest import LIAN, NUMBER, day, picture
from werkzeug.serving import make_server


@pytest.fixture
def address(town):
    """The town, served."""
    server = make_server("127.0.0.1", 0, town, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(10)


def press_to(page, name: str) -> None:
    """Tab until the field or link of that name has the focus."""
    for _n in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("(n) => [document.activeElement.name, document.activeElement.textContent.trim()].includes(n)", name):
            return
    raise AssertionError(f"nobody gets to {name} by Tab")


def test_a_certificate_is_filed_by_keys_without_scripts(address, browser):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740}, locale="zh-CN")
    page = context.new_page()
    page.goto(f"{address}/login?next=/me/recognition")
    page.fill("input[name=phone]", LIAN)
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/me/recognition")
    press_to(page, "交一张证书")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/me/recognition/new")
    press_to(page, "职业技能等级证书")
    page.keyboard.press("Enter")
    page.wait_for_url("**/new?kind=skill-level")
    page.set_input_files("input[name=file]", {"name": "IMG.jpg", "mimeType": "image/jpeg", "buffer": picture().read()})
    press_to(page, "occupation")
    page.keyboard.press("ArrowDown")
    press_to(page, "level")
    page.keyboard.press("ArrowDown")
    press_to(page, "number")
    page.keyboard.type(NUMBER[:-1])
    press_to(page, "issuer")
    page.keyboard.type("东莞市评价中心")
    page.fill("input[name=issued_on]", day())
    page.focus("input[name=issuer]")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    assert "编号应是 22 位" in page.inner_text("main") and "照片已经传好" in page.inner_text("main")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert", "who uses keys or ears is told first"
    press_to(page, "number")
    page.keyboard.press("End")
    page.keyboard.type(NUMBER[-1])
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('车工 五级/初级工')")
    assert "等核查" in page.inner_text("main")
    context.close()
