"""All messages, one module for each idea; `ALL_FORMS` is the table of them that the codec reads."""

from __future__ import annotations

from netloom.wire.openflow.messages import (
    async_config,
    barrier,
    bundle,
    config,
    description,
    echo,
    error,
    features,
    hello,
    meter,
    nicira,
    port,
    port_mod,
    port_stats,
    queue,
    role,
    table,
    tlv_table,
)
from netloom.wire.openflow.messages.form import Form

ALL_FORMS: tuple[Form, ...] = (
    *hello.FORMS,
    *error.FORMS,
    *echo.FORMS,
    *features.FORMS,
    *config.FORMS,
    *barrier.FORMS,
    *role.FORMS,
    *async_config.FORMS,
    *port.FORMS,
    *port_mod.FORMS,
    *port_stats.FORMS,
    *description.FORMS,
    *table.FORMS,
    *queue.FORMS,
    *meter.FORMS,
    *bundle.FORMS,
    *nicira.FORMS,
    *tlv_table.FORMS,
)
