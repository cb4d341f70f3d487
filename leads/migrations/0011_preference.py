"""The language of an account has one place; digests kept their own until now."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def keep_languages(apps, schema_editor):
    Preference = apps.get_model("leads", "Preference")
    chosen = apps.get_model("leads", "DigestSetting").objects.values_list("user_id", "language")
    Preference.objects.bulk_create([Preference(user_id=user, language=language) for user, language in chosen])


def give_back(apps, schema_editor):
    DigestSetting = apps.get_model("leads", "DigestSetting")
    for user, language in apps.get_model("leads", "Preference").objects.values_list("user_id", "language"):
        DigestSetting.objects.filter(user_id=user).update(language=language)


class Migration(migrations.Migration):
    dependencies = [("leads", "0010_views_and_bulk_roles"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.CreateModel(
            name="Preference",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("language", models.CharField(choices=[("tr", "Turkish"), ("en", "English")], default="tr", max_length=5, verbose_name="language")),
                ("user", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="preference", to=settings.AUTH_USER_MODEL, verbose_name="user")),
            ],
            options={"verbose_name": "preference", "verbose_name_plural": "preferences"},
        ),
        migrations.RunPython(keep_languages, give_back),
        migrations.RemoveField(model_name="digestsetting", name="language"),
    ]
