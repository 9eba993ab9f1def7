import PQueue from "p-queue";

/* A queue in memory of functions: so many of them run at a time. There are no workers. */
const work = async () => 1;

export const pool = ({ workers }) => {
  const queue = new PQueue({ concurrency: workers });
  return async (ops) => {
    const results = [];
    for (let i = 0; i < ops; i++) results.push(queue.add(work));
    return (await Promise.all(results)).reduce((sum, each) => sum + each, 0);
  };
};

export const poolDispatch = ({ workers }) => {
  const queue = new PQueue({ concurrency: workers });
  return async (ops) => {
    let done = 0;
    const count = async () => void done++;
    for (let i = 0; i < ops; i++) void queue.add(count);
    await queue.onIdle();
    return done;
  };
};
