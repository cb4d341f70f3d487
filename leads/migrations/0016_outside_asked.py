"""Outside facts: when a look began that has not ended."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0015_expiry_told")]

    operations = [
        migrations.AddField("outsidefact", "asked_at", models.DateTimeField(editable=False, null=True)),
    ]
