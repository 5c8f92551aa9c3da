"""What the processes of steps are forked with."""


def test_a_process_of_a_step_imports_nothing_of_ours_anew(project, value):
    """It is forked from one that has it all: some milliseconds of each step."""
    project.write(
        "fresh.py",
        """
        import sys

        BEFORE = {name for name in sys.modules if name.startswith("meguru")}
        from meguru import pipeline, step

        @step(cache=False)
        def look(n: int) -> list[str]:
            return sorted(name for name in sys.modules if name.startswith("meguru") and name not in BEFORE)

        @pipeline
        def fresh():
            return look(1)
        """,
    )
    assert value(project.run("fresh.py:fresh"), "look") == []
