"""Records of typical companies, for tests that need a small market."""

from __future__ import annotations

from sandbox.dns import Record

KEY = "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"


def google(domain: str, *, dmarc: str | None = "reject", spf: bool = True, dkim: bool = True) -> list[Record]:
    """Google Workspace with everything in place: score 90, Migration, P2."""
    records = [Record(domain, "MX", "1 smtp.google.com")]
    records += [Record(domain, "TXT", "v=spf1 ip4:192.0.2.1 -all")] if spf else []
    records += [Record(f"google._domainkey.{domain}", "TXT", KEY)] if dkim else []
    records += [Record(f"_dmarc.{domain}", "TXT", f"v=DMARC1; p={dmarc}")] if dmarc else []
    return records


def microsoft(domain: str, *, dmarc: str | None = None) -> list[Record]:
    """Microsoft 365 with SPF only."""
    token = domain.replace(".", "-")
    records = [
        Record(domain, "MX", f"0 {token}.mail.protection.outlook.com"),
        Record(domain, "TXT", "v=spf1 ip4:192.0.2.2 -all"),
    ]
    return records + ([Record(f"_dmarc.{domain}", "TXT", f"v=DMARC1; p={dmarc}")] if dmarc else [])
