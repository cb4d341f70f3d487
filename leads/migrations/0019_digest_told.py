"""What e-mails told of is written down, no longer guessed from the alerts of the day."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0018_visit_seen")]

    operations = [
        migrations.AddField("digestsetting", "told", models.JSONField(default=dict, editable=False)),
        migrations.AlterField(
            "digestsetting",
            "doubt",
            models.CharField(
                blank=True,
                choices=[
                    ("stopped", "The worker was stopped while it was sending."),
                    ("silent", "The mail server broke off while it was taking it."),
                    ("refused", "The mail server refused it for good."),
                    ("address", "No e-mail can be written to the address of your account; correct it."),
                ],
                default="",
                editable=False,
                max_length=8,
                verbose_name="why an e-mail may be missing",
            ),
        ),
    ]
