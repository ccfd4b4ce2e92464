"""Demo passwords and tokens: derived, so that they can be printed again at any time."""

import base64
import hashlib
import hmac

from mengding.runtime.state import load_secrets, state_dir


def secret(purpose: str) -> str:
    """43 URL-safe characters that stay the same for one installation."""
    key = load_secrets(state_dir()).demo_seed.encode()
    mac = hmac.new(key, purpose.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def password(username: str) -> str:
    """A demo account's password: readable, different in every installation."""
    raw = hashlib.sha256(secret(f"password:{username}").encode()).hexdigest()
    return f"Meng-{raw[:4]}-{raw[4:8]}"


def token(username: str) -> str:
    """A demo account's API token."""
    return "mg_" + secret(f"token:{username}")
