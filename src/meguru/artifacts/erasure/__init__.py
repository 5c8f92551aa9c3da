"""What erasing a person means to each noun that has data of people."""

from meguru.artifacts.erasure.subject import FAMILY, ErasedThing, ErasureSubject, SearchedPlaces

__all__ = ["FAMILY", "ErasedThing", "ErasureSubject", "SearchedPlaces"]
