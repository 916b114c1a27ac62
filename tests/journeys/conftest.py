"""One running site and one browser for all journeys of a process."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.journeys import site as sites

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # xdist asks for the groups before a folder's own words are heard
def pytest_collection_modifyitems(items) -> None:
    """The journeys of a file follow one another on one site, so one process runs them."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.xdist_group(item.path.name))


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
