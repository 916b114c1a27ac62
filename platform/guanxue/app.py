"""create_app(): one Flask app from one Settings. Rooms are joined in wiring.py; this file knows the frame only."""

from __future__ import annotations

import logging
from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, redirect, request, url_for
from flask_babel import Babel
from flask_wtf.csrf import CSRFError, CSRFProtect
from jinja2 import StrictUndefined
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from guanxue import accounts, wiring
from guanxue.accounts.routes.identity import needs_identity
from guanxue.config import Settings
from guanxue.core import clock, i18n
from guanxue.core import db as database
from guanxue.core.db import end_work
from guanxue.core.errors import Forbidden, Invalid, NotFound, Problem, SecondFactorNeeded, TooLarge, Unauthenticated
from guanxue.core.i18n import lazy as _
from guanxue.core.web import (
    addresses,
    api,
    assets,
    covers,
    dispatch,
    early,
    headers,
    installable,
    look,
    operate,
    pagecache,
    pages,
    pictograms,
    places,
    styleguide,
    words,
)
from guanxue.core.web.turnstile import outside

log = logging.getLogger(__name__)
MAX_FORM_BYTES = 2 * 1024 * 1024  # forms and JSON; uploads say their own limit


def create_app(settings: Settings | None = None) -> Flask:
    """The site. Raises UnsafeSettings rather than start unsafely."""
    settings = settings or Settings.from_env()
    app = dispatch.Dispatcher("guanxue", template_folder=str(settings.root / "templates"), static_folder=None)
    app.config.update(_flask_config(settings))
    app.extensions["guanxue.settings"] = settings
    for folder in (settings.data_dir, settings.media_dir, settings.index_dir):
        folder.mkdir(parents=True, exist_ok=True)
    if settings.trusted_proxies:
        n = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)
    database.db.init_app(app)
    with app.app_context():
        database.configure_engine(database.db.engine)
    app.extensions["guanxue.languages"] = i18n.languages(settings.root / "translations")
    app.extensions["guanxue.language_tags"] = i18n.tags(app.extensions["guanxue.languages"])
    Babel(app, default_locale=i18n.FIRST, default_timezone="Asia/Shanghai", locale_selector=_language,
          default_translation_directories=str(settings.root / "translations"))
    _install_frame(app, settings)
    with app.app_context():
        wiring.join(app)
        wiring.refuse_unsafe(settings)
    app.register_blueprint(api.blueprint())
    return app


def _flask_config(settings: Settings) -> dict:
    cookie = "__Host-session" if settings.is_https else "session"
    engine = {"hide_parameters": True}  # what people wrote stands in no log, also when a statement fails
    if not settings.database_url.startswith("sqlite"):
        engine["pool_pre_ping"] = True
    return {
        "SECRET_KEY": settings.derive_key("cookie"),
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine,
        "SESSION_COOKIE_NAME": cookie,
        "SESSION_COOKIE_SECURE": settings.is_https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "MAX_CONTENT_LENGTH": MAX_FORM_BYTES,
        "WTF_CSRF_CHECK_DEFAULT": False,
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_HEADERS": ["X-CSRF-Token"],
        "WTF_CSRF_SSL_STRICT": False,
        "TRAP_HTTP_EXCEPTIONS": False,
    }


def _language() -> str:
    """A page speaks Chinese unless its reader chose otherwise; a program's Accept-Language is honoured."""
    known = current_app.extensions["guanxue.languages"]
    chosen = (installable.language_in_address() or request.cookies.get("lang")) if request else None
    if chosen in known:
        return chosen
    if request and request.path.startswith(api.PREFIX):
        names = current_app.extensions["guanxue.language_tags"]
        return names[request.accept_languages.best_match(names, "zh")]
    return i18n.FIRST


def _page_language() -> str:
    return _language().replace("_", "-")


def _clock_time(ms: int | None) -> str:
    """12:34 of milliseconds, 1:02:03 from an hour on; a dash while unknown."""
    if ms is None:
        return "–"
    seconds = ms // 1000
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"


# What templates may do with plain values: words of the data, thousandths, moments of the city, playing times.
FILTERS = {
    "written": i18n.Name,  # a word of the data; escaped, and marked as Chinese on pages of another language
    "milli": lambda milli: f"{milli / 1000:.3f}",
    "clock_time": _clock_time,
    "ms_time": lambda ms: clock.moment_of(ms).astimezone(clock.CITY).strftime("%Y-%m-%d %H:%M"),
    "city_time": lambda moment: moment.astimezone(clock.CITY).strftime("%Y-%m-%d %H:%M"),
    "city_day": lambda moment: moment.astimezone(clock.CITY).strftime("%Y-%m-%d"),
}


def _install_frame(app: Flask, settings: Settings) -> None:
    # Words that a page gives to its scripts stand in it as they are: escaped, each Chinese one takes twice the bytes.
    app.jinja_env.policies["json.dumps_kwargs"] = {"sort_keys": True, "ensure_ascii": False}
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(languages=app.extensions["guanxue.languages"], is_production=settings.is_production,
                                 page_language=_page_language, drawings=pictograms.DRAWINGS,
                                 is_saving=lambda: look.present().is_saving)
    app.jinja_env.filters.update(FILTERS)
    dispatch.install(app)
    pagecache.install(app)
    early.install(app)
    addresses.install(app)
    wiring.install_sign_in(app)
    _protect_forms(app)
    headers.install(app)
    assets.install(app, settings.root / "static")
    words.install(app)
    places.install(app)
    installable.install(app)
    for edge in (operate, covers, look, styleguide):
        app.register_blueprint(edge.blueprint)
    app.context_processor(lambda: {"actor": dispatch.current_actor(), "look": look.present(), "looks": look.CHOICES})
    _install_error_pages(app)


def _protect_forms(app: Flask) -> None:
    """Every writing request needs a token, but for programs that bring a bearer or have no session to abuse."""
    csrf = CSRFProtect(app)

    @app.before_request
    def _check() -> None:
        if request.method in dispatch.SAFE_METHODS or request.endpoint is None:
            return
        if request.path.startswith(api.PREFIX):
            scheme, _space, bearer = request.headers.get("Authorization", "").partition(" ")
            tokenless = scheme.lower() == "bearer" and bearer.strip()  # an empty one falls back to the cookie
            if tokenless or not dispatch.current_actor().is_person:
                _must_be_json()
                return
        view = app.view_functions[request.endpoint]
        if dispatch.current_actor().is_person:  # the token stands in the form, so the whole form is read here
            request.max_content_length = _most_bytes(view)
            if (most_text := getattr(view, "most_text_bytes", None)) is not None and _may_send_files(view):
                request.max_form_memory_size = most_text
            _take_form(request.content_length or 0)
        elif getattr(view, "is_tokenless", False) and pages.comes_from_here():
            return
        csrf.protect()


def _take_form(size_bytes: int) -> None:
    """Read the form off the line; a large one may take minutes, and lets others through meanwhile."""
    if size_bytes > MAX_FORM_BYTES:
        end_work(commit=False)
        with outside(request.environ):
            request.form  # noqa: B018 reading it is what takes the time


def _most_bytes(view: Callable) -> int:
    """How large the present request may be: few send files in forms, which lie on the disk once they are read."""
    is_form = request.mimetype in ("multipart/form-data", "application/x-www-form-urlencoded")
    if is_form and not (getattr(view, "takes_form", True) and _may_send_files(view)):
        return MAX_FORM_BYTES
    return getattr(view, "most_bytes", MAX_FORM_BYTES)


def _may_send_files(view: Callable) -> bool:
    return getattr(view, "takes_from_all", False) or dispatch.current_actor().may("teach")


def _must_be_json() -> None:
    """A form on another site can send neither this type nor a bearer: that stands in for the token."""
    if request.content_length and request.mimetype != "application/json":
        raise _WrongType(_("请求正文应为 application/json。"))


class _WrongType(Problem):
    status = 415
    code = "wrong-type"


_HTTP: dict[int, Callable[[], Problem]] = {
    404: lambda: NotFound(_("没有这个页面，可能是网址写错了，或内容已经移走。")),
    403: lambda: Forbidden(_("你没有做这件事的权限。")),
    413: lambda: TooLarge(_("提交的内容太大了，没有收到。返回上一页，把它分成几次提交，或者换一个小一些的文件。")),
}


class _Other(Problem):
    """A protocol error of werkzeug's, in our words."""

    def __init__(self, status: int, message: object, code: str) -> None:
        super().__init__(message, code=code)
        self.status = status


def _install_error_pages(app: Flask) -> None:
    @app.errorhandler(Problem)
    def _problem(problem: Problem) -> Response:
        return _show(problem)

    @app.errorhandler(CSRFError)
    def _token(_error: CSRFError) -> Response:
        if request.path.startswith("/api/"):  # a script of an open page asked: there is no page before it to go back to
            return _show(_Other(403, _("这一页过期了。请刷新页面。"), "csrf"))
        return _show(_Other(403, _("这一页放得太久，过期了。请返回上一页，刷新后再提交一次。"), "csrf"))

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        status = error.code or 500
        if status < 400:
            return error.get_response()
        if status in _HTTP:
            return _show(_HTTP[status]())
        words = {405: _("这个地址不支持这种操作。"), 400: _("请求的格式有误。")}
        response = _show(_Other(status, words.get(status, _("请求无法处理。")), f"http-{status}"))
        for name, value in error.get_headers():
            if name in ("Allow", "Retry-After"):
                response.headers[name] = value
        return response

    @app.errorhandler(DataError)
    def _unstorable(error: DataError) -> Response:
        log.warning("a value the database cannot hold: %s", type(error.orig).__name__)
        return _show(Invalid(_("提交的内容里有不能保存的字符或过大的数。")))

    @app.errorhandler(Exception)
    def _crash(error: Exception) -> Response:
        log.exception("unhandled", extra={"fields": {"request_id": dispatch.request_id(), "path": dispatch.told_path()}})
        return _show(_Other(500, _("服务器出了问题，我们已经记下。请稍后再试。"), "server-error"))


def _page_asked_from() -> str:
    """The page that was asked for, or the one whose form was sent: where to go on after the second factor."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    page = urlsplit(request.referrer or "")
    return pages.own_site_path(page.path if page.netloc == request.host else "", "/me")


def _show(problem: Problem) -> Response:
    if request.path.startswith("/api/") or request.accept_mimetypes.best == "application/json":
        return api.problem_response(problem)
    if isinstance(problem, Unauthenticated):
        target = request.full_path.rstrip("?") if request.method == "GET" else "/"
        return redirect(url_for("accounts.login", next=target), 303)
    if isinstance(problem, SecondFactorNeeded):
        return redirect(url_for("accounts.second_factor", next=_page_asked_from()), 303)
    if isinstance(problem, accounts.IdentityNeeded):
        return needs_identity(problem, _page_asked_from())
    response = pages.page("pages/problem.html", problem.status, status=problem.status, message=str(problem.message),
                          code=problem.code, fields=problem.fields, request_id=dispatch.request_id())
    if hasattr(problem, "retry_after_s"):
        response.headers["Retry-After"] = str(problem.retry_after_s)
    response.headers["Cache-Control"] = "no-store"
    return response
