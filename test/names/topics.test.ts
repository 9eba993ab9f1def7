import { expect, test } from "vitest";
import { topic } from "troupe";
import { Topics } from "../../src/names/topics.ts";

const news = topic<string>("news");

test("publishing to nobody is fine", () => {
  expect(new Topics().publish(news, "hello")).toBe(0);
});

test("all who subscribe are told, in the order in which they came", () => {
  const topics = new Topics();
  const log: unknown[] = [];
  for (const name of ["a", "b"]) {
    topics.subscribe(news, (event) => log.push(`${name} ${String(event)}`) > 0);
  }
  topics.subscribe(topic("sport"), () => log.push("sport") > 0);
  expect(topics.publish(news, "hello")).toBe(2);
  expect(log).toEqual(["a hello", "b hello"]);
});

test("topics of the same name are the same", () => {
  const topics = new Topics();
  const log: unknown[] = [];
  topics.subscribe(topic("news"), (event) => log.push(event) > 0);
  topics.publish(topic("news"), 1);
  expect(log).toEqual([1]);
});

test("who is not reached is not counted", () => {
  const topics = new Topics();
  topics.subscribe(news, () => false);
  topics.subscribe(news, () => true);
  expect(topics.publish(news, "hello")).toBe(1);
});

test("who unsubscribed is told no more; who did while being told still had that one", () => {
  const topics = new Topics();
  const log: string[] = [];
  const second = (): boolean => log.push("second") > 0;
  topics.subscribe(news, () => {
    topics.unsubscribe(news, second);
    return log.push("first") > 0;
  });
  topics.subscribe(news, second);
  topics.publish(news, "1");
  topics.publish(news, "2");
  topics.unsubscribe(news, second);
  expect(log).toEqual(["first", "second", "first"]);
});

test("a subscriber is told who published, where that is known", () => {
  const topics = new Topics();
  const log: unknown[] = [];
  topics.subscribe(news, (_event, from) => log.push(from) > 0);
  topics.publish(news, "1");
  topics.publish(news, "2", "ann");
  expect(log).toEqual([null, "ann"]);
});
