"""Why a company does not want to be contacted. The default stays in the database, so that what was started before the
migration can still add leads."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0021_event_bulk")]

    operations = [
        migrations.AddField(
            "lead",
            "opted_out_reason",
            models.CharField(
                blank=True, db_default="", default="", max_length=200, verbose_name="reason for the opt-out"
            ),
        ),
    ]
