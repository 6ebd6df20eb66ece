"""light-scorer: logistic regression in plain numpy behind FastAPI.

Start it with `uvicorn main:app --host 0.0.0.0 --port 8000`. `SCORER_WEIGHTS` names an `.npz` file with `weights` and
`bias`; without it the regression is fitted on synthetic points.
"""

import os
from functools import lru_cache

import numpy as np
from fastapi import FastAPI, HTTPException
from numpy.typing import NDArray
from pydantic import BaseModel

FEATURES = 4

app = FastAPI(title="light-scorer")


class Point(BaseModel):
    """The features of one thing to score."""

    features: list[float]


class Score(BaseModel):
    """The probability of the positive class."""

    probability: float


def fit(steps: int = 300, rate: float = 0.5) -> tuple[NDArray[np.float64], float]:
    """Fit weights and bias on synthetic points by gradient descent."""
    random = np.random.default_rng(7)
    points = random.normal(size=(500, FEATURES))
    truth = (points @ np.array([1.5, -2.0, 0.5, 0.0]) + 0.3 > 0).astype(np.float64)
    weights, bias = np.zeros(FEATURES), 0.0
    for _ in range(steps):
        error = 1 / (1 + np.exp(-(points @ weights + bias))) - truth
        weights -= rate * points.T @ error / len(points)
        bias -= rate * float(error.mean())
    return weights, bias


@lru_cache(maxsize=1)
def model() -> tuple[NDArray[np.float64], float]:
    """Load or fit once, at the first request."""
    source = os.environ.get("SCORER_WEIGHTS")
    if not source:
        return fit()
    with np.load(source, allow_pickle=False) as stored:
        return stored["weights"], float(stored["bias"])


@app.get("/healthz")
def healthz() -> dict[str, str]:
    """Answer when the model is ready."""
    model()
    return {"status": "ok"}


@app.post("/score")
def score(point: Point) -> Score:
    """Score one point."""
    if len(point.features) != FEATURES:
        raise HTTPException(422, f"{FEATURES} features are needed")
    weights, bias = model()
    logit = float(np.dot(point.features, weights) + bias)
    return Score(probability=round(float(1 / (1 + np.exp(-logit))), 4))
