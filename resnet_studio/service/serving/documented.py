"""What the description of the routes (OpenAPI) says beyond their parameters: bodies, examples, refusals."""

from __future__ import annotations

from typing import Any

from resnet_studio.service.serving.answers import Problem

ABOUT = (
    "Image classifiers trained in ResNet Studio. Send one picture or many, as files of a form or as base64 in JSON; "
    "each gets its class, a calibrated probability, how far that can be trusted, and whether it is none of the classes."
)
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAAKElEQVR42u3NQQEAAAQEMCS/6Erw2wqsk9SnqWcCgUAgEAgEAoHg"
    "ygK+PQHAs0oJIwAAAABJRU5ErkJggg=="
)
"""A grey picture of 32 px."""
_WHY = {
    400: ("The body makes no sense", "The body is no JSON with a list of base64 texts under pictures."),
    401: ("A token is needed", "Send a token: Authorization: Bearer TOKEN."),
    404: ("There is no such model", "There is no model 'cups'; see /v1/models."),
    409: ("Heat maps of a model that has none", "cups is served from an exported file, which draws no heat maps."),
    413: ("Too many bytes", "cup.jpg is larger than the 20 MB that a picture may have."),
    415: ("Neither a form nor JSON", "Send pictures as multipart/form-data or as application/json."),
    422: ("A parameter is out of range, there are too many pictures, or none can be read", "cup.jpg is not a picture."),
    429: ("Too many requests", "More than 100 requests a second; wait a moment."),
    503: ("Too much is waiting", "Too many pictures are waiting; try again in a second."),
}


def _refused(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {
        status: {
            "model": Problem,
            "description": _WHY[status][0],
            "content": {"application/json": {"example": {"error": _WHY[status][1]}}},
        }
        for status in statuses
    }


_EXAMPLE = {
    "model": "cups",
    "version": "3f9a2b1c",
    "predictions": [
        {
            "picture": "cup.jpg", "label": "mug", "probability": 0.97, "level": "sure", "words": "Sure",
            "unknown": False, "unlike": 4.1, "heat_map": None, "error": None,
            "scores": [{"label": "mug", "probability": 0.97}, {"label": "teapot", "probability": 0.03}],
        }
    ],
}  # fmt: skip
REFUSED_LIST = _refused(401, 422, 429, 503)
REFUSED_ONE = _refused(401, 404, 422, 429, 503)
PREDICTED: dict[int | str, dict[str, Any]] = {
    200: {"description": "An answer for each picture", "content": {"application/json": {"example": _EXAMPLE}}},
    **_refused(400, 401, 404, 409, 413, 415, 422, 429, 503),
}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["pictures"],
                    "properties": {
                        "pictures": {
                            "type": "array", "minItems": 1, "maxItems": 64,
                            "items": {"type": "string", "format": "binary"},
                            "description": "Files; what the field is called does not matter.",
                        }
                    },
                }
            },
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["pictures"],
                    "properties": {
                        "pictures": {
                            "type": "array", "minItems": 1, "maxItems": 64,
                            "items": {"type": "string", "format": "byte", "description": "A picture file in base64."},
                        }
                    },
                },
                "example": {"pictures": [PIXEL]},
            },
        },
    }
}  # fmt: skip


def secured(schema: dict[str, Any]) -> dict[str, Any]:
    """``schema`` with the tokens that requests carry."""
    components = schema.setdefault("components", {})
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    schema["security"] = [{"token": []}, {}]
    return schema
