import io

from hypothesis import given
from hypothesis import strategies as st

from media_pipeline.stores.pieces import Pieces

steps = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(-1, 30)),
        st.tuples(st.just("seek"), st.integers(0, 60)),
        st.tuples(st.just("end"), st.integers(-30, 0)),
    )
)


@given(st.lists(st.binary(min_size=1, max_size=12), max_size=6), steps)
def test_pieces_read_as_a_file_of_all_of_them(pieces: list[bytes], steps: list[tuple[str, int]]) -> None:
    whole, found = io.BytesIO(b"".join(pieces)), Pieces(pieces)
    size = len(whole.getvalue())
    for step, number in steps:
        if step == "read":
            assert found.read(number) == whole.read(number)
        elif step == "seek":
            assert found.seek(min(number, size)) == whole.seek(min(number, size))
        else:
            assert found.seek(max(number, -size), io.SEEK_END) == whole.seek(max(number, -size), io.SEEK_END)
        assert found.tell() == whole.tell()
