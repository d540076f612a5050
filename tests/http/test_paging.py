"""Paging parameters are ASCII digits within bounds, given once; an error names the parameter."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.api import refused
from tongdai.errors import InvalidInput
from tongdai.http.paging import FIRST_PAGE, Page, page_of, single, whole

LISTS = ["/v1/campaigns", "/v1/queues/inbound", "/v1/api-keys"]
each_list = pytest.mark.parametrize("path", LISTS)


@given(st.integers(0, 10**15), st.integers(1, 1000))
def test_page_in_bounds_is_accepted(number, size):
    page = page_of({"page": [str(number)], "size": [str(size)]})
    assert page == Page(number, size)
    assert page.offset == number * size


def test_defaults_are_page_0_and_20_records():
    assert page_of({}) == page_of({"other": ["x"]}) == FIRST_PAGE == Page(0, 20)


@given(st.text(max_size=30))
@example("٣")
@example("１")
@example("²")
@example("1_0")
@example("+1")
@example(" 1")
@example("0x1")
@example("1e3")
@example("")
@example("9" * 5000)
def test_parameter_is_ascii_digits_or_refused_by_name(text):
    if text.isascii() and text.isdigit() and len(text) <= 19:
        assert str(whole({"page": [text]}, "page", 0, 0)) == (text.lstrip("0") or "0")
    else:
        with pytest.raises(InvalidInput, match=r"\Apage "):
            whole({"page": [text]}, "page", 0, 0)


@given(st.integers(0, 10**19), st.integers(1, 1000))
@example(2**63 // 1000, 1000)
@example(2**63 // 1000 + 1, 1000)
@example(2**63 - 1, 1)
@example(2**63, 1)
def test_page_whose_offset_exceeds_a_bigint_is_refused(number, size):
    query = {"page": [str(number)], "size": [str(size)]}
    if number * size < 2**63:
        assert page_of(query) == Page(number, size)
    else:
        with pytest.raises(InvalidInput, match=r"\Apage "):
            page_of(query)


@pytest.mark.parametrize("values", [["1", "1"], ["1", "2"], ["", "1"], ["0"] * 50])
def test_parameter_given_twice_is_refused_even_when_both_agree(values):
    with pytest.raises(InvalidInput, match=f"page is given {len(values)} times"):
        single({"page": values}, "page")


@pytest.mark.parametrize("size", ["0", "1001", "00", "9223372036854775807"])
def test_size_is_1_to_1000(size):
    with pytest.raises(InvalidInput, match="size must be 1 to 1000"):
        page_of({"size": [size]})


@each_list
@pytest.mark.parametrize(
    "value", ["-1", "1.5", "NaN", "１", "1_0", "", "abc", "0x1", "%00", "1%20", "1;2", "null", "[]"]
)
async def test_invalid_page_is_refused_by_name(tenant, path, value):
    assert refused(await tenant.get(f"{path}?page={value}"), 400, "INVALID_INPUT").startswith("page ")


@each_list
async def test_repeat_of_a_parameter_is_refused(tenant, path):
    refused(await tenant.get(f"{path}?page=0&page=0"), 400, "INVALID_INPUT")


@each_list
async def test_name_of_a_parameter_is_percent_decoded(tenant, path):
    refused(await tenant.get(f"{path}?%70age=x"), 400, "INVALID_INPUT")
    refused(await tenant.get(f"{path}?page=0&%70age=0"), 400, "INVALID_INPUT")


@each_list
@pytest.mark.parametrize("query", ["%FF", "page=%FF", "&".join(f"a{n}" for n in range(101))])
async def test_query_that_cannot_be_decoded_is_refused(tenant, path, query):
    refused(await tenant.get(f"{path}?{query}"), 400, "INVALID_INPUT")


@pytest.mark.parametrize("query", ["colour=red", "Page=x&PAGE=y", "page[]=1", "a=1&a=2", "=", "sort=%27;--"])
async def test_unknown_parameter_is_ignored_where_the_vendor_documents_the_list_and_refused_elsewhere(tenant, query):
    for path in LISTS:
        response = await tenant.get(f"{path}?{query}")
        assert response.status_code == (200 if path == "/v1/queues/inbound" else 400)


@each_list
@pytest.mark.parametrize("query", ["", "&&&"])
async def test_query_without_parameters_is_none(tenant, path, query):
    assert (await tenant.get(f"{path}?{query}")).status_code == 200


@each_list
async def test_page_far_past_the_end_is_empty(tenant, path):
    page = await tenant.done("GET", f"{path}?page=1000000000")
    assert page["data"] == []
    assert page["totalRecord"] == (1 if path == "/v1/api-keys" else 0)
