"""The words of a text, one after the other, with their columns."""

from __future__ import annotations

import math
import re
from typing import NoReturn

TOKEN = re.compile(
    r"""\s*(?:(?P<text>"[^"]*"|'[^']*')|(?P<number>[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?(?![\w.]))"""
    r"""|(?P<word>[A-Za-z_][\w.]*)|(?P<sign><=|>=|==|!=|<|>))"""
)
MOST_S = 1e6  # no flight of a suite is longer


class LanguageError(ValueError):
    """A text that is not of the language: `column` counts from 1."""

    def __init__(self, column: int, expected: str, got: str) -> None:
        super().__init__(f"column {column}: expected {expected}, got {got}")
        self.column = column


class Words:
    """The tokens of a text, one after the other."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, str, int]] = []
        self._at = 0
        place = 0
        while text[place:].strip():
            match = TOKEN.match(text, place)
            if match is None:
                column = place + len(text[place:]) - len(text[place:].lstrip()) + 1
                raise LanguageError(
                    column, "a channel, number, text in quotes or word", text[column - 1 :]
                )
            kind = str(match.lastgroup)
            self._tokens.append((kind, match[kind], match.start(kind) + 1))
            place = match.end()

    @property
    def column(self) -> int:
        """Of the next token."""
        if self._at < len(self._tokens):
            return self._tokens[self._at][2]
        return len(self._text) + 1

    def peek(self) -> str:
        """The next token, empty at the end."""
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def next(self) -> str:
        token = self.peek()
        self._at += 1
        return token

    def take(self, word: str) -> bool:
        """Go on if the next token is this one."""
        if self.peek() != word:
            return False
        self._at += 1
        return True

    def need(self, word: str) -> None:
        if not self.take(word):
            self.fail(f'"{word}"')

    def word(self, expected: str) -> str:
        if self._kind() != "word":
            self.fail(expected)
        return self.next()

    def text(self, expected: str) -> str:
        if self._kind() != "text":
            self.fail(expected)
        return self.next()[1:-1]

    def outcome(self) -> str:
        """An outcome, as one word or in quotes."""
        if self._kind() not in ("word", "text"):
            self.fail("an outcome")
        return self.next().strip("\"'").replace("_", " ")

    def value(self) -> float | str:
        kind = self._kind()
        if kind == "number" and math.isfinite(float(self.peek())):
            return float(self.next())
        if kind == "text":
            return self.next()[1:-1]
        self.fail("a number or a text in quotes")

    def seconds(self) -> float:
        """A number of seconds with its unit."""
        if self._kind() != "number" or float(self.peek()) < 0:
            self.fail("a number of seconds")
        if float(self.peek()) > MOST_S:
            self.fail(f"at most {MOST_S:.0f} s")
        number = float(self.next())
        self.need("s")
        return number

    def end(self) -> None:
        if self._at < len(self._tokens):
            self.fail("the end")

    def fail(self, expected: str) -> NoReturn:
        raise LanguageError(self.column, expected, self.shown(self.peek()))

    @staticmethod
    def shown(token: str) -> str:
        """A token in a message."""
        return token or "the end"

    def _kind(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""
