"""The four roles of DESIGN.md section 11 and the automatic tags of scoring-v1 section 13."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

VIEWER = ["view_lead", "view_scan", "view_event", "view_alert", "view_note", "view_tag", "view_importbatch",
          "view_importrow", "view_domainclaim", "view_savedview"]
MANAGER = [*VIEWER, "add_lead", "change_lead", "scan_lead", "add_note", "change_alert", "add_savedview",
           "change_savedview", "delete_savedview"]
OPERATIONS = [*MANAGER, "import_leads", "bulk_change_leads", "export_leads", "add_tag", "change_tag", "delete_tag",
              "change_note"]
ROLES = {
    "Viewer": (VIEWER, ["view_job"]),
    "Account manager": (MANAGER, ["view_job"]),
    "Sales operations": (OPERATIONS, ["view_job", "change_job"]),
    "Administrator": (None, None),
}
AUTOMATIC_TAGS = ["security-risk", "migration-ready", "expire-soon", "weak-spf", "google-workspace", "local-mx"]


def create(apps, schema_editor):
    # Permissions are made after all migrations; the roles need them now.
    for label in ("leads", "jobs"):
        config = apps.get_app_config(label)
        config.models_module = True
        create_permissions(config, apps=apps, verbosity=0)
        config.models_module = None
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for name, (leads, jobs) in ROLES.items():
        group, _created = Group.objects.get_or_create(name=name)
        ours = Permission.objects.filter(content_type__app_label__in=("leads", "jobs", "auth"))
        if leads is not None:
            ours = Permission.objects.filter(content_type__app_label="leads", codename__in=leads) | (
                Permission.objects.filter(content_type__app_label="jobs", codename__in=jobs)
            )
        group.permissions.add(*ours)
    Tag = apps.get_model("leads", "Tag")
    for name in AUTOMATIC_TAGS:
        Tag.objects.update_or_create(name=name, defaults={"automatic": True})


def remove(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name__in=ROLES).delete()
    apps.get_model("leads", "Tag").objects.filter(automatic=True).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0001_initial"),
        ("jobs", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(create, remove)]
