"""What the four roles may do with pushes (DESIGN.md section 11)."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

VIEWER = ["view_push", "view_pushattempt"]
MANAGER = [*VIEWER, "push_lead", "decide_push"]
OPERATIONS = [*MANAGER, "bulk_push", "connect_d365", "view_environmentcheck", "view_governor", "view_autopush",
              "add_autopush", "change_autopush", "delete_autopush"]
ROLES = {"Viewer": VIEWER, "Account manager": MANAGER, "Sales operations": OPERATIONS, "Administrator": None}


def create(apps, schema_editor):
    # Permissions are made after all migrations; the roles need them now.
    config = apps.get_app_config("integrations_d365")
    config.models_module = True
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    ours = Permission.objects.filter(content_type__app_label="integrations_d365")
    for name, codenames in ROLES.items():
        group, _created = Group.objects.get_or_create(name=name)
        group.permissions.add(*(ours if codenames is None else ours.filter(codename__in=codenames)))


def remove(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for group in Group.objects.filter(name__in=ROLES):
        group.permissions.remove(*Permission.objects.filter(content_type__app_label="integrations_d365"))


class Migration(migrations.Migration):
    dependencies = [("integrations_d365", "0001_initial"), ("leads", "0002_roles")]
    operations = [migrations.RunPython(create, remove)]
