"""What the four roles may do with people's knowledge, calls, outcomes and prices (DESIGN.md section 11)."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

VIEWER = ["view_outsidefact", "view_override", "view_outcomerecord", "view_callanswer", "view_price",
          "view_digestsetting", "change_digestsetting"]
MANAGER = [*VIEWER, "add_override", "change_override", "add_outcomerecord", "add_callanswer", "change_callanswer"]
ROLES = {"Viewer": VIEWER, "Account manager": MANAGER, "Sales operations": MANAGER, "Administrator": None}


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
    mine = Permission.objects.filter(content_type__app_label="leads", codename__in=MANAGER)
    for group in Group.objects.filter(name__in=ROLES):
        group.permissions.remove(*mine)


class Migration(migrations.Migration):
    dependencies = [("leads", "0005_knowledge")]
    operations = [migrations.RunPython(create, remove)]
