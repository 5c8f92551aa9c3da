"""Merkle trees: hashes of Certificate Transparency's examples; proofs of what is so, and of nothing else."""

from hashlib import sha256

import pytest

from meguru.signing import merkle
from meguru.signing.merkle import MerkleFrontier

# The entries and hashes of the test vectors of Certificate Transparency (certificate-transparency-go).
ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def entries(count):
    return [number.to_bytes(4, "big") for number in range(count)]


def hashes(ranges, told):
    return [merkle.root_of(told[start:end]) for start, end in ranges]


def test_the_hash_of_a_tree_is_that_of_the_standard():
    assert merkle.root_of([]) == sha256().digest()
    for size, root in enumerate(ROOTS, 1):
        assert merkle.root_of(ENTRIES[:size]).hex() == root


def test_a_frontier_goes_on_from_what_was_kept_of_it():
    told = entries(45)
    for kept in (0, 1, 7, 8, 31, 44):
        first = MerkleFrontier()
        first.add(*told[:kept])
        again = MerkleFrontier(first.size, first.peaks)
        again.add(*told[kept:])
        assert (again.size, again.root) == (45, merkle.root_of(told))
    with pytest.raises(ValueError, match="3 entries has 2 peaks"):
        MerkleFrontier(3, [b"x"])


def test_every_entry_of_every_tree_is_proved_and_no_other():
    for size in (1, 2, 3, 7, 8, 13):
        told = entries(size)
        root = merkle.root_of(told)
        for index in range(size):
            proof = hashes(merkle.inclusion_ranges(index, size), told)
            assert merkle.includes(told[index], index, size, proof, root)
            assert not merkle.includes(b"other", index, size, proof, root)
            assert not merkle.includes(told[index], index, size, proof, sha256(root).digest())
            assert not merkle.includes(told[index], index, size, [*proof, root], root)
            assert not merkle.includes(told[index], size, size, proof, root)
            if proof:
                assert not merkle.includes(told[index], index, size, proof[:-1], root)
                assert not merkle.includes(told[index], (index + 1) % size, size, proof, root)
    with pytest.raises(ValueError, match="no entry 4"):
        merkle.inclusion_ranges(4, 4)


def test_every_beginning_of_a_tree_is_proved_and_no_other():
    for size in (1, 2, 5, 8, 13):
        told = entries(size)
        root = merkle.root_of(told)
        for old in range(1, size + 1):
            before = merkle.root_of(told[:old])
            proof = hashes(merkle.consistency_ranges(old, size), told)
            assert merkle.continues(old, before, size, root, proof)
            assert not merkle.continues(old, sha256(before).digest(), size, root, proof)
            assert not merkle.continues(old, before, size, sha256(root).digest(), proof)
            assert not merkle.continues(old, before, size, root, [*proof, root])
            if proof:
                assert not merkle.continues(old, before, size, root, proof[:-1])
    assert not merkle.continues(3, ENTRIES[0], 2, ENTRIES[0], [])
    with pytest.raises(ValueError, match="no beginning"):
        merkle.consistency_ranges(0, 3)


def test_many_entries_at_once_make_the_tree_that_they_make_one_by_one():
    told = entries(700)
    for first in (0, 1, 255, 256, 300):
        tree = MerkleFrontier()
        tree.add(*told[:first])
        tree.add(*told[first:])
        assert (tree.size, tree.root) == (700, merkle.root_of(told))
