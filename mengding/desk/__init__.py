"""The console: serves what is built from `web/`, below /desk/, and the wall screen
at /screen. Its pages use only the API."""
