"""Cross-validation side by side: one step for each fold, a gate, and a model."""

import polars as pl
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from meguru import Model, collect, gate, pipeline, step


@step
def load() -> pl.DataFrame:
    data = load_breast_cancer()
    names = [name.replace(" ", "_") for name in data.feature_names]
    return pl.DataFrame(data.data, schema=names).with_columns(label=pl.Series(data.target))


@step
def split(table: pl.DataFrame, folds: int, seed: int) -> list[list[int]]:
    chosen = StratifiedKFold(folds, shuffle=True, random_state=seed)
    return [test.tolist() for _, test in chosen.split(table, table["label"])]


@step
def score(test: list[int], table: pl.DataFrame, strength: float) -> float:
    rows = pl.Series(range(table.height))
    train, held_out = table.filter(~rows.is_in(test)), table.filter(rows.is_in(test))
    model = fitted(train, strength)
    return float(roc_auc_score(held_out["label"], model.predict_proba(held_out.drop("label"))[:, 1]))


@step
def good_enough(aucs: list[float], least: float) -> dict:
    mean, spread = sum(aucs) / len(aucs), max(aucs) - min(aucs)
    reason = f"mean AUC {mean:.4f} over {len(aucs)} folds, spread {spread:.4f}"
    print(reason)
    return {"passed": mean >= least, "reason": reason}


@step
def train(table: pl.DataFrame, strength: float) -> Model:
    features = table.drop("label")
    return Model(estimator=fitted(table, strength), example=features.head(5), baseline=features)


def fitted(table: pl.DataFrame, strength: float):
    model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=1000))
    return model.fit(table.drop("label"), table["label"])


@pipeline
def validate(table: pl.DataFrame, folds: int = 5, strength: float = 1.0, least: float = 0.98):
    tests = split(table, folds, seed=7)
    return good_enough(collect(score.map(tests, table=table, strength=strength)), least)


@pipeline(produces="tumour")
def reviewed(folds: int = 5, strength: float = 1.0, least: float = 0.98):
    table = load()
    with gate(validate(table, folds, strength, least)):
        return train(table, strength)
