"""What the kit may lean on, held to its text."""

import ast

from tests.kit.running import KIT

TREE = ast.parse((KIT / "restore_kit.py").read_text())
PACKAGES = {"blake3", "cryptography", "zstandard"}


def imported(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names


def test_the_kit_is_one_file_of_at_most_500_lines() -> None:
    assert len((KIT / "restore_kit.py").read_text().splitlines()) <= 500


def test_it_imports_the_standard_library_and_three_packages() -> None:
    import sys

    assert imported(TREE) - sys.stdlib_module_names == PACKAGES


def test_the_reader_of_shares_imports_the_standard_library_alone() -> None:
    import sys

    shares = ast.parse((KIT / "slip39.py").read_text())
    assert imported(shares) <= sys.stdlib_module_names


def test_no_secret_can_be_given_on_the_command_line() -> None:
    options = {
        node.args[0].value: {keyword.arg for keyword in node.keywords}
        for node in ast.walk(TREE)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "add_argument"
        and isinstance(node.args[0], ast.Constant)
    }
    assert "action" in options["--passphrase"]
    assert "action" in options["--recovery-code"]
