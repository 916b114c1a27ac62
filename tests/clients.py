"""Who calls the site in tests: a learner's program with a bearer, a person's browser with a cookie and form tokens."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from tests.factories import PASSWORD, bearer

from guanxue.core import clock

API = "/api/v1"


class Learner:
    """A program of one learner."""

    def __init__(self, app, phone="13800000001"):
        self.client = app.test_client()
        self.headers = bearer(self.client, phone)

    def call(self, method, path, status=None, **json):
        """The answer's JSON; checks the status where one is given."""
        answer = self.client.open(API + path, method=method, headers=self.headers, json=json or None)
        if status is not None:
            assert answer.status_code == status, (answer.status_code, answer.get_json())
        return answer.get_json()

    def lessons(self, slug="safe-measuring"):
        """The course's lessons in order."""
        return [x for s in self.call("GET", f"/courses/{slug}")["sections"] for x in s["lessons"]]

    def beat(self, playback, *beats, status=200, **over):
        """One request of (t_ms, from_s, to_s, rate) beats; the playback goes on with the answer."""
        body = {"nonce": playback["nonce"], "seq": playback["next_seq"],
                "beats": [dict(zip(("t_ms", "from_s", "to_s", "rate"), b, strict=True)) for b in beats], **over}
        answer = self.call("POST", f"/playbacks/{playback['playback_id']}/beats", status, **body)
        if status == 200:
            playback.update(nonce=answer["nonce"], next_seq=answer["next_seq"])
        return answer

    def watch(self, lesson_id, seconds, rate=1.0):
        """Open the lesson and watch it from its beginning."""
        playback = self.call("POST", f"/lessons/{lesson_id}/playback", 201)
        with clock.advance(seconds / rate):
            return self.beat(playback, (round(seconds / rate * 1000), 0, seconds, rate))

    def right_answers(self, attempt):
        """The answers of factories.GIFT that are right."""
        second = next(q for q in attempt["questions"] if q["id"] == "q2")
        return {"q1": True, "q2": next(o["id"] for o in second["options"] if "Z" in o["html"])}

    def pass_quiz(self, lesson_id):
        """Answer the quiz of factories.GIFT rightly and hand it in."""
        attempt = self.call("POST", f"/quizzes/{lesson_id}/attempts", 200)
        self.call("PUT", f"/attempts/{attempt['attempt_id']}/answers", 200, **self.right_answers(attempt))
        return self.call("POST", f"/attempts/{attempt['attempt_id']}/submit", 200)

    def finish(self, slug="safe-measuring"):
        """Enrol, study everything, pass."""
        self.call("PUT", f"/courses/{slug}/enrolment", 200)
        for lesson in self.lessons(slug):
            if lesson["kind"] == "quiz":
                assert self.pass_quiz(lesson["id"])["passed"]
            else:
                assert self.watch(lesson["id"], lesson["duration_s"])["lesson_completed"]


class Browser:
    """A person's browser: keeps the cookie, sends forms with the token of the page it saw last."""

    def __init__(self, app, phone: str | None = None, password: str = PASSWORD):
        self.client = app.test_client()
        self.token = ""
        if phone is not None:
            self.see("/login")
            self.send("/login", 303, phone=phone, password=password)
            self.see("/me/settings")

    def get(self, path, status=200):
        """The answer to a GET."""
        answer = self.client.get(path)
        assert answer.status_code == status, (path, answer.status_code, answer.get_data(as_text=True)[:400])
        return answer

    def see(self, path, status=200) -> str:
        """The page's text; its form token is remembered."""
        text = self.get(path, status).get_data(as_text=True)
        found = re.search(r'name="csrf_token" value="([^"]+)"|data-csrf="([^"]+)"', text)
        if found:
            self.token = found[1] or found[2]
        return text

    def send(self, path, status=303, *, token=True, multipart=False, **form):
        """Post a form; the answer."""
        data = {**({"csrf_token": self.token} if token else {}), **form}
        more = {"content_type": "multipart/form-data"} if multipart else {}
        answer = self.client.post(path, data=data, **more)
        assert answer.status_code == status, (path, answer.status_code, words(answer)[:400])
        return answer


def words(answer) -> str:
    """What a page says, without its markup."""
    body = re.sub(r"<(script|style|head)\b.*?</\1>", "", answer.get_data(as_text=True), flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def place(answer) -> str:
    """Where a redirect leads, as a path of this site."""
    parts = urlsplit(answer.headers["Location"])
    assert not parts.scheme and not parts.netloc, answer.headers["Location"]
    return parts.path + (f"?{parts.query}" if parts.query else "")


def is_chinese(text: str) -> bool:
    """Does a sentence speak Chinese?"""
    return any("\u4e00" <= c <= "\u9fff" for c in text)
