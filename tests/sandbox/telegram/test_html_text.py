"""HTML is read, and refused, with the real one's words and offsets."""

import pytest

from sandbox.telegram.html_text import parse_html
from sandbox.telegram.refusals import Refused


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("🏟 🏟&lt;<abacaba", "Unclosed start tag at byte offset 13"),
        ("🏟 🏟&lt;<abac aba>", 'Unsupported start tag "abac" at byte offset 13'),
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("ADX<25 & up", 'Unsupported start tag "25" at byte offset 3'),
        ("🏟 🏟&lt;<i   =aba>", 'Empty attribute name in the tag "i" at byte offset 13'),
        ("🏟 🏟&lt;<i    aba>", 'Can\'t find end tag corresponding to start tag "i"'),
        ("🏟 🏟&lt;<i    aba  =  ", 'Unclosed start tag "i" at byte offset 13'),
        ("🏟 🏟&lt;<i    aba  =  190azAz-.,", "Unexpected end of name token at byte offset 27"),
        ('🏟 🏟&lt;<i    aba  =  "&lt;&gt;&quot;>', "Unclosed start tag at byte offset 13"),
        ("🏟 🏟&lt;</", "Unexpected end tag at byte offset 13"),
        ("🏟 🏟&lt;<b></b></", "Unexpected end tag at byte offset 20"),
        ("🏟 🏟&lt;<i>a</i   ", "Unclosed end tag at byte offset 17"),
        ("🏟 🏟&lt;<i>a</em   >", 'Unmatched end tag at byte offset 17, expected "</i>", found "</em>"'),
        ("<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ],
)
def test_broken_markup_is_refused_with_the_words_of_the_real_one(source: str, words: str) -> None:
    with pytest.raises(Refused) as refusal:
        parse_html(source)

    assert refusal.value.code == 400
    assert refusal.value.description == f"Bad Request: can't parse entities: {words}"


def test_entities_count_in_utf16_and_nest() -> None:
    text, entities = parse_html("🏟 🏟<i>🏟 &gt;<b aba   =   caba>&lt🏟</b></i>")

    assert text == "🏟 🏟🏟 ><🏟"
    assert entities == [{"type": "italic", "offset": 5, "length": 7}, {"type": "bold", "offset": 9, "length": 3}]


def test_only_four_named_references_are_known() -> None:
    text, entities = parse_html("&lt;&gt;&amp;&quot;&laquo;&#65;&#x42;&#12345678; &")

    assert text == '<>&"&laquo;AB&#12345678; &'
    assert entities == []


def test_every_tag_that_the_bot_may_use_becomes_its_entity() -> None:
    source = (
        "<b>b</b><u>u</u><s>s</s><code>c</code><tg-spoiler>h</tg-spoiler><blockquote>q</blockquote>"
        '<blockquote expandable>e</blockquote><a href="https://example.com/?a=1&amp;b=2">l</a>'
        '<tg-time unix="1767225600" format="r">t</tg-time>'
    )

    text, entities = parse_html(source)

    assert text == "buschqelt"
    assert [(one["type"], one["offset"]) for one in entities] == [
        ("bold", 0),
        ("underline", 1),
        ("strikethrough", 2),
        ("code", 3),
        ("spoiler", 4),
        ("blockquote", 5),
        ("expandable_blockquote", 6),
        ("text_link", 7),
        ("date_time", 8),
    ]
    assert entities[7]["url"] == "https://example.com/?a=1&b=2"
    assert entities[8]["unix_time"] == 1_767_225_600
    assert entities[8]["date_time_format"] == "r"


def test_code_inside_pre_names_its_language() -> None:
    text, entities = parse_html('<pre><code class="language-json">{}</code></pre> <code>x</code>')

    assert text == "{} x"
    assert entities == [
        {"type": "pre", "offset": 0, "length": 2, "language": "json"},
        {"type": "code", "offset": 3, "length": 1},
    ]


@pytest.mark.parametrize("tag", ['<tg-time format="r">x</tg-time>', '<tg-time unix="1" format="rT">x</tg-time>'])
def test_a_time_without_a_moment_or_with_a_wrong_format_is_refused(tag: str) -> None:
    with pytest.raises(Refused, match="can't parse entities"):
        parse_html(tag)
