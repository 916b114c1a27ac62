"""Messages to a phone: fixed templates, and the one port through which they leave (GUANXUE_SMS).

A provider gets the template's id and its values, never free text: providers and the law want templates that were reviewed.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit, urlunsplit

from guanxue.core import clock
from guanxue.core.settings import settings

TIMEOUT_S = 10.0
# Template id: the text that is handed to the provider for review. The demonstration's file shows it filled in.
TEMPLATES = {
    "signin": "【莞学】登录验证码 {code}，{minutes} 分钟内有效。不是你本人操作请忽略，不要告诉任何人。",
    "register": "【莞学】注册验证码 {code}，{minutes} 分钟内有效。不是你本人操作请忽略，不要告诉任何人。",
    "reset": "【莞学】找回密码的验证码 {code}，{minutes} 分钟内有效。不是你本人操作请忽略，不要告诉任何人。",
    "change": "【莞学】更换手机号的验证码 {code}，{minutes} 分钟内有效。不是你本人操作请忽略，不要告诉任何人。",
    "password-changed": "【莞学】你的密码刚刚被重新设置。不是你本人操作，请马上联系单位的平台管理员。",
    "number-changed": "【莞学】你的账号已改用手机号 {phone} 登录。不是你本人操作，请马上联系单位的平台管理员。",
    "new-device": "【莞学】你的账号刚刚在一部新的设备上登录。不是你本人操作，请马上改密码。",
    "recognition": "【莞学】你的证书换学分（编号 {code}）有了新进展，请登录后打开“我的”查看。",
    "case": "【莞学】有一件关于你学习记录的事（编号 {code}），请登录后打开“我的”查看。可以说明，也可以申诉。",
}


class CannotSend(Exception):
    """The gateway did not take the message; the reason holds neither number nor code."""


class Gateway(Protocol):
    """Where messages leave."""

    def send(self, key: str, phone: str, template: str, params: dict[str, str]) -> None:
        """Hand one message over; `key` is the same when it is handed over again. Raises CannotSend."""


class FileGateway:
    """Appends messages to a file, a JSON object a line: for demonstrations and rehearsals."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def send(self, key: str, phone: str, template: str, params: dict[str, str]) -> None:
        """A line more in the file, written at once."""
        line = json.dumps({"at": clock.now().isoformat(timespec="seconds"), "key": key, "phone": phone, "template": template,
                           "params": params, "text": TEMPLATES[template].format(**params)}, ensure_ascii=False) + "\n"
        try:
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(handle, line.encode())
            finally:
                os.close(handle)
        except OSError as error:
            raise CannotSend(f"file: {error.strerror}") from None


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """The token is for this address only."""

    def redirect_request(self, *_arguments) -> None:
        return None


class HttpGateway:
    """Posts {phone, template, params} as JSON to a provider, or to a small bridge in front of one, with a bearer token."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        userinfo, _at, host = parts.netloc.rpartition("@")
        self.token = unquote(userinfo.rpartition(":")[2])
        self.url = urlunsplit(parts._replace(netloc=host))
        self._opener = urllib.request.build_opener(NoRedirect)

    def send(self, key: str, phone: str, template: str, params: dict[str, str]) -> None:
        """Any answer of 200 to 299 within ten seconds is a yes."""
        body = json.dumps({"phone": phone, "template": template, "params": params}).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(self.url, body, headers, method="POST")  # noqa: S310 https, checked by Settings
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                answer.read(1024)
        except urllib.error.HTTPError as error:
            raise CannotSend(f"HTTP {error.code}") from None
        except (OSError, ValueError) as error:
            raise CannotSend(type(error).__name__) from None


def find_gateway() -> Gateway | None:
    """The gateway of GUANXUE_SMS; None where messages are off."""
    url = settings().sms
    if not url:
        return None
    return FileGateway(Path(unquote(urlsplit(url).path))) if url.startswith("file:") else HttpGateway(url)


def can_send() -> bool:
    """Are codes offered on this site?"""
    return bool(settings().sms)
