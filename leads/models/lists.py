"""Filters that people keep, and changes of many leads at once."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from leads.models.lead import Lead


class SavedView(models.Model):
    """A named filter of the lead list: the query part of its URL."""

    name = models.CharField(_("name"), max_length=80)
    query = models.CharField(_("query"), max_length=1000)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("owner"))
    shared = models.BooleanField(_("shared with everyone"), default=False)

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="saved_view_name_per_owner")]

    def __str__(self) -> str:
        return self.name


class ViewTab(models.Model):
    """A saved view that a person keeps above the lead list; at most one of them opens by itself."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    view = models.ForeignKey(SavedView, models.CASCADE, related_name="tabs", verbose_name=_("saved view"))
    opens = models.BooleanField(_("opens by itself"), default=False)

    class Meta:
        verbose_name = _("tab of the lead list")
        verbose_name_plural = _("tabs of the lead list")
        constraints = [
            models.UniqueConstraint(fields=["user", "view"], name="view_tab_once"),
            models.UniqueConstraint(fields=["user"], name="view_opens_once", condition=Q(opens=True)),
        ]

    def __str__(self) -> str:
        return str(self.view)


class BulkAction(models.Model):
    """One change of many leads. Which leads is settled when a person looks at the preview: `leads` holds their keys,
    so that "all 1,284" stays those 1,284, whatever happens to the filter meanwhile."""

    class Kind(models.TextChoices):
        ASSIGN = "assign", _("Assign")
        TAG = "tag", _("Add a tag")
        UNTAG = "untag", _("Remove a tag")
        SNOOZE = "snooze", _("Snooze")
        DISMISS = "dismiss", _("Dismiss")
        RESCAN = "rescan", _("Scan again")

    class State(models.TextChoices):
        DRAFT = "draft", _("Waiting for your check")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.DRAFT)
    query = models.CharField(_("query"), max_length=4000, blank=True)
    leads = models.JSONField(_("leads"), default=list, help_text=_("Keys, ascending."))
    total = models.PositiveIntegerField(_("leads"), default=0)
    params = models.JSONField(_("parameters"), default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by"))
    created_at = models.DateTimeField(_("time"), default=timezone.now)
    started_at = models.DateTimeField(_("started"), null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("undone by")
    )
    job = models.ForeignKey("jobs.Job", models.SET_NULL, null=True, related_name="+", verbose_name=_("job"))

    class Meta:
        verbose_name = _("bulk action")
        verbose_name_plural = _("bulk actions")
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.total})"

    def get_absolute_url(self) -> str:
        return reverse("leads:bulk_action", args=[self.pk])

    @property
    def can_be_undone(self) -> bool:
        return self.kind != self.Kind.RESCAN


class BulkRow(models.Model):
    """What became of one lead in a bulk action, and what it was before."""

    class Result(models.TextChoices):
        CHANGED = "changed", pgettext_lazy("result", "Changed")
        SAME = "same", _("It was so already")
        GONE = "gone", _("Deleted meanwhile")
        UNDONE = "undone", _("Undone")
        LEFT = "left", _("Changed since; left as it is")

    action = models.ForeignKey(BulkAction, models.CASCADE, related_name="rows", db_index=False)
    lead = models.ForeignKey(Lead, models.SET_NULL, null=True, related_name="+")
    name = models.CharField(_("domain"), max_length=253)
    result = models.CharField(_("result"), max_length=8, choices=Result)
    old = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("lead of a bulk action")
        verbose_name_plural = _("leads of bulk actions")
        indexes = [models.Index(fields=["action", "result", "id"], name="bulk_row_result")]

    def __str__(self) -> str:
        return f"{self.name}: {self.get_result_display()}"
