from django.db import models


class Row(models.Model):
    """A row to be counted; `times` says how often that was written."""

    done = models.BooleanField(default=False)
    times = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.pk)


class Tick(models.Model):
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.at.isoformat()
