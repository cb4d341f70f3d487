"""How the figures of the first page are drawn: SVG without style or script, its numbers beside it as text."""

from __future__ import annotations

from typing import Final

from django import template
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from leads.models import DmarcPolicy, Lead
from leads.today import Bar, Chart

register = template.Library()

_TRACK: Final = (
    '<svg class="chart__track" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
    '<rect class="chart__fill chart__fill--{}" width="{}" height="8"></rect></svg>'
)
_HEIGHT: Final = 100
_SLOT: Final = 36  # width of one column and its gap
_COLUMN: Final = 26


@register.simple_tag
def tone_bar(share: int, tone: str) -> SafeString:
    """A bar of `share` percent; `tone`: "", success, warning or danger."""
    return format_html(_TRACK, tone or "plain", share)


@register.simple_tag
def columns(chart: Chart) -> SafeString:
    """Columns side by side, each a link with its number above and its label below."""
    drawn = format_html_join("", "{}", ((_column(index, bar),) for index, bar in enumerate(chart.bars)))
    return format_html(
        '<svg class="chart__columns" viewBox="0 0 {} {}" role="group" aria-label="{}" focusable="false">{}</svg>',
        _SLOT * len(chart.bars),
        _HEIGHT + 40,
        chart.title,
        drawn,
    )


def _column(index: int, bar: Bar) -> SafeString:
    left, middle = index * _SLOT + (_SLOT - _COLUMN) // 2, index * _SLOT + _SLOT // 2
    # The label comes first and ends with a space, so that a link is called what it shows: "0–9 61".
    drawn = format_html(
        '<rect class="chart__fill chart__fill--plain" x="{}" y="{}" width="{}" height="{}"></rect>'
        '<text class="chart__tick" x="{}" y="{}">{} </text><text class="chart__tick" x="{}" y="{}">{}</text>',
        left,
        16 + _HEIGHT - bar.share,
        _COLUMN,
        bar.share,
        middle,
        _HEIGHT + 32,
        bar.label,
        middle,
        11 + _HEIGHT - bar.share,
        number_format(bar.count, use_l10n=True, force_grouping=True),
    )
    return format_html('<a href="{}">{}</a>', bar.url, drawn) if bar.count else drawn


@register.filter
def weaknesses(lead: Lead) -> list[str]:
    """What is missing in the mail records, as far as it is known, in words."""
    found = [
        _("no SPF") if lead.has_spf is False else "",
        _("no DKIM") if lead.has_dkim is False else "",
        {DmarcPolicy.ABSENT: _("no DMARC"), DmarcPolicy.NONE: "DMARC p=none"}.get(DmarcPolicy(lead.dmarc_policy), "")
        if lead.dmarc_policy
        else "",
    ]
    return [word for word in found if word]
