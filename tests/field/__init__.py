"""The field app in a real Chromium with a phone's profile, against a real server."""
