"""JSON read with the line of every value, so that a report can point into the file. Pure.

The standard decoder throws positions away and lets a repeated key win silently; both matter to
somebody mending a long file by hand.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from mengding.core.text import T

_SPACE = re.compile(r"[ \t\r\n]*")
_SCALAR = json.JSONDecoder()
_MAX_DEPTH = 12


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: `path` like "$.classes[3].zh", 1-based `line`, and what is wrong."""

    path: str
    line: int
    text: T

    @property
    def where(self) -> T:
        """The place in words, for a message."""
        return T("第 {n} 行 {p}", "line {n}, {p}").fill(n=self.line, p=self.path)


class SyntaxProblem(ValueError):
    """The bytes are not JSON at all."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text.en)
        self.problem = problem


@dataclass(slots=True)
class Located:
    """A decoded value, the line each path starts on, and keys given twice."""

    value: Any = None
    lines: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, path: str) -> int:
        """The line of `path`, or of its nearest ancestor when it is missing."""
        while path not in self.lines and path != "$":
            path = path[: max(path.rfind("."), path.rfind("["))]
        return self.lines.get(path, 1)


def read(data: bytes) -> Located:
    """Decode UTF-8 JSON; raises `SyntaxProblem` where it is not JSON or nests too deeply."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        words = T("不是 UTF-8 编码", "not UTF-8")
        raise SyntaxProblem(Problem("$", line, words)) from error
    walk = _Walk(text)
    try:
        end = walk.value("$", 0, 0)
        end = walk.skip(end)
        if end != len(text):
            raise json.JSONDecodeError("Extra data", text, end)
    except json.JSONDecodeError as error:
        words = T("JSON 语法错误：{m}（第 {c} 列）", "not valid JSON: {m} (column {c})")
        problem = Problem("$", error.lineno, words.fill(m=error.msg, c=error.colno))
        raise SyntaxProblem(problem) from error
    except ValueError as error:  # a number of thousands of digits
        words = T("数字过长", "a number is too long")
        raise SyntaxProblem(Problem("$", walk.last_line, words)) from error
    return walk.out


class _Walk:
    def __init__(self, text: str) -> None:
        self.text = text
        self.out = Located()
        self.last_line, self._seen = 1, 0

    def skip(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def mark(self, path: str, at: int) -> int:
        # Positions only grow, so each newline is counted once.
        self.last_line += self.text.count("\n", self._seen, at)
        self._seen = at
        self.out.lines[path] = self.last_line
        return self.last_line

    def value(self, path: str, at: int, depth: int) -> int:
        """Decode the value at `at` into `self.out.value`; returns where it ends."""
        at = self.skip(at)
        self.mark(path, at)
        if depth > _MAX_DEPTH:
            raise json.JSONDecodeError("Nested too deeply", self.text, at)
        opening = self.text[at : at + 1]
        if opening == "{":
            return self.object(path, at, depth)
        if opening == "[":
            return self.array(path, at, depth)
        self.out.value, end = _SCALAR.raw_decode(self.text, at)
        return end

    def object(self, path: str, at: int, depth: int) -> int:
        result: dict[str, Any] = {}
        at = self.skip(at + 1)
        while self.text[at : at + 1] != "}":
            if self.text[at : at + 1] != '"':
                raise json.JSONDecodeError("Expecting a key in double quotes", self.text, at)
            key, end = _SCALAR.raw_decode(self.text, at)
            inner = f"{path}.{key}"
            if key in result:
                words = T("字段“{k}”重复", "field “{k}” given twice").fill(k=key)
                self.out.problems.append(Problem(inner, self.mark(inner, at), words))
            end = self.skip(end)
            if self.text[end : end + 1] != ":":
                raise json.JSONDecodeError("Expecting ':'", self.text, end)
            at = self.value(inner, end + 1, depth + 1)
            result[key] = self.out.value
            at = self.after_item(at, "}")
        self.out.value = result
        return at + 1

    def array(self, path: str, at: int, depth: int) -> int:
        result: list[Any] = []
        at = self.skip(at + 1)
        while self.text[at : at + 1] != "]":
            at = self.value(f"{path}[{len(result)}]", at, depth + 1)
            result.append(self.out.value)
            at = self.after_item(at, "]")
        self.out.value = result
        return at + 1

    def after_item(self, at: int, closing: str) -> int:
        """Where the next item or the closing bracket stands."""
        at = self.skip(at)
        if self.text[at : at + 1] == closing:
            return at
        if self.text[at : at + 1] != ",":
            raise json.JSONDecodeError(f"Expecting ',' or '{closing}'", self.text, at)
        following = self.skip(at + 1)
        if self.text[following : following + 1] == closing:
            raise json.JSONDecodeError("Trailing comma", self.text, at)
        return following
