"""The domain's tables.

A Lead is one company known by its registrable domain. Its current verdict is denormalised for lists; what was
seen stands in Scan (append-only), what happened in Event (the timeline).
"""

from leads.models.accounts import DigestSetting, Preference
from leads.models.codes import (
    DmarcPolicy,
    Outcome,
    Priority,
    Provider,
    PushState,
    ReferralState,
    RemoteState,
    Segment,
    SizeSource,
    Source,
    VerdictState,
)
from leads.models.imports import DomainClaim, ImportBatch, ImportBatchQuerySet, ImportRow
from leads.models.lead import (
    COMPANY_NAME_LENGTH,
    RESCAN_AFTER,
    RETRY_AFTER,
    SEARCH_TEXT_LENGTH,
    Lead,
    LeadQuerySet,
    Tag,
    _tomorrow,
)
from leads.models.lists import BulkAction, BulkRow, SavedView, ViewTab
from leads.models.looks import OutsideFact, Scan, SourceState
from leads.models.prices import Price
from leads.models.said import CallAnswer, OutcomeRecord, Override, OverrideQuerySet
from leads.models.timeline import Alert, Event, LeadVisit, Note

# Migrations name _tomorrow.
__all__ = [
    "COMPANY_NAME_LENGTH",
    "RESCAN_AFTER",
    "RETRY_AFTER",
    "SEARCH_TEXT_LENGTH",
    "Alert",
    "BulkAction",
    "BulkRow",
    "CallAnswer",
    "DigestSetting",
    "DmarcPolicy",
    "DomainClaim",
    "Event",
    "ImportBatch",
    "ImportBatchQuerySet",
    "ImportRow",
    "Lead",
    "LeadQuerySet",
    "LeadVisit",
    "Note",
    "Outcome",
    "OutcomeRecord",
    "OutsideFact",
    "Override",
    "OverrideQuerySet",
    "Preference",
    "Price",
    "Priority",
    "Provider",
    "PushState",
    "ReferralState",
    "RemoteState",
    "SavedView",
    "Scan",
    "Segment",
    "SizeSource",
    "Source",
    "SourceState",
    "Tag",
    "VerdictState",
    "ViewTab",
    "_tomorrow",
]
