"""The frame of the JSON API: operations, problem documents, OpenAPI 3.1.

A room declares its calls in api.py:

    @operation("PUT", "/courses/<slug>/enrolment", summary="报名", answers=Enrolment)
    def enrol(slug: str): ...                      # returns a dict, (dict, status) or None (204)

    @operation("POST", "/playbacks/<id>/beats", summary="…", body=Beats, find=_my_playback)
    def beats(id: str, found, body: Beats): ...

The order of checks is 401 (signed_in) -> 404/403 (`find`, called with the path's arguments) -> 422 (`body`, a pydantic
model) -> 409 and the rest (the view). `found` is passed only where `find` is given, `body` only where `body` is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response, request
from pydantic import BaseModel, ValidationError

from guanxue.core.db import begin_writing
from guanxue.core.errors import Invalid, Problem
from guanxue.core.i18n import gettext
from guanxue.core.i18n import lazy as _
from guanxue.core.web.dispatch import SAFE_METHODS, current_actor, request_id

PREFIX = "/api/v1"
PROBLEM_TYPE = "/api/docs/problems#"


@dataclass(frozen=True)
class Operation:
    """One call of the API, as declared."""

    method: str
    path: str
    view: Callable
    summary: str
    body: type[BaseModel] | None = None
    answers: type[BaseModel] | None = None
    query: dict[str, str] = field(default_factory=dict)
    signed_in: bool = True
    reads_first: bool = False
    find: Callable | None = None
    finds_itself: bool = False  # the view looks it up again, locked, by what is in the path; what `find` found it leaves alone

    @property
    def endpoint(self) -> str:
        """A unique endpoint name: room and function."""
        return f"{self.view.__module__.split('.')[1]}_{self.view.__name__}"


_declared: dict[tuple[str, str], Operation] = {}


def operation(method: str, path: str, *, summary: str, **more) -> Callable[[Callable], Callable]:
    """Declare a call, see the module's docstring. `more` are the further fields of Operation."""

    def declare(view: Callable) -> Callable:
        _declared[method, path] = Operation(method, path, view, summary, **more)
        return view

    return declare


def operations() -> list[Operation]:
    """All declared calls, by path and method."""
    return sorted(_declared.values(), key=lambda op: (op.path, op.method))


def blueprint() -> Blueprint:
    """Every declared call under /api/v1."""
    made = Blueprint("api", __name__, url_prefix=PREFIX)
    for op in operations():
        view = _view(op)
        view.reads_first = True  # parse, authenticate and find first; _view begins writing when it is time
        made.add_url_rule(op.path, op.endpoint, view, methods=[op.method])
    return made


def _view(op: Operation) -> Callable:
    def call(**arguments):
        if op.signed_in:
            current_actor().must_be_person()
        is_write = op.method not in SAFE_METHODS
        if op.find is not None:
            found = op.find(**arguments)  # before the body is read: 404 and 403 come first
        parsed = _parse(op.body) if op.body is not None else None
        if is_write and not op.reads_first:
            begin_writing()
            if op.find is not None and not op.finds_itself:
                found = op.find(**arguments)  # again, inside the writing transaction: what was read may have moved
        if op.find is not None:
            arguments["found"] = found
        if op.body is not None:
            arguments["body"] = parsed
        return _answer(op.view(**arguments))

    return call


def _parse(model: type[BaseModel]) -> BaseModel:
    raw = request.get_data(cache=True)
    if raw and request.mimetype != "application/json":
        raise Invalid(_("请求正文应为 application/json。"))
    try:
        return model.model_validate_json(raw or b"{}")
    except ValidationError as error:
        raise Invalid(_("提交的内容有误。"), fields=[_field(e) for e in error.errors()[:20]]) from None


_WORDS = {
    "missing": _("缺少这一项"),
    "json_invalid": _("不是正确的 JSON"),
    "string_too_long": _("太长"),
    "string_too_short": _("太短"),
    "too_long": _("项目太多"),
    "finite_number": _("应为有限的数"),
    "greater_than_equal": _("太小"),
    "less_than_equal": _("太大"),
}


def _field(error: dict) -> dict:
    kind = error["type"]
    message = error["msg"].removeprefix("Value error, ") if kind == "value_error" else _WORDS.get(kind, _("格式不对"))
    return {"field": ".".join(map(str, error["loc"])) or "body", "message": str(message)}


def _answer(result: Any) -> Response:
    status = 200
    if isinstance(result, tuple):
        result, status = result
    if result is None:
        return Response(status=204)
    if isinstance(result, Response):
        return result
    if isinstance(result, BaseModel):
        result = result.model_dump(mode="json")
    answer = Response(json.dumps(result, ensure_ascii=False, separators=(",", ":")), status, mimetype="application/json")
    answer.headers["Cache-Control"] = "private, no-store" if current_actor().is_person else "no-cache"
    return answer


_TITLES = {
    400: _("请求有误"), 401: _("请先登录"), 403: _("没有权限"), 404: _("没有找到"), 405: _("不支持这种操作"),
    409: _("现在不能这样做"), 413: _("内容太大"), 415: _("不支持这种格式"), 422: _("内容有误"),
    429: _("太频繁"), 500: _("服务器出了问题"), 503: _("暂时不能服务"),
}


def problem_response(problem: Problem) -> Response:
    """application/problem+json (RFC 9457) in the caller's language."""
    document = {
        "type": PROBLEM_TYPE + problem.code,
        "title": str(_TITLES.get(problem.status, problem.status)),
        "status": problem.status,
        "detail": str(problem.message),
        "errors": [{"field": f["field"], "message": str(f["message"])} for f in problem.fields],
        "request_id": request_id(),
        **problem.extra,
    }
    answer = Response(json.dumps(document, ensure_ascii=False), problem.status, mimetype="application/problem+json")
    if hasattr(problem, "retry_after_s"):
        answer.headers["Retry-After"] = str(problem.retry_after_s)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def openapi(base_url: str, version: str) -> dict:
    """The OpenAPI 3.1 document of every declared call."""
    schemas: dict[str, Any] = {"Problem": _PROBLEM_SCHEMA}
    paths: dict[str, dict] = {}
    for op in operations():
        paths.setdefault(re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", op.path), {})[op.method.lower()] = _describe(op, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": gettext("莞学接口"), "version": version},
        "servers": [{"url": base_url + PREFIX}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "session"},
            },
        },
    }


_PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "errors"],
    "properties": {
        "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object", "properties": {
            "field": {"type": "string"}, "message": {"type": "string"}}}},
    },
}


def _describe(op: Operation, schemas: dict) -> dict:
    described: dict[str, Any] = {
        "operationId": op.endpoint,
        "summary": str(op.summary),
        "tags": [op.view.__module__.split(".")[1]],
        "security": [{"bearer": []}, {"cookie": []}] if op.signed_in else [{}],
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in re.findall(r"<(?:\w+:)?(\w+)>", op.path)
        ] + [
            {"name": name, "in": "query", "required": False, "description": str(what), "schema": {"type": "string"}}
            for name, what in op.query.items()
        ],
        "responses": {
            "2XX": _content(op.answers, schemas, "application/json") if op.answers else {"description": "OK"},
            "4XX": {"description": "Problem", "content": {"application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"}}}},
        },
    }
    if op.body:
        body = _content(op.body, schemas, "application/json")
        described["requestBody"] = {"content": body["content"], "required": bool(op.body.model_json_schema().get("required"))}
    return described


def _content(model: type[BaseModel], schemas: dict, mimetype: str) -> dict:
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(schema.pop("$defs", {}))
    schemas[model.__name__] = schema
    return {"description": model.__doc__ or model.__name__,
            "content": {mimetype: {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}}
