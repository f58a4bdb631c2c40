"""The words in which a suite says when a fault comes and what must hold.

    condition    ::= term { "and" term }
    term         ::= comparison | "in_eclipse" | "in_saa" | "transaction in flight"
    comparison   ::= CHANNEL ("<" | "<=" | ">" | ">=" | "==" | "!=") (NUMBER | "TEXT")

    expectation  ::= comparison span
                   | "event" "NAME" [window | "never"]
                   | "no" "event" "NAME"
                   | "outcome" "==" OUTCOME { "or" OUTCOME }
                   | "fault" ("detected" ["by" "NAME"] | "contained" | "recovered") [window]
    span         ::= ("always" | "for all t") ["but for" NUMBER "s"] [since]
                   | "once" [since] | "never" [since] | "at the end" | window
    since        ::= "after fault" | "after" NUMBER "s" ["after fault"]
    window       ::= "within" NUMBER "s" ["after fault"]

A window counts from the firing of the first fault; both its ends belong to it. `always` and `once`
without `since` count from the begin of the flight, `after N s` from there too.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hil.faults.words import LanguageError, Words

OPERATORS = {
    "<": "below",
    "<=": "at_most",
    ">": "above",
    ">=": "at_least",
    "==": "equals",
    "!=": "differs",
}
INVERSE = {
    "below": "at_least",
    "at_most": "above",
    "above": "at_most",
    "at_least": "below",
    "equals": "differs",
    "differs": "equals",
}
SHORTHAND = {
    "in_eclipse": ("sunlit", "below", 0.5),
    "in_saa": ("proton_flux_30mev_cm2_s", "above", 100.0),
}
ALIASES = {"mode": "fsw_mode"}


@dataclass(frozen=True)
class Comparison:
    """A limit on a channel, in the words of `hil.scenario.Requirement`."""

    channel: str
    operator: str  # one of the values of OPERATORS
    limit: float | str
    column: int = 1

    def __str__(self) -> str:
        sign = next(sign for sign, name in OPERATORS.items() if name == self.operator)
        limit = f'"{self.limit}"' if isinstance(self.limit, str) else f"{self.limit:g}"
        return f"{self.channel} {sign} {limit}"


@dataclass(frozen=True)
class Condition:
    """When a fault comes: all comparisons hold, and a transaction is in flight if that is asked."""

    comparisons: tuple[Comparison, ...]
    in_flight: bool


class Hold(StrEnum):
    """How long something must hold."""

    ALWAYS = "always"
    ONCE = "once"
    END = "end"
    NEVER = "never"


@dataclass(frozen=True)
class Span:
    """When it counts. Times are since the first fault's firing with `since_fault`."""

    hold: Hold
    tolerated_s: float = 0.0
    after_s: float = 0.0
    within_s: float | None = None
    since_fault: bool = False


@dataclass(frozen=True)
class Limit:
    """A comparison over a span."""

    text: str
    comparison: Comparison
    span: Span


@dataclass(frozen=True)
class EventSeen:
    """An event of flight software; `span.hold` is ONCE or NEVER."""

    text: str
    event: str
    span: Span
    column: int = 1


@dataclass(frozen=True)
class OutcomeIs:
    """The outcome of the case is one of these."""

    text: str
    outcomes: tuple[str, ...]
    column: int = 1


@dataclass(frozen=True)
class StageReached:
    """Every fault of the case reaches a stage of the ledger."""

    text: str
    stage: str
    by: str | None
    within_s: float | None
    column: int = 1  # of `by`


Expectation = Limit | EventSeen | OutcomeIs | StageReached


def parse_expectation(text: str) -> Expectation:
    """What must hold. Raises LanguageError."""
    words = Words(text)
    found: Expectation
    if words.take("event"):
        column, event = words.column, words.text("the name of an event in quotes")
        span = _event_span(words)
        found = EventSeen(text, event, span, column)
    elif words.take("no"):
        words.need("event")
        column, event = words.column, words.text("the name of an event in quotes")
        found = EventSeen(text, event, Span(Hold.NEVER), column)
    elif words.take("outcome"):
        words.need("==")
        column = words.column
        outcomes = [words.outcome()]
        while words.take("or"):
            outcomes.append(words.outcome())
        found = OutcomeIs(text, tuple(outcomes), column)
    elif words.take("fault"):
        found = _stage(words, text)
    else:
        found = Limit(text, _comparison(words), _span(words))
    words.end()
    return found


def parse_condition(text: str) -> Condition:
    """When a fault comes. Raises LanguageError."""
    words = Words(text)
    comparisons: list[Comparison] = []
    in_flight = False
    while True:
        column = words.column
        if words.take("transaction"):
            words.need("in")
            words.need("flight")
            in_flight = True
        elif words.peek() in SHORTHAND:
            channel, operator, limit = SHORTHAND[words.next()]
            comparisons.append(Comparison(channel, operator, limit, column))
        else:
            comparisons.append(_comparison(words))
        if not words.take("and"):
            break
    words.end()
    return Condition(tuple(comparisons), in_flight)


def _comparison(words: Words) -> Comparison:
    column = words.column
    channel = words.word("the name of a channel")
    column_of_sign = words.column
    sign = words.next()
    if sign not in OPERATORS:
        raise LanguageError(column_of_sign, "one of < <= > >= == !=", words.shown(sign))
    limit = words.value()
    if isinstance(limit, str) and sign not in ("==", "!="):
        raise LanguageError(column_of_sign, f'== or != before the text "{limit}"', sign)
    return Comparison(ALIASES.get(channel, channel), OPERATORS[sign], limit, column)


def _span(words: Words) -> Span:
    if words.peek() == "within":
        return _window(words)
    if words.take("for"):
        words.need("all")
        words.need("t")
        return _always(words)
    if words.take("always"):
        return _always(words)
    for hold in (Hold.ONCE, Hold.NEVER):
        if words.take(hold.value):
            after_s, since_fault = _since(words)
            return Span(hold, after_s=after_s, since_fault=since_fault)
    if words.take("at"):
        words.need("the")
        words.need("end")
        return Span(Hold.END)
    words.fail("always, for all t, once, never, at the end or within N s")


def _always(words: Words) -> Span:
    tolerated_s = 0.0
    if words.take("but"):
        words.need("for")
        tolerated_s = words.seconds()
    after_s, since_fault = _since(words)
    return Span(Hold.ALWAYS, tolerated_s, after_s, None, since_fault)


def _since(words: Words) -> tuple[float, bool]:
    if not words.take("after"):
        return 0.0, False
    if words.take("fault"):
        return 0.0, True
    after_s = words.seconds()
    if words.take("after"):
        words.need("fault")
        return after_s, True
    return after_s, False


def _window(words: Words) -> Span:
    words.need("within")
    within_s = words.seconds()
    if words.take("after"):
        words.need("fault")
    return Span(Hold.ONCE, within_s=within_s, since_fault=True)


def _event_span(words: Words) -> Span:
    if words.take("never"):
        return Span(Hold.NEVER)
    if words.peek() == "within":
        return _window(words)
    return Span(Hold.ONCE)


def _stage(words: Words, text: str) -> StageReached:
    stages = ("detected", "contained", "recovered")
    if words.peek() not in stages:
        words.fail(f"one of {', '.join(stages)}")
    stage = words.next()
    by, column = None, words.column
    if stage == "detected" and words.take("by"):
        column = words.column
        by = words.text("what detects it, in quotes")
    within_s = _window(words).within_s if words.peek() == "within" else None
    return StageReached(text, stage, by, within_s, column)
