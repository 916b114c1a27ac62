"""Settings: one frozen object made from the environment, which refuses to start when unsafe."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import shlex
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
DEMO_PASSWORD = "guanxue-demo-2026"  # noqa: S105 the published password of the demonstration people; production refuses it


class UnsafeSettings(Exception):
    """The settings would start an unsafe or impossible site; the message says which one and how to mend it."""


@dataclass(frozen=True)
class Settings:
    """Everything the environment decides. Folders are absolute; keys are bytes; see docs/operating.md for each name."""

    env: str
    database_url: str
    data_dir: Path
    media_dir: Path
    index_dir: Path
    base_url: str
    secret_key: bytes = field(repr=False)
    ledger_key_path: Path
    credential_key_path: Path
    accel: str = ""
    trusted_proxies: int = 0
    service_worker: bool = True
    operator: str = ""
    contact: str = ""
    icp: str = ""
    police_record: str = ""
    sms: str = field(default="", repr=False)
    sms_a_day: int = 2000
    transcribe: str = field(default="", repr=False)
    identity: str = field(default="", repr=False)
    demo_password: str = field(default=DEMO_PASSWORD, repr=False)
    town: str = ""
    courses_dir: Path = ROOT / "courses"
    root: Path = ROOT

    @property
    def is_production(self) -> bool:
        """True where demonstration people, generated keys and plain-http cookies are refused."""
        return self.env == "production"

    @property
    def is_https(self) -> bool:
        """True when the public address is https, so that cookies may be Secure and __Host-."""
        return self.base_url.startswith("https://")

    def derive_key(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose, so that a leak in one place opens no other."""
        return _derived(self.secret_key, purpose)

    @classmethod
    def from_env(cls, environ: dict[str, str] | None = None) -> Settings:
        """Read GUANXUE_* (see docs/operating.md). Raises UnsafeSettings with one plain line."""
        env = dict(os.environ if environ is None else environ)
        mode = env.get("GUANXUE_ENV", "demo")
        if mode not in ("demo", "production"):
            raise UnsafeSettings(f"GUANXUE_ENV 只能是 demo 或 production，现在是“{mode}”。")
        data = _data_dir(env)
        settings = cls(
            env=mode,
            database_url=env.get("GUANXUE_DATABASE_URL") or f"sqlite:///{data.database}",
            data_dir=data.folder,
            media_dir=_storage(env, data.media),
            index_dir=data.index,
            base_url=env.get("GUANXUE_BASE_URL", f"http://127.0.0.1:{env.get('PORT', '8000')}").rstrip("/"),
            secret_key=_secret(env, data.folder, mode),
            ledger_key_path=ledger_key_path(env),
            credential_key_path=credential_key_path(env),
            accel=env.get("GUANXUE_ACCEL", ""),
            trusted_proxies=_whole_number(env, "GUANXUE_TRUSTED_PROXIES"),
            service_worker=_on_or_off(env, "GUANXUE_SERVICE_WORKER"),
            operator=_words(env, "GUANXUE_OPERATOR"),
            contact=_words(env, "GUANXUE_CONTACT"),
            icp=_words(env, "GUANXUE_ICP"),
            police_record=_words(env, "GUANXUE_POLICE_RECORD"),
            sms=_sms(env),
            sms_a_day=_whole_number(env, "GUANXUE_SMS_A_DAY", "2000"),
            transcribe=_transcribe(env),
            identity=_identity(env),
            demo_password=env.get("GUANXUE_DEMO_PASSWORD", DEMO_PASSWORD),
            town=env.get("GUANXUE_TOWN", ""),
        )
        _refuse_unsafe(settings, env)
        return settings


@lru_cache(maxsize=64)
def _derived(secret_key: bytes, purpose: str) -> bytes:
    return hmac.new(secret_key, f"guanxue:{purpose}".encode(), hashlib.sha256).digest()


def ledger_key_path(environ: dict[str, str] | None = None) -> Path:
    """Where this site's ledger key lies or would lie; makes nothing."""
    env = dict(os.environ if environ is None else environ)
    return Path(env.get("GUANXUE_LEDGER_KEY") or _data_dir(env).folder / "keys" / "ledger.pem")


def kept_heads_path(environ: dict[str, str] | None = None) -> Path:
    """Where this site's heads are or would be kept outside the database; makes nothing."""
    return _data_dir(dict(os.environ if environ is None else environ)).folder / "ledger" / "heads.jsonl"


def credential_key_path(environ: dict[str, str] | None = None) -> Path:
    """Where the key that signs credentials lies or would lie; makes nothing."""
    env = dict(os.environ if environ is None else environ)
    return Path(env.get("GUANXUE_CREDENTIAL_KEY") or _data_dir(env).folder / "keys" / "credential.pem")


def published_keys_path(environ: dict[str, str] | None = None) -> Path:
    """Where this site's published credential keys lie or would lie; makes nothing."""
    return _data_dir(dict(os.environ if environ is None else environ)).folder / "credentials" / "keys.json"


@dataclass(frozen=True)
class _Data:
    folder: Path
    media: Path
    index: Path

    @property
    def database(self) -> Path:
        return self.folder / "guanxue.db"


def _data_dir(env: dict[str, str]) -> _Data:
    # The checkout's own top-level folders by default; with GUANXUE_DATA everything that is written lies together.
    if chosen := env.get("GUANXUE_DATA"):
        folder = Path(chosen).expanduser().resolve()
        return _Data(folder, folder / "media", folder / "search_index")
    return _Data(ROOT / "data", ROOT / "media", ROOT / "search_index")


def _storage(env: dict[str, str], default: Path) -> Path:
    url = env.get("GUANXUE_STORAGE_URL", "")
    if not url:
        return default
    if not url.startswith("file:///"):
        raise UnsafeSettings("GUANXUE_STORAGE_URL 目前只支持 file:///…")
    return Path(url.removeprefix("file://"))


def _secret(env: dict[str, str], folder: Path, mode: str) -> bytes:
    if given := env.get("GUANXUE_SECRET_KEY"):
        return given.encode()
    if mode == "production":
        raise UnsafeSettings("正式运行必须设置 GUANXUE_SECRET_KEY（至少 32 个随机字符）。")
    return _generated_once(folder / "keys" / "secret")


def _generated_once(path: Path) -> bytes:
    """The bytes in `path`, made at random the first time; two processes starting together agree on one."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        draft.write_bytes(secrets.token_hex(32).encode())
        draft.chmod(0o600)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # the other process was first; its key is the one both use
        finally:
            draft.unlink()
        return path.read_bytes()


def _sms(env: dict[str, str]) -> str:
    """Where messages go: empty for nowhere, file:///… for a file, https://token@host/… for a provider."""
    url = env.get("GUANXUE_SMS", "").strip()
    parts = urlsplit(url)
    is_file = parts.scheme == "file" and not parts.netloc and parts.path.startswith("/")
    is_provider = parts.scheme == "https" and bool(parts.hostname)
    if url and not (is_file or is_provider):
        raise UnsafeSettings("GUANXUE_SMS 只能是 file:///… 或 https://令牌@主机/…（留空就不发短信）。")
    return url


def _identity(env: dict[str, str]) -> str:
    """Who is asked whether name and number belong together: empty for officers alone, https://token@host/… for a service."""
    url = env.get("GUANXUE_IDENTITY", "").strip()
    parts = urlsplit(url)
    if url and not (parts.scheme == "https" and parts.hostname):
        raise UnsafeSettings("GUANXUE_IDENTITY 只能是 https://令牌@主机/…（留空就由工作人员核对）。")
    return url


def _transcribe(env: dict[str, str]) -> str:
    """What writes down what is said in films: empty for nothing, https://token@host/… or a command with {audio} and {vtt}."""
    told = env.get("GUANXUE_TRANSCRIBE", "").strip()
    parts = urlsplit(told) if told.startswith("https:") else None
    if not told or (parts is not None and parts.hostname):
        return told
    try:
        words = shlex.split(told)
    except ValueError:
        words = []
    if parts is not None or not all(any(place in word for word in words[1:]) for place in ("{audio}", "{vtt}")):
        raise UnsafeSettings(
            "GUANXUE_TRANSCRIBE 只能是 https://令牌@主机/…，或一条带 {audio} 和 {vtt} 的命令（留空就没有听写）。")
    return told


def _words(env: dict[str, str], name: str) -> str:
    """A line of words for every page's foot."""
    return " ".join(env.get(name, "").split())


def _on_or_off(env: dict[str, str], name: str) -> bool:
    """True unless it says off."""
    text = env.get(name, "") or "on"
    if text not in ("on", "off"):
        raise UnsafeSettings(f"{name} 只能是 on 或 off，现在是“{text}”。")
    return text == "on"


def _whole_number(env: dict[str, str], name: str, default: str = "0") -> int:
    text = env.get(name, "") or default
    if not text.isdigit():
        raise UnsafeSettings(f"{name} 应为非负整数，现在是“{text}”。")
    return int(text)


def _refuse_unsafe(settings: Settings, env: dict[str, str]) -> None:
    if not settings.is_production:
        return
    if len(settings.secret_key) < 32:
        raise UnsafeSettings("GUANXUE_SECRET_KEY 太短，至少 32 个字符。")
    if not env.get("GUANXUE_LEDGER_KEY"):
        raise UnsafeSettings("正式运行必须用 GUANXUE_LEDGER_KEY 指定学分账本的签名私钥文件。")
    if not settings.ledger_key_path.is_file():
        raise UnsafeSettings(f"GUANXUE_LEDGER_KEY 指定的文件不存在：{settings.ledger_key_path}")
    if not env.get("GUANXUE_CREDENTIAL_KEY"):
        raise UnsafeSettings("正式运行必须用 GUANXUE_CREDENTIAL_KEY 指定证书的签名私钥文件（与账本的不同）。")
    if not settings.credential_key_path.is_file():
        raise UnsafeSettings(f"GUANXUE_CREDENTIAL_KEY 指定的文件不存在：{settings.credential_key_path}")
    if not settings.is_https:
        raise UnsafeSettings("正式运行时 GUANXUE_BASE_URL 必须以 https:// 开头，否则登录凭证会明文传送。")
    if env.get("FLASK_DEBUG", "0") not in ("", "0"):
        raise UnsafeSettings("正式运行不能打开 FLASK_DEBUG。")
