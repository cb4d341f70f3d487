"""The expiry date that was told to be near; those that were told already, from the timeline."""

from typing import Any

from django.db import migrations, models


def fill(apps: Any, schema_editor: Any) -> None:
    lead, event = apps.get_model("leads", "Lead"), apps.get_model("leads", "Event")
    for key, day in event.objects.filter(kind="expiry").values_list("lead_id", "new").distinct().iterator():
        if day:
            lead.objects.filter(pk=key, expires_on=day).update(expiry_told=day)


class Migration(migrations.Migration):
    dependencies = [("leads", "0014_import_undo")]

    operations = [
        migrations.AddField("lead", "expiry_told", models.DateField(editable=False, null=True)),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
