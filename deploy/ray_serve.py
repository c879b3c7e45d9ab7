"""The same service on a Ray cluster: replicas over many machines, more of them while requests wait. Optional.

    pip install "ray[serve]" resnet-studio
    MODELS=/models/models.txt TOKENS=/secrets/tokens.json serve run deploy.ray_serve:app

Each replica loads all models in the list and answers by itself; Ray passes requests on to them. A changed list takes
effect when the application is deployed again.
"""

import os
from pathlib import Path

from fastapi import FastAPI
from ray import serve

from resnet_studio.service.serving.catalogue import Choice, Current
from resnet_studio.service.serving.limits import Limits
from resnet_studio.service.serving.server import Door, Serving
from resnet_studio.workspace import Workspace


def application() -> FastAPI:
    """The routes of ``serve``, as one replica answers them."""
    workspace = Workspace.open(Path(os.environ.get("RESNET_STUDIO_WORKSPACE", "/tmp/resnet-studio")))
    choice = Choice((), listed=Path(os.environ["MODELS"]))
    door = Door("0.0.0.0", tokens=Path(os.environ["TOKENS"]))
    return Serving(Current(choice, workspace), door, Limits(rate=0), workspace, print).app()


@serve.deployment(
    ray_actor_options={"num_cpus": 2},
    max_ongoing_requests=64,
    autoscaling_config={"min_replicas": 2, "max_replicas": 10, "target_ongoing_requests": 8},
)
@serve.ingress(application)
class Models:
    """A replica."""


app = Models.bind()
