from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "jobs"
    verbose_name = _("Background work")

    def ready(self) -> None:
        from django_q.signals import post_execute

        from jobs.health import note_sign_of_life

        post_execute.connect(note_sign_of_life, dispatch_uid="jobs.sign_of_life")
