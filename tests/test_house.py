"""The laws of the house (docs/decisions/0001-rooms.md), read from the source tree itself.

Every law is a function from a tree to a list of sentences, so that tests can also plant an offence and see it named.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ORDER = ["core", "audit", "jobs", "ledger", "search", "policies", "standards", "accounts", "cases",
         "helpdesk", "media", "quizzes", "courses", "classes", "learning", "discussions", "creditbank", "recognition", "credentials",
         "programmes", "tracks", "oversight"]
EDGES = {"routes", "api", "tasks", "documents", "forms", "commands", "signin"}
FORBIDDEN_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "base"}
WEB = {"flask", "flask_login", "flask_wtf", "werkzeug"}
LONGEST_FILE = 500


def package(root: Path) -> Path:
    return root / "platform" / "guanxue"


def sources(root: Path):
    for path in sorted(package(root).rglob("*.py")):
        yield path, ast.parse(path.read_text("utf-8"))


def room_of(root: Path, path: Path) -> str | None:
    parts = path.relative_to(package(root)).parts
    return parts[0] if len(parts) > 1 and parts[0] in ORDER else None


def is_edge(root: Path, path: Path) -> bool:
    parts = path.relative_to(package(root)).with_suffix("").parts
    return len(parts) > 1 and (parts[1] in EDGES or parts[:2] == ("core", "web") or parts[0] == "core")


def imports(tree: ast.AST):
    """(module, names, node) of every import statement."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield name.name, [], node
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module, [n.name for n in node.names], node


def where(root: Path, path: Path, node) -> str:
    return f"{path.relative_to(root)}:{node.lineno}"


def law_no_package_file(root: Path) -> list[str]:
    return ["platform/__init__.py hides Python's own platform"] if (root / "platform/__init__.py").exists() else []


def law_hearts_follow_the_arrow(root: Path) -> list[str]:
    found = []
    for path, tree in sources(root):
        room = room_of(root, path)
        if room is None or (is_edge(root, path) and room != "core"):
            continue
        for module, names, node in imports(tree):
            if not (module or "").startswith("guanxue"):
                continue
            targets = [f"{module}.{n}" for n in names] if module == "guanxue" else [module]
            for target in targets:
                other = target.split(".")[1] if "." in target else None
                if other in ORDER and ORDER.index(other) > ORDER.index(room):
                    found.append(f"{where(root, path, node)}: {room} imports {other} above it")
    return found


def law_foreign_keys_point_down(root: Path) -> list[str]:
    found = []
    for path, tree in sources(root):
        room = room_of(root, path)
        for node in ast.walk(tree):
            if not (room and isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ForeignKey" and node.args):
                continue
            table = getattr(node.args[0], "value", "")
            other = str(table).split("_")[0]
            if other in ORDER and ORDER.index(other) > ORDER.index(room):
                found.append(f"{where(root, path, node)}: foreign key from {room} up to {table}")
    return found


def law_rooms_are_entered_by_the_door(root: Path) -> list[str]:
    found = []
    for path, tree in sources(root):
        room = room_of(root, path)
        if path.parent == package(root):  # app, wiring, cli, operations may import edges
            continue
        for module, _names, node in imports(tree):
            parts = (module or "").split(".")
            if parts[0] == "guanxue" and len(parts) > 2 and parts[1] in ORDER and parts[1] not in (room, "core"):
                found.append(f"{where(root, path, node)}: imports {module}; import the room guanxue.{parts[1]}")
    return found


def law_no_web_in_hearts(root: Path) -> list[str]:
    found = []
    for path, tree in sources(root):
        if room_of(root, path) is None or is_edge(root, path):
            continue
        for module, names, node in imports(tree):
            top = (module or "").split(".")[0]
            in_process = module == "flask" and set(names) <= {"current_app", "Flask"}
            if (top in WEB and not in_process) or (module or "").startswith("guanxue.core.web"):
                found.append(f"{where(root, path, node)}: a heart imports {module}")
    return found


def law_hearts_never_commit(root: Path) -> list[str]:
    found = []
    for path, tree in sources(root):
        if room_of(root, path) in (None, "core") or is_edge(root, path) or path.name == "worker.py":
            continue
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in ("commit", "end_work", "writing", "begin_writing"):
                found.append(f"{where(root, path, node)}: a heart calls {name}(); only edges commit")
    return found


def law_imports_stand_at_the_top(root: Path) -> list[str]:
    found = []
    for path, tree in sources(root):
        for fn in ast.walk(tree):
            if isinstance(fn, (ast.FunctionDef, ast.AsyncFunctionDef)):
                for module, _names, node in imports(fn):
                    if (module or "").startswith("guanxue"):
                        found.append(f"{where(root, path, node)}: import of ours inside {fn.name}()")
        for module, names, node in imports(tree):
            if "*" in names:
                found.append(f"{where(root, path, node)}: star import of {module}")
    return found


def law_names_say_what_things_are(root: Path) -> list[str]:
    return [
        f"{path.relative_to(root)}: a name that says nothing"
        for path in package(root).rglob("*")
        if path.stem in FORBIDDEN_NAMES and "__pycache__" not in path.parts
    ]


def law_time_comes_from_the_clock(root: Path) -> list[str]:
    found = []
    for path, _tree in sources(root):
        if room_of(root, path) in (None, "core") or is_edge(root, path):
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if re.search(r"datetime\.(now|utcnow)\(|\btime\.time\(", line):
                found.append(f"{path.relative_to(root)}:{number}: asks the machine's clock, not core.clock")
    return found


def law_files_stay_readable(root: Path) -> list[str]:
    return [
        f"{path.relative_to(root)}: {lines} lines; is there a smaller room inside?"
        for path, _tree in sources(root)
        if path.parent.name != "versions"  # a migration is a record of one day, not a room
        if (lines := len(path.read_text("utf-8").splitlines())) > LONGEST_FILE
    ]


def law_no_inline_code_in_templates(root: Path) -> list[str]:
    found = []
    for path in sorted((root / "templates").rglob("*.html")):
        text = path.read_text("utf-8")
        if re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)", text):
            found.append(f"{path.relative_to(root)}: inline style or script")
        if re.search(r"""(src|href)=["'](https?:)?//""", text):
            found.append(f"{path.relative_to(root)}: loads from elsewhere")
        if "|safe" in text.replace(" ", "") and "_html" not in text:
            found.append(f"{path.relative_to(root)}: |safe on something that is not called …_html")
    return found


LAWS = [law for name, law in sorted(globals().items()) if name.startswith("law_")]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_house_keeps(law):
    assert law(ROOT) == []


def test_import_linter_keeps_its_contracts():
    run = subprocess.run([Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


# ---- breaking each law on purpose


@pytest.fixture
def copy(tmp_path) -> Path:
    shutil.copytree(ROOT / "platform", tmp_path / "platform", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def plant(copy: Path, file: str, text: str) -> None:
    path = copy / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text((path.read_text("utf-8") if path.exists() else "") + "\n" + text + "\n", "utf-8")


OFFENCES = [
    (law_no_package_file, "platform/__init__.py", ""),
    (law_hearts_follow_the_arrow, "platform/guanxue/ledger/service.py", "from guanxue import learning"),
    (law_foreign_keys_point_down, "platform/guanxue/ledger/models.py", "x = ForeignKey('learning_enrolment.id')"),
    (law_rooms_are_entered_by_the_door, "platform/guanxue/learning/service.py", "from guanxue.ledger.service import post"),
    (law_no_web_in_hearts, "platform/guanxue/ledger/service.py", "from flask import request"),
    (law_hearts_never_commit, "platform/guanxue/ledger/service.py", "def f():\n    session.commit()"),
    (law_imports_stand_at_the_top, "platform/guanxue/learning/service.py", "def f():\n    from guanxue import ledger"),
    (law_names_say_what_things_are, "platform/guanxue/ledger/utils.py", ""),
    (law_time_comes_from_the_clock, "platform/guanxue/ledger/service.py", "t = time.time()"),
    (law_files_stay_readable, "platform/guanxue/ledger/long.py", "x = 1\n" * 600),
    (law_no_inline_code_in_templates, "templates/pages/x.html", '<p style="color:red">'),
]


@pytest.mark.parametrize(("law", "file", "text"), OFFENCES, ids=lambda v: getattr(v, "__name__", None))
def test_an_offence_is_named(copy, law, file, text):
    plant(copy, file, text)
    assert any(Path(file).name in sentence or "platform" in sentence for sentence in law(copy)), law(copy)


def test_every_law_has_an_offence():
    assert {law for law, _file, _text in OFFENCES} == set(LAWS)


def test_import_linter_names_an_upward_import(copy):
    plant(copy, "platform/guanxue/audit/service.py", "from guanxue import jobs")
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=copy, capture_output=True, text=True,
        env={"PYTHONPATH": str(copy / "platform"), "PATH": "/usr/bin:/bin"},
    )
    assert run.returncode != 0
    assert "guanxue.audit.service -> guanxue.jobs" in run.stdout


def test_a_missing_template_name_is_an_error(bare_app):
    with bare_app.test_request_context():
        with pytest.raises(Exception, match="nobody_gave_this"):
            bare_app.jinja_env.from_string("{{ nobody_gave_this }}").render()
