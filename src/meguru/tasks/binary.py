"""Binary classification: one score, how likely the second class is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from meguru.base.library_errors import reason
from meguru.errors import InvalidInput
from meguru.tasks.base import Label, Task, check_classes, class_key, codes, names_of, number

if TYPE_CHECKING:
    import numpy.typing as npt
    import polars as pl

TWO: tuple[Label, Label] = (0, 1)
_NUMBERS = (float, int, bool)


class Binary(Task, frozen=True, kw_only=True):
    """Raw answers are ``(rows,)``: the probability of ``classes[1]``, or any value that grows with it.

    Attributes
    ----------
    classes
        The class that is 0, and the one that is 1, by the names that they have in labels and outcomes.
    """

    key: ClassVar[str] = "binary"
    metrics: ClassVar[tuple[str, ...]] = ("auc", "log_loss", "brier", "accuracy")

    classes: tuple[Label, Label] = TWO

    def check(self) -> None:
        """Refuse two classes of one name."""
        check_classes(self.classes, least=2)

    def readings(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Return the score, and the names of both classes."""
        return super().readings(answer) | {"classes": names_of(self.classes)}

    def outcome(self, value: Any) -> float:
        """Return 0 or 1 of a class, by its number, as a truth value, or by its name."""
        # The way of nearly every outcome, many thousand in a request: no text is made of it.
        if self.classes is TWO and type(value) in _NUMBERS and value in TWO:
            return float(value)
        key = class_key(value) if isinstance(value, str | bool | int | float) else ""
        names = [class_key(label) for label in self.classes]
        if key in names:
            return float(names.index(key))
        if not isinstance(value, str) and key in {"0", "1"} and self._may_be_coded:
            return number(value)
        raise InvalidInput(
            "an outcome of a binary model is one of two classes",
            field="value",
            why=f"{value!r:.60} is not {self.classes[0]!r} or {self.classes[1]!r}",
            hint="send 0 or 1, or the name of a class" if self._may_be_coded else "send one of the classes",
        )

    def outcome_schema(self) -> dict[str, Any]:
        """Return the schema of 0 and 1, truth values and the classes by name."""
        if not self._may_be_coded:
            return {"enum": list(self.classes)}
        named = [each for each in self.classes if isinstance(each, str)]
        return {"enum": [0, 1, False, True, *named]}

    @property
    def _may_be_coded(self) -> bool:
        """Whether 0 and 1 may say which class it is: not where the class at the other place is called so.

        Of the classes 1 and 2 a 1 is the first one; who sends 0 and 1 means the second by it.
        """
        names = [class_key(label) for label in self.classes]
        return all(key not in names or names.index(key) == place for place, key in enumerate(("0", "1")))

    def truth(self, column: pl.Series) -> npt.NDArray[np.float64]:
        """Return 0 and 1, NaN where unknown.

        The classes decide: of 1 and 2 a column that holds nothing but 1.0 is all of the first. One with a 0,
        which is none of them, was coded already.
        """
        if self.classes == TWO:
            return self._zeros_and_ones(column)
        if column.dtype.is_float():
            # Labels with gaps, which pandas makes of whole numbers: classes 1 and 2 come as 1.0 and 2.0.
            column = column.fill_nan(None)
        found = codes(column, self.classes)
        return self._zeros_and_ones(column) if (found < 0).any() else found

    def truth_of_outcomes(self, column: pl.Series) -> npt.NDArray[np.float64]:
        """Return the 0 and 1 of recorded outcomes, whatever the classes are called; NaN where unknown."""
        return self._zeros_and_ones(column.fill_nan(None) if column.dtype.is_float() else column)

    def _zeros_and_ones(self, column: pl.Series) -> npt.NDArray[np.float64]:
        import polars as pl

        try:
            values: npt.NDArray[np.float64] = column.cast(pl.Float64).fill_null(math.nan).to_numpy()
        except pl.exceptions.PolarsError as error:
            why = reason(error)
            what = f"the label {column.name!r} is not a number"
            if self.classes != TWO:
                what = f"the label {column.name!r} holds other classes than {self.classes}"
            raise InvalidInput(what, field="label", why=why) from error
        if not np.isin(values[~np.isnan(values)], (0.0, 1.0)).all():
            what = f"the label {column.name!r} of a binary task must be 0 or 1"
            raise InvalidInput(what, field="label", hint="or one of the two classes the model was trained on")
        return values
