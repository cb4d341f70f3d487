"""How dates look, where Django's own formats would surprise: 25.11.2026 in Turkish, 25 Nov 2026 in English."""
