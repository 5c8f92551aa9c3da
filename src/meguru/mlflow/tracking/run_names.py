"""Names for runs whose client gives none: an adjective, an animal and a number, as in ``bold-finch-123``."""

from __future__ import annotations

import secrets

_ADJECTIVES = """
bold bright calm capable charming clean dapper dashing delightful efficient fearless gentle gifted grandiose
handsome honorable industrious judicious kindly learned luminous lyrical magnificent nimble orderly peaceful
persistent placid polite powerful rare resilient respected serious silent sincere skillful smiling thoughtful
traveling treasured trusting unique upbeat useful valuable vaunted welcoming whimsical wise youthful zealous
"""
_ANIMALS = """
ant bear bee bird boar bug carp cat cod cow crab crane crow deer doe dog dove duck eel elk finch fish flea fly
foal fowl fox frog goat goose grouse hare hawk hen heron horse hound jay kite koi lamb lark loon lynx mare
mink mole moose moth mouse mule newt owl ox perch pig pug quail ram rat ray robin seal shad shark sheep
shrew shrike skunk slug smelt snail snake sow sponge squid stag stork swan tern toad trout
vole wasp wolf worm wren yak zebra
"""
# MLflow's clients tell a generated name by its adjective: each of these is one of MLflow's server too.
ADJECTIVES, ANIMALS = tuple(_ADJECTIVES.split()), tuple(_ANIMALS.split())


def generate() -> str:
    """Return a name of at most 23 characters; two runs may get the same."""
    return f"{secrets.choice(ADJECTIVES)}-{secrets.choice(ANIMALS)}-{secrets.randbelow(1000)}"
