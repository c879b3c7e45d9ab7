"""Ask a model that is served what is on pictures; needs nothing but Python.

    python -m resnet_studio serve cups=last                       # in another terminal
    python examples/ask_a_service.py http://127.0.0.1:8000 cups picture.jpg more.png

Where a token is needed it is taken from the environment variable RESNET_STUDIO_TOKEN.
"""

import base64
import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path


def main() -> None:
    address, model, *pictures = sys.argv[1:]
    sent = {"pictures": [base64.b64encode(Path(each).read_bytes()).decode() for each in pictures]}
    request = urllib.request.Request(
        f"{address}/v1/models/{model}/predict?top_k=3",
        json.dumps(sent).encode(),
        {"content-type": "application/json"},
    )
    if token := os.environ.get("RESNET_STUDIO_TOKEN"):
        request.add_header("authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=60) as answered:
            predictions = json.load(answered)["predictions"]
    except urllib.error.HTTPError as refused:
        sys.exit(json.load(refused)["error"])
    for name, each in zip(pictures, predictions, strict=True):
        if each["error"]:
            print(f"{name}: {each['error']}")
        else:
            none = "none of these; " if each["unknown"] else ""
            print(f"{name}: {none}{each['label']} {each['probability']:.1%} ({each['words']})")


if __name__ == "__main__":
    main()
