"""churn-api: how likely is a customer to leave? LightGBM behind FastAPI.

Start it with `uvicorn app:app --host 0.0.0.0 --port 8000`. `CHURN_CSV` names a file with the columns of
`COLUMNS` and `churned`; without it the model is trained on synthetic customers, so that it starts anywhere.
"""

import os
from functools import lru_cache

import lightgbm
import numpy as np
import pandas as pd
from fastapi import FastAPI
from pydantic import BaseModel, Field
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

NUMBERS = ["months", "monthly_charge", "support_calls"]
CATEGORIES = ["contract"]
COLUMNS = NUMBERS + CATEGORIES
CONTRACTS = ["monthly", "yearly", "two-year"]

app = FastAPI(title="churn-api")


class Customer(BaseModel):
    """One customer as the web shop knows them."""

    months: int = Field(ge=0)
    monthly_charge: float = Field(ge=0)
    support_calls: int = Field(ge=0)
    contract: str = "monthly"


class Churn(BaseModel):
    """The probability that the customer leaves."""

    probability: float


def synthetic_customers(count: int = 2000, seed: int = 7) -> pd.DataFrame:
    """Return customers whose churn follows price, calls and contract, with noise."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "months": random.integers(0, 72, count),
            "monthly_charge": random.uniform(15, 120, count).round(2),
            "support_calls": random.poisson(1.5, count),
            "contract": random.choice(CONTRACTS, count, p=[0.6, 0.3, 0.1]),
        }
    )
    logit = (
        0.02 * frame["monthly_charge"]
        + 0.5 * frame["support_calls"]
        - 0.05 * frame["months"]
        - 1.5 * (frame["contract"] != "monthly")
        - 0.8
    )
    frame["churned"] = random.uniform(size=count) < 1 / (1 + np.exp(-logit))
    return frame


def train(customers: pd.DataFrame) -> Pipeline:
    """Fit the features and the booster on customers whose end is known."""
    features = ColumnTransformer(
        [
            ("numbers", StandardScaler(), NUMBERS),
            ("categories", OneHotEncoder(handle_unknown="ignore", sparse_output=False), CATEGORIES),
        ]
    ).set_output(transform="pandas")
    booster = lightgbm.LGBMClassifier(n_estimators=60, num_leaves=15, n_jobs=1, verbose=-1, random_state=7)
    model = make_pipeline(features, booster)
    model.fit(customers[COLUMNS], customers["churned"])
    return model


@lru_cache(maxsize=1)
def model() -> Pipeline:
    """Train once, at the first request."""
    source = os.environ.get("CHURN_CSV")
    return train(pd.read_csv(source) if source else synthetic_customers())


@app.get("/healthz")
def healthz() -> dict[str, str]:
    """Answer when the model is ready."""
    model()
    return {"status": "ok"}


@app.post("/score")
def score(customer: Customer) -> Churn:
    """Score one customer."""
    frame = pd.DataFrame([customer.model_dump()])[COLUMNS]
    return Churn(probability=round(float(model().predict_proba(frame)[0, 1]), 4))
