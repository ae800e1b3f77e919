"""The analyst's library over real HTTP: answers in every form, errors in plain words, and a node that lies."""

from __future__ import annotations

import gzip
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

import comity
import node_kit
from comity.client.answer import SUPPRESSED
from comity.client.connection import ARROW, Connection
from comity.client.transport import Reply
from liar import Lie, lying
from node_kit import AGREEMENT, PURPOSE

BY_DISTRICT = "select district, count(*) as n, avg(nights) as nights from stays group by district order by district"


@dataclass
class Served:
    """A node, served."""

    path: Path
    url: str
    token: str

    def connect(self, **more: object) -> Connection:
        settings = {"agreement": AGREEMENT, "purpose": PURPOSE, "token": self.token} | more
        return comity.connect(self.url, **settings)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    path = node_kit.make_node(tmp_path_factory.mktemp("client"))
    with node_kit.served(path) as url:
        yield Served(path, url, node_kit.token(path))


@pytest.fixture
def c(node: Served) -> Iterator[Connection]:
    with node.connect() as made:
        yield made


def asking(url: str, **more: object) -> object:
    """One question to a server that need not be a node."""
    with comity.connect(url, agreement="a", purpose="p", token="t", **more) as c:  # type: ignore[arg-type]
        return c.sql("select 1")


def test_an_answer_has_rows_in_which_a_suppressed_number_is_a_marker(c: Connection) -> None:
    """Neither 0 nor None; it cannot be taken for true or false, or counted with."""
    answer = c.sql(BY_DISTRICT)
    island = next(row for row in answer.rows if row[0] == "Island")
    assert answer.columns == ("district", "n", "nights")
    assert island[1:] == (SUPPRESSED, SUPPRESSED)
    assert len(answer) == len(answer.rows)
    with pytest.raises(TypeError):
        bool(island[1])
    with pytest.raises(TypeError):
        _ = island[1] + 1


def test_the_same_answer_as_arrow_pandas_and_polars_keeps_the_markers(c: Connection) -> None:
    """Null with a true companion, whole numbers whole, the same figures in all three."""
    answer = c.sql(BY_DISTRICT)
    table, frame, polar = answer.arrow(), answer.df(), answer.pl()
    assert isinstance(frame, pd.DataFrame)
    assert isinstance(polar, pl.DataFrame)
    assert table.column_names == list(frame.columns) == polar.columns
    assert str(frame["n"].dtype) == "Int64"
    assert frame["n__suppressed"].tolist() == polar["n__suppressed"].to_list() == table["n__suppressed"].to_pylist()
    for row, hidden in zip(table.to_pylist(), frame["n"].isna().tolist(), strict=True):
        assert (row["n"] is None) == row["n__suppressed"] == hidden
    assert list(frame["n"].dropna()) == polar["n"].drop_nulls().to_list()


def test_where_nothing_is_suppressed_there_is_no_companion(c: Connection) -> None:
    """A frame for people has only the columns that were asked for."""
    answer = c.sql("select count(*) as n from stays")
    assert list(answer.df().columns) == answer.pl().columns == ["n"]


def test_an_answer_prints_as_a_table_with_what_was_protected(c: Connection) -> None:
    """For a terminal and for a notebook; text from data cannot become markup."""
    answer = c.sql(BY_DISTRICT)
    assert "Island       *" in repr(answer)
    assert "protected:" in repr(answer)
    assert "<td>*</td>" in answer._repr_html_()
    odd = c.sql("select '<b>x</b>' as label, count(*) as n from stays group by 1")
    assert "<b>" not in odd._repr_html_()


def test_a_receipt_verifies_says_what_was_done_and_can_be_kept(c: Connection, node: Served, tmp_path: Path) -> None:
    """By the pinned key, by the published one, and by `comity verify` on the saved file."""
    receipt = c.sql(BY_DISTRICT).receipt
    key = (node.path / "log" / "log.vkey").read_text().strip()
    assert receipt.verify() == receipt.verify(log_key=key)
    assert receipt.facts["agreement"]["id"] == AGREEMENT
    receipt.save(tmp_path / "r.json")
    receipt.save(tmp_path / "r.json.gz")
    assert gzip.decompress((tmp_path / "r.json.gz").read_bytes()) == (tmp_path / "r.json").read_bytes()
    command = [sys.executable, "-m", "comity.cli.main", "verify", str(tmp_path / "r.json"), "--key", key]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert c.receipt(receipt.verify()).facts == receipt.facts


def test_explaining_tells_the_cost_in_words_and_as_a_dictionary(c: Connection) -> None:
    """And refuses as asking would."""
    told = c.explain(BY_DISTRICT)
    assert told["kind"] == "statistics"
    assert "reads housing.stays.district: group" in repr(told)
    assert "costs 1 query" in repr(told)
    with pytest.raises(comity.Refused) as refused:
        c.explain("select ethnicity from stays")
    assert (refused.value.code, refused.value.clause) == ("column-use", "data.stays.columns.ethnicity.use")


def test_a_look_up_gives_attributes_or_yes_and_no(c: Connection) -> None:
    """With a reason; without one the clause is named."""
    assert c.lookup(5, want=["district"], reason="case 7").columns == ("district",)
    assert c.lookup(987654, want=["pregnant = true"], reason="case 7").rows == [(False,)]
    assert c.lookup(987654, want=["district"], reason="case 7").rows == []
    with pytest.raises(comity.Refused, match=r"use\.lookup\.reason_required"):
        c.lookup(5, want=["district"])


def test_a_refusal_names_its_clause_and_what_to_do_and_has_a_receipt(c: Connection) -> None:
    """The receipt of a no verifies too."""
    with pytest.raises(comity.Refused) as refused:
        c.sql("select ethnicity from stays")
    assert refused.value.next
    assert comity.client.Receipt(refused.value.receipt, key=lambda: c.log_key).verify() >= 0  # type: ignore[attr-defined, arg-type]


def test_every_call_may_name_its_own_agreement_and_purpose_but_must_have_one(node: Served) -> None:
    """A question under nothing is not sent."""
    with comity.connect(node.url, token=node.token) as c:
        with pytest.raises(comity.ComityError, match="needs an agreement and a purpose"):
            c.sql(BY_DISTRICT)
        assert len(c.sql(BY_DISTRICT, agreement=AGREEMENT, purpose=PURPOSE)) > 0
        assert [a["agreement"] for a in c.agreements()] == [AGREEMENT]
        assert c.agreement(AGREEMENT)["state"] == "in-force"


@pytest.mark.parametrize("url", ["", "://", "ftp://x", "http://", "http://data.example.gov", "mailto://x"])
def test_an_address_that_is_none_or_would_show_the_token_is_refused_at_once(url: str) -> None:
    """Before anything is sent; plain http only to this machine."""
    with pytest.raises(comity.ComityError):
        comity.client.connect(url, token="t")  # type: ignore[attr-defined]


def test_a_wrong_token_is_a_refusal(node: Served) -> None:
    """In the same shape as any other."""
    with node.connect(token="a.b.c") as c, pytest.raises(comity.Refused, match="token-unreadable"):
        c.sql(BY_DISTRICT)


def test_a_server_that_is_gone_is_said_in_plain_words() -> None:
    """Nothing listens there: no library's exception comes through."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(comity.ComityError, match="cannot be reached"):
        asking(f"http://127.0.0.1:{port}")


def test_a_slow_server_is_given_up_after_the_timeout_and_the_question_is_not_sent_twice() -> None:
    """A question costs quota, so only its asker decides to ask again."""
    slow = Lie(wait=1.0)
    with lying({"/v1/ask": slow}) as url, pytest.raises(comity.ComityError, match="did not answer in time"):
        asking(url, timeout=0.2)
    assert slow.asked == 1


def good(node: Served, accept: str = ARROW) -> Reply:
    """A true answer's bytes."""
    with node.connect() as c:
        asked = json.dumps({"agreement": AGREEMENT, "purpose": PURPOSE, "sql": BY_DISTRICT}).encode()
        return c._transport.send("POST", "/v1/ask", body=asked, accept=accept)


@pytest.mark.parametrize(
    "lie",
    [
        Lie(b"<html>Login</html>", kind="text/html"),
        Lie(b""),
        Lie(b"{}", kind="application/json"),
        Lie(b"\xff" * 500),
        Lie(b"Bad gateway", status=502, kind="text/plain"),
        Lie(b'{"code": 7}', status=403, kind="application/json"),
        Lie(b"[1]", status=403, kind="application/json"),
        Lie(b"[" * 100_000, status=403, kind="application/json"),
        Lie(status=302, headers={"Location": "http://127.0.0.1:1/"}),
    ],
)
def test_what_is_no_answer_of_a_node_is_one_clear_error(lie: Lie) -> None:
    """A login page, nothing, garbage, a proxy's error, a redirect (which is not followed: the token stays here)."""
    with lying({"/v1/ask": lie}) as url, pytest.raises(comity.ComityError):
        asking(url)


@pytest.mark.parametrize("cut", [1, 100, 1500])
def test_an_answer_that_is_cut_short_is_no_answer(node: Served, cut: int) -> None:
    """Whether the connection breaks or a proxy shortens it."""
    body = good(node).body
    for lie in (Lie(body, cut=cut), Lie(body[: len(body) // 2])):
        with lying({"/v1/ask": lie}) as url, pytest.raises(comity.ComityError):
            asking(url)


def test_a_forged_receipt_does_not_verify(node: Served) -> None:
    """Another decision, another index, another checkpoint, or the key of another log."""
    with node.connect() as c:
        answer = c.sql(BY_DISTRICT)
        true, key = answer.receipt.document, c.log_key
        other = c.sql(BY_DISTRICT).receipt.document
    forged = [
        true | {"entry": true["entry"].replace("answered", "refused!")},
        true | {"proof": true["proof"].replace("index ", "index 1")},
        true | {"proof": other["proof"]},
        true | {"proof": ""},
        {k: v for k, v in true.items() if k != "proof"},
        true | {"entry": 7},
    ]
    for document in forged:
        with pytest.raises(comity.NotVerified):
            comity.client.Receipt(document, key=lambda: key).verify()  # type: ignore[attr-defined]


def test_a_node_that_shows_another_key_is_found_out_by_whoever_knows_the_published_one(node: Served, tmp_path: Path) -> None:
    """The key in the connection wins over the one that the node tells."""
    stranger = node_kit.make_node(tmp_path, start=False)
    wrong = (stranger / "log" / "log.vkey").read_text().strip()
    lies = {"/v1/ask": Lie(good(node).body), "/v1/log/key": Lie(wrong.encode(), kind="text/plain")}
    right = (node.path / "log" / "log.vkey").read_text().strip()
    with lying(lies) as url:
        with comity.connect(url, agreement="a", purpose="p", token="t") as c, pytest.raises(comity.NotVerified):
            c.sql("select 1").receipt.verify()
        with comity.connect(url, agreement="a", purpose="p", token="t", log_key=right) as c:
            assert c.sql("select 1").receipt.verify() >= 0
        c = comity.connect(url, agreement="a", purpose="p", token="t", log_key="not a key")
        with c, pytest.raises(comity.NotVerified):
            c.sql("select 1").receipt.verify()


def test_a_folder_answers_as_the_gateway_does(node: Served, tmp_path: Path) -> None:
    """The same columns and figures, the same refusal."""
    path = node_kit.make_node(tmp_path)
    with (
        comity.connect(str(path), agreement=AGREEMENT, purpose=PURPOSE, as_="analyst@social") as folder,
        node.connect() as served,
    ):
        assert folder.sql(BY_DISTRICT).rows == served.sql(BY_DISTRICT).rows
        said = []
        for c in (folder, served):
            with pytest.raises(comity.Refused) as refused:
                c.sql("select ethnicity from stays")
            said.append((refused.value.code, refused.value.clause, refused.value.why, refused.value.next))
    assert said[0] == said[1]


def test_the_client_loads_nothing_of_the_node() -> None:
    """Neither the engine nor the gateway nor pandas: `import comity` alone loads next to nothing."""
    script = "import sys, comity; n = len(sys.modules); comity.Connection; print(n, *sorted(sys.modules))"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    loaded = set(told[1:])
    assert not loaded & {"duckdb", "sqlglot", "pandas", "polars", "starlette", "httpx2", "sqlite3"}
    assert not {m for m in loaded if m.startswith(("comity.gateway", "comity.engines", "comity.stores", "comity.decision"))}
    alone = [sys.executable, "-c", "import sys, comity; print(*sys.modules)"]
    assert "pyarrow" not in subprocess.run(alone, capture_output=True, text=True, check=True).stdout.split()
