"""Old and new values of timeline events in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_lazy

from leads.brief_messages import is_known, provider_label, text
from leads.folding import unicode_address
from leads.models import DmarcPolicy, DomainClaim, Event, Outcome, Override, RemoteState, Segment, Source

_STATES: Final = {
    "present": gettext_lazy("in place"),
    "absent": gettext_lazy("missing"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """What an event changed, in words. `field`: what a person's entry is about, "" for any other event; `note`: what
    was given as the reason."""

    old: str
    new: str
    field: str = ""
    note: str = ""


def change_of(event: Event) -> Change:
    """The contacts of a company that does not want to be contacted are left out."""
    if event.kind == Event.Kind.OVERRIDE:
        return _entered(event)
    if event.kind == Event.Kind.EDITED and (edited := _edited(event)) is not None:
        return edited
    note = event.new.partition(":")[2] if event.kind == Event.Kind.OUTCOME else ""
    return Change(event_value(event.old, event.kind), event_value(event.new, event.kind), note=note)


def _entered(event: Event) -> Change:
    """ "company_name:Acme" to "company_name:Acme A.Ş." as one field with two values."""
    values = [value.partition(":") for value in (event.old, event.new)]
    fields = {field for field, colon, _entered in values if colon and field in Override.Field.values}
    if len(fields) != 1:
        return Change(event_value(event.old, event.kind), event_value(event.new, event.kind))
    field = fields.pop()
    is_hidden = field == Override.Field.CONTACT and event.lead.opted_out_at is not None
    old, new = (
        ("" if is_hidden else entry_value(field, text)) if colon else event_value(word, event.kind)
        for word, colon, text in values
    )
    return Change(old, new, field=str(Override.Field(field).label))


def edited_field(event: Event) -> str:
    """The field of services.EDITABLE that an edit is about, "" for a new name, which stands for itself."""
    field, colon, _new = event.new.partition(":")
    return field if colon and field in _EDITED_FIELDS and event.old.startswith(f"{field}:") else ""


def _edited(event: Event) -> Change | None:
    """ "city:İzmir" to "city:Bursa" as one field with two values; None for a new name."""
    field = edited_field(event)
    if not field:
        return None
    old, new = (value.partition(":")[2] for value in (event.old, event.new))
    if field == "source":
        old, new = choice_label(Source, old), choice_label(Source, new)
    return Change(old, new, field=str(_EDITED_FIELDS[field]))


def event_value(value: str, kind: str) -> str:
    """The old or new value of an event in words; of a contact that a person entered, only that it is one."""
    if kind == Event.Kind.PROVIDER:
        return provider_label(value) or ""
    if kind == Event.Kind.SEGMENT:
        return choice_label(Segment, value)
    if kind == Event.Kind.DMARC:
        return choice_label(DmarcPolicy, value)
    if kind == Event.Kind.CREATED:
        return choice_label(Source, value)
    if kind == Event.Kind.IMPORTED:
        return gettext("taken back") if value == "undone" else choice_label(Source, value)
    if kind in (Event.Kind.SPF, Event.Kind.DKIM):
        return str(_STATES.get(value, value))
    if kind in (Event.Kind.EXPIRY, Event.Kind.FOLLOW_UP) and value:
        return date_format(date.fromisoformat(value), "SHORT_DATE_FORMAT")
    if kind == Event.Kind.REMOTE:
        return choice_label(RemoteState, value)
    if kind in (Event.Kind.PUSHED, Event.Kind.PUSH_PARKED, Event.Kind.PUSH_DECIDED):
        return str(_PUSH_WORDS.get(value.partition(":")[0], value))
    if kind == Event.Kind.REFERRAL:
        return " / ".join(str(_REFERRAL_WORDS.get(code, code)) for code in value.split(" / "))
    if kind == Event.Kind.OUTCOME:
        return choice_label(Outcome, value.partition(":")[0])
    if kind == Event.Kind.SNOOZED:
        return _sleep(value)
    if kind == Event.Kind.OPT_OUT:
        code, _colon, reason = value.partition(":")
        said = str(_OPT_OUT_WORDS.get(code, code))
        return f"{said}: {reason}" if reason else said
    if kind == Event.Kind.OVERRIDE:
        return _entry(value)
    return value


def entry_value(field: str, value: str) -> str:
    """What a person entered, in words."""
    if field == Override.Field.PROVIDER:
        return provider_label(value) or value
    if field == Override.Field.TENANT_SIZE:
        return text(f"tenant_size.{value}") if is_known(f"tenant_size.{value}") else value
    return unicode_address(value) if field == Override.Field.CONTACT else value


def _entry(value: str) -> str:
    """ "provider:M365" as "Mail provider: Microsoft 365"; ended, expired and kept as they are."""
    field, colon, entered = value.partition(":")
    if not colon or field not in Override.Field.values:
        return str(_ENTRY_WORDS.get(value, value))
    label = str(Override.Field(field).label)
    return label if field == Override.Field.CONTACT else f"{label}: {entry_value(field, entered)}"


def said(entry: Override) -> str:
    """What a person entered, in words; nothing of the contact of a company that does not want to be contacted."""
    if entry.field == Override.Field.CONTACT and entry.lead.opted_out_at:
        return gettext("hidden")
    return entry_value(entry.field, entry.value)


def day_words(day: date) -> str:
    """With its weekday, for whoever pressed a button instead of choosing a date."""
    words = {"weekday": date_format(day, "l"), "date": date_format(day, "SHORT_DATE_FORMAT")}
    return gettext("%(weekday)s, %(date)s") % words


def _sleep(value: str) -> str:
    """A code of `snoozing.code`, or what ended the sleep."""
    if value in _SLEEP_WORDS:
        return str(_SLEEP_WORDS[value])
    day, _blank, change = value.partition(" ")
    try:
        shown = date_format(date.fromisoformat(day), "SHORT_DATE_FORMAT")
    except ValueError:
        return value
    return gettext("until %(date)s or a change") % {"date": shown} if change else shown


def claimed(claim: DomainClaim) -> str:
    """What named the domain, as written; of an address of a company that does not want to be contacted only the part
    after the @."""
    return claim.claim.rpartition("@")[2] if claim.lead.opted_out_at else claim.claim


# Partner Center's codes of status and substatus; one it invents tomorrow shows as it is.
_REFERRAL_WORDS: Final = {
    "New": gettext_lazy("New"),
    "Active": gettext_lazy("Active"),
    "Closed": gettext_lazy("Closed"),
    "Pending": gettext_lazy("Pending"),
    "Received": gettext_lazy("Received"),
    "Accepted": gettext_lazy("Accepted"),
    "Won": gettext_lazy("Won"),
    "Lost": gettext_lazy("Lost"),
    "Declined": gettext_lazy("Declined"),
    "Expired": gettext_lazy("Expired"),
}
_ENTRY_WORDS: Final = {
    "ended": gettext_lazy("ended"),
    "expired": gettext_lazy("expired"),
    "kept": gettext_lazy("kept"),
}
_SLEEP_WORDS: Final = {
    "change": gettext_lazy("until something changes"),
    "woken": gettext_lazy("awake again"),
    "referral": gettext_lazy("woken by a referral"),
}
# The fields of services.EDITABLE.
_EDITED_FIELDS: Final = {
    "contact_emails": gettext_lazy("Contacts"),
    "city": gettext_lazy("City"),
    "country": gettext_lazy("Country"),
    "source": gettext_lazy("Source"),
}
_OPT_OUT_WORDS: Final = {
    "asked": gettext_lazy("does not want to be contacted"),
    "withdrawn": gettext_lazy("may be contacted again"),
}


# By event value; of "category:code" the category.
_PUSH_WORDS: Final = {
    "created": gettext_lazy("created there"),
    "updated": gettext_lazy("updated there"),
    "taken_back": gettext_lazy("taken back"),
    "adopted": gettext_lazy("the lead found there was taken over"),
    "created_again": gettext_lazy("to be created once more"),
    "foreign": gettext_lazy("another lead there has this domain"),
    "deleted": gettext_lazy("deleted there"),
    "no_verdict": gettext_lazy("no verdict to send"),
    "closed": gettext_lazy("closed there"),
    "validation": gettext_lazy("its content was not accepted"),
    "conflict": gettext_lazy("it collides with another lead"),
    "permission": gettext_lazy("a permission is missing"),
    "auth": gettext_lazy("the sign-in was not accepted"),
    "config": gettext_lazy("the connection is not set up correctly"),
    "rate_limit": gettext_lazy("Dynamics asked for a pause"),
    "network": gettext_lazy("Dynamics was not reached"),
    "server": gettext_lazy("Dynamics had trouble"),
}


def choice_label(choices: Any, value: str) -> str:
    """The label of one of `choices`; a value they do not have is given back as it is."""
    return str(choices(value).label) if value in choices.values else value
