"""What could not be stored is refused when the pipeline is registered, before anything is trained."""

from textwrap import dedent

import pytest

from meguru.errors import InvalidInput
from meguru.pipelines.load import register_file

pytest.importorskip("sklearn")

HEAD = """
import sklearn.cluster
from scipy.stats import gaussian_kde
from sklearn.cluster import Birch
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
import meguru
from meguru import Model, pipeline, step


class Own:
    def predict(self, frame):
        return frame


class OwnBirch(Birch):
    pass


def made():
    return Birch()


@step
def train(data: list) -> Model:
    {body}

@pipeline(produces="m")
def fit():
    return train([1])
"""
REFUSED = {
    "at once": "return Model(estimator=Birch().fit(data), example=data)",
    "by a name": "found = Birch(n_clusters=3)\n    return Model(estimator=found, example=data)",
    "fitted by a name": "a = Birch()\n    b = a.fit(data)\n    return Model(estimator=b, example=data)",
    "in a module": "return meguru.Model(estimator=sklearn.cluster.Birch(), example=data)",
    "in a pipeline": "return Model(estimator=make_pipeline(StandardScaler(), Birch()), example=data)",
    "in a list": "return Model(estimator=Pipeline([('a', StandardScaler()), ('b', Birch())]), example=data)",
    "of another library": "return Model(estimator=gaussian_kde(data), example=data)",
}
FINE = {
    "what is stored": "return Model(estimator=LogisticRegression().fit(data), example=data)",
    "a search": "return Model(estimator=GridSearchCV(LogisticRegression(), {}), example=data)",
    "of the project": "return Model(estimator=Own(), example=data)",
    "made elsewhere": "return Model(estimator=made(), example=data)",
    "one of two": "a = Birch()\n    a = LogisticRegression()\n    return Model(estimator=a, example=data)",
    "kept as it is": "return Model(estimator=meguru.FunctionModel(target=gaussian_kde(data)), example=data)",
    "not returned": "Birch()\n    return Model(estimator=LogisticRegression(), example=data)",
}


def write(folder, body):
    file = folder / "fit.py"
    file.write_text(dedent(HEAD).replace("{body}", body))
    return file


@pytest.mark.parametrize("how", REFUSED)
def test_it_is_refused_with_the_place_where_it_is_made(how, workspace, tmp_path):
    file = write(tmp_path, REFUSED[how])
    with pytest.raises(InvalidInput, match="can't be stored as a model") as refused:
        register_file(workspace, f"{file}:fit")
    name, line = refused.value.where.rsplit(":", 1)
    assert name == str(file)
    wanted = ("Birch(", "gaussian_kde(")
    assert any(each in file.read_text().splitlines()[int(line) - 1] for each in wanted)
    assert "FunctionModel" in refused.value.hint


@pytest.mark.parametrize("how", FINE)
def test_what_may_be_stored_is_registered(how, workspace, tmp_path):
    register_file(workspace, f"{write(tmp_path, FINE[how])}:fit")
