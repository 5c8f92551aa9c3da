"""All that waits is given at once, each item once and in order, to the end."""

from __future__ import annotations

import threading

from meguru.base.batch_queue import BatchQueue


def queue(max_items=3, max_bytes=100):
    return BatchQueue(max_items=max_items, max_bytes=max_bytes)


def test_what_waits_is_given_together_up_to_the_limits():
    made = queue()
    for item in range(4):
        assert made.put(item, 10)
    assert (made.waiting, made.waiting_bytes) == (4, 40)
    assert made.take() == [0, 1, 2]
    assert made.take() == [3]
    assert (made.waiting, made.waiting_bytes) == (0, 0)


def test_a_batch_ends_with_the_item_that_fills_it():
    made = queue(max_items=10)
    for size in (60, 60, 60):
        made.put(size, size)
    assert made.take() == [60, 60]
    assert made.take() == [60]


def test_a_lone_item_is_given_at_once_and_wakes_the_reader():
    made = queue()
    taken = []
    reader = threading.Thread(target=lambda: taken.append(made.take()))
    reader.start()
    made.put("a", 1)
    reader.join(60)
    assert taken == [["a"]]


def test_a_closed_queue_takes_no_more_and_gives_all_that_waited_then_nothing_ever_again():
    made = queue(max_items=2)
    for item in range(3):
        made.put(item, 1)
    made.close()
    made.close()
    assert not made.put(4, 1)
    assert [made.take() for _ in range(4)] == [[0, 1], [2], [], []]


def test_closing_wakes_a_reader_that_waits():
    made = queue()
    reader = threading.Thread(target=made.take)
    reader.start()
    made.close()
    reader.join(60)
    assert not reader.is_alive()


def test_many_writers_lose_nothing():
    made = queue(max_items=7)
    writers = [
        threading.Thread(target=lambda n=n: [made.put((n, i), 1) for i in range(200)]) for n in range(4)
    ]
    for each in writers:
        each.start()
    found = []
    while len(found) < 800:
        batch = made.take()
        assert 1 <= len(batch) <= 7
        found += batch
    for each in writers:
        each.join(60)
    assert sorted(found) == [(n, i) for n in range(4) for i in range(200)]
    assert [i for n, i in found if n == 2] == list(range(200))
    assert made.waiting_bytes == 0
