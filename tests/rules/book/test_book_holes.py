"""Every hole that stops a rulebook: the changed words, and what is said where § stands."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from rules.book.load import Hole, Holes, load
from tests.rules.book.rulebooks import SMALL, small, with_lines


def holes_of(text: str | bytes) -> list[Hole]:
    with pytest.raises(Holes) as caught:
        load(text)
    return caught.value.holes


TOP = "operator: sam"
DANA = "  dana: {name: Dana Ruiz, email: dana@harbor.example, slack: U0DANA, manager: lee}"
OFFICE = '  office: {days: [mon, tue, wed, thu, fri], hours: "09:00-17:00", holidays: US}'
STAGE = "    stages: [{name: triage, within: 4 business hours}]"
OVER = (
    "      OVER_LIMIT: {means: The refund is above the limit., owner: lee, backup: sam, "
    "respond_within: 2 business hours, when: amount > 300}"
)
OVER_NAME = "OVER_LIMIT: {means: The refund is above the limit., owner: lee"
WHEN = "when: amount > 300"
TWO_STAGES = "    stages: [{name: triage, within: 1 hour}, {name: pay, within: 1 hour}]"
HANDOFFS = "    handoffs: {at_most: 6, bounces: 3, then: MISSING}"
MONDAYS = ", ".join(str(date(2026, 1, 5) + timedelta(weeks=week)) for week in range(104))
CON = """\
  concern:
    key: CON
    promise: Whoever reports a wrong is heard.
    source_of_truth: {all of it: Docket}
    intake: {command: true}
    fields: {amount: {type: text}}
    owner: dana
    backup: lee
    stages: [{name: heard, within: 4 business hours}]
    close: {evidence: [note]}
    exceptions: {LATE: {means: Nobody has listened yet., owner: lee, backup: sam, respond_within: 1 day}}
"""

CASES: dict[str, tuple[tuple[str, str], str]] = {
    # keys and shapes
    "unknown key at the top": ((TOP, "operator: sam\n§lanes: {channel: x}"), "unknown key `lanes` in the rulebook. Did you mean `lane`?"),
    "unknown key deep inside": ((WHEN, "§whn: amount > 300"), "unknown key `whn` in exception `OVER_LIMIT`. Did you mean `when`?"),
    "key given twice": ((TOP, "operator: sam\n§operator: lee"), "the key `operator` is given twice. It stands on line 5 already."),
    "list where a text belongs": (("organization: Harbor Supply", "organization: §[a, b]"), "`organization` of the rulebook must be a text, not a list."),
    "mapping where a list belongs": (("slack: [{channel: refunds, when: 'mentions(\"refund\")'}]", "slack: §{channel: refunds}"), "must be a list, not a mapping"),
    "true where a text belongs": (("organization: Harbor Supply", "organization: §true"), "must be a text, not true"),
    "another format": (("version: 1", "version: §2"), "version 2 of the format is not known"),
    "tag": (("version: 1", "version: §!!python/object:os.system 1"), "the tag `tag:yaml.org,2002:python/object:os.system` is not used"),
    # world
    "time zone": (("timezone: America/Chicago", "timezone: §America/Chicgo"), "`America/Chicgo` is not a time zone. Did you mean `America/Chicago`?"),
    "currency": (("currency: USD", "currency: §USDD"), "`USDD` is not a currency. Did you mean `USD`?"),
    "country of holidays": (("holidays: US", "holidays: §XX"), "no holidays are known for `XX`"),
    "subdivision of holidays": (("holidays: US", "holidays: §US-ZZ"), "no holidays are known for `US-ZZ`"),
    # calendars
    "never open": (("days: [mon, tue, wed, thu, fri]", "days: §[]"), "names no day"),
    "day of the week": (("days: [mon,", "days: [§mo,"), "`mo` is not a day of the week"),
    "hours": (('hours: "09:00-17:00"', 'hours: §"9-17"'), "`9-17` are no opening hours"),
    "hours past midnight": (('hours: "09:00-17:00"', 'hours: §"22:00-06:00"'), "ends before it begins"),
    "spans that overlap": (('hours: "09:00-17:00"', 'hours: ["09:00-13:00", §"12:00-17:00"]'), "overlaps another span"),
    "closed day": (("holidays: US}", "closed: [§2026-02-30]}"), "closed day `2026-02-30` is not a day"),
    "closed for 400 days": ((OFFICE, '  §office: {days: [mon], hours: "09:00-10:00", closed: [' + MONDAYS + "]}"), "is not open once in 400 days"),
    # people
    "operator unknown": ((TOP, "operator: §samm"), "operator `samm` is not a person. Did you mean `sam`?"),
    "operator by name": ((TOP, "operator: §Sam Adeyemi"), "Did you mean `sam`?"),
    "a team as person": (("name: Dana Ruiz", "name: §Refund Team"), "`Refund Team` is a team or a shared inbox. Name one person."),
    "a shared inbox as person": (("email: dana@harbor.example", "email: §support@harbor.example"), "is a team or a shared inbox"),
    "two people in one": (("name: Dana Ruiz", "name: §Dana and Finn"), "`Dana and Finn` is more than one person"),
    "a Slack user group": (("slack: U0DANA", "slack: §S0TEAM"), "`S0TEAM` is a Slack user group"),
    "a Slack name": (("slack: U0DANA", "slack: §dana"), "`dana` is not a Slack user id"),
    "address": (("email: dana@harbor.example", "email: §dana.harbor.example"), "is not an e-mail address"),
    "address shared": (("email: dana@harbor.example", "email: Lee@harbor.example"), "`lee` has the email of `dana`"),
    "Slack id shared": (("slack: U0DANA", "slack: U0LEE"), "`lee` has the slack of `dana`"),
    "no address": (("name: Dana Ruiz, email: dana@harbor.example", "name: Dana Ruiz"), "person `dana` has no `email`"),
    "own manager": (("slack: U0DANA, manager: lee", "slack: U0DANA, manager: §dana"), "`dana` is their own manager"),
    "managers in a circle": (("email: sam@harbor.example}", "email: sam@harbor.example, manager: dana}"), "managers in a circle: dana -> lee -> sam -> dana"),
    "manager unknown": (("slack: U0DANA, manager: lee", "slack: U0DANA, manager: §bob"), "manager `bob` is not a person"),
    "away for themselves": (("manager: lee}", "manager: lee, away: {until: 2026-12-01, for: §dana}}"), "`dana` stands in for themselves"),
    "away until when": (("manager: lee}", "manager: lee, away: {until: §soon, for: lee}}"), "`soon` is not a day"),
    # reason codes
    "code for both verdicts": (("reject: {NO_PROOF", "reject: {§GOODWILL: We say no., NO_PROOF"), "`GOODWILL` approves and rejects"),
    "the bot's own code": (("approve: {GOODWILL", "approve: {§MENDED: All is well., GOODWILL"), "`MENDED` is the bot's own reason code"),
    "a code without meaning": (("GOODWILL: Keeping this customer is worth the amount.", "GOODWILL: §ok"), "the meaning of `GOODWILL` is not a sentence"),
    "no reject code": (("  reject: {NO_PROOF: Nothing that we hold supports the claim.}\n", ""), "`reason_codes` of the rulebook has no `reject`"),
    # workflow
    "no promise": (("    promise: Every refund request gets an answer within one business day.\n", ""), "workflow `refund` has no `promise`"),
    "no source of truth": (("    source_of_truth: {operational status: Docket}\n", ""), "workflow `refund` has no `source_of_truth`"),
    "no owner": (("    owner: dana\n", ""), "workflow `refund` has no `owner`. Name one person."),
    "no backup": (("    backup: lee\n", ""), "workflow `refund` has no `backup`"),
    "no exception": ((SMALL[SMALL.index("    exceptions:") :], ""), "workflow `refund` has no `exceptions`"),
    "no proof": (("    close: {evidence: [receipt]}\n", ""), "workflow `refund` has no `close`"),
    "no kind of proof": (("evidence: [receipt]", "evidence: §[]"), "closes without proof"),
    "proof unknown": (("evidence: [receipt]", "evidence: [§reciept]"), "evidence can't be `reciept`. Did you mean `receipt`?"),
    "no stages": ((STAGE + "\n", ""), "workflow `refund` has no `stages`"),
    "no handoff rule for two stages": ((STAGE, TWO_STAGES), "workflow `refund` has no `handoffs`"),
    "two stages of a name": ((STAGE, TWO_STAGES.replace("name: pay", "name: §triage") + "\n" + HANDOFFS), "two stages are called `triage`"),
    "nothing comes in": (("intake: {slack: [{channel: refunds, when: 'mentions(\"refund\")'}], email: [refunds], command: true}", "§intake: {command: false}"), "nothing can come in"),
    "no follow-up": (("    follow_up: {every: 4 business hours, at_most: 3, then: MISSING}\n", ""), "workflow `refund` needs `order` but has no `follow_up`"),
    "required without a question": (("order: {ask: Which order is it?, ", "§order: {"), "field `order` has no `ask`"),
    "the bot's key": (("key: REF", "key: §BOT"), "the key `BOT` belongs to the bot's own workflow already"),
    "a key in small letters": (("key: REF", "key: §ref"), "the key `ref` must be like REF"),
    "the bot's workflow": (("  refund:\n", "  §docket:\n"), "`docket` is the bot's own workflow"),
    "private and public": (("    key: REF\n    promise: Every refund request gets an answer within one business day.\n    source_of_truth: {operational status: Docket}\n    intake: {slack: [", "    key: REF\n    private: true\n    promise: Every refund request gets an answer within one business day.\n    source_of_truth: {operational status: Docket}\n    intake: {slack: §["), "a private workflow can't come in where others read"),
    "a promise of two sentences": (("promise: Every refund request gets an answer within one business day.", "promise: §We answer. We always do."), "is more than one sentence"),
    "cost of delay": (with_lines("    key: REF", "    cost_of_delay: §a lot"), "`a lot` is not a cost of delay"),
    "cost of delay in what": (with_lines("    key: REF", "    cost_of_delay: §25 XXZ per business hour"), "`XXZ` is not a currency"),
    "criticality": (with_lines("    key: REF", "    criticality: [§revenues]"), "criticality can't be `revenues`. Did you mean `revenue`?"),
    "two workflows, one key": ((SMALL[-60:], SMALL[-60:] + CON.replace("key: CON", "key: §REF")), "the key `REF` belongs to workflow `refund` already"),
    "two workflows, one inbox": ((SMALL[-60:], SMALL[-60:] + CON.replace("{command: true}", "{email: §[refunds]}")), "`refunds` belongs to workflow `refund` already"),
    # owners
    "a team as owner": (("    owner: dana\n", "    owner: §ops-team\n"), "owner `ops-team` is not a person. Known people: dana, lee, sam. A team can't own anything; name one person."),
    "two owners": (("    owner: dana\n", "    owner: §[dana, lee]\n"), "the owner is a list of names"),
    "owner is own backup": (("    backup: lee\n", "    backup: §dana\n"), "`dana` is owner and own backup in workflow `refund`. Name somebody else as backup."),
    "an owner row has the backup": (("    owner: dana\n", "    owner: [{when: amount > 5, is: §lee}, {is: dana}]\n"), "`lee` is owner and own backup"),
    "the last row has a condition": (("    owner: dana\n", "    owner: [{when: §amount > 5, is: dana}]\n"), "the last owner row has a condition"),
    "a row below the last": (("    owner: dana\n", "    owner: [§{is: dana}, {is: sam}]\n"), "the owner rows below this one are never reached"),
    "the requester's manager without else": (("    owner: dana\n", "    owner: §{manager_of: requester}\n"), "has no `else`. A requester without a manager needs a name here."),
    "a stage's owner is the backup": (("name: triage,", "name: triage, owner: §lee,"), "`lee` is owner and own backup"),
    # exceptions
    "meaning": (("means: The refund is above the limit., ", ""), "exception `OVER_LIMIT` has no `means`"),
    "meaning of two sentences": (("means: The refund is above the limit.", "means: §Too high. Ask Lee."), "is more than one sentence. If one sentence can't say it, the rule is still too fuzzy."),
    "response time": (("respond_within: 2 business hours, ", ""), "exception `OVER_LIMIT` has no `respond_within`"),
    "unreadable duration": (("respond_within: 2 business hours", "respond_within: §2 busines hours"), "`busines hours` is not a unit of time. Did you mean `2 business hours`?"),
    "short form of a duration": (("respond_within: 2 business hours", "respond_within: §2h"), "`2h` is not a duration. Did you mean `2 hours`?"),
    "exception without owner": (("limit., owner: lee, ", "limit., "), "exception `OVER_LIMIT` has no `owner`"),
    "exception without backup": (("owner: lee, backup: sam, ", "owner: lee, "), "exception `OVER_LIMIT` has no `backup`"),
    "exception with two owners": (("limit., owner: lee", "limit., owner: §[lee, dana]"), "owner is a list. One name decides; name one person."),
    "exception's own backup": (("owner: lee, backup: sam", "owner: lee, backup: §lee"), "`lee` is owner and own backup in exception `OVER_LIMIT`"),
    "reason code unknown": ((WHEN, WHEN + ", approve: [§GODWILL]"), "unknown reason code `GODWILL` in exception `OVER_LIMIT`. Did you mean `GOODWILL`?"),
    "reason code of the other verdict": ((WHEN, WHEN + ", approve: [§NO_PROOF]"), "`NO_PROOF` is a code to reject with"),
    "no reason code": ((WHEN, WHEN + ", reject: §[]"), "has no code to reject with"),
    "shown field unknown": ((WHEN, WHEN + ", show: [§amuont]"), "unknown field `amuont` in exception `OVER_LIMIT`. Did you mean `amount`?"),
    "calendar unknown": ((WHEN, WHEN + ", calendar: §offce"), "unknown calendar `offce` in exception `OVER_LIMIT`. Did you mean `office`?"),
    "one goal of two": ((WHEN, WHEN + ", both: §[the customer is whole]"), "a trade-off states two goals"),
    "repeats for nobody": ((WHEN, WHEN + ", repeats: §{above: 5, within: 30 days}"), "`repeats` counts for somebody who mends the cause"),
    "on_reject": ((WHEN, WHEN + ", on_reject: §closed"), "can't be `closed`. Did you mean `close`?"),
    "silence twice": ((WHEN, "when: stale}\n      QUIET: {means: Nothing was said for days., owner: lee, backup: sam, respond_within: 1 day, when: §stale"), "silence raises `OVER_LIMIT` already"),
    "silence without code": (with_lines("    key: REF", "    stale_after: §2 days"), "silence raises no exception"),
    "code in small letters": ((OVER_NAME, OVER_NAME.replace("OVER_LIMIT", "§over_limit")), "the code `over_limit` must be like OVER_LIMIT"),
    # conditions
    "unknown field": ((WHEN, "when: §amuont > 300"), "unknown field `amuont` in `when`. Did you mean `amount`?"),
    "unknown field in the middle": ((WHEN, "when: amount > 300 and §regin == 'EU'"), "unknown field `regin` in `when`. Did you mean `region`?"),
    "unknown field in quotes": ((WHEN, "when: 'amount > 300 and §regin == \"EU\"'"), "unknown field `regin`"),
    "wrong type": ((WHEN, "when: §amount > 'much'"), "the types do not fit in `when`. `amount` is a number."),
    "vague": ((WHEN, "when: §true"), "vague: it is always the same"),
    "vague in words": ((WHEN, "when: §seems risky"), "unknown field `seems` in `when`"),
    "backtracking regex": ((WHEN, "when: text §=~ '(a+)+b'"), "`=~` is not used in conditions in `when`. Use matches(field, 'pattern')"),
    "pattern that RE2 refuses": (("pattern: 'ORD-\\d{5}'", "pattern: §'(?=a)'"), "RE2 can't read the pattern `(?=a)`"),
    "pattern that fits nothing": (("pattern: 'ORD-\\d{5}'", "pattern: §'\\d*'"), "the pattern matches an empty text"),
    # fields
    "field's type": (("until: {type: date}", "until: {type: §dat}"), "can't be `dat`. Did you mean `date`?"),
    "field with a reserved name": (("until: {type: date}", "§now: {type: date}"), "`now` has a meaning of its own in conditions"),
    "currency of a date": (("until: {type: date}", "until: {type: date, currency: §USD}"), "only money has a currency"),
    "one word, two choices": (("{EU: [EUR], NA: [USD]}", "§{EU: [EUR], NA: [eur]}"), "`eur` means two choices"),
    "choice without choices": (("until: {type: date}", "§until: {type: choice}"), "field `until` has no `choices`"),
    # stages and the rest
    "needs what": (("name: triage,", "name: triage, needs: [§ordr], unmet: MISSING,"), "unknown field `ordr`"),
    "needs without code": (("{name: triage,", "§{name: triage, needs: [order],"), "has no `unmet`"),
    "unmet unknown": (("name: triage,", "name: triage, needs: [order], unmet: §MISING,"), "unknown exception `MISING`"),
    "prerequisite's code": (("name: triage,", "name: triage, before: [{check: Customer is known, else: §NO}],"), "unknown exception `NO`"),
    "done by whom": (("name: triage,", "name: triage, done_by: §humans,"), "can't be `humans`. Did you mean `human`?"),
    "follow-up's code": (("then: MISSING}", "then: §MISSED}"), "unknown exception `MISSED`"),
    "at most how often": (("at_most: 3", "at_most: §0"), "must be a whole number from 1 to 1000"),
    "opens what": (("evidence: [receipt]", "evidence: [receipt], then: {open: §books}"), "unknown workflow `books`"),
    "override by a team": (("evidence: [receipt]", "evidence: [receipt], override: [§finance]"), "is not a person"),
    "conflict's code": (with_lines("    key: REF", "    conflict: §STALLED"), "unknown exception `STALLED`"),
    "own review": (with_lines("    key: REF", "    break_glass: {who: [dana], review_by: §dana, review_within: 1 day, at_most: 2, per: 30 days}"), "`dana` would review their own break-glass"),
    "outgoing without condition": (with_lines("    key: REF", "    §outgoing: {owner: dana, backup: lee, respond_within: 1 hour}"), "has no `when`. Say which answers wait for a yes."),
    "gate without a reason": (with_lines("    key: REF", "    §approval: {owner: dana, backup: lee, respond_within: 1 hour}"), "has no `because`. Say why this gate exists."),
    "gate's own backup": (with_lines("    key: REF", "    approval: {because: We always ask., owner: dana, backup: §dana, respond_within: 1 hour}"), "`dana` is owner and own backup"),
    "gate's row without condition": (with_lines("    key: REF", "    approval: {because: We always ask., owner: dana, backup: lee, respond_within: 1 hour, rows: [§{owner: sam}]}"), "has no `when`. The one without a condition is the gate's own `owner`."),
    "gate's row with the backup": (with_lines("    key: REF", "    approval: {because: We always ask., owner: dana, backup: lee, respond_within: 1 hour, rows: [{when: amount > 5, owner: §lee}]}"), "`lee` is owner and own backup"),
    "example's owner": (with_lines("    key: REF", "    examples: [{message: refund me, then: {owner: §bob}}]"), "owner `bob` is not a person"),
    "example's field": (with_lines("    key: REF", "    examples: [{message: refund me, then: {fields: {§ordr: ORD-12345}}}]"), "unknown field `ordr` in the example. Did you mean `order`?"),
    "example's value": (with_lines("    key: REF", "    examples: [{message: refund me, then: {fields: {order: §12}}}]"), "`12` can't be `order`"),
    "example's end": (with_lines("    key: REF", "    examples: [{message: refund me, then: §nothin}]"), "`then` can't be `nothin`"),
    # digests
    "digest's reader": ((TOP, 'operator: sam\ndigests: {day: {to: [§bob], at: "08:30"}}'), "reader `bob` is not a person"),
    "digest's time": ((TOP, 'operator: sam\ndigests: {day: {to: [sam], at: §"8.30"}}'), "`8.30` is not a time of day"),
    "digest's calendar": ((TOP, 'operator: sam\ndigests: {day: {to: [sam], at: "08:30", calendar: §shop}}'), "unknown calendar `shop`"),
    "digest nobody can get": ((TOP, 'operator: sam\ndigests: {day: {to: [sam], at: "08:30", via: §[slack]}}'), "`sam` has no Slack to get the digest `day`"),
    "digest's way": ((TOP, 'operator: sam\ndigests: {day: {to: [sam], at: "08:30", via: [§fax]}}'), "can't be `fax`"),
    "default calendar": ((TOP, "operator: sam\ndefaults: {calendar: §shop}"), "unknown calendar `shop`"),
    "first reminder": ((TOP, "operator: sam\ndefaults: {reminders: {first: §half}}"), "`half` is not a share of the time allowed. Write it like 50%."),
    "ladder": ((TOP, "operator: sam\ndefaults: {escalate_to: [§boss]}"), "a step of `escalate_to` can't be `boss`"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_hole_is_told_with_its_place(name: str) -> None:
    """One wrong word makes one hole, at that word, saying what is wrong."""
    (old, new), said = CASES[name]
    marked = small((old, new))
    text = marked.replace("§", "")
    found = holes_of(text)
    assert said in str(found[0]), "\n".join(map(str, found))
    assert len(found) == 1, "\n".join(map(str, found))
    if "§" in marked:
        before = marked[: marked.index("§")]
        assert (found[0].line, found[0].column) == (before.count("\n") + 1, len(before) - before.rfind("\n"))


def test_the_small_rulebook_has_no_hole() -> None:
    """Otherwise no case above would prove anything."""
    assert list(load(SMALL).workflows) == ["refund", "docket"]


def test_all_holes_are_told_at_once_in_the_order_of_the_file() -> None:
    """Nobody has to mend one hole to see the next."""
    found = holes_of(small(("    owner: dana\n", "    owner: ops-team\n"), (TOP, "operator: bob"), (WHEN, "when: amuont > 300")))
    assert [str(hole).partition("  ")[0] for hole in found] == [
        "rulebook.yml:5:11",
        "rulebook.yml:27:12",
        "rulebook.yml:32:124",
    ]


def test_a_hole_reads_as_a_sentence_and_as_json() -> None:
    """The line on the screen and the object of `check --json` say the same."""
    hole = holes_of(small(("    owner: dana\n", "    owner: ops-team\n")))[0]
    assert str(hole) == (
        "rulebook.yml:27:12  owner `ops-team` is not a person. Known people: dana, lee, sam. "
        "A team can't own anything; name one person."
    )
    assert json.loads(json.dumps(hole.as_json())) == {
        "file": "rulebook.yml",
        "line": 27,
        "column": 12,
        "what": "owner `ops-team` is not a person",
        "meant": "Known people: dana, lee, sam. A team can't own anything; name one person.",
    }


def test_carried_values_fit_where_they_go() -> None:
    """What a closed item carries must exist in the next workflow, with the same type."""
    then = ("evidence: [receipt]", "evidence: [receipt], then: {open: concern, carry: [%s]}")
    for field, said in (("amount", "`amount` is of type money in workflow `refund` and text in workflow `concern`"),
                        ("order", "`concern` has no field `order`")):  # fmt: skip
        found = holes_of(small((then[0], then[1] % field)) + CON)
        assert [hole.what for hole in found] == [said]
