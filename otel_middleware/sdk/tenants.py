"""The tenant on child spans and log records of its request."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from opentelemetry.context import Context, get_value
from opentelemetry.sdk._logs import LogRecordProcessor
from opentelemetry.sdk.trace import SpanProcessor

from otel_middleware._context_keys import BY_HAND_KEY, EXCHANGE_KEY

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import Span


__all__ = ["TenantLogFilter", "TenantLogProcessor", "TenantSpanProcessor"]


class TenantSpanProcessor(SpanProcessor):
    """Put the tenant of the current request on every span that is started inside it.

    Add it to the provider before processors that export. The server span has its tenant from ``TenantMiddleware``.
    """

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Put the tenant on *span*, unless it was started with one."""
        beginning: Any = get_value(EXCHANGE_KEY, parent_context)
        if beginning is not None and beginning.span is None:
            if beginning.plan.options.tenants is not None:
                return  # a server span, which will have a tenant of its own
            parent_context = beginning.parent
        told = _tenant(parent_context)
        if told is not None and told[0] not in (span.attributes or {}):
            span.set_attribute(*told)


class TenantLogProcessor(LogRecordProcessor):
    """Put the tenant of the current request on every log record of the SDK that is emitted inside it.

    Add it to the ``LoggerProvider`` before processors that export.
    """

    def on_emit(self, log_record: Any) -> None:
        """Put the tenant on *log_record*, unless it has one."""
        record = getattr(log_record, "log_record", log_record)
        told = _tenant(getattr(record, "context", None))
        if told is not None:
            record.attributes = {told[0]: told[1], **(record.attributes or {})}

    def emit(self, log_data: Any) -> None:
        """The name of ``on_emit`` in older SDKs."""
        self.on_emit(log_data)

    def shutdown(self) -> None:
        """Nothing is held."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:  # noqa: ARG002 - the interface's
        """Nothing is held."""
        return True


class TenantLogFilter(logging.Filter):
    """Put the tenant of the current request on records of the standard library's ``logging``, as ``record.tenant_id``.

    Add it to a handler: ``handler.addFilter(TenantLogFilter())``; a format then has ``%(tenant_id)s``. Outside a request it is
    the empty string. Lets every record pass.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Put the tenant on *record*."""
        told = _tenant(None)
        record.tenant_id = "" if told is None else told[1]
        return True


def _tenant(context: Context | None) -> tuple[str, str] | None:
    """Attribute and tenant of the request that *context* (``None``: the current one) belongs to."""
    told: Any = get_value(EXCHANGE_KEY, context) or get_value(BY_HAND_KEY, context)
    if told is None or told.tenants is None or told.tenant is None:
        return None
    return told.tenants.attribute, told.tenant
