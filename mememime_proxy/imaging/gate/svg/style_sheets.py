"""Style sheets and style attributes: rule by rule and declaration by declaration, what is harmless stays.

CSS Syntax Level 3 by tinycss2. A rule that loads, runs or cannot be read goes alone.
"""

from __future__ import annotations

import re
from collections import Counter as Tally
from collections.abc import Iterable

import tinycss2
from tinycss2 import ast

from mememime_proxy.imaging.gate.svg import data_uri
from mememime_proxy.imaging.gate.svg.budget import Budget
from mememime_proxy.imaging.gate.svg.css_values import (
    BACKSLASH,
    FUNCTIONS,
    MAX_NESTING,
    NO_REFERENCE,
    Embed,
    RefusedValueError,
    clean,
    count_tokens,
    is_plain,
    judge,
    replace_escapes,
)

_CONDITIONAL_RULES = frozenset({"media", "supports", "layer", "container", "scope", "starting-style"})
"""At-rules with rules in them."""
_DECLARATION_RULES_NAMES = """
    page property counter-style font-feature-values font-palette-values view-transition position-try viewport
    -ms-viewport keyframes -webkit-keyframes -moz-keyframes -o-keyframes styleset stylistic character-variant
    swash ornaments annotation
"""
_DECLARATION_RULES = frozenset(_DECLARATION_RULES_NAMES.split())
"""At-rules with declarations in them, or with blocks of declarations."""
_PRELUDE_FUNCTIONS = FUNCTIONS | {"selector", "style", "font-format", "font-tech", "scroll-state", "not"}
_NAMESPACES = frozenset(
    {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
        "http://www.w3.org/1999/xhtml",
        "http://www.w3.org/1998/Math/MathML",
    }
)
_REFUSED_FUNCTIONS = frozenset({"url", "expression"})
_COMMA = ","
_FONTS = (b"wOFF", b"wOF2", b"OTTO", b"\0\1\0\0", b"true", b"ttcf")
_URI_OF_FONT = re.compile(r"data:[\w.+-]+/[\w.+-]+;base64,[A-Za-z0-9+/]+={0,2}")


class StyleSheets:
    """Sanitiser of the style sheets and style attributes of one drawing.

    ``embed``: see ``css_values.Embed``. ``removed`` counts what goes, by its name.
    """

    def __init__(self, embed: Embed, budget: Budget, removed: Tally[str]) -> None:
        self._removed = removed
        self._embed = embed
        self._budget = budget
        self._attributes: dict[str, str] = {}

    def sheet(self, css: str) -> str:
        """Return what may stay of a style sheet. Raises LimitError."""
        if is_plain(css):
            return css
        count_tokens(css, self._budget)
        try:
            rules = tinycss2.parse_stylesheet(replace_escapes(css), skip_comments=True, skip_whitespace=True)
        except ValueError:  # a number of more digits than Python reads
            return ""
        return clean("\n".join(self._rules(rules, 0)))

    def attribute(self, css: str) -> str:
        """Return what may stay of a style attribute. Raises LimitError."""
        if is_plain(css):
            return css
        known = self._attributes.get(css)
        if known is None:
            count_tokens(css, self._budget)
            try:
                parts = tinycss2.parse_blocks_contents(replace_escapes(css), skip_comments=True, skip_whitespace=True)
            except ValueError:
                parts = []
            declarations = (self._declaration(part) for part in parts if part.type == "declaration")
            known = clean(";".join(filter(None, declarations)))
            self._attributes[css] = known
        return known

    def _rules(self, rules: Iterable[ast.Node], depth: int) -> Iterable[str]:
        if depth > MAX_NESTING:
            return
        for rule in rules:
            text = ""
            if rule.type == "qualified-rule":
                text = self._qualified_rule(rule, depth)
            elif rule.type == "at-rule":
                text = self._at_rule(rule, depth)
            if text:
                yield text
            else:
                self._removed[f"rule @{rule.at_keyword}" if rule.type == "at-rule" else "rule"] += 1

    def _qualified_rule(self, rule: ast.QualifiedRule, depth: int) -> str:
        if not _is_harmless_prelude(rule.prelude, selector=True):
            return ""
        return f"{tinycss2.serialize(rule.prelude).lstrip()}{{{self._block(rule.content, depth)}}}"

    def _block(self, content: Iterable[ast.Node], depth: int) -> str:
        """Return what may stay of declarations and the rules among them."""
        parts = tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True)
        declarations = (self._declaration(part) for part in parts if part.type == "declaration")
        text = ";".join(filter(None, declarations))
        nested = "".join(self._rules((part for part in parts if part.type != "declaration"), depth + 1))
        return f"{text};{nested}" if text and nested else text + nested

    def _declaration(self, declaration: ast.Declaration) -> str:
        try:
            value = judge(declaration.lower_name, declaration.value, self._embed)
        except RefusedValueError:
            self._removed[f"declaration {declaration.lower_name}"] += 1
            return ""
        if len(value) == 1 and value[0] is NO_REFERENCE:
            self._removed[f"reference of {declaration.lower_name}"] += 1
        judged = ast.Declaration(0, 0, declaration.name, declaration.lower_name, value, declaration.important)
        return str(judged.serialize())

    def _at_rule(self, rule: ast.AtRule, depth: int) -> str:
        name = rule.lower_at_keyword
        if name == "namespace":
            return _namespace(rule)
        if name == "font-face":
            return self._font_face(rule)
        conditional = name in _CONDITIONAL_RULES
        if not (conditional or name in _DECLARATION_RULES) or not _is_harmless_prelude(rule.prelude):
            return ""
        head = f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}"
        if rule.content is None:
            return f"{head};"
        if conditional and not depth:
            rules = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            return f"{head}{{{''.join(self._rules(rules, depth + 1))}}}"
        return f"{head}{{{self._block(rule.content, depth)}}}"

    def _font_face(self, rule: ast.AtRule) -> str:
        """Return the rule with those of its fonts that it carries itself; nothing without one."""
        if rule.content is None:
            return ""
        parts = tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True)
        declarations: list[str] = []
        fonts = False
        for part in parts:
            if part.type != "declaration":
                continue
            if part.lower_name != "src":
                declarations.append(self._declaration(part))
                continue
            sources = [source for source in map(_font_source, _split(part.value)) if source]
            if sources:
                fonts = True
                declarations.append("src:" + ",".join(sources))
        return f"@font-face{{{';'.join(filter(None, declarations))}}}" if fonts else ""


def _split(tokens: Iterable[ast.Node]) -> list[list[ast.Node]]:
    """Return the parts between commas."""
    parts: list[list[ast.Node]] = [[]]
    for token in tokens:
        if token == _COMMA:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _font_source(tokens: list[ast.Node]) -> str:
    """Return one source of a font, nothing for one that is neither installed nor carried along."""
    try:
        return str(tinycss2.serialize(judge("src", tokens, _embed_font))).strip()
    except RefusedValueError:
        return ""


def _embed_font(uri: str) -> str | None:
    font = data_uri.decode(uri)
    if font is None or not font.startswith(_FONTS):
        return None
    return uri if _URI_OF_FONT.fullmatch(uri) else data_uri.encode("font/sfnt", font)


def _namespace(rule: ast.AtRule) -> str:
    """Return the declaration of a name space that is known; the name of another one is an address all the same."""
    parts = [token for token in rule.prelude if token.type != "whitespace"]
    if rule.content is not None or not parts or len(parts) > 2:
        return ""
    *prefix, name = parts
    if name.type == "function" and name.lower_name == "url":
        arguments = [token for token in name.arguments if token.type != "whitespace"]
        name = arguments[0] if len(arguments) == 1 else name
    if name.type not in ("string", "url") or name.value not in _NAMESPACES:
        return ""
    if prefix and prefix[0].type != "ident":
        return ""
    head = "".join(f"{tinycss2.serialize(prefix)} " for _ in prefix)
    return f'@namespace {head}"{name.value}";'


def _is_harmless_prelude(tokens: Iterable[ast.Node], *, selector: bool = False, depth: int = 0) -> bool:
    """Return whether a selector or a condition can be read and has no address in it."""
    if depth > MAX_NESTING:
        return False
    for token in tokens:
        if token.type in ("error", "url", "at-keyword") or token == BACKSLASH:
            return False
        if token.type == "function":
            if token.lower_name in _REFUSED_FUNCTIONS or (not selector and token.lower_name not in _PRELUDE_FUNCTIONS):
                return False
            if not _is_harmless_prelude(token.arguments, selector=selector, depth=depth + 1):
                return False
        elif token.type in ("() block", "[] block", "{} block") and not _is_harmless_prelude(
            token.content, selector=selector, depth=depth + 1
        ):
            return False
    return True
