"""Background work as rows. The only room that knows django-q2, which is the clock and the hands."""
