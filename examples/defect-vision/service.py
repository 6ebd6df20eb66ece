"""defect-vision: is there a scratch on this surface? A small torch network behind FastAPI.

Start it with `uvicorn service:app --host 0.0.0.0 --port 8000` and POST an image's bytes to `/inspect`. `DEFECT_WEIGHTS`
names a state dictionary; without it the network is trained for some seconds on drawn surfaces.
"""

import io
import os
from functools import lru_cache

import cv2
import numpy as np
import torch
from fastapi import FastAPI, HTTPException, Request
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from pydantic import BaseModel
from torch import nn
from torchvision.transforms import v2

SIDE = 64
MAX_IMAGE_BYTES = 8 << 20

app = FastAPI(title="defect-vision")
to_tensor = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5], [0.25])])


class Inspection(BaseModel):
    """The probability of a defect, and the strength of the edges that it was seen by."""

    defect: float
    edge_strength: float


def network() -> nn.Sequential:
    """Return the untrained network: two convolutions and a linear layer."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 5, stride=2),
        nn.ReLU(),
        nn.Conv2d(8, 16, 5, stride=2),
        nn.ReLU(),
        nn.AdaptiveMaxPool2d(4),
        nn.Flatten(),
        nn.Linear(16 * 4 * 4, 2),
    )


def surface(random: np.random.Generator, *, scratched: bool) -> NDArray[np.uint8]:
    """Draw a grey surface, with a bright scratch or without."""
    grey = random.normal(120, 8, (SIDE, SIDE)).clip(0, 255).astype(np.uint8)
    image = np.asarray(cv2.GaussianBlur(grey, (3, 3), 0), dtype=np.uint8)
    if scratched:
        start, end = random.integers(0, SIDE, 2).tolist(), random.integers(0, SIDE, 2).tolist()
        cv2.line(image, start, end, 220, thickness=1, lineType=cv2.LINE_AA)
    return image


def train(steps: int = 120, batch: int = 32) -> nn.Sequential:
    """Train on drawn surfaces."""
    random = np.random.default_rng(7)
    torch.manual_seed(7)
    net, loss = network(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    for _ in range(steps):
        truth = random.integers(0, 2, batch)
        images = torch.stack([to_tensor(surface(random, scratched=bool(flag))[..., None]) for flag in truth])
        optimizer.zero_grad()
        loss(net(images), torch.from_numpy(truth)).backward()
        optimizer.step()
    return net.eval()


@lru_cache(maxsize=1)
def model() -> nn.Sequential:
    """Load or train once, at the first request."""
    weights = os.environ.get("DEFECT_WEIGHTS")
    if not weights:
        return train()
    net = network()
    net.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return net.eval()


@app.get("/healthz")
def healthz() -> dict[str, str]:
    """Answer when the model is ready."""
    model()
    return {"status": "ok"}


@app.post("/inspect")
async def inspect(request: Request) -> Inspection:
    """Inspect the image in the request's body."""
    body = await request.body()
    if len(body) > MAX_IMAGE_BYTES:
        raise HTTPException(413, "the image is too large")
    try:
        image = Image.open(io.BytesIO(body)).convert("L")
    except UnidentifiedImageError as error:
        raise HTTPException(415, "the body is no image") from error
    grey = cv2.resize(np.asarray(image, dtype=np.uint8), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    with torch.inference_mode():
        defect = torch.softmax(model()(to_tensor(grey[..., None])[None]), dim=1)[0, 1]
    edges = cv2.Laplacian(grey, cv2.CV_64F).std()
    return Inspection(defect=round(float(defect), 4), edge_strength=round(float(edges), 2))
