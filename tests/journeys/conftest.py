"""One running site and one browser for all journeys of a process."""

from __future__ import annotations

import pytest
from tests.journeys import site as sites


@pytest.fixture(scope="session")
def whole_site(tmp_path_factory):
    """The site, running."""
    with sites.running_site(tmp_path_factory.mktemp("journeys")) as site:
        yield site


@pytest.fixture
def open_page(browser):
    """open_page(width="phone", **options) opens a page in a context of its own, without cookies; all are closed afterwards."""
    contexts = []

    def opened(viewport=sites.PHONE, **options):
        options.setdefault("has_touch", viewport is sites.PHONE)
        context = browser.new_context(viewport=viewport, locale="zh-CN", timezone_id="Asia/Shanghai", **options)
        context.set_default_timeout(sites.PATIENCE_MS)
        contexts.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page):
    """A phone, signed out."""
    return open_page()
