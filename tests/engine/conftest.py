"""Property tests draw the same examples on every run and are not judged by the clock of a busy machine."""

from hypothesis import settings

settings.register_profile("house", deadline=None, derandomize=True, database=None)
settings.register_profile("wide", deadline=None, database=None, max_examples=3_000)
settings.load_profile("house")
