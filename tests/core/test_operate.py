"""What operators ask of the site."""

from __future__ import annotations

import shutil

from guanxue.core.settings import settings


def test_healthz_answers_while_the_process_lives(client):
    assert client.get("/healthz").status_code == 200


def test_readyz_names_what_is_not_ready(bare_app, client):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json() == {"database": "ok", "storage": "ok", "index": "not ready"}
    with bare_app.test_request_context():
        shutil.rmtree(settings().media_dir)
    assert client.get("/readyz").get_json()["storage"] == "OSError"


def test_metrics_are_counted_in_the_database(client):
    answer = client.get("/metrics")
    assert answer.status_code == 200 and answer.content_type.startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    assert "guanxue_ledger_entries 0" in lines and "guanxue_courses_open 0" in lines
    assert all(line.startswith("#") or line.rpartition(" ")[2].isdigit() for line in lines)
