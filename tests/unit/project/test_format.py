"""The usual form of a project file keeps meaning and comments, and is its own usual form."""

from __future__ import annotations

import tomllib

import pytest
import tomlkit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meguru.errors import InvalidInput
from meguru.project.format import formatted

ODD = """# top


x='a'
   y   =  [1,2,   3] # why
z = [ # opening
 1, # one
 # between
 2
 , 3, [4,5], {a=1,b = { c='d' }}
]
d = 1979-05-27 07:32:00
"quoted key".b = '''
[no]
'''
[a.b]
k=1
# about c
[ c . "d" ]   # there
e = []
[[l]]
p='it"s'


"""
USUAL = """# top

x = "a"
y = [1, 2, 3] # why
z = [
  # opening
  1, # one
  # between
  2,
  3,
  [4, 5],
  { a = 1, b = { c = "d" } },
]
d = 1979-05-27 07:32:00
"quoted key".b = '''
[no]
'''

[a.b]
k = 1

# about c
[c."d"] # there
e = []

[[l]]
p = 'it"s'
"""


def usual(folder, text):
    path = folder / "meguru.toml"
    path.write_text(text, "utf-8")
    return formatted(path)


def test_the_usual_form_keeps_comments_and_meaning(tmp_path):
    assert usual(tmp_path, ODD) == USUAL
    assert usual(tmp_path, USUAL) == USUAL
    assert usual(tmp_path, ODD.replace("\n", "\r\n")) == USUAL


def test_what_is_no_toml_is_told_with_its_place(tmp_path):
    with pytest.raises(InvalidInput) as caught:
        usual(tmp_path, "a = 1\nb = \n")
    assert caught.value.where.endswith("meguru.toml:2:5")


SCALARS = st.text(max_size=8) | st.integers(-99, 99) | st.booleans() | st.floats(allow_nan=False)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(content=st.dictionaries(st.text(max_size=5), VALUES, max_size=4))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_document_has_a_usual_form_that_means_the_same(tmp_path, content):
    text = tomlkit.dumps(content)
    once = usual(tmp_path, text)
    assert tomllib.loads(once) == tomllib.loads(text)
    assert usual(tmp_path, once) == once
