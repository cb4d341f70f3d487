"""Many rows written or changed by one statement, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection, models

# SQLite takes 32,766 parameters in one statement.
_PARAMETERS = 30_000


def insert_rows(rows: Sequence[models.Model], *, ignore_conflicts: bool = False) -> None:
    """Insert rows of one model; they do not learn their keys. `bulk_create` compiles an expression for every value and
    takes four times as long."""
    if not rows:
        return
    fields: list[Any] = [field for field in rows[0]._meta.concrete_fields if not field.primary_key]
    converters = [(field.attname, _converter(field)) for field in fields]
    values = [[convert(getattr(row, name)) for name, convert in converters] for row in rows]
    quote = connection.ops.quote_name
    table, columns = quote(rows[0]._meta.db_table), ", ".join(quote(field.column) for field in fields)
    placeholders = ", ".join(["%s"] * len(fields))
    otherwise = " ON CONFLICT DO NOTHING" if ignore_conflicts else ""
    with connection.cursor() as cursor:
        cursor.executemany(
            # Only names of our own tables and columns and placeholders are put together here.
            f"INSERT INTO {table} ({columns}) VALUES ({placeholders}){otherwise}",  # noqa: S608
            values,
        )


def update_rows(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> int:
    """`UPDATE … FROM (VALUES …)`: each row is (primary key, one value for each of `columns`). Returns how many
    rows changed. `bulk_update` builds a CASE for every value and takes ten times as long."""
    fields: list[Any] = [model._meta.pk, *(model._meta.get_field(name) for name in columns)]
    converters = [_converter(field) for field in fields]
    on_postgresql = connection.vendor == "postgresql"
    quote = connection.ops.quote_name

    def value(position: int) -> str:
        cast = f"::{fields[position].db_type(connection)}" if on_postgresql else ""
        return f"v.column{position + 1}{cast}"

    table, key = quote(model._meta.db_table), quote(fields[0].column)
    assignments = ", ".join(f"{quote(field.column)} = {value(i)}" for i, field in enumerate(fields) if i)
    placeholders = f"({', '.join(['%s'] * len(fields))})"
    changed = 0
    at_once = _PARAMETERS // len(fields)
    with connection.cursor() as cursor:
        for start in range(0, len(rows), at_once):
            part = rows[start : start + at_once]
            values = ", ".join([placeholders] * len(part))
            cursor.execute(
                # Only names of our own columns and placeholders are put together here.
                f"UPDATE {table} SET {assignments} FROM (VALUES {values}) AS v WHERE {table}.{key} = {value(0)}",  # noqa: S608
                [convert(cell) for row in part for convert, cell in zip(converters, row, strict=True)],
            )
            changed += cursor.rowcount
    return changed


def _converter(field: Any) -> Callable[[Any], Any]:
    if isinstance(field, models.JSONField | models.UUIDField):
        return lambda cell: field.get_db_prep_save(cell, connection)
    if isinstance(field, models.DateTimeField):
        return connection.ops.adapt_datetimefield_value
    if isinstance(field, models.DateField):
        return connection.ops.adapt_datefield_value
    return lambda cell: cell
