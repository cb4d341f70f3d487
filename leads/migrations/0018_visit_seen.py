"""Visits: the newest change that the page showed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0017_prices_and_opt_outs")]

    operations = [
        migrations.AddField("leadvisit", "seen", models.DateTimeField(null=True)),
    ]
