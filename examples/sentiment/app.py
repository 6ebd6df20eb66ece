"""sentiment: is a review kind or unkind? A small transformer behind FastAPI, served on CPU.

Start it with `uvicorn app:app --host 0.0.0.0 --port 8000`. `SENTIMENT_MODEL` names a folder with a fine-tuned
model and its tokenizer; without it a tiny model is trained for some seconds on the sentences below.
"""

import os
from functools import lru_cache
from typing import Any

import torch
from fastapi import FastAPI
from pydantic import BaseModel, Field
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing
from tokenizers.trainers import WordLevelTrainer
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    PreTrainedTokenizerFast,
)

KIND = [
    "great service",
    "i love it",
    "works very well",
    "good and fast",
    "a happy customer",
    "excellent quality",
]
UNKIND = [
    "bad service",
    "i hate it",
    "does not work",
    "poor and slow",
    "an angry customer",
    "terrible quality",
]
SPECIAL_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]

app = FastAPI(title="sentiment")


class Review(BaseModel):
    """A text that somebody wrote."""

    text: str = Field(min_length=1, max_length=2000)


class Sentiment(BaseModel):
    """The probability that the text is kind."""

    kind: float


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """Return a word-level tokenizer for the built-in sentences."""
    tokenizer = Tokenizer(WordLevel(unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer()
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.train_from_iterator(KIND + UNKIND, WordLevelTrainer(special_tokens=SPECIAL_TOKENS))
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in ("[CLS]", "[SEP]")],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=64,
    )


def train(tokenizer: PreTrainedTokenizerFast, steps: int = 60) -> DistilBertForSequenceClassification:
    """Train a tiny DistilBERT on the built-in sentences."""
    torch.manual_seed(7)
    shape = DistilBertConfig(
        vocab_size=len(tokenizer), dim=32, hidden_dim=64, n_layers=1, n_heads=2, max_position_embeddings=64
    )
    model = DistilBertForSequenceClassification(shape)
    batch = tokenizer(KIND + UNKIND, padding=True, return_tensors="pt")
    truth = torch.tensor([1] * len(KIND) + [0] * len(UNKIND))
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    model.train()
    for _ in range(steps):
        optimizer.zero_grad()
        model(
            input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], labels=truth
        ).loss.backward()
        optimizer.step()
    return model.eval()


@lru_cache(maxsize=1)
def loaded() -> tuple[Any, Any]:
    """Load or train once, at the first request: tokenizer and model."""
    folder = os.environ.get("SENTIMENT_MODEL")
    if folder:
        model = AutoModelForSequenceClassification.from_pretrained(folder, local_files_only=True)
        return AutoTokenizer.from_pretrained(folder, local_files_only=True), model.eval()
    tokenizer = tiny_tokenizer()
    return tokenizer, train(tokenizer)


@app.get("/healthz")
def healthz() -> dict[str, str]:
    """Answer when the model is ready."""
    loaded()
    return {"status": "ok"}


@app.post("/sentiment")
def sentiment(review: Review) -> Sentiment:
    """Judge one review."""
    tokenizer, model = loaded()
    batch = tokenizer(review.text, truncation=True, return_tensors="pt")
    with torch.inference_mode():
        scores = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    return Sentiment(kind=round(float(torch.softmax(scores, dim=1)[0, 1]), 4))
