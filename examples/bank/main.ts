import { actor, createSystem, refuse } from "troupe";

/** What a customer has to expect, and can deal with: no failure of the bank. */
class InsufficientFunds extends Error {
  readonly balance: number;

  constructor(balance: number, asked: number) {
    super(`you asked for ${asked} and have ${balance}`);
    this.balance = balance;
  }
}
class NotACustomer extends Error {}

const Bank = actor({
  name: "bank",
  init: () => new Map<string, number>(),
  call: {
    open(ctx, who: string) {
      if (ctx.state.has(who)) throw refuse(new Error(`${who} has an account already`));
      ctx.state.set(who, 0);
    },
    deposit(ctx, who: string, amount: number) {
      const balance = balanceOf(ctx.state, who) + amount;
      ctx.state.set(who, balance);
      return balance;
    },
    withdraw(ctx, who: string, amount: number) {
      const balance = balanceOf(ctx.state, who);
      if (balance < amount) throw refuse(new InsufficientFunds(balance, amount));
      ctx.state.set(who, balance - amount);
      return balance - amount;
    },
  },
});

/** A refusal works from wherever it is thrown: the caller gets the error, the bank stays open. */
function balanceOf(accounts: ReadonlyMap<string, number>, who: string): number {
  const balance = accounts.get(who);
  if (balance === undefined) throw refuse(new NotACustomer(`${who} is not a customer`));
  return balance;
}

await using system = createSystem();
const bank = system.spawn(Bank);

await bank.open("Joe");
console.log(`deposit 10: ${await bank.deposit("Joe", 10)}`);
console.log(`deposit 30: ${await bank.deposit("Joe", 30)}`);
console.log(`withdraw 15: ${await bank.withdraw("Joe", 15)}`);

try {
  await bank.withdraw("Joe", 45);
} catch (error) {
  if (!(error instanceof InsufficientFunds)) throw error;
  console.log(`withdraw 45: ${error.message}, so take ${error.balance}`);
  console.log(`withdraw ${error.balance}: ${await bank.withdraw("Joe", error.balance)}`);
}

await bank
  .deposit("Mike", 1)
  .catch((error: Error) => console.log(`deposit of Mike's: ${error.message}`));
await bank.open("Joe").catch((error: Error) => console.log(`open: ${error.message}`));
