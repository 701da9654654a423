// What becomes of somebody's Slack account: they leave the company, come back, or don't want to be disturbed.
import { post } from "./api.js";
import { openMenu } from "./menu.js";

/** The choices for one person, beside `anchor`; `account` is how it stands. */
export function openAccount(anchor, account, person) {
  const first = person.name.split(" ")[0];
  const choices = account.gone
    ? [{ label: `${first} comes back`, description: "The account is activated again", value: "back" }]
    : [
        account.quiet
          ? { label: `${first} may be disturbed again`, description: "Do Not Disturb ends", value: "heard" }
          : { label: "Do Not Disturb for 2 hours", description: "Reminders wait, nothing else does", value: "quiet" },
        { label: `${first} leaves`, description: "An admin deactivates the account in Slack", value: "gone", danger: true },
      ];
  openMenu(anchor, choices, (choice) => post("account", { as: person.slack, change: choice.value }), `${person.name}'s account`);
}
