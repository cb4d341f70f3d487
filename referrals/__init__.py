"""Co-sell referrals of Microsoft Partner Center: sign-in, sync, linking, clocks."""
