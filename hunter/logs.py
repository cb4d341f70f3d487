"""Log lines as JSON objects, one a line."""

from __future__ import annotations

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime

reference: ContextVar[str] = ContextVar("reference", default="")


class ReferenceFilter(logging.Filter):
    """Gives each line of a request its reference; "" outside of one."""

    def filter(self, record: logging.LogRecord) -> bool:
        code = reference.get()
        record.__dict__.update(reference=code, told=f" [{code}]" if code else "")
        return True


class RefusalFilter(logging.Filter):
    """A refused page is one line: where it was refused says nothing that its address does not."""

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "status_code", 0) in (403, 404):
            record.exc_info = record.exc_text = None
        return True


class JsonFormatter(logging.Formatter):
    """time (UTC, ISO 8601), level, logger, message, and the traceback when there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if code := getattr(record, "reference", ""):
            line["reference"] = code
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
