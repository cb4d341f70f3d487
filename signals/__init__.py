"""Outward look-ups without Django: DNS engine, mail-record analysis."""
