"""The bot's own workflows beside a user's: their names give way, their people are named and never one twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules.book.load import Holes, load
from rules.book.rulebook import Rulebook

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.yml"))
HARBOR = next(path for path in EXAMPLES if path.name == "harbor.yml").read_text()


def renamed(names: dict[str, str]) -> Rulebook:
    text = HARBOR
    for old, new in names.items():
        assert old in text
        text = text.replace(old, new)
    return load(text)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_review_has_an_owner_and_somebody_else_behind(path: Path) -> None:
    book = load(path.read_text())
    review = book.built_in("review")
    for workflow in book.workflows.values():
        reviewed = workflow.break_glass is not None or bool(workflow.close.override)
        assert (f"REVIEW_{workflow.key}" in review.exceptions) == reviewed
        assert (f"TOO_OFTEN_{workflow.key}" in review.exceptions) == (workflow.break_glass is not None)
    for kind in ("docket", "review", "remediation"):
        for rule in book.built_in(kind).exceptions.values():
            assert rule.owner in book.people
            assert rule.backup in book.people
            assert rule.owner != rule.backup
            assert {*rule.approve, *rule.reject} <= book.reason_codes.keys()


def test_the_reviewer_is_the_one_whom_the_rulebook_names_and_nobody_listed_stands_behind() -> None:
    rule = load(HARBOR).built_in("review").exceptions["REVIEW_REF"]
    assert (rule.owner, rule.backup) == ("maria", "sam")
    assert str(rule.respond_within) == "2 business days"


def test_where_only_an_override_exists_the_leader_reviews() -> None:
    glass = next(line for line in HARBOR.splitlines() if "break_glass:" in line)
    rule = load(HARBOR.replace(glass, "")).built_in("review").exceptions["REVIEW_REF"]
    assert (rule.owner, str(rule.respond_within)) == ("maria", "2 business days")


def test_a_users_name_or_key_stays_theirs() -> None:
    book = renamed(
        {"  bookkeeping:\n    key: BOOK": "  post_review:\n    key: REVIEW", "open: bookkeeping": "open: post_review"}
    )
    assert (book.workflows["post_review"].key, book.workflows["post_review"].built_in) == ("REVIEW", None)
    ours = book.built_in("review")
    assert (ours.name, ours.key) == ("post_review_2", "REVIEW2")
    fix = renamed({"    key: BOOK": "    key: FIX"}).built_in("remediation")
    assert (fix.name, fix.key) == ("remediation", "FIX2")


def test_a_users_exception_called_like_a_use_stays_theirs() -> None:
    book = renamed({"LEGAL_THREAT": "BREAK_GLASS"})
    glass = book.workflows["refund"].break_glass
    assert glass is not None
    assert glass.code == "BREAK_GLASS_2"


def test_what_a_verdict_of_ours_means_is_the_rulebooks_to_say() -> None:
    book = renamed({"    GOODWILL:       Policy": "    JUSTIFIED:      Policy", "GOODWILL]": "JUSTIFIED]"})
    assert book.reason_codes["JUSTIFIED"].startswith("Policy")
    assert book.reason_codes["NOT_JUSTIFIED"].startswith("It was not needed")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "    private: true\n",
            "    private: true\n    break_glass: {who: [lee], review_by: sam, review_within: 1 hour,"
            " at_most: 2, per: 9 days}\n",
            "would tell a reviewer of private work",
        ),
        ("close: {evidence: [note]}\n    exceptions: {NOT_HEARD", "close: {evidence: [note], override: [lee]}\n"
         "    exceptions: {NOT_HEARD", "would tell a reviewer of private work"),
        ("when: stale}}", "when: stale, remediation: lee, repeats: {above: 2, within: 9 days}}}",
         "would tell of private work"),
    ],
)  # fmt: skip
def test_what_is_private_stays_with_its_own_people(old: str, new: str, said: str) -> None:
    """A review or a remediation would tell others; so a private workflow has none, and its rulebook does not load."""
    before, private = HARBOR.split("  concern:", 1)
    assert old in private
    with pytest.raises(Holes) as found:
        load(f"{before}  concern:{private.replace(old, new, 1)}")
    assert [said in str(hole) for hole in found.value.holes] == [True]
