"""A lint of our scripts and styles for phones of 2017: a function from a text to sentences, each an offence by its line.

Scripts must parse as ES2017, and what came later in the browser stands behind a feature test. Styles use what tests/known_2017.py
knows; newer things are told after an equivalent, inside @supports, or harm nobody when they are dropped.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from unittest import mock

import esprima
import tinycss2
from esprima.scanner import Scanner
from tests import known_2017 as known
from tinycss2.color3 import parse_color

Node = object

# ---- scripts


def script_offences(text: str) -> list[str]:
    """What of this script an old phone does not understand."""
    try:
        tree = parse(text, {"loc": True})
    except esprima.Error as error:
        return [f"line {error.lineNumber}: does not parse as ES2017: {error.message.partition(': ')[2]}"]
    return [f"line {node.loc.start.line}: {told}" for node, above in _walk(tree, ()) for told in _newer_in_script(node, above)]


def parse(text: str, options: dict | None = None) -> Node:
    """The script as a tree. Raises esprima.Error where it is not ES2017."""
    # The parser tries regular expressions on Python's own rules, which are others: [^] is one of ours.
    with mock.patch.object(Scanner, "testRegExp", lambda *_given: True):
        return esprima.parseScript(text, options or {})


def _walk(node: Node, above: tuple) -> Iterator[tuple[Node, tuple]]:
    """Every node with those it lies in, the nearest last."""
    yield node, above
    for child in _children(node):
        yield from _walk(child, (*above, node))


def _children(node: Node) -> list[Node]:
    found = []
    for value in vars(node).values():
        for child in value if isinstance(value, list) else [value]:
            if isinstance(getattr(child, "type", None), str) and hasattr(child, "loc"):
                found.append(child)
    return found


def _newer_in_script(node: Node, above: tuple) -> list[str]:
    parent = above[-1] if above else None
    if node.type == "SpreadElement" and parent.type == "ObjectExpression" or node.type == "RestElement" and parent.type == "ObjectPattern":
        return ["does not parse as ES2017: ... in an object"]
    if node.type == "Import":
        return ["import() is not for old phones: it cannot be asked for without being parsed"]
    if node.type == "Literal" and getattr(node, "regex", None) is not None:
        newer = re.search(r"\(\?<|\\p\{", node.regex.pattern) or re.search("[sdv]", node.regex.flags)
        return ["does not parse as ES2017: this regular expression"] if newer else []
    if node.type == "Property" and getattr(node.key, "name", None) in known.OPTIONS and parent.type == "ObjectExpression":
        return [] if _is_asked_for("AbortController", node, above) else [f"{node.key.name}: {known.OPTIONS[node.key.name]}"]
    name = _browsers_own(node, parent)
    return [f"{name} without a feature test"] if name and not _is_asked_for(name, node, above) else []


def _browsers_own(node: Node, parent: Node) -> str | None:
    """The name this node takes from the browser, if old ones lack it."""
    if node.type == "Identifier":
        is_label = parent.type == "MemberExpression" and parent.property is node and not parent.computed
        is_key = parent.type == "Property" and parent.key is node and not parent.computed
        return node.name if node.name in known.GLOBALS and not is_label and not is_key else None
    if node.type != "MemberExpression" or node.computed:
        return None
    name, of = node.property.name, getattr(node.object, "name", None) or getattr(getattr(node.object, "property", None), "name", None)
    if of in ("window", "self") and name in known.GLOBALS:
        return name
    if name in known.ONLY_CALLED and not (parent.type == "CallExpression" and parent.callee is node):
        return None
    if name in known.MEMBERS_OF:
        return name if of in known.MEMBERS_OF[name] else None
    return name if name in known.MEMBERS else None


def _is_asked_for(name: str, node: Node, above: tuple) -> bool:
    """Is this the feature test itself, or does it stand behind one?"""
    line = (*above, node)
    for upper, lower in zip(line, line[1:], strict=False):
        test = getattr(upper, "test", None)
        if upper.type in ("IfStatement", "ConditionalExpression"):
            if lower is test and _only_asks(node, above) or lower is not test and _names(test, name):
                return True
        if upper.type == "LogicalExpression":
            if lower is upper.left and _only_asks(node, above) or lower is upper.right and _names(upper.left, name):
                return True
        if upper.type == "TryStatement" and lower is upper.block and upper.handler is not None and len(lower.body) == 1:
            return True  # it is tried for nothing else
        if upper.type in ("BlockStatement", "Program") and _left_before(upper.body, lower, name):
            return True
    return False


def _only_asks(node: Node, above: tuple) -> bool:
    """Nothing breaks where it is missing: a member that is read and not called, or the word behind typeof."""
    parent = above[-1]
    if parent.type == "UnaryExpression" and parent.operator in ("typeof", "!"):
        return node.type == "MemberExpression" or parent.operator == "typeof"
    is_used = parent.type in ("CallExpression", "NewExpression") and parent.callee is node
    is_used = is_used or parent.type == "MemberExpression" and parent.object is node
    return node.type == "MemberExpression" and not is_used


def _left_before(body: list[Node], at: Node, name: str) -> bool:
    """Did an earlier statement of this block leave where it is missing?"""
    for statement in body:
        if statement is at:
            return False
        if statement.type == "IfStatement" and _names(statement.test, name):
            last = statement.consequent.body[-1:] if statement.consequent.type == "BlockStatement" else [statement.consequent]
            if last and last[0].type in ("ReturnStatement", "ThrowStatement", "ContinueStatement"):
                return True
    return False


def _names(test: Node | None, name: str) -> bool:
    return test is not None and any(name in (getattr(n, "name", None), getattr(n, "value", None)) for n, _a in _walk(test, ()))


# ---- styles


def style_offences(text: str, beside: tuple[str, ...] = ()) -> list[str]:
    """What of this style sheet an old phone loses; those `beside` it may say how its boxes are laid out."""
    layouts = [_layouts(t) for t in (text, *beside)]
    grids = {s for grids, _others in layouts for s in grids} - {s for _grids, others in layouts for s in others}
    return [f"line {line}: {told}" for line, told in _in_rules(_sheet(text), grids)]


def _sheet(text: str) -> list[Node]:
    return tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)


def _inner(rule: Node) -> list[Node]:
    return tinycss2.parse_rule_list(rule.content or [], skip_comments=True, skip_whitespace=True)


def _all_rules(rules: list[Node]) -> Iterator[Node]:
    for rule in rules:
        if rule.type == "qualified-rule":
            yield rule
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            yield from _all_rules(_inner(rule))


def _selectors(rule: Node) -> list[str]:
    """The selectors of a rule, each as it is written."""
    parts: list[list[Node]] = [[]]
    for token in rule.prelude:
        if token == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return [tinycss2.serialize(part).strip() for part in parts]


def _declarations(rule: Node) -> list[Node]:
    found = tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True)
    return [d for d in found if d.type == "declaration"]


def _display(rule: Node) -> str:
    said = [d for d in _declarations(rule) if d.lower_name == "display"]
    return tinycss2.serialize(said[-1].value).strip().lower() if said else ""


@functools.cache
def _layouts(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Selectors that this sheet lays out as grids, and those that it lays out otherwise."""
    grids, others = set(), set()
    for rule in _all_rules(_sheet(text)):
        display = _display(rule)
        if display in ("grid", "inline-grid"):
            grids.update(_selectors(rule))
        elif "flex" in display:
            others.update(_selectors(rule))
    return frozenset(grids), frozenset(others)


def _boxes(selector: str) -> set[str]:
    """A selector, what it ends in, and the names of that: `.works main.form` is main and .form too."""
    last = re.split(r"[\s>+~]+", selector)[-1]
    return {selector, last, *re.findall(r"^[\w-]+|\.[\w-]+", last)}


def _in_rules(rules: list[Node], grids: set[str]) -> Iterator[tuple[int, str]]:
    for rule in rules:
        if rule.type == "error":
            yield rule.source_line, f"cannot be read: {rule.message}"
        elif rule.type == "qualified-rule":
            yield from _in_rule(rule, grids)
        elif rule.type == "at-rule":
            yield from _in_at_rule(rule, grids)


def _in_at_rule(rule: Node, grids: set[str]) -> Iterator[tuple[int, str]]:
    name = rule.lower_at_keyword
    if name == "supports":
        if _asks_for_newer(rule.prelude):
            return  # an old browser leaves all of it out
        yield from _in_rules(_inner(rule), grids)
    elif name == "media":
        yield from ((rule.source_line, told) for told in _newer_in_media(rule.prelude))
        if "forced-colors" not in tinycss2.serialize(rule.prelude):  # only newer browsers read what stands in there
            yield from _in_rules(_inner(rule), grids)
    elif name.endswith("keyframes"):
        for frame in _inner(rule):
            yield from _in_declarations(frame, is_grid=False)
    elif name in ("font-face", "page"):
        yield from _in_declarations(rule, is_grid=False)
    elif name not in known.AT_RULES and name not in known.HARMLESS_AT_RULES:
        yield rule.source_line, f"@{name} is newer than 2017: all of it would be left out"


def _asks_for_newer(condition: list[Node]) -> bool:
    """Does this @supports hold only in newer browsers? (`not` and `or` turn that round.)"""
    words = [t.lower_value for t in condition if t.type == "ident"]
    if "not" in words or "or" in words:
        return False
    for token in condition:
        if token.type == "function":
            return token.lower_name == "selector"
        if token.type == "() block":
            for d in tinycss2.parse_declaration_list(token.content, skip_comments=True, skip_whitespace=True):
                if d.type == "declaration" and _newer_in_declaration(d):
                    return True
    return False


def _newer_in_media(query: list[Node]) -> Iterator[str]:
    for token in query:
        if token.type == "ident" and token.lower_value not in known.MEDIA_WORDS:
            yield f"@media: “{token.value}” is newer than 2017"
        if token.type == "() block":
            inside = [t for t in token.content if t.type not in ("whitespace", "comment")]
            feature = inside[0].lower_value if inside and inside[0].type == "ident" else ""
            plain = re.sub(r"^(min|max)-", "", feature).replace("-webkit-min-", "-webkit-").replace("-webkit-max-", "-webkit-")
            if not feature or any(t.type == "literal" and t.value in "<>=" for t in inside):
                yield "@media: this way of asking is newer than 2017; say min-width or max-width"
            elif plain not in known.MEDIA and feature not in known.HARMLESS_MEDIA:
                yield f"@media: “{feature}” is newer than 2017"
    words = [t for t in query if t.type != "whitespace"]
    if any(t.type == "ident" and t.lower_value == "not" and after.type == "() block" for t, after in zip(words, words[1:], strict=False)):
        yield "@media: not (…) is newer than 2017; say not all and (…)"


def _in_rule(rule: Node, grids: set[str]) -> Iterator[tuple[int, str]]:
    selectors = _selectors(rule)
    newer = [(s, told) for s, told in zip(selectors, map(_newer_in_selector, selectors), strict=True) if told]
    for selector, told in newer:
        if len(newer) < len(selectors):
            yield rule.source_line, f"{selector}: {told} is newer than 2017 and takes the whole rule with it; give it a rule of its own"
        elif told not in known.HARMLESS_PSEUDO and not told.startswith(("::-webkit-", "::-moz-", ":-moz-", ":-webkit-", "::-ms-")):
            yield rule.source_line, f"{selector}: {told} is newer than 2017"
    if any(told.startswith(("::-", ":-")) for _s, told in newer) and len({told for _s, told in newer}) > 1:
        yield rule.source_line, f"{', '.join(selectors)}: each maker's own needs a rule of its own"
    display = _display(rule)
    is_grid = display in ("grid", "inline-grid") or (not display and all(_boxes(s) & grids for s in selectors))
    yield from _in_declarations(rule, is_grid)


def _newer_in_selector(selector: str) -> str:
    """The first newer piece of a selector, "" where there is none."""
    tokens = tinycss2.parse_component_value_list(selector, skip_comments=True)
    for n, token in enumerate(tokens):
        if token == "&":
            return "nesting"
        if token != ":" or n + 1 == len(tokens) or (n > 1 and tokens[n - 1] == ":" and tokens[n - 2] == ":"):
            continue
        after = tokens[n + 1]
        if after == ":":
            continue
        colons = "::" if n and tokens[n - 1] == ":" else ":"
        name = colons + (after.lower_name if after.type == "function" else after.lower_value)
        if name not in known.PSEUDO:
            return name
        if after.type == "function" and (told := _newer_in_arguments(name, after.arguments)):
            return told
    return ""


def _newer_in_arguments(name: str, arguments: list[Node]) -> str:
    text = tinycss2.serialize(arguments).strip()
    if name == ":not" and ("," in text or re.search(r"\S[\s>+~]+\S", text) or len(re.findall(r"[.#:\[]|^\w", text)) > 1):
        return ":not(…) of more than one simple selector" if not re.fullmatch(r":[\w-]+(\([^()]*\))?", text) else ""
    if name.startswith(":nth") and " of " in f" {text} ":
        return f"{name}(… of …)"
    return f"{name} with several languages" if name == ":lang" and "," in text else _newer_in_selector(text) if name == ":not" else ""


def _in_declarations(rule: Node, is_grid: bool) -> Iterator[tuple[int, str]]:
    before: set[str] = set()
    for d in tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True):
        if d.type == "qualified-rule" or d.type == "at-rule" and rule.type != "at-rule":
            yield d.source_line, "a rule inside a rule is newer than 2017"
        elif d.type == "error":
            yield d.source_line, f"cannot be read: {d.message}"
        elif d.type == "declaration":
            if d.lower_name == "column-gap" and "columns" in before:
                continue
            if d.lower_name in known.GAPS and not is_grid:
                yield d.source_line, f"{d.name}: a gap that is not a grid's is newer than 2017; use margins or a grid"
                continue
            newer = _newer_in_declaration(d)
            if newer and not _is_excused(d, newer, before):
                yield d.source_line, f"{d.name}: {newer[0]} is newer than 2017" + _advice(d, newer, before)
            if not newer:
                before.add(d.lower_name)


def _is_excused(d: Node, newer: list[str], before: set[str]) -> bool:
    if d.lower_name in known.HARMLESS_PROPERTIES:
        return True
    if d.name.startswith("--"):
        return False
    has_older = bool(before & ({d.lower_name} | known.EQUIVALENTS.get(d.lower_name, set())))
    if newer[0] == "the property":
        return has_older
    # A browser that knows var() takes such a value unread, and loses the older one before it when it finds out.
    return not _has_var(d.value) and (has_older or all(n.rstrip("()") in known.HARMLESS_FUNCTIONS for n in newer))


def _advice(d: Node, newer: list[str], before: set[str]) -> str:
    if newer[0] != "the property" and _has_var(d.value) or d.name.startswith("--"):
        return ", and with var() the older value before it is lost as well; put it into @supports"
    return "" if before & ({d.lower_name} | known.EQUIVALENTS.get(d.lower_name, set())) else "; say an older equivalent before it"


def _has_var(tokens: list[Node]) -> bool:
    return any(t.type == "function" and (t.lower_name == "var" or _has_var(t.arguments)) for t in tokens)


def _newer_in_declaration(d: Node) -> list[str]:
    """What is newer in it; nothing where an old browser understands all of it."""
    name = d.lower_name
    if name.startswith("--"):
        return list(_newer_in_value("--", d.value))
    if name.startswith(known.OWN_PROPERTIES):
        return []
    if name not in known.PROPERTIES:
        return ["the property"]
    return list(_newer_in_value(name, d.value))


def _newer_in_value(name: str, tokens: list[Node]) -> Iterator[str]:
    for t in tokens:
        if t.type == "dimension" and t.lower_unit not in known.UNITS:
            yield f"the unit {t.unit}"
        elif t.type == "hash" and len(t.value) in (4, 8):
            yield f"#{t.value} with its transparency"
        elif t.type == "ident" and name != "--" and not _is_known_word(name, t):
            yield f"“{t.value}”"
        elif t.type == "function":
            yield from _newer_in_function(name, t)
        elif t.type in ("() block", "[] block"):
            yield from _newer_in_value("--", t.content)


def _is_known_word(name: str, t: Node) -> bool:
    if t.lower_value in known.NEWER_VALUES.get(name, ()):
        return False
    return name in known.NAMES_OF_OUR_OWN or t.lower_value in known.KEYWORDS or parse_color(t) is not None


def _newer_in_function(name: str, f: Node) -> Iterator[str]:
    called = f.lower_name
    if called not in known.FUNCTIONS and known.ONLY_IN.get(called) != name:
        yield f"{f.name}()"
        return
    if called in ("rgb", "rgba", "hsl", "hsla") and not _has_var(f.arguments):
        commas = sum(t == "," for t in f.arguments)
        if commas != (3 if called.endswith("a") else 2):
            yield f"{f.name}() written without commas or with its transparency"
    if called.endswith("-gradient"):
        for stop in _split(f.arguments):
            lengths = [t for t in stop if t.type in ("dimension", "percentage", "number")]
            if len(lengths) > 1 and stop[0].type in ("ident", "hash", "function") and getattr(stop[0], "lower_value", "") not in (
                    "to", "at", "circle", "ellipse"):
                yield "a colour that stands for two places of a gradient"
    if called != "var" and called != "url":
        yield from _newer_in_value("--", f.arguments)


def _split(tokens: list[Node]) -> list[list[Node]]:
    parts: list[list[Node]] = [[]]
    for t in tokens:
        if t == ",":
            parts.append([])
        elif t.type not in ("whitespace", "comment"):
            parts[-1].append(t)
    return [p for p in parts if p]


def as_of_2017(text: str) -> str:
    """The style sheet as a browser of 2017 reads it: whatever it does not know is gone."""
    grids, others = _layouts(text)
    return "".join(_kept(_sheet(text), set(grids - others)))


def _kept(rules: list[Node], grids: set[str]) -> Iterator[str]:
    for rule in rules:
        if rule.type == "qualified-rule":
            yield _kept_rule(rule, grids)
        elif rule.type == "at-rule" and rule.lower_at_keyword == "supports":
            inner = "".join(_kept(_inner(rule), grids))
            words = [t.lower_value for t in rule.prelude if t.type == "ident"]
            if "not" in words:
                yield inner  # what it asks for is newer, or nobody would ask
            elif not _asks_for_newer(rule.prelude):
                yield f"@supports{tinycss2.serialize(rule.prelude)}{{{inner}}}"
        elif rule.type == "at-rule" and rule.lower_at_keyword == "media":
            features = {t.lower_value for block in rule.prelude if block.type == "() block" for t in block.content if t.type == "ident"}
            if not features & set(known.HARMLESS_MEDIA):
                yield f"@media{tinycss2.serialize(rule.prelude)}{{{''.join(_kept(_inner(rule), grids))}}}"
        elif rule.type == "at-rule" and rule.lower_at_keyword in known.AT_RULES:
            yield rule.serialize()


def _kept_rule(rule: Node, grids: set[str]) -> str:
    selectors, display = _selectors(rule), _display(rule)
    if any(told and not told.startswith("::-webkit-") for told in map(_newer_in_selector, selectors)):
        return ""
    is_grid = display in ("grid", "inline-grid") or (not display and all(_boxes(s) & grids for s in selectors))
    kept = [d for d in _declarations(rule) if not _newer_in_declaration(d) and (is_grid or d.lower_name not in known.GAPS)]
    return f"{', '.join(selectors)}{{{''.join(d.serialize() + ';' for d in kept)}}}"
