"""A kept document as PDF (Typst) and DOCX (python-docx), with the same words and charts.

Imported where it is used: the two libraries hold 25 MiB, in every process, for a few files a day.
"""

import io
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import typst
from docx import Document as Docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from mengding.briefings.blocks import printable
from mengding.briefings.charts import svg
from mengding.core import fonts

Format = Literal["pdf", "docx"]
_SOURCE = Path(__file__).parent / "briefing.typ"
_CHART = (
    b"#set page(width: auto, height: auto, margin: 0pt)\n"
    b'#image(bytes(sys.inputs.svg), format: "svg", width: 17cm)\n'
)
_TEA, _SOFT = RGBColor(0x0B, 0x6B, 0x5D), RGBColor(0x5D, 0x6B, 0x69)


def render(document: Mapping[str, Any], kind: Format, *, draft: str, signed: str) -> bytes:
    """The file. `draft`: a warning under the title, empty once signed; `signed`: the last line."""
    # What was kept before texts were cleaned on their way in, and names of cases and people.
    return (_pdf if kind == "pdf" else _docx)(printable(document), draft, printable(signed))


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=[str(fonts.REGULAR.parent)])


def _pdf(document: Mapping[str, Any], draft: str, signed: str) -> bytes:
    blocks = [
        {**each, "svg": svg(each)} if each["kind"] in ("bars", "trend") else each
        for each in document["blocks"]
    ]
    data = {**document, "blocks": blocks, "draft": draft, "signed": signed}
    data["foot"] = document["title"]
    made: bytes = typst.compile(
        _SOURCE.read_bytes(), sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        font_paths=_fonts(),
    )  # fmt: skip
    return made


def picture(block: Mapping[str, Any]) -> bytes:
    """A chart as PNG, for what cannot show SVG."""
    made: bytes = typst.compile(
        _CHART, sys_inputs={"svg": svg(block)}, font_paths=_fonts(), format="png", ppi=180
    )
    return made


def _docx(document: Mapping[str, Any], draft: str, signed: str) -> bytes:
    made = Docx()
    section = made.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.2)
    normal = made.styles["Normal"]
    normal.font.name, normal.font.size = "Microsoft YaHei", Pt(10.5)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), "Microsoft YaHei")
    _say(made, document["title"], Pt(20), _TEA, centre=True)
    for line in document["below"]:
        _say(made, line, Pt(9.5), _SOFT, centre=True)
    if draft:
        _say(made, draft, Pt(9.5), RGBColor(0xA3, 0x3B, 0x3B), centre=True)
    for block in document["blocks"]:
        _add(made, block)
    last = _say(made, signed, Pt(9.5), _SOFT)
    last.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def _say(made: Any, text: str, size: Any, colour: RGBColor, *, centre: bool = False) -> Any:
    paragraph = made.add_paragraph()
    run = paragraph.add_run(text)
    run.font.size, run.font.color.rgb = size, colour
    if centre:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    return paragraph


def _add(made: Any, block: Mapping[str, Any]) -> None:
    match block["kind"]:
        case "heading":
            _say(made, block["text"], Pt(13), _TEA).paragraph_format.keep_with_next = True
        case "paragraph":
            for words in block["text"].split("\n"):
                made.add_paragraph(words).paragraph_format.first_line_indent = Pt(21)
        case "figures":
            head = [each["label"] for each in block["items"]]
            rows = [[each[part] for each in block["items"]] for part in ("value", "note")]
            _table(made, head, rows)
        case "findings":
            for words in block["items"]:
                made.add_paragraph(words, style="List Bullet")
        case "table":
            made.add_paragraph(block["title"]).paragraph_format.keep_with_next = True
            _table(made, block["head"], block["rows"], words=block.get("words", False))
        case _:
            made.add_paragraph(block["title"]).paragraph_format.keep_with_next = True
            if block["kind"] == "bars":
                _say(made, block["note"], Pt(8.5), _SOFT).paragraph_format.keep_with_next = True
            made.add_picture(io.BytesIO(picture(block)), width=Cm(16.6))


def _table(made: Any, head: list[str], rows: list[list[str]], *, words: bool = False) -> None:
    table = made.add_table(rows=1 + len(rows), cols=len(head), style="Light Grid Accent 1")
    for row, cells in enumerate([head, *rows]):
        for column, text in enumerate(cells):
            cell = table.cell(row, column)
            cell.text = text
            if column and not words:
                cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
    made.add_paragraph()
