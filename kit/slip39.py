#!/usr/bin/env python3
"""The secret that enough shares hold together (SLIP-0039), with the standard library alone.

A share is a text file with its 33 words, or the printed page with some text around them.
`restore_kit.py --share` uses this file, which lies beside it.
"""

import hashlib
import hmac
import re
from itertools import islice

# Four letters tell the 1,024 words of SLIP-0039 apart.  Here they are in their order; words that
# begin with the same two letters stand together, and those two are written once.
WORDS = """
acadidnequrotitr adapeqjumiorulvavo afra agaienre aidercrlrp ajar alarbucoieivphretoumwa amazbiouus
analatcecigegrimswtexi apar aqua arcaengumetitw aspe auctgunt averiaoi awaray axisle
beamaravcodrhainlilonestyo bikeolrtsh blacanesiminue bodyltrirnthun bracanaveaieokotow
buckdgillblgmpndrdrnsyye cagelcmempnypapiptrbrdrergrprvteus ceilntra chamanarecemesewub cinevi
clasayeaieiminocogosotubus coalasdilumprnstunurvewb cradafazedicimisitowucunusys cubiltrirlst cyli
daismancrktaug deadalbrbuceciclcocrlimansnypapepiplscsesisksttatevivo
diagctetleminiplsascseshsmspstvevo documamemiugwn dragameaesifinovugye duckkera dwar dyna earlrtsesy
echoliol edgeituc eith elbodeecegemepevitse emaierispephplpt endidldoemerfogajolatrvevy epidis
equaui erasod escatati evalenidilok exacamcechclcuecerhaotpapeplprtetr eyeb
facictilinkelsmimoncngnttativown fibectltnandngrermscshtn flamasaveaexipoaoruf focurbrcrergrmrtrwun
fracageqesiaidieosotoz fumendrlse galamerbrdrlsoth geneninrnuolst gladanasenim goatld
gradanasavayeaieilinocosouowum guaresilitms hairmsndngrvvevowkza headalaratlprardsi hobolilymermspur
hugemamintsbshsk hybr ideaenle imagpaplprpu inclcocrdedidufafohejumasesisttetivavo iris islaol item
ivor jack jerkwe join judiicmpncninkryst kernyb kidnndtc knifit ladedldyirmpngrgseunws
leadafaravctgagegsndngve libebrceftkelalypsqustteviza loanbecasiudya lucknancngxu lyinri
machgaidilinkekimanandnsnurarcrkrvsotethxiyo meandadimbmontrcrithtr midsldlineniraxext
mobidediismernrtthunusve muchleltscsesist nailti neckgarvtwws nuclmbme nylo oasi obesjeseta ocea
ofte olym omit oralanbidediga ounc ovener owne pacecickidinjancntpapercrkrttetrymyr
peacanascanancrcrfrmti phanarotrays pickcteclenkpesttc plaianasatayeaotun
pracayeaedegemepesevieimioisivizobocofogomosovun publlsmpninyparcrp pyth quanaricie
racecidailinisndnkpisp reacalbobucacecogrgujelamemimondpapeplquscsesispsutatrunveviwa rhymyt
richvave robickmampstunya ruinlemo sackfalalolttitoveys scanaratenhoieourareriro seafascrcugmni
shadafamaparelerorouri sidelelvmimpngst skinun slapavedicimowus smareaeliritokug snakapif
sociftldluulur spacareaecelenewidiliniritrari squaue stadafanaratayeaepicilorrariyl
subjbmgaitnlperfrprv sweaiminit symbmpndst tackctdpleskstugxi teacamasmpnandnsrmstxt
thanateaeoerorreumun tickdymbmeng tofugeletaxi tracafaianasaveaeniaicipiuouueus twicin typepi ugly
ulti umbr uncodefafohaioivkiknuswr upgrst userheua valilumpniri vegalvntrdrirytexe
victdeewntolrasisuta vocaicluteti walnrmrntcvy wealapbclclfst widtldndneresdthts wolfmarkrt
wrapisitot yearlp yiel yoga zero
"""


def require(condition: object, otherwise: str) -> None:
    """Raise ValueError unless the condition holds."""
    if not condition:
        raise ValueError(otherwise)


def share_value(text: str) -> tuple[tuple[int, ...], int, bytes]:
    """Return what a share's words say (SLIP-0039): its set, its number, its value."""
    known = [one[:2] + rest for one in WORDS.split() for rest in re.findall("..", one[2:])]
    lines = [re.findall("[a-z]+", line) for line in text.lower().splitlines()]
    share = [line for line in lines if 2 * sum(word[:4] in known for word in line) > len(line)]
    words = [word for line in share for word in line]  # and not what else stands on the page
    wrong = [n for n, word in enumerate(words, 1) if word[:4] not in known]
    require(not wrong, f"词有误 not on the list are words number {wrong}")
    numbers = [known.index(word[:4]) for word in words]
    bits = sum(number << 10 * n for n, number in enumerate(reversed(numbers)))
    size = 10 * (len(numbers) - 7)
    require(size >= 128, "词不全 words are missing")
    head, value = bits >> size + 30, bits >> 30 & (1 << size) - 1
    extendable, exponent, groups, member, needed = (head >> n & 15 for n in (24, 20, 12, 4, 0))
    label = b"shamir_extendable" if extendable & 1 else b"shamir"
    require(checksum([*label, *numbers]) == 1, "词有误，请逐词核对 a word is wrong: compare each")
    require(groups == 0, "份额分组，请用其他工具 shares in groups: use another tool")
    made = (head >> 25, extendable & 1, exponent, needed + 1)
    return made, member, value.to_bytes(size // 16 * 2, "big")


def checksum(numbers: list[int]) -> int:
    """Return the checksum of SLIP-0039 (RS1024): 1 where no word is wrong."""
    factors = (0xE0E040, 0x1C1C080, 0x3838100, 0x7070200, 0xE0E0009, 0x1C0C2412, 0x38086C24,
               0x3090FC48, 0x21B1F890, 0x3F3F120)  # fmt: skip
    total = 1
    for number in numbers:
        top, total = total >> 20, (total & 0xFFFFF) << 10 ^ number
        for bit, factor in enumerate(factors):
            total ^= factor * (top >> bit & 1)
    return total


def interpolated(points: dict[int, bytes], x: int) -> bytes:
    """Return the value at x of the polynomial over GF(256) that runs through the points."""
    powers = [1]
    while len(powers) < 255:
        tripled = powers[-1] ^ powers[-1] << 1
        powers.append(tripled ^ 0x11B if tripled > 255 else tripled)
    logs = {power: n for n, power in enumerate(powers)}
    result = bytearray(len(next(iter(points.values()))))
    for at, value in points.items():
        weight = sum(logs[x ^ other] - logs[at ^ other] for other in points if other != at)
        for n, byte in enumerate(value):
            result[n] ^= powers[(logs[byte] + weight) % 255] if byte else 0
    return bytes(result)


def escrow_secret(texts: list[str]) -> bytes:
    """Return the secret that enough shares hold together (SLIP-0039, no passphrase)."""
    shares = [share_value(text) for text in texts]
    (identifier, extendable, exponent, needed), *_ = made = {share[0] for share in shares}
    points = dict(islice({member: value for _, member, value in shares}.items(), needed))
    require(len(points) == needed, f"份额不够 too few shares: {len(points)} of {needed}")
    sealed, check = interpolated(points, 255), interpolated(points, 254)
    digest = hmac.digest(check[4:], sealed, "sha256")[:4]
    require(
        len(made) == 1 and (needed == 1 or digest == check[:4]),
        "份额不是一套 shares of different sets",
    )
    left, right = sealed[: len(sealed) // 2], sealed[len(sealed) // 2 :]
    salt = b"" if extendable else b"shamir" + identifier.to_bytes(2, "big")
    for turn in (b"\3", b"\2", b"\1", b"\0"):
        mask = hashlib.pbkdf2_hmac("sha256", turn, salt + right, 2500 << exponent, len(right))
        left, right = right, bytes(a ^ b for a, b in zip(left, mask, strict=True))
    return right + left
