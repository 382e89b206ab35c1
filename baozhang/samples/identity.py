"""Invented companies: names, credit codes, invoice numbers; valid in form, used by nobody.

Every name carries the word 样例 (sample).  Credit codes lie in the administrative region 990000 and
invoice numbers in region 99: GB/T 2260 gives no place such a number.
"""

from random import Random
from typing import NamedTuple

from baozhang.settings.credit_code import check_character

ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714-1997, section 4
REGION = "990000"
HOUSES = (
    "云帆远山恒信晨光博雅汇川嘉禾锦程瑞丰天澜新禾宏图启明华盛金桥德润明达海纳众合安泰"
    "卓越百川森茂佳美鼎峰星河立新泰和凯旋润泽青松长风盛世同心永昌腾跃东篱南浦西岭北辰"
)  # two characters each
TRADES = {
    "goods": ("商贸", "贸易", "建材", "食品"),
    "services": ("信息技术", "企业管理咨询", "广告"),
}
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"


class Party(NamedTuple):
    """A customer or supplier of a client."""

    code: str  # "K003" or "G002"
    name: str
    credit_code: str


def organisation_check(body: str) -> str:
    """Return the check character of an organisation code's eight (GB 11714-1997, section 4)."""
    total = sum(
        int(digit, 36) * weight for digit, weight in zip(body, ORGANISATION_WEIGHTS, strict=True)
    )
    return "0123456789X0"[11 - total % 11]


def credit_code(number: int) -> str:
    """Return the synthetic 统一社会信用代码 of the `number`-th company: 18 characters, checked."""
    organisation = f"MA{number:06d}"
    body = "91" + REGION + organisation + organisation_check(organisation)
    return body + check_character(body)


def company_name(rng: Random, kind: str) -> str:
    """Return the name of an invented company that trades in "goods" or "services"."""
    house = _house(rng.randrange(len(HOUSES) // 2))
    return f"样例{house}{rng.choice(TRADES[kind])}有限公司"


def _house(number: int) -> str:
    return HOUSES[2 * number : 2 * number + 2]


def parties(
    rng: Random, prefix: str, kinds: tuple[str, ...], count: int, first: int
) -> tuple[Party, ...]:
    """Return invented customers ("K") or suppliers ("G"); `first` numbers their credit codes."""
    houses = [_house(n) for n in rng.sample(range(len(HOUSES) // 2), count)]
    trades = [trade for kind in kinds for trade in TRADES[kind]]
    return tuple(
        Party(
            f"{prefix}{n + 1:03d}",
            f"样例{house}{rng.choice(trades)}有限公司",
            credit_code(first + n),
        )
        for n, house in enumerate(houses)
    )


def staff(rng: Random) -> tuple[str, str, str]:
    """Return 主办, 复核 and 代班: three invented names, recognisably samples."""
    first, second, third = rng.sample(SURNAMES, 3)
    return f"{first}样例", f"{second}样例", f"{third}样例"


def invoice_number(year: int, client: int, serial: int) -> str:
    """Return a 20-digit 数电票号码: year 2, region 2 (99), channel 1, serial 15.

    Form: 国家税务总局公告 on 数电票; here the serial is the client's number and a running one.
    """
    return f"{year % 100:02d}990{client:06d}{serial:09d}"
