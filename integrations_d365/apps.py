from django.apps import AppConfig


class IntegrationsD365Config(AppConfig):
    name = "integrations_d365"
    verbose_name = "Dynamics 365"
