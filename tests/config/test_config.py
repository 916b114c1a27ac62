"""Settings refuse to start unsafely, with one clear line."""

from __future__ import annotations

import threading

import pytest
from tests.clients import is_chinese

from guanxue.config import Settings, UnsafeSettings

KEY = "k" * 40


@pytest.fixture
def production(tmp_path):
    """An environment that is safe for production."""
    pem = tmp_path / "ledger.pem"
    pem.write_text("x")
    return {"GUANXUE_ENV": "production", "GUANXUE_DATA": str(tmp_path / "data"), "GUANXUE_SECRET_KEY": KEY,
            "GUANXUE_LEDGER_KEY": str(pem), "GUANXUE_CREDENTIAL_KEY": str(pem), "GUANXUE_BASE_URL": "https://learn.example.cn/"}


def test_a_safe_production_starts_with_secure_cookies(production):
    settings = Settings.from_env(production)
    assert settings.is_production and settings.is_https and settings.base_url == "https://learn.example.cn"
    assert KEY not in repr(settings) and settings.demo_password not in repr(settings)


@pytest.mark.parametrize("change", [
    {"GUANXUE_SECRET_KEY": ""}, {"GUANXUE_SECRET_KEY": "short"}, {"GUANXUE_LEDGER_KEY": ""}, {"GUANXUE_LEDGER_KEY": "/nowhere/key.pem"},
    {"GUANXUE_CREDENTIAL_KEY": ""}, {"GUANXUE_CREDENTIAL_KEY": "/nowhere/key.pem"},
    {"GUANXUE_BASE_URL": "http://learn.example.cn"}, {"FLASK_DEBUG": "1"}, {"GUANXUE_ENV": "staging"},
    {"GUANXUE_TRUSTED_PROXIES": "many"}, {"GUANXUE_TRUSTED_PROXIES": "-1"}, {"GUANXUE_SERVICE_WORKER": "perhaps"}, {"GUANXUE_STORAGE_URL": "s3://bucket"},
])
def test_an_unsafe_setting_stops_the_start_with_a_chinese_line(production, change):
    with pytest.raises(UnsafeSettings) as refused:
        Settings.from_env({**production, **change})
    assert is_chinese(str(refused.value)) and "\n" not in str(refused.value)
    assert next(iter(change)) in str(refused.value)


def test_generated_keys_are_made_once_even_by_many_at_once_and_are_nobody_elses(tmp_path):
    found: list[bytes] = []

    def start():
        found.append(Settings.from_env({"GUANXUE_DATA": str(tmp_path)}).secret_key)

    threads = [threading.Thread(target=start) for _n in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(set(found)) == 1 and len(found[0]) >= 32
    assert (tmp_path / "keys" / "secret").stat().st_mode & 0o077 == 0
    assert Settings.from_env({"GUANXUE_DATA": str(tmp_path / "other")}).secret_key != found[0]


def test_every_purpose_has_a_key_of_its_own(tmp_path):
    settings = Settings.from_env({"GUANXUE_DATA": str(tmp_path)})
    assert len({settings.derive_key(p) for p in ("cookie", "media", "playback", "evidence")}) == 4


def test_what_is_written_lies_below_the_data_folder(tmp_path):
    settings = Settings.from_env({"GUANXUE_DATA": str(tmp_path / "d")})
    for path in (settings.media_dir, settings.index_dir, settings.ledger_key_path, settings.credential_key_path):
        assert path.is_relative_to(tmp_path / "d")
    assert settings.database_url == f"sqlite:///{tmp_path}/d/guanxue.db"


def test_who_runs_the_site_is_one_line_of_words_and_nothing_while_unset(production):
    assert Settings.from_env(production).operator == Settings.from_env(production).icp == ""
    said = Settings.from_env({**production, "GUANXUE_OPERATOR": " 莞学\n试点办 ", "GUANXUE_CONTACT": "0769", "GUANXUE_ICP": "粤ICP备0号",
                              "GUANXUE_POLICE_RECORD": "粤公网安备1号"})
    assert (said.operator, said.contact, said.icp, said.police_record) == ("莞学 试点办", "0769", "粤ICP备0号", "粤公网安备1号")
