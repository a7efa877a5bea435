"""YAML is read strictly, in version 1.2, with the place of every key; nothing that is written can make it crash."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments import yaml_source
from experiments.errors import ExitCode, UserError
from experiments.yaml_source import COMMAND_LINE, Source, is_plain_word, quote, read


def refusal(text: str | bytes) -> str:
    with pytest.raises(UserError) as caught:
        read(text, "f.yaml")
    assert caught.value.exit_code == ExitCode.USAGE
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e-3", 0.001), ("1E5", 1e5), ("-.5", -0.5), ("3.", 3.0), ("3_000_000", 3_000_000), ("0x1f", 31), ("0o17", 15),
     ("017", 17), ("-4", -4), ("true", True), ("FALSE", False), ("~", None), ("", None), ("no", "no"), ("on", "on"),
     ("12:30", "12:30"), ("1_", "1_"), ("1e", "1e"), ("'1'", "1"), ('"true"', "true"), (".inf", math.inf),
     ("2001-01-01", "2001-01-01"), ("<<", "<<"), ("[1, a]", [1, "a"]), ("{b: [{}]}", {"b": [{}]}), ("=", "=")],
)  # fmt: skip
def test_values(text: str, value: object):
    found = read(f"a: {text}", "f.yaml").data["a"]
    assert found == value
    assert type(found) is type(value)


def test_not_a_number():
    assert math.isnan(read("a: .nan", "f.yaml").data["a"])


def test_places():
    source = read("# a comment\na:\n  b: 1\n  c:\n    - 2\n    - {d: 3}\n", "f.yaml")
    assert source.where(("a",)) == "f.yaml:2"
    assert source.where(("a", "b")) == "f.yaml:3"
    assert source.where(("a", "c", 1, "d")) == "f.yaml:6"
    assert source.where(("a", "c", 1, "x")) == "f.yaml:6"  # the section it would stand in
    assert source.where(("z",)) == "f.yaml"


def test_a_key_twice_names_both_lines():
    assert (
        refusal("a:\n  lr: 1\n  x: 2\n  lr: 3\n")
        == "f.yaml:4: 'a.lr' stands here for the second time (first: f.yaml:2)"
    )


@pytest.mark.parametrize(
    ("text", "part"),
    [("- a\n- b", "f.yaml:1: a config is a list of 'key: value' lines"), ("just text", "f.yaml:1: a config is"),
     ("a: [1, 2", "f.yaml:1: not valid YAML"), ("a: 1\n\tb: 2", "f.yaml:2: not valid YAML"),
     ("a: 1\n---\nb: 2", "f.yaml:2: a second document"), ("a: !!python/object/apply:os.system [x]", "tags such as"),
     ("a: !!int '1'", "tags such as"), ("[1]: 2", "a key is a word"), ("{a: 1}: 2", "a key is a word"),
     ("a: *b", "*b stands for nothing"), ("a: &b [*b]", "*b stands for nothing"), ("? \n: 1", "a key is a word"),
     (b"a: \xff", "not a text file"), ("a: \x00", "not a text file"), ("a: " + "9" * 5000, "too many digits"),
     ("a: " + "[" * 100 + "]" * 100, "nested deeper"), ("a: " + "[" * 50_000, "nested deeper"),
     ("x" * (yaml_source.MAX_BYTES + 1), "larger than 64 KB"), ('a: "\\U00110000"', "not valid YAML")],
)  # fmt: skip
def test_refusals(text: str | bytes, part: str):
    assert part in refusal(text)


def test_aliases_are_copied_and_capped():
    data = read("a: &x {b: 1}\nc: *x", "f.yaml").data
    assert data == {"a": {"b": 1}, "c": {"b": 1}}
    assert data["a"] is not data["c"]
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))  # a billion values
    assert "more than 20,000 values" in refusal(bomb)
    deep = "a0: &a0 " + "[" * 20 + "]" * 20 + "\n"
    deep += "".join(f"a{n}: &a{n} {'[' * 20}*a{n - 1}{']' * 20}\n" for n in range(1, 90))
    assert "nested deeper than 24" in refusal(deep)
    assert "more than 100 aliases" in refusal("a: &x 1\nb: [" + "*x, " * 101 + "1]")


def test_an_override_replaces_one_value_and_its_place():
    source = read("a:\n  b: {c: 1}\n  d: 2\n", "f.yaml")
    source.override("a.b=[1e-3, x]")
    source.override("e.f=")
    assert source.data == {"a": {"b": [0.001, "x"], "d": 2}, "e": {"f": None}}
    assert source.where(("a", "b", "c")) == COMMAND_LINE
    assert source.where(("a", "d")) == "f.yaml:3"
    assert source.where(("e",)) == COMMAND_LINE


@pytest.mark.parametrize(
    ("text", "message"),
    [("a.b", "command line: 'a.b' is not of the form section.key=value"), ("=1", "not of the form"),
     ("a..b=1", "not of the form"), ("--x=1", "not of the form"), ("a.b=[1", "command line: a.b: not valid YAML"),
     ("a.b=!!x 1", "command line: a.b: tags such as"), ("n.x=1", "command line: 'n' has no keys of its own"),
     ("a=1\n--- 2", "a second document")],
)  # fmt: skip
def test_a_wrong_override_is_named(text: str, message: str):
    with pytest.raises(UserError) as caught:
        Source("f.yaml", {"n": 3}).override(text)
    assert message in str(caught.value)


PIECES = st.sampled_from(
    ["a", "b: ", "\n", "  ", "- ", "[", "]", "{", "}", ", ", ": ", "? ", "&x ", "*x", "!!str ", "!", "|\n", ">", "'",
     '"', "#", "%", "---\n", "...\n", "1e-3", "0x", "\\", "\t", "~", "<<", "\ufeff", "\x85", "é", "@", "`", "true",
     "\\U0011"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.lists(PIECES, max_size=30).map("".join), st.text(max_size=80), st.binary(max_size=80)))
def test_anything_is_read_or_refused_in_one_line(text: str | bytes):
    refused = None
    try:
        assert isinstance(read(text, "f.yaml").data, dict)
    except UserError as error:
        refused = str(error)
    if refused is not None:
        assert refused.startswith("f.yaml")
        assert "\n" not in refused


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_a_quoted_text_is_read_back(text: str):
    assert read(f"a: {quote(text)}", "f.yaml").data["a"] == text
    if is_plain_word(text):
        assert read(f"a: {text}", "f.yaml").data["a"] == text
