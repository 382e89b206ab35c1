"""Tables of contents of `pg_dump`, in every layout there is: what changes by itself goes."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baozhang.sources.postgres_toc import file_name, stable

LAYOUTS = pytest.mark.parametrize("minor", [14, 15, 16])


def number(value: int) -> bytes:
    return bytes([value < 0]) + abs(value).to_bytes(4, "little")


def text(value: str | None) -> bytes:
    return number(-1) if value is None else number(len(value.encode())) + value.encode()


def entry(
    minor: int, ident: int, kind: str, tag: str, file: str = "", needs: tuple[int, ...] = ()
) -> bytes:
    """One entry as PostgreSQL's WriteToc lays it out; its oids follow its number."""
    parts = [number(ident), number(bool(file)), text(str(ident + 7)), text(str(ident + 9))]
    parts += [text(tag), text(kind), number(3), text("-- defn"), text(None), text("COPY")]
    parts += [text("public"), text(None), text("heap")]
    parts += [number(114)] if minor >= 16 else []
    parts += [text("owner"), text("false"), *(text(str(need)) for need in needs), text(None)]
    return b"".join([*parts, text(file)])


def archive(minor: int, *entries: bytes, second: int = 30) -> bytes:
    head = b"PGDMP" + bytes([1, minor, 0, 4, 8, 3]) + (b"\0" if minor >= 15 else number(0))
    stamp = b"".join(map(number, (second, 59, 22, 31, 6, 126, 0)))
    return (
        head
        + stamp
        + text("账套")
        + text("15")
        + text("15")
        + number(len(entries))
        + b"".join(entries)
    )


@LAYOUTS
def test_the_time_and_the_numbers_of_the_server_make_no_difference(minor: int) -> None:
    tables = ("甲", "乙")
    made = [
        archive(
            minor,
            *(entry(minor, first + n, "TABLE", tag) for n, tag in enumerate(tables)),
            *(
                entry(minor, first + 5 + n, "TABLE DATA", tag, f"{first + 5 + n}.dat", (first + n,))
                for n, tag in enumerate(tables)
            ),
            second=second,
        )
        for first, second in ((200, 1), (300, 2))
    ]
    one, other = map(stable, made)
    assert one.content == other.content
    assert one.renamed == {"205.dat": "public.甲.dat", "206.dat": "public.乙.dat"}


@LAYOUTS
def test_a_changed_definition_makes_a_difference(minor: int) -> None:
    one, other = (stable(archive(minor, entry(minor, 200, "TABLE", tag))) for tag in "ab")
    assert one.content != other.content


@LAYOUTS
def test_a_stable_table_of_contents_stays_as_it_is(minor: int) -> None:
    data = entry(minor, 3000, "TABLE DATA", "t", "3000.dat", (200,))
    once = stable(archive(minor, entry(minor, 200, "TABLE", "t"), data)).content
    assert stable(once).content == once


@LAYOUTS
def test_a_large_object_keeps_its_number_which_is_its_name(minor: int) -> None:
    one, other = (stable(archive(minor, entry(minor, n, "BLOB", "4711"))) for n in (200, 201))
    assert one.content != other.content


def test_lists_of_large_objects_that_have_numbers_get_places() -> None:
    lists = [entry(16, n, "BLOBS", "BLOBS", f"blobs_{n}.toc") for n in (310, 320)]
    renamed = stable(archive(16, *lists)).renamed
    assert renamed == {"blobs_310.toc": "blobs-1.toc", "blobs_320.toc": "blobs-2.toc"}


def test_the_one_list_of_large_objects_keeps_its_name() -> None:
    assert stable(archive(14, entry(14, 310, "BLOBS", "BLOBS", "blobs.toc"))).renamed == {}


@pytest.mark.parametrize("minor", [13, 17])
def test_a_layout_that_is_not_known_is_left_as_it_is(minor: int) -> None:
    content = archive(minor, entry(minor, 200, "TABLE DATA", "t", "200.dat"))
    assert (stable(content).content, stable(content).renamed) == (content, {})


def test_what_ends_elsewhere_than_expected_is_left_as_it_is() -> None:
    content = archive(14, entry(14, 200, "TABLE DATA", "t", "200.dat")) + b"more"
    assert (stable(content).content, stable(content).renamed) == (content, {})


def test_names_that_differ_by_capitals_alone_are_different_files_on_windows_too() -> None:
    data = [entry(14, n, "TABLE DATA", tag, f"{n}.dat") for n, tag in ((1, "code"), (2, "CODE"))]
    names = stable(archive(14, *data)).renamed.values()
    assert sorted(names) == ["public.CODE.dat", "public.code~.dat"]


@settings(max_examples=50)
@given(st.text(min_size=1, max_size=63), st.text(min_size=1, max_size=63))
def test_a_file_name_is_safe_whatever_a_table_is_called(schema: str, table: str) -> None:
    name = file_name(schema, table)
    assert name.endswith(".dat")
    assert not set(name) & set('/\\:*?"<>|\0\n')
    assert len(name.encode(errors="surrogatepass")) < 256


def test_two_tables_never_share_a_file() -> None:
    names = ["a", "b", "a.b", "a%2Eb", "%", "a/b", "账" * 21, "?" * 63, "?" * 62 + "!"]
    made = {file_name(schema, table) for schema, table in product(names, names)}
    assert len(made) == len(names) ** 2
