"""A site's files become one frozen value, or one error that names every problem."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from baozhang.errors import UsageError
from baozhang.policies.pace import Pace, read_window
from baozhang.settings import inspect_site, load_agency
from tests.site.conftest import AGENCY, CLIENT


def problems(home: Path) -> list[str]:
    return [problem.say("en") for problem in inspect_site(home).errors]


def agency_problems(home: Path, old: str, new: str) -> list[str]:
    assert old in AGENCY
    (home / "agency.yaml").write_text(AGENCY.replace(old, new), "utf-8")
    return problems(home)


def client_problems(home: Path, old: str, new: str) -> list[str]:
    assert old in CLIENT
    (home / "clients" / "c001.yaml").write_text(CLIENT.replace(old, new), "utf-8")
    return problems(home)


def test_a_sound_site_loads_with_its_clients(home: Path) -> None:
    assert tuple(load_agency(home).clients) == ("c001",)


def test_without_an_argument_the_home_comes_from_the_environment(home: Path) -> None:
    assert load_agency().home == home


def test_a_policy_left_out_has_the_documented_defaults(home: Path) -> None:
    policy = load_agency(home).policy("main")
    days = policy.every, policy.every_byte_within, policy.restore_test_every
    assert days == (timedelta(days=1), timedelta(days=30), timedelta(days=90))


def test_prices_are_exact_decimals(home: Path) -> None:
    (home / "agency.yaml").write_text(AGENCY + "prices: {per_gb_month: 0.10}\n", "utf-8")
    assert load_agency(home).file.prices.per_gb_month == Decimal("0.10")


def test_a_scalar_is_the_text_that_was_written(home: Path) -> None:
    (home / "clients" / "c001.yaml").write_text(CLIENT.replace("甲商贸有限公司", "no"), "utf-8")
    assert load_agency(home).clients["c001"].name == "no"


def test_settings_are_frozen(home: Path) -> None:
    with pytest.raises(ValidationError):
        load_agency(home).clients["c001"].name = "x"  # type: ignore[misc]


def test_letters_to_a_person_are_in_the_persons_language(home: Path) -> None:
    agency = load_agency(home)
    spoken = [agency.language_of(person) for person in agency.people.values()]
    assert spoken == ["zh_CN", "en"]


def test_an_unknown_key_is_refused_and_the_nearest_one_named(home: Path) -> None:
    found = agency_problems(home, "policies:", "polices:")
    assert "agency.yaml:8: polices: is not a setting; write policies instead" in found


def test_an_unknown_key_deep_inside_is_named_with_its_place(home: Path) -> None:
    found = client_problems(home, "profile: fec", "profil: fec")
    assert found == [
        "clients/c001.yaml:8: sets.main.sources.0.profil: is not a setting; write profile instead"
    ]


def test_every_problem_of_every_file_stands_in_one_error(home: Path) -> None:
    (home / "agency.yaml").write_text(AGENCY.replace("roles: [oper", "roles: [xoper"), "utf-8")
    (home / "clients" / "c001.yaml").write_text(CLIENT.replace("kind: tree", "kind: t"), "utf-8")
    (home / "clients" / "c002.yaml").write_text("id: c002\n", "utf-8")
    with pytest.raises(UsageError) as caught:
        load_agency(home)
    text = str(caught.value)
    assert all(file in text for file in ("agency.yaml", "c001.yaml", "c002.yaml"))


def test_a_missing_key_is_named(home: Path) -> None:
    assert "clients/c001.yaml:1: lead: is missing; add it" in client_problems(
        home, "lead: zhang\n", ""
    )


def test_an_impossible_role_comes_with_the_nearest_one(home: Path) -> None:
    found = agency_problems(home, "[operator,", "[operater,")
    assert found == [
        "agency.yaml:4: people.zhang.roles.0: operater is not possible; write operator instead"
    ]


def test_a_key_written_twice_is_refused(home: Path) -> None:
    found = client_problems(home, "lead: zhang", "lead: zhang\nlead: li")
    assert found == ["clients/c001.yaml:4: lead: is written twice; keep one of the two"]


def test_yaml_that_cannot_be_read_is_one_problem_with_its_line(home: Path) -> None:
    (found,) = client_problems(home, "lead: zhang", "lead: [zhang")
    assert found.startswith("clients/c001.yaml:4: is not valid YAML")


def test_a_tag_never_builds_an_object(home: Path) -> None:
    (found,) = client_problems(home, "lead: zhang", "lead: !!python/name:os.system x")
    assert "has a YAML tag" in found


def test_an_alias_is_refused_even_one_that_holds_itself(home: Path) -> None:
    found = client_problems(home, "lead: zhang", "lead: &a [*a]")
    assert any("is a YAML alias" in each for each in found)


def test_a_file_in_another_encoding_is_named(home: Path) -> None:
    (home / "clients" / "c001.yaml").write_bytes(CLIENT.encode("gb18030"))
    assert problems(home) == ["clients/c001.yaml: is not UTF-8 text; save it as UTF-8"]


def test_an_empty_file_is_named(home: Path) -> None:
    (home / "clients" / "c001.yaml").write_text("# nothing\n")
    assert "is empty" in problems(home)[0]


def test_a_site_without_its_agency_file_says_how_to_get_one(tmp_path: Path) -> None:
    assert "run `baozhang init`" in problems(tmp_path)[0]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("policy: daily", "policy: dayly", "sets.main.policy: no policy called dayly"),
        ("vault: main}", "vault: mian}", "sets.main.vault: no vault called mian"),
        ("url: vault", "url: ftp://bucket/x", "vaults.main.url: ftp is not supported"),
        ("url: vault", "url: s3+oss://bucket/x", ""),
        ("url: vault", "url: s3+oss://", "vaults.main.url: must name a bucket"),
        ("url: vault", "url: s3://me:secret@bucket/x", "vaults.main.url: must name a bucket"),
        ("url: vault,", "url: vault, mirrors: [{url: m, limit: 20Mbit/s}],", ""),
        ("url: vault,", "url: vault, mirrors: [{url: m, limit: 20}],", "limit: 20 is not a rate"),
        ("url: vault,", "url: vault, mirrors: [{url: m, window: 22-6}],", "22-6 are not hours"),
        ("url: vault,", "url: vault, mirrors: [{url: m, limits: x}],", "write limit instead"),
        ("url: vault,", "url: vault, mirrors: [{limit: 1MB/s}],", "mirrors.0.url: is missing"),
        ("url: vault,", "url: vault, mirrors: [{url: ./vault}],", "mirrors.0: is the vault itself"),
        ("policies:", "witness: vault/w\npolicies:", "witness: lies in the vault main"),
        ("policies:", "witness: s3+cos://w/x\npolicies:", ""),
        ("url: vault", "url: file://vault/x/", ""),
        ("url: vault", 'url: " "', "vaults.main.url: must not be empty"),
        ("zhang@example.cn, roles", "zhang, roles", "people.zhang.email: is not an e-mail"),
        ("daily: {}", "daily: {every: daily}", "policies.daily.every: daily is not a time span"),
        ("daily: {}", "daily: {every: 0d}", "policies.daily.every: must be longer than nothing"),
        ("daily: {}", "daily: {every: 99999999d}", "99999999d is not a time span"),
        ("zhang: {", "Zhang: {", "people.Zhang: Zhang is not an id"),
        ("58B", "58A", "credit_code: has a wrong check character"),
        ("58B", "58", "credit_code: is no credit code"),
        ("name: 示例代理记账有限公司", "name:", "name: has no value"),
        ("[accountant]", "accountant", "people.li.roles: must be a list"),
        ("[accountant]", "[]", "people.li.roles: must not be empty"),
        ("mail: {sender: zhang@example.cn}", "mail: x", "mail: must be a block"),
        ("daily: {}", "daily: {}\nprices: {per_restore: -1}", "prices.per_restore: -1 is negative"),
        ("daily: {}", "daily: {}\nprices: {per_restore: NaN}", "NaN is not an amount"),
        ("daily: {}", "daily: {}\nprices: {currency: yuan}", "prices.currency: yuan is not"),
        ("url: vault,", "url: vault, mirrors: [./vault],", "mirrors.0: is the vault itself"),
        ("main: {url", "b: {url: vault, key: env:K}\n  main: {url", "is used by two vaults"),
    ],
)
def test_what_cannot_be_is_refused_where_it_stands(
    home: Path, old: str, new: str, told: str
) -> None:
    found = agency_problems(home, old, new)
    assert any(told in each for each in found) if told else found == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("lead: zhang", "lead: zhan", "lead: nobody called zhan stands under people; write zhang"),
        ("  main:\n", "  mian:\n", "sets.mian: no set called mian"),
        ("profile: fec", "profile: fek", "profile: no profile is called fek; write fec instead"),
        ("profile: fec", "profile: my.yaml", "profile: there is no file my.yaml"),
        ("id: c001", "id: c002", "id: differs from the file's name; write c001"),
        ("profile: fec", "globs: [x]", "globs: needs a profile"),
        ("kind: tree", "kind: sqlite, exclude: [x]", "exclude: does not belong to a source of"),
        ("kind: tree", "kind: postgres, database: x", "server: is missing; a source of kind post"),
        ("kind: tree, path: books/c001", "kind: mysql, server: t, database: x", "no server called"),
        ("kind: tree, path: books/c001", "kind: inbox", "path: agency.yaml has no inbox"),
        ("kind: tree, path: books/c001", "kind: share", "kind: agency.yaml has no share"),
        ("profile: fec", "exclude: [x], proof_from: x", "proof_from: does not belong to a source"),
        (
            "profile: fec}",
            "profile: fec}\n      - {name: b, kind: opaque, path: b, proof_from: x}",
            "x is no source with a profile in this set",
        ),
        ("path: books/c001", "path: .", "path: holds the vault main"),
        ("      - {", "      - {name: books, kind: tree, path: x}\n      - {", "names two sources"),
    ],
)
def test_what_a_client_cannot_have_is_refused_where_it_stands(
    home: Path, old: str, new: str, told: str
) -> None:
    assert any(told in each for each in client_problems(home, old, new))


def test_a_mirror_within_a_source_is_refused_too(home: Path) -> None:
    found = agency_problems(home, "url: vault,", "url: vault, mirrors: [books/c001/copy],")
    assert [each.partition(": holds")[0] for each in found] == [
        "clients/c001.yaml:8: sets.main.sources.0.path"
    ]


def test_a_profile_of_the_sites_own_is_known_by_its_path(home: Path) -> None:
    (home / "my.yaml").write_text("title: x\n")
    assert client_problems(home, "profile: fec", "profile: my.yaml") == []


def test_a_lead_who_reviews_alone_is_a_warning_and_no_error(home: Path) -> None:
    client_problems(home, "reviewer: li", "reviewer: zhang")
    assert [warning.key for warning in load_agency(home).warnings] == ["reviewer"]


def test_a_client_file_of_the_wrong_ending_is_not_passed_over(home: Path) -> None:
    (home / "clients" / "c002.yml").write_text(CLIENT.replace("c001", "c002"), "utf-8")
    assert problems(home) == ["clients/c002.yml: is not read; rename it to end in .yaml"]


def test_an_example_beside_the_clients_is_no_client(home: Path) -> None:
    (home / "clients" / "c000.yaml.example").write_text("nonsense")
    assert tuple(load_agency(home).clients) == ("c001",)


def test_clients_that_cannot_be_listed_are_not_no_clients(home: Path) -> None:
    (home / "clients" / "c001.yaml").unlink()
    (home / "clients").rmdir()
    (home / "clients").write_text("a file where the folder should be")
    assert problems(home)[0].startswith("clients: cannot be read")


def test_a_literal_secret_is_refused_and_never_repeated(home: Path) -> None:
    (found,) = agency_problems(home, '"file:keys/main.key"', "hunter2-hunter2")
    assert "write env:NAME or file:/path" in found
    assert "hunter2" not in found


def test_a_wrong_tax_number_is_never_repeated(home: Path) -> None:
    assert "79965505" not in agency_problems(home, "58B", "58A")[0]


def test_problems_are_told_in_chinese_too(home: Path) -> None:
    agency_problems(home, "policies:", "polices:")
    told = [problem.say("zh_CN") for problem in inspect_site(home).errors]
    assert "agency.yaml:8: polices: 不是设置项；请改为 policies" in told


def test_a_mirror_is_a_plain_address_or_says_how_fast_and_when(home: Path) -> None:
    (home / "agency.yaml").write_text(
        AGENCY.replace(
            "url: vault,",
            'url: vault, mirrors: [m1, {url: m2, limit: 20Mbit/s, window: "22:00-06:00"}],',
        ),
        "utf-8",
    )
    plain, paced = load_agency(home).file.vaults["main"].mirrors
    assert (plain.url, plain.pace()) == ("m1", Pace())
    assert (paced.url, paced.pace()) == ("m2", Pace(2_500_000, read_window("22:00-06:00")))


def test_a_bucket_is_not_taken_for_a_folder_of_the_site(home: Path) -> None:
    agency = load_agency(home)
    assert agency.place("s3+oss://bucket/x") == "s3+oss://bucket/x"
    assert agency.place("vault") == str(home / "vault")
