"""The only way out over HTTP: session policy, error family, Entra sign-in, sandbox routing. No Django, no models."""
