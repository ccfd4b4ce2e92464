"""Write the API's OpenAPI document to web/openapi.json: `python web/document.py`, then
`npm run api`. A test holds the committed file to the code."""

import json
import os
from pathlib import Path
from typing import Any

PLACE = Path(__file__).resolve().parent / "openapi.json"


def document() -> str:
    """The document as it is committed."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mengding.settings")
    django.setup()
    from mengding.urls import api

    held: Any = json.loads(json.dumps(api.get_openapi_schema(), default=str))
    return json.dumps(held, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    PLACE.write_text(document(), encoding="utf-8")
