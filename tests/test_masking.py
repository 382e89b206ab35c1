"""The masking gate: what it covers, what it lets through, and that it is rather too wide."""

import pytest

from baozhang.masking import Gate

NAME = "样例云帆商贸有限公司"
GATE = Gate([NAME, "样例晨光食品有限公司"], own=["91110000000000001H"])

SECRETS = {
    "credit code": ["91990000MA000017XP", "91990000ma000017xp", "９１990000MA000017XP"],
    "identity number": ["11010519491231002X", "11010519491231002x"],
    "bank account": [
        "6222021234567890123",
        "6222 0212 3456 7890 123",
        "6222-0212-3456-7890",
        "110060149018010012345"[:19],
        "110105194912310",
    ],
    "phone": [
        "13812345678",
        "138 1234 5678",
        "+86 138-1234-5678",
        "010-12345678",
        "１３８12345678",
    ],
    "name": [NAME, "样例云帆商贸", "样例晨光食品有限公司"],
}
EACH = [(kind, secret) for kind, secrets in SECRETS.items() for secret in secrets]
AROUND = [
    "{}",
    "号码{}，请核对",
    "({})",
    "a {} b",
    "账户：{}。",
    "/{}/x.pdf",
    "证_{}_扫描.pdf",
    "v.{}",
    "No{}",
]


@pytest.mark.parametrize(("kind", "secret"), EACH)
@pytest.mark.parametrize("around", AROUND)
def test_a_secret_is_covered_wherever_it_stands(kind: str, secret: str, around: str) -> None:
    shown = GATE.masked(around.format(secret))
    assert secret not in shown
    assert GATE.found(shown) == ()


@pytest.mark.parametrize(("kind", "secret"), EACH)
def test_a_secret_is_told_by_its_kind(kind: str, secret: str) -> None:
    assert kind in GATE.found(f"x {secret} y")


@pytest.mark.parametrize(
    "text",
    [
        "2026-07-31 22:00:00",
        "1,234,567,890,123,456",
        "1234567890123456.78",
        "¥138,000,000.00",
        "24117000000012345678",  # a 20-digit invoice number
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "backup-2026-07-31-8f3a",
        "记-12",
        "91110000000000001H",  # the agency's own
    ],
)
def test_dates_amounts_hashes_and_the_agencys_own_code_are_no_secrets(text: str) -> None:
    assert GATE.masked(text) == text


def test_what_a_letter_is_allowed_to_show_stays() -> None:
    text = f"{NAME} 91990000MA000017XP 13812345678"
    assert (
        GATE.masked(text, allowed=[NAME, "91990000MA000017XP"])
        == f"{NAME} 91990000MA000017XP 13*******78"
    )


def test_what_one_client_may_read_of_itself_hides_the_others() -> None:
    shown = GATE.masked(f"{NAME} 样例晨光食品有限公司", allowed=[NAME])
    assert shown == f"{NAME} 样＊＊＊＊＊＊＊＊＊"


def test_a_covered_number_keeps_its_ends_and_its_length() -> None:
    assert GATE.masked("6222021234567890123") == "62***************23"


def test_a_name_without_its_legal_form_that_is_a_common_word_is_left() -> None:
    assert Gate(["东方有限公司"]).masked("东方既白") == "东方既白"


def test_without_clients_numbers_are_covered_all_the_same() -> None:
    assert Gate([]).found("13812345678") == ("phone",)


@pytest.mark.parametrize(
    "written",
    [
        "ACME TRADING CO., LTD.",
        "acme trading co., ltd.",
        "杭州 样例 云帆商贸 有限公司",
        "杭州\u200b样例云帆商贸有限公司",
        "杭州样例\ufffd云帆商贸",
    ],
)
def test_a_name_is_known_in_any_case_and_with_blanks_or_unseen_signs_in_it(written: str) -> None:
    names = Gate(["Acme Trading Co., Ltd.", "杭州样例云帆商贸有限公司"])
    assert names.found(f"文件 {written} 丢失") == ("name",)
    assert names.masked(f"文件 {written} 丢失").endswith("＊ 丢失")


def test_a_number_with_unseen_signs_in_it_is_covered() -> None:
    assert "0200001234" not in Gate([]).masked("622202\u200b0200001234567")


def test_an_account_in_groups_of_a_file_name_is_covered() -> None:
    assert Gate([]).found("6222_0202_0000_1234.pdf") == ("bank account",)


def test_a_land_line_with_its_area_code_in_brackets_is_covered() -> None:
    assert Gate([]).found("电话（0571）88888888") == ("phone",)


def test_an_allowed_name_may_be_written_with_blanks() -> None:
    name = "杭州样例云帆商贸有限公司"
    assert Gate([name]).found("杭州样例 云帆商贸 有限公司", allowed=[name]) == ()
