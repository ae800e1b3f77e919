"""Limits on a question's text, checked before anything that could be slow. A question that is larger is no question."""

from __future__ import annotations

from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from comity.refusal import Refused

MAX_BYTES = 100_000
MAX_TOKENS = 4_000
MAX_DEPTH = 60
"""Nesting of parentheses, CASE, and runs of prefix operators."""
MAX_RELATIONS = 24
MAX_LOOSE_JOINS = 8
"""JOINs in a row that wait for their ON or USING: the parser tries every way to nest them, which is exponential."""

_OPEN = {TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE}
_CLOSE = {TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END}
_JOINED = {TokenType.ON, TokenType.USING}
_PREFIX = {TokenType.NOT, TokenType.DASH, TokenType.PLUS, TokenType.TILDE, TokenType.EXCLAMATION}


def check(sql: str) -> None:
    """Refuse text that is too long, too deep, or no text at all."""
    # surrogates cannot be encoded, and a NUL or a direction mark can only mislead whoever reads the record
    try:
        size = len(sql.encode())
    except UnicodeEncodeError:
        raise _refused("sql-unreadable", "The question holds characters that are no Unicode text.") from None
    if size > MAX_BYTES:
        raise _refused("sql-too-large", f"The question is longer than {MAX_BYTES} bytes.")
    if any(_hidden(c) for c in sql):
        raise _refused("sql-unreadable", "The question holds a control or direction character.")
    _check_tokens(_tokens(sql))


def _hidden(character: str) -> bool:
    code = ord(character)
    return (code < 32 and character not in "\t\n\r") or code == 127 or 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069


def _tokens(sql: str) -> list[Token]:
    try:
        return list(DuckDB().tokenize(sql))
    except SqlglotError:
        raise _refused("sql-unreadable", "The question cannot be read as SQL.") from None


def _check_tokens(tokens: list[Token]) -> None:
    if len(tokens) > MAX_TOKENS:
        raise _refused("sql-too-large", f"The question has more than {MAX_TOKENS} words and signs.")
    depth = run = loose = 0
    before: TokenType | None = None
    for token in tokens:
        kind = token.token_type
        loose = max(0, loose + (kind is TokenType.JOIN) - (kind in _JOINED))
        if loose > MAX_LOOSE_JOINS:
            raise _refused("sql-join", f"More than {MAX_LOOSE_JOINS} joins stand in a row without ON or USING.")
        if kind is TokenType.STRING and before is TokenType.STRING:
            raise _refused("sql-unreadable", "Two quoted texts stand side by side.")
        before = kind
        if kind is TokenType.PIPE_GT:
            raise _refused("sql-not-supported", "Pipe syntax cannot be asked.")
        depth += (kind in _OPEN) - (kind in _CLOSE)
        run = run + 1 if kind in _PREFIX else 0
        if depth + run > MAX_DEPTH:
            raise _refused("sql-too-deep", f"The question is nested more than {MAX_DEPTH} deep.")


def _refused(code: str, why: str) -> Refused:
    return Refused(code, why=why, next="Ask a shorter, simpler question.")
