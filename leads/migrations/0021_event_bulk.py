"""An event knows the change of many leads that it is part of."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0020_names")]

    operations = [
        migrations.AddField(
            "event",
            "bulk",
            models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="leads.bulkaction",
                verbose_name="bulk action",
            ),
        ),
        migrations.AddIndex(
            "event", models.Index(fields=["bulk"], name="event_bulk", condition=models.Q(("bulk__isnull", False)))
        ),
    ]
