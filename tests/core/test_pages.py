"""Addresses that a next= may lead to."""

import pytest

from guanxue.core.web.pages import own_site_path


@pytest.mark.parametrize("target", ["/me", "/courses?q=数控&page=2", "/learn/a/b#c"])
def test_paths_of_this_site_are_followed(target):
    assert own_site_path(target) == target


@pytest.mark.parametrize("target", [
    "//evil.example", "/\\evil.example", "https:evil.example", "https://evil.example", "/%09/evil.example",
    "/%5cevil.example", "/%2fevil.example", "/\tevil", "/a%0d%0ab", "javascript:alert(1)", "", None, "evil", "/%252fevil",
])
def test_anything_else_goes_home(target):
    assert own_site_path(target) == "/"
