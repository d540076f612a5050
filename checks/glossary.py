"""Refuse words that this project does not use where the field has a standard term (docs/glossary.md).

    python -m checks.glossary            # the whole repository, as `make check` does
    python -m checks.glossary FILE...    # these files

The check reads code, comments, docstrings, tests and documents, and identifiers too: `told`, `_told`, `Told` and
`toldAgain` are one word to it. A phrase is found across a line break. Names that the wire contract fixes, and standard
terms that contain a refused word, are exceptions of their rule; the reason stands beside them.
"""

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent

SUFFIXES = {".py", ".md", ".sql", ".toml", ".yml", ".yaml", ".html", ".sh", ".txt", ".conf", ""}
EXEMPT = {
    "checks/glossary.py",  # the rules themselves
    "tests/checks/test_glossary.py",
    "constraints.txt",  # names of packages
    "LICENSE",  # not our words
    "clients/python/LICENSE",
    "tests/live/conf/logger.conf",  # Asterisk's own log levels
}


@dataclass(frozen=True, slots=True)
class Exempt:
    """A name or term that contains a refused word and is right all the same."""

    pattern: re.Pattern[str]
    reason: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A refused word or phrase."""

    pattern: re.Pattern[str]
    instead: str
    """What to write."""
    exceptions: tuple["Exempt", ...] = ()


@dataclass(frozen=True, slots=True)
class Offence:
    path: str
    line: int
    text: str
    """The match."""
    instead: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text!r}: write {self.instead}"


_GAP = r"(?:\s+(?:(?:#|--|//|\*|>)\s*)?)"
"""Between two words of a phrase; also a line break, with the mark of a comment after it."""


def _word(*forms: str) -> re.Pattern[str]:
    """The word by itself and as a part of an identifier in snake_case or CamelCase."""
    parts: list[str] = []
    for form in forms:
        lower, title = re.escape(form), re.escape(form.capitalize())
        parts += [
            rf"(?<![A-Za-z]){lower}(?![a-z])",
            rf"(?<![A-Z]){title}(?![a-z])",
            rf"(?<![A-Za-z]){lower.upper()}(?![A-Z])",
        ]
    return re.compile("|".join(parts))


def _phrase(pattern: str) -> re.Pattern[str]:
    """A regular expression in which a space also matches a line break."""
    return re.compile(pattern.replace(" ", _GAP), re.IGNORECASE)


RULES = (
    Rule(
        _word("ceiling", "ceilings"),
        "frequency cap",
        (Exempt(re.compile(r"[cC]ontactCeiling|[nN]umberCeilings?"), "wire names"),),
    ),
    Rule(_phrase(r"\bcalls? ((that|which|who) )?((is|are|was|were) )?up\b(?! to)"), "active calls, call is active"),
    Rule(re.compile(r"(?<![a-z])calls_up(?![a-z])|CALLS_UP|[cC]allsUp(?![a-z])"), "active calls"),
    Rule(_phrase(r"\bkept totals?\b"), "counter"),
    Rule(_word("tally", "tallies"), "counter"),
    Rule(
        _word("slot", "slots"),
        "shard (of a counter)",
        (
            Exempt(re.compile(r"slots=(True|False)|__slots__"), "Python's name for a class without __dict__"),
            Exempt(re.compile(r"\bhash slots?\b|\bone_slot\b"), "the key space of a Redis cluster"),
        ),
    ),
    Rule(_phrase(r"\bwhat (becomes|became) of\b"), "what happens to"),
    Rule(_phrase(r"\bin a circle\b"), "deadlock"),
    Rule(_phrase(r"\bdead entr(y|ies)\b"), "dead tuple"),
    Rule(_phrase(r"\bput(s|ting)? (it |them )?off\b"), "reschedule"),
    Rule(re.compile(r"\bnotic(e|es|ed|ing)\b"), "notification (the verb: detect, see)"),
    Rule(re.compile(r"\b[Mm]end(s|ed|ing)?\b"), "correct, fix"),
    Rule(_phrase(r"\bsigns? of life\b"), "heartbeat"),
    Rule(_word("told"), "reported, notified, sent, given"),
    Rule(re.compile(r"\bWho(m|se)?\b(?![^.\n]*\?)"), 'a noun ("The caller who ...", "Agents that ...")'),
    Rule(re.compile(r"\b(he|him|his|himself|He|Him|His|Himself)\b"), "they, them, their"),
    Rule(
        _phrase(r"\bas [^.,;:\"]{3,60}, so (it|he|is|are|they|does|do|will)\b"),
        'a main clause ("must apply the same rules as ...")',
    ),
    Rule(_phrase(r"\banswered alike\b"), "get the same answer"),
    Rule(_phrase(r"\bgo(es)? on(?! (hold|the|a|an|to)\b)\b"), "continue"),
    Rule(_phrase(r"\bpassed by\b"), "skipped"),
    Rule(
        re.compile(r"\"\"\"(What|Who|Whom|Of|As|Those)\b"),
        "a docstring whose first line is an imperative or a noun phrase",
    ),
)


def offences_in(path: str, text: str) -> list[Offence]:
    """All offences of a text, by line."""
    found: list[Offence] = []
    for rule in RULES:
        allowed = [match.span() for exempt in rule.exceptions for match in exempt.pattern.finditer(text)]
        for match in rule.pattern.finditer(text):
            if not any(start <= match.start() and match.end() <= end for start, end in allowed):
                line = text.count("\n", 0, match.start()) + 1
                found.append(Offence(path, line, " ".join(match.group().split()), rule.instead))
    return sorted(found, key=lambda offence: offence.line)


def _tracked() -> Iterator[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for path in listed.split("\0"):
        if path and path not in EXEMPT and Path(path).suffix in SUFFIXES and (ROOT / path).is_file():
            yield path


def check(paths: Iterable[str]) -> list[Offence]:
    return [found for path in paths for found in offences_in(path, (ROOT / path).read_text(encoding="utf-8"))]


def main(args: list[str]) -> int:
    offences = check(args or _tracked())
    sys.stdout.writelines(f"{offence}\n" for offence in offences)
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
