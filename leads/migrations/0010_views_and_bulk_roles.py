"""What the four roles may do with tabs and bulk actions (DESIGN.md section 11)."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

OPERATIONS = ["view_bulkaction", "view_bulkrow"]
ROLES = {"Sales operations": OPERATIONS, "Administrator": None}


def create(apps, schema_editor):
    # Permissions are made after all migrations; the roles need them now.
    config = apps.get_app_config("leads")
    config.models_module = True
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    ours = Permission.objects.filter(content_type__app_label="leads")
    for name, codenames in ROLES.items():
        group, _created = Group.objects.get_or_create(name=name)
        group.permissions.add(*(ours if codenames is None else ours.filter(codename__in=codenames)))


def remove(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    mine = Permission.objects.filter(content_type__app_label="leads", codename__in=OPERATIONS)
    for group in Group.objects.filter(name__in=ROLES):
        group.permissions.remove(*mine)


class Migration(migrations.Migration):
    dependencies = [("leads", "0009_views_and_bulk")]
    operations = [migrations.RunPython(create, remove)]
