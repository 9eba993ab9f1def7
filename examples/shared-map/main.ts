import { agent, createSystem, type AgentProtocol, type Ref, type System } from "troupe";

/** Cooper's shared map: an actor that looks like any other object of yours. */
class SharedMap {
  readonly #state: Ref<AgentProtocol<Map<string, string>>>;

  constructor(system: System) {
    this.#state = system.spawn(agent(() => new Map()));
  }

  insert(key: string, value: string): void {
    this.#state.cast((map) => void map.set(key, value));
  }

  get(key: string): Promise<string | undefined> {
    return this.#state.call((map) => map.get(key));
  }

  /** One function has the map to itself until it is done: nobody sees it half changed. */
  rename(from: string, to: string): Promise<boolean> {
    return this.#state.call((map) => {
      const value = map.get(from);
      if (value === undefined) return false;
      map.delete(from);
      map.set(to, value);
      return true;
    });
  }
}

await using system = createSystem();
const map = new SharedMap(system);

map.insert("city", "Boston");
console.log(`city: ${await map.get("city")}`);
console.log(`renamed: ${await map.rename("city", "town")}`);
console.log(`city: ${await map.get("city")}, town: ${await map.get("town")}`);
