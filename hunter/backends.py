"""Signing in and what a person may do."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission, User
from django.db.models import Count, Q, Subquery
from django.db.models.functions import Coalesce

from leads.models import Alert


class RolesBackend(ModelBackend):
    """Django's own, with the person and what the frame of every page shows them in one query, and the permissions of a
    person and of their roles in one instead of two: every page asks for them."""

    def get_user(self, user_id: Any) -> User | None:
        """With the preferences (the language) and `unread_alerts`, their number."""
        unread = Alert.objects.filter(read_at__isnull=True).order_by().values("read_at")
        count = Coalesce(Subquery(unread.annotate(count=Count("pk")).values("count")), 0)
        people = User.objects.select_related("preference").annotate(unread_alerts=count)
        user = people.filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        if not user_obj.is_active or user_obj.is_anonymous or user_obj.is_superuser or obj is not None:
            return super().get_all_permissions(user_obj, obj)
        if not hasattr(user_obj, "_perm_cache"):
            through = User.user_permissions.through.objects.filter(user=user_obj)
            of_roles = Permission.group_set.through.objects.filter(group__user=user_obj)
            found = Permission.objects.filter(
                Q(pk__in=through.values("permission")) | Q(pk__in=of_roles.values("permission"))
            )
            names = found.order_by().values_list("content_type__app_label", "codename")
            user_obj._perm_cache = {f"{label}.{codename}" for label, codename in names}
        cached: set[str] = user_obj._perm_cache
        return cached
