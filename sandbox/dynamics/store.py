"""The leads of the simulated environment, and what sellers do to them.

A row is a mapping of the columns that are not null; it is replaced, never changed, so that undoing a write is
putting the old one back. Look-ups by id and by domain are dictionaries.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from sandbox.dynamics import errors
from sandbox.dynamics.columns import DOMAIN, Key, Table

Row = Mapping[str, Any]
SELLERS: Final = ("Selin Satıcı", "Kaan Yönetici", "Deniz Demir", "Ada Aksoy")
_FIRST_VERSION = 71_004_877
_REASONS: Final = {0: (1, 2), 1: (3,), 2: (4, 5, 6, 7)}  # statecode: its statuscodes, the default first


def fixed_id(name: str) -> str:
    """An id that is the same in every sandbox."""
    return str(uuid5(NAMESPACE_URL, f"sandbox-dynamics-{name}"))


def is_guid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return len(text) == 36


class Store:
    """Rows, deletions and records of other tables; safe to use from any thread.

    `creates` counts the rows that the API created, by domain ("" for none); `writes` every row it created, changed
    or deleted. What sellers do counts in neither.
    """

    def __init__(self, table: Table, skew: Callable[[], float]) -> None:
        self.table = table
        self.lock = threading.RLock()
        self.creates: Counter[str] = Counter()
        self.writes = 0
        self.deletions: list[tuple[int, str]] = []  # (version, leadid)
        self.systemusers = {fixed_id(name): name for name in SELLERS}
        self.others: dict[str, set[str]] = {
            "accounts": set(),
            "contacts": set(),
            "campaigns": set(),
            "opportunities": set(),
            "transactioncurrencies": {fixed_id(code) for code in ("TRY", "EUR", "USD")},
        }
        self._skew = skew
        self._rows: dict[str, Row] = {}
        self._version = _FIRST_VERSION
        self._domains: dict[str, dict[str, None]] = {}  # folded domain: leadids
        self._undo: list[Callable[[], None]] | None = None

    # Reading

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def version(self) -> int:
        """The version of the last write."""
        return self._version

    def rows(self) -> list[Row]:
        """Every row, in the order of creation."""
        with self.lock:
            return list(self._rows.values())

    def get(self, id: str) -> Row | None:
        return self._rows.get(id.lower())

    def with_domain(self, domain: str) -> list[Row]:
        """Upper and lower case are the same, as in the database's collation."""
        with self.lock:
            return [self._rows[id] for id in self._domains.get(domain.casefold(), ())]

    def with_key(self, values: Mapping[str, Any]) -> Row | None:
        found = self.with_domain(str(values[DOMAIN])) if DOMAIN in values else self.rows()
        return next((row for row in found if all(_fold(row.get(n)) == _fold(v) for n, v in values.items())), None)

    # Keeping

    def dump(self) -> dict[str, Any]:
        """Everything that a restart should find again, as JSON."""
        with self.lock:
            users, others = dict(self.systemusers), {name: sorted(ids) for name, ids in self.others.items()}
            known = {"version": self._version, "deletions": list(self.deletions)}
            return known | {"systemusers": users, "others": others, "rows": list(self._rows.values())}

    def load(self, content: Mapping[str, Any]) -> None:
        """Puts back what `dump` gave; the counters start again."""
        with self.lock:
            self._version = content["version"]
            self.deletions[:] = [(version, id) for version, id in content["deletions"]]
            self.systemusers |= content["systemusers"]
            self.others |= {name: set(ids) for name, ids in content["others"].items()}
            self._rows = {row["leadid"]: row for row in content["rows"]}
            self.reindex()

    # Writing

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """What happens inside is undone when it raises; one inside another is part of it."""
        with self.lock:
            if self._undo is not None:
                yield
                return
            undo: list[Callable[[], None]] = []
            self._undo = undo
            try:
                yield
            except BaseException:
                for step in reversed(undo):
                    step()
                raise
            finally:
                self._undo = None

    def create(self, values: Mapping[str, Any], *, by: str, counted: bool = True) -> Row:
        """A new row; `values` may hold `leadid`. Raises Refused for an id or a key that is taken."""
        with self.lock:
            id = str(values.get("leadid") or uuid4()).lower()
            if id in self._rows:
                raise errors.Refused(412, "0x80040237", "Cannot insert duplicate key.")
            now = self.now()
            defaults = {name: False for name, column in self.table.columns.items() if column.kind == "Boolean"}
            made = {
                **defaults,
                "ownerid": by,
                "statecode": 0,
                "statuscode": 1,
                "createdon": now,
                "createdby": by,
                **{name: value for name, value in values.items() if value is not None},
                "leadid": id,
            }
            row = self._stamped(made, by)
            _check_reason(row)
            self._check_keys(row)
            self._put(id, row)
            if counted:
                self._count(str(row.get(DOMAIN, "")), 1)
            return row

    def update(self, id: str, values: Mapping[str, Any], *, by: str, counted: bool = True) -> Row:
        """Changes columns; null clears. Every update gets a new version, even one that changes nothing."""
        with self.lock:
            old = self._rows[id]
            merged = {name: value for name, value in {**old, **values, "leadid": id}.items() if value is not None}
            if "statecode" in values and "statuscode" not in values:
                merged["statuscode"] = _REASONS[merged["statecode"]][0]
            row = self._stamped(merged, by)
            _check_reason(row)
            self._check_keys(row)
            self._put(id, row)
            if counted:
                self._count("", 0)
            return row

    def delete(self, id: str, *, counted: bool = True) -> None:
        with self.lock:
            self._put(id, None)
            self._version += 1
            deletion = (self._version, id)
            self.deletions.append(deletion)
            if self._undo is not None:
                self._undo.append(lambda: self.deletions.remove(deletion))
            if counted:
                self._count("", 0)

    def now(self) -> str:
        """The server's clock, in whole seconds as the database keeps them."""
        return f"{datetime.fromtimestamp(time.time() + self._skew(), UTC):%Y-%m-%dT%H:%M:%SZ}"

    def reindex(self) -> None:
        """After the columns changed: values of columns that are gone are gone too."""
        with self.lock:
            known = self.table.columns.keys()
            rows = {id: {name: value for name, value in row.items() if name in known} for id, row in self._rows.items()}
            self._rows, self._domains = {}, {}
            for id, row in rows.items():
                self._put(id, row)

    def has_duplicates(self, key: Key) -> bool:
        """Whether two rows share the values of the key's columns; rows without a value are not compared."""
        values = [tuple(_fold(row.get(name)) for name in key.attributes) for row in self.rows()]
        present = [value for value in values if None not in value]
        return len(present) != len(set(present))

    def _stamped(self, values: dict[str, Any], by: str) -> Row:
        self._version += 1
        full = " ".join(str(values[name]) for name in ("firstname", "lastname") if name in values)
        values |= {"modifiedon": self.now(), "modifiedby": by, "versionnumber": self._version}
        values.pop("fullname", None)
        return values | ({"fullname": full} if full else {})

    def _check_keys(self, row: Row) -> None:
        for key in self.table.keys.values():
            wanted = {name: row.get(name) for name in key.attributes}
            if not key.is_active or None in wanted.values():
                continue
            rivals = self.with_domain(str(wanted[DOMAIN])) if DOMAIN in wanted else self.rows()
            for rival in rivals:
                if rival["leadid"] != row["leadid"] and all(_fold(rival.get(n)) == _fold(v) for n, v in wanted.items()):
                    raise errors.key_violated(key.label or key.schema_name, ", ".join(key.attributes))

    def _put(self, id: str, row: Row | None) -> None:
        old = self._rows.get(id)
        if old is not None and DOMAIN in old:
            domain = str(old[DOMAIN]).casefold()
            self._domains[domain].pop(id, None)
            if not self._domains[domain]:
                del self._domains[domain]
        if row is None:
            self._rows.pop(id, None)
        else:
            self._rows[id] = row
            if DOMAIN in row:
                self._domains.setdefault(str(row[DOMAIN]).casefold(), {})[id] = None
        if self._undo is not None:
            self._undo.append(lambda: self._put_back(id, old))

    def _put_back(self, id: str, old: Row | None) -> None:
        undo, self._undo = self._undo, None
        self._put(id, old)
        self._undo = undo

    def _count(self, domain: str, creates: int) -> None:
        self.writes += 1
        if creates:
            self.creates[domain] += creates
        if self._undo is not None:
            self._undo.append(lambda: self._uncount(domain, creates))

    def _uncount(self, domain: str, creates: int) -> None:
        self.writes -= 1
        if creates:
            self.creates[domain] -= creates
            self.creates = +self.creates


def _check_reason(row: Row) -> None:
    reason, state = row["statuscode"], row["statecode"]
    if reason not in _REASONS[state]:
        message = f"{reason} is not a valid status code for state code {state} on lead."
        raise errors.Refused(400, "0x80048408", message)


def _fold(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value
