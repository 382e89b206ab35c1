"""The scripts for Windows, as far as they can be held to their promises without Windows.

A parser of PowerShell reads them; what they write is held to the simulator that the tests of the
inbox use; and what a person relies on (order of steps, no password, Chinese in PowerShell 5.1) is
looked for in the syntax tree.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

from tests.windows import simulator

FOLDER = Path(__file__).parents[2] / "kit" / "windows"
SCRIPTS = sorted(path.name for path in FOLDER.glob("*.ps1"))
BOM = b"\xef\xbb\xbf"

ALLOWED = """
    Add-Content ForEach-Object Get-ChildItem Get-CimClass Get-Credential Get-Date Get-Item
    Group-Object Import-Csv Join-Path Move-Item New-CimInstance New-Item New-Object
    New-ScheduledTaskAction New-ScheduledTaskPrincipal New-ScheduledTaskSettingsSet
    New-ScheduledTaskTrigger New-TimeSpan Out-Host Out-Null Register-ScheduledTask Remove-Item
    Rename-Item Select-Object Set-StrictMode Sort-Object Start-Sleep Test-Path Where-Object
    Write-Output
"""
CMDLETS = frozenset(ALLOWED.split())
"""All they may use: what Windows PowerShell 5.1 brings along, ScheduledTasks of Windows 8 on."""


@cache
def tree(name: str) -> Node:
    parser = Parser(Language(tree_sitter_powershell.language()))
    return parser.parse((FOLDER / name).read_bytes().removeprefix(BOM)).root_node


def below(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from below(child)


def text(node: Node) -> str:
    return (node.text or b"").decode()


def nodes(name: str, kind: str) -> list[Node]:
    return [node for node in below(tree(name)) if node.type == kind]


def commands(name: str) -> list[str]:
    return [text(node) for node in nodes(name, "command_name")]


def functions(name: str) -> dict[str, str]:
    found = nodes(name, "function_statement")
    return {
        text(next(child for child in node.children if child.type == "function_name")): text(node)
        for node in found
    }


def all_text() -> str:
    return "\n".join((FOLDER / name).read_text("utf-8-sig") for name in SCRIPTS)


def test_there_are_scripts() -> None:
    expected = ["backup-sqlserver.ps1", "copy-kis.ps1", "inbox-common.ps1", "register-tasks.ps1"]
    assert expected == SCRIPTS


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_parser_of_powershell_reads_it_without_an_error(name: str) -> None:
    wrong = [
        (node.start_point.row + 1, text(node)[:60])
        for node in below(tree(name))
        if node.type == "ERROR" or node.is_missing
    ]
    assert wrong == []


@pytest.mark.parametrize("name", SCRIPTS)
def test_powershell_5_reads_its_chinese(name: str) -> None:
    content = (FOLDER / name).read_bytes()
    assert content.startswith(BOM)
    assert content.count(b"\n") == content.count(b"\r\n") > 10
    assert re.search("[\u4e00-\u9fff]", content.decode("utf-8-sig"))


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_chinese_sign_is_taken_for_a_name_or_a_quote(name: str) -> None:
    """PowerShell takes letters of any script into a variable's name, and curly quotes for quotes.

    Source: about_Quoting_Rules and about_Variables of Windows PowerShell 5.1.
    """
    variables = {text(node) for node in nodes(name, "variable")}
    assert variables
    assert all(variable.isascii() for variable in variables)
    content = (FOLDER / name).read_text("utf-8-sig")
    assert not re.search("[\u2018-\u201f\u2013\u2014\u2015\u00a0]", content)
    assert not re.search(r"\$\w*[^\x00-\x7f\W]", content)


@pytest.mark.parametrize("name", SCRIPTS)
def test_it_calls_nothing_that_is_not_there(name: str) -> None:
    own = set(functions(name)) | set(functions("inbox-common.ps1"))
    assert set(commands(name)) - own - CMDLETS == set()


@pytest.mark.parametrize("name", SCRIPTS)
def test_it_gives_its_functions_only_parameters_that_they_have(name: str) -> None:
    known = functions("inbox-common.ps1") | functions(name)
    for command in nodes(name, "command"):
        parts = text(command).split()
        if parts[0] in known:
            taken = {word.lower() for word in re.findall(r"\$(\w+)", known[parts[0]])}
            outside = re.sub(r"\([^()]*\)", "", text(command))
            given = re.findall(r"(?<=\s)-([A-Za-z]+)", outside)
            assert {word.lower() for word in given} <= taken, text(command)


def test_no_function_of_the_common_part_is_unused() -> None:
    used = {command for name in SCRIPTS for command in commands(name)}
    assert set(functions("inbox-common.ps1")) <= used


@pytest.mark.parametrize("name", SCRIPTS)
def test_it_stops_at_the_first_error(name: str) -> None:
    content = (FOLDER / name).read_text("utf-8-sig")
    common = "inbox-common.ps1')" in content
    assert common or "$ErrorActionPreference = 'Stop'" in content


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_password_stands_in_it(name: str) -> None:
    content = (FOLDER / name).read_text("utf-8-sig")
    wrong = r"(?i)ConvertTo-SecureString|AsPlainText|User ID=|Password\s*=|pwd=|sa['\"]"
    assert re.findall(wrong, content) == []
    assert "Invoke-Expression" not in content
    assert "DownloadString" not in content


def test_it_logs_on_to_sql_server_as_windows_does() -> None:
    assert "$builder['Integrated Security'] = $true" in all_text()


def test_every_statement_is_constant_and_takes_names_as_parameters() -> None:
    body = functions("backup-sqlserver.ps1")
    assert "Parameters.AddWithValue('@database', $Database)" in body["Invoke-BaozhangSql"]
    statements = re.findall(r"'((?:BACKUP|RESTORE|SELECT)[^']*)'", all_text())
    assert len(statements) == 5
    assert not [statement for statement in statements if "$" in statement or "{" in statement]
    assert all("@database" in one or "@path" in one for one in statements)


def test_a_backup_is_a_copy_with_checksums_and_is_verified_before_it_is_sent() -> None:
    body = functions("backup-sqlserver.ps1")
    backup = body["Backup-BaozhangDatabase"]
    assert "WITH COPY_ONLY, CHECKSUM, INIT, FORMAT'" in backup
    assert '"$plain, COMPRESSION"' in backup
    assert backup.rstrip("}\r\n ").endswith(
        "'RESTORE VERIFYONLY FROM DISK = @path WITH CHECKSUM' $Database $Path)"
    )
    send = body["Send-BaozhangDatabases"]
    steps = [
        *("New-BaozhangDrop", "Backup-BaozhangDatabase", "Add-BaozhangStream"),
        "Complete-BaozhangDrop",
    ]
    assert [send.index(step) for step in steps] == sorted(send.index(step) for step in steps)


def test_compression_is_tried_and_left_out_only_where_it_is_not_supported() -> None:
    backup = functions("backup-sqlserver.ps1")["Backup-BaozhangDatabase"]
    assert "$numbers -contains $NotSupported" in backup
    assert "{ throw }" in backup
    assert "$NotSupported = 1844" in all_text()


def test_a_drop_gets_its_list_first_and_its_name_last() -> None:
    complete = functions("inbox-common.ps1")["Complete-BaozhangDrop"]
    steps = ["WriteAllText", "Move-Item", "Rename-Item", "Set-BaozhangStatus"]
    assert [complete.index(step) for step in steps] == sorted(map(complete.index, steps))
    assert '"$name.part"' in functions("inbox-common.ps1")["New-BaozhangDrop"]


def test_a_book_with_a_lock_file_is_not_opened() -> None:
    body = functions("copy-kis.ps1")
    opened = body["Open-BaozhangBook"]
    assert opened.index("Test-BaozhangOpen") < opened.index("[System.IO.File]::Open(")
    assert "'ldb', 'laccdb'" in body["Test-BaozhangOpen"]
    assert "'Open', 'Read', 'None'" in opened
    assert "-State 'busy' -Reason 'open'" in body["Send-BaozhangBooks"]


@pytest.mark.parametrize("name", ["backup-sqlserver.ps1", "copy-kis.ps1"])
def test_whatever_fails_leaves_no_half_drop_and_says_so(name: str) -> None:
    send = next(body for called, body in functions(name).items() if called.startswith("Send-"))
    caught = send[send.index("catch {") :]
    assert "Undo-BaozhangDrop" in caught
    assert "Set-BaozhangFailed" in caught
    assert "-State 'failed'" in functions("inbox-common.ps1")["Set-BaozhangFailed"]


def test_the_simulator_writes_what_the_scripts_write() -> None:
    common = functions("inbox-common.ps1")
    assert f"'{simulator.NAME}' -f $Label" in common["New-BaozhangDrop"]
    assert f"'{simulator.HEAD}' -f" in common["Complete-BaozhangDrop"]
    assert f"'{simulator.LINE}' -f $hash, $Drop.Name, $Name" in common["Add-BaozhangStream"]
    assert f"'{simulator.STATUS}' -f $State, $at, $Reason" in common["Set-BaozhangStatus"]
    assert "InvariantCulture) + '+08:00'" in common["Set-BaozhangStatus"]
    assert "UTF8Encoding($false)" in all_text()


def test_reasons_are_words_that_the_inbox_reads() -> None:
    reasons = re.findall(r"-Reason '(\w+)'|\$reason = '(\w+)'", all_text())
    found = {one or other for one, other in reasons}
    assert found == {"open", "copy", "backup"}


def test_names_of_files_never_reach_a_status() -> None:
    status = functions("inbox-common.ps1")["Set-BaozhangStatus"]
    assert set(re.findall(r"\$(\w+)", status)) <= {
        *("Folder", "Label", "State", "Reason", "at", "text", "status", "true", "BaozhangUtf8"),
    }


def test_a_task_asks_for_its_password_and_writes_it_nowhere() -> None:
    register = (FOLDER / "register-tasks.ps1").read_text("utf-8-sig")
    assert "Get-Credential" in register
    assert "Set-Content" not in register
    assert "-StartWhenAvailable" in register
    assert "EventID=7002" in register
