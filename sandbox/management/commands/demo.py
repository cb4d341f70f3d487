"""Fictional data to look at: people of each role and a market of companies, imported and queued for their scan."""

from __future__ import annotations

import csv
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management.base import BaseCommand, CommandError

from leads.importing import import_file
from leads.models import Lead
from sandbox.market import companies

PASSWORD = "hunter-demo"  # noqa: S105 - printed at every start; refused outside development
PEOPLE = {
    "demo": "Administrator",
    "operations": "Sales operations",
    "seller": "Account manager",
    "viewer": "Viewer",
}


class Command(BaseCommand):
    help = "Create demo users and import a fictional market. Does nothing where leads exist already."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--companies", type=int, default=300)

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.HUNTER_ENV != "dev":
            raise CommandError("Demo data has a well-known password: it needs HUNTER_ENV=dev.", returncode=3)
        for username, role in PEOPLE.items():
            self._person(username, role)
        if Lead.objects.exists():
            self.stdout.write("There are leads already; no demo companies added.")
        else:
            self._market(options["companies"])
        self.stdout.write(f"Sign in as {' or '.join(PEOPLE)}, password {PASSWORD}")

    def _person(self, username: str, role: str) -> None:
        is_administrator = role == "Administrator"
        user, created = User.objects.get_or_create(
            username=username, defaults={"is_staff": True, "is_superuser": is_administrator}
        )
        if created:
            user.set_password(PASSWORD)
            user.save()
            user.groups.add(Group.objects.get(name=role))

    def _market(self, count: int) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "demo-market.csv"
            with path.open("w", encoding="utf-8-sig", newline="") as file:
                writer = csv.writer(file, delimiter=";")
                writer.writerow(["FİRMA ÜNVANI", "WEB SİTESİ", "E-POSTA", "ŞEHİR", "SEKTÖR"])
                for company in companies(count):
                    writer.writerow(
                        [company.name, f"www.{company.domain}", f"info@{company.domain}", company.city, company.sector]
                    )
            owner = User.objects.get(username="seller")
            created = sum(
                verdict.verdict == "created" for verdict in import_file(path, by=owner, owner=owner, scan=True)
            )
        self.stdout.write(f"{created} demo companies added; the worker scans them now.")
