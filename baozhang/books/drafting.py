"""A profile to start from, drafted for a file that no known profile fits.

The words that accounting products use for the same column are known; a header that has one of
them for the number, the date, the account and the amounts becomes a profile.  How cells are
written (dates, 记-12, blanks that repeat the cell above) is seen from the first rows.
"""

import re
from collections.abc import Sequence

from baozhang.books.headers import Header, find_header, plain
from baozhang.books.looking import Sight

WORDS: dict[str, tuple[str, ...]] = {
    "year": ("会计年度", "年度", "年"),
    "period": ("会计期间", "会计期间号", "期间", "会计月度", "月份", "月"),
    "word": ("凭证字", "凭证类别", "凭证类型", "凭证种类", "字"),
    "number": ("凭证号", "凭证编号", "凭证号码", "凭证号数", "凭证字号", "记账凭证编号", "号"),
    "line": ("分录号", "分录序号", "行号", "凭证行号"),
    "date": ("凭证日期", "日期", "制单日期", "记账日期", "记账凭证日期", "业务日期"),
    "summary": ("摘要", "凭证摘要", "记账凭证摘要"),
    "account": ("科目编码", "科目代码", "科目编号", "会计科目编码", "会计科目代码"),
    "account_name": ("科目名称", "科目全名", "会计科目名称", "会计科目"),
    "party": ("核算项目", "往来单位", "辅助项", "辅助核算"),
    "debit": ("借方金额", "借方", "借方本币", "借方本币金额", "借方发生额", "本币借方金额", "借"),
    "credit": ("贷方金额", "贷方", "贷方本币", "贷方本币金额", "贷方发生额", "本币贷方金额", "贷"),
}
"""What columns of voucher lines are called, the likeliest first."""
_NEEDED = ("number", "date", "account", "debit", "credit")
_DATES = ("YYYY-MM-DD", "YYYY/M/D", "YYYY.M.D", "YYYYMMDD", "YYYY-MM-DD hh:mm:ss")
_WORD_AND_NUMBER = re.compile(r"\D+\d+")


def draft(sights: Sequence[Sight]) -> str | None:
    """Return a profile's YAML for the first place that looks like voucher lines, if any does."""
    for sight in sights:
        if sight.kind not in {"text", "workbook"}:
            continue
        for header in _headers(sight):
            columns = _columns(header)
            if all(name in columns for name in _NEEDED):
                return _written(sight, header, columns)
    return None


def _headers(sight: Sight) -> list[Header]:
    """Return the headers that each way of naming the account and the debit leads to."""
    found = (
        find_header(sight.rows[:40], (account, debit))
        for account in WORDS["account"]
        for debit in WORDS["debit"]
    )
    return [header for header in found if header is not None and not header.missing]


def _columns(header: Header) -> dict[str, str]:
    """Return the column of each field, by the likeliest of its words."""
    by_name = {plain(name): name for name in header.names}
    found = {}
    for field, words in WORDS.items():
        if column := next((by_name[word] for word in words if word in by_name), None):
            found[field] = column
    return found


def _written(sight: Sight, header: Header, columns: dict[str, str]) -> str:
    cells = {
        field: [row[place] for row in sight.rows[header.end :] if place < len(row)]
        for field, column in columns.items()
        for place in [header.names.index(column)]
    }
    numbers = [cell.strip() for cell in cells["number"] if cell.strip()]
    joined = bool(numbers) and "word" not in columns and all(map(_joined, numbers))
    blank = [
        columns[name]
        for name in ("date", "word", "number", "year", "period")
        if name in columns and not all(cells[name])
    ]
    mapped = {name: column for name, column in columns.items() if name not in {"debit", "credit"}}
    if joined:
        mapped |= {"word": "[字]", "number": "[号]"}
    if "period" not in mapped:
        mapped.pop("year", None)
    return _yaml(sight, columns, mapped, blank=blank, joined=joined)


def _joined(cell: str) -> bool:
    return _WORD_AND_NUMBER.fullmatch(cell) is not None


def _yaml(
    sight: Sight,
    columns: dict[str, str],
    mapped: dict[str, str],
    *,
    blank: list[str],
    joined: bool,
) -> str:
    suffix = sight.file.rpartition(".")[2]
    head = [
        "# Drafted from the words of a header; check every line of it.",
        "title: {en: Drafted, zh: 草稿}",
        "format: workbook",
        f"files: [{_quoted(f'*.{suffix}')}]",
        f"encoding: {sight.encoding}",
        f"delimiter: {_quoted(sight.delimiter)}",
        'quote: "\\""',
        'thousands: ","',
        "empty_amount: zero",
        f"dates: [{', '.join(map(_quoted, _DATES))}]",
        "currency: CNY",
        "numbering: month",
        f"line: {'column' if 'line' in columns else 'ordinal'}",
        "chart: derived",
        "tables:",
        "  lines:",
        "    banner_rows: auto",
    ]
    if blank:
        head.append(f"    fill: [{', '.join(map(_quoted, blank))}]")
    if joined:
        head.append(f'    cut: {{{_quoted(columns["number"])}: ["[字]-[号]", "[字][号]"]}}')
    if "summary" in columns:
        head.append(f'    skip: {{{_quoted(columns["summary"])}: ["合计", "小计", "本页合计"]}}')
    sides = f"{{debit: {_quoted(columns['debit'])}, credit: {_quoted(columns['credit'])}}}"
    rows = [f"      {name}: {_quoted(column)}" for name, column in mapped.items()]
    return "\n".join([*head, "    columns:", *rows, f"      amount: {sides}", ""])


def _quoted(text: str) -> str:
    """Return a text as YAML reads it back."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    return f'"{escaped}"'.replace("\n", "\\n")
