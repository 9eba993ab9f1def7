import fastq from "fastq";

/* A queue in memory before a function: so many of it run at a time. No worker has a state, or fails. */
export const pool = ({ workers }) => {
  const queue = fastq.promise(async (n) => n, workers);
  return async (ops) => {
    const results = [];
    for (let i = 0; i < ops; i++) results.push(queue.push(1));
    return (await Promise.all(results)).reduce((sum, each) => sum + each, 0);
  };
};

// With a callback, and nobody who waits for the result.
export const poolDispatch = ({ workers }) => {
  let tell;
  let left = 0;
  const queue = fastq((_n, done) => {
    if (--left === 0) tell();
    done(null);
  }, workers);
  return async (ops) => {
    left = ops;
    const all = new Promise((resolve) => (tell = resolve));
    for (let i = 0; i < ops; i++) queue.push(i);
    await all;
    return ops - left;
  };
};
