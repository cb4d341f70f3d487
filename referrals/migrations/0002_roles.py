"""What the four roles may do with referrals (DESIGN.md section 11)."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

VIEWER = ["view_referral", "view_referrallink", "view_syncrun"]
MANAGER = [*VIEWER, "link_referral", "sync_referrals"]
OPERATIONS = [*MANAGER, "connect_partner_center", "view_raw_referral", "view_quarantine", "change_quarantine",
              "view_signin"]
ROLES = {"Viewer": VIEWER, "Account manager": MANAGER, "Sales operations": OPERATIONS, "Administrator": None}


def create(apps, schema_editor):
    # Permissions are made after all migrations; the roles need them now.
    config = apps.get_app_config("referrals")
    config.models_module = True
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    ours = Permission.objects.filter(content_type__app_label="referrals")
    for name, codenames in ROLES.items():
        group, _created = Group.objects.get_or_create(name=name)
        group.permissions.add(*(ours if codenames is None else ours.filter(codename__in=codenames)))


def remove(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for group in Group.objects.filter(name__in=ROLES):
        group.permissions.remove(*Permission.objects.filter(content_type__app_label="referrals"))


class Migration(migrations.Migration):
    dependencies = [("referrals", "0001_initial"), ("leads", "0002_roles")]
    operations = [migrations.RunPython(create, remove)]
