"""What erasing a person means to each noun that has data of people."""

from meguru.artifacts.erasure.subject import FAMILY, ErasedThing, ErasureSubject, SearchedPlaces, is_text_like

__all__ = ["FAMILY", "ErasedThing", "ErasureSubject", "SearchedPlaces", "is_text_like"]
