"""Sign in to Partner Center from a terminal."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from outbound.errors import OutboundError
from referrals import sign_in
from referrals.messages import REFUSED, SIGN_IN, failure
from referrals.models import SignIn


class Command(BaseCommand):
    help = "Sign in to Partner Center: shows a code to enter on a Microsoft page and waits until that is done."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.HUNTER_PARTNER_CENTER_ENABLED:
            raise CommandError(str(REFUSED["off"]), returncode=3)
        if not sign_in.is_configured():
            raise CommandError(str(REFUSED["not_configured"]), returncode=3)
        try:
            pending = sign_in.start_device_code(by=None)
            self.stdout.write(f"Open {pending.verification_uri} and enter the code {pending.user_code}")
            self.stdout.flush()
            row = SignIn.get()
            while row.has_flow(timezone.now()):
                time.sleep(1)
                row = sign_in.poll_device_code()
        except OutboundError as error:
            reason = getattr(error, "reason", "")
            what, todo = SIGN_IN.get(reason) or failure(error.category, error.code)
            raise CommandError(f"{what} {todo} ({error})", returncode=4 if reason else 1) from error
        except KeyboardInterrupt:
            sign_in.cancel_device_code()
            raise
        if row.reason or row.state != SignIn.State.OK:
            what, todo = SIGN_IN.get(row.reason, SIGN_IN["expired"])
            raise CommandError(f"{what} {todo}", returncode=4)
        self.stdout.write(f"Signed in as {row.account_name}.")
