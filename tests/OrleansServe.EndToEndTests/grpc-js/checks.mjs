// What the server has to do for a client that others wrote. Each check gets the stubs and throws where something is wrong.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import grpc from '@grpc/grpc-js';

const question = { messages: [{ role: 'ROLE_USER', content: 'What is 347 + 285?' }] };
const greedy = { temperature: 0 };
const thinkEnd = 262;
const endOfSequence = 257;

// Bytes are this model's tokens: a conversation that awaits thinking, as its template writes it.
const promptOf = text => [256, 259, ...Buffer.from(text), 260, 261, 10];
const endless = { token_ids: { ids: promptOf('What is 347 + 285?') }, sampling: { ...greedy, max_tokens: 900 }, stop: { ignore_eos: true } };

const unary = (stub, method, request) => new Promise((resolve, reject) =>
  stub[method](request, (error, response) => (error ? reject(error) : resolve(response))));

// Reads a stream to its end and checks its order: one Started, Deltas, one Finished.
async function read(call) {
  const answer = { started: null, finished: null, ids: [], logprobs: [], prompt: [], text: '', reasoning: '', deltas: 0 };
  for await (const response of call) {
    assert.equal(answer.finished, null, 'nothing follows Finished');
    if (response.event === 'started') {
      assert.equal(answer.started, null, 'Started comes once');
      answer.started = response.started;
      continue;
    }
    assert.notEqual(answer.started, null, 'Started comes first');
    if (response.event === 'prompt_logprobs') {
      assert.equal(answer.deltas, 0, "the prompt's log-probabilities come before the answer");
      assert.equal(response.prompt_logprobs.first_position, answer.prompt.length + 1);
      answer.prompt.push(...response.prompt_logprobs.tokens);
    } else if (response.event === 'finished') {
      answer.finished = response.finished;
    } else {
      assert.equal(response.event, 'delta');
      answer.deltas++;
      answer.ids.push(...response.delta.token_ids);
      answer.logprobs.push(...response.delta.logprobs);
      answer.text += response.delta.text;
      answer.reasoning += response.delta.reasoning_text;
    }
  }
  assert.notEqual(answer.finished, null, 'Finished comes last');
  assert.equal(answer.finished.usage.completion_tokens, answer.ids.length);
  assert.equal(answer.finished.usage.prompt_tokens, answer.started.prompt_tokens);
  return answer;
}

// Reads a stream of several samples to its end.
async function readSamples(call, count) {
  const samples = Array.from({ length: count }, () => ({ ids: [], text: '', finished: null }));
  let last = null;
  for await (const response of call) {
    assert.ok(!last?.usage, 'nothing follows the last Finished');
    if (response.event === 'delta') {
      assert.equal(samples[response.delta.index].finished, null, 'a sample that has ended says nothing more');
      samples[response.delta.index].ids.push(...response.delta.token_ids);
      samples[response.delta.index].text += response.delta.text;
    } else if (response.event === 'finished') {
      last = samples[response.finished.index].finished = response.finished;
    }
  }
  assert.ok(samples.every(sample => sample.finished), 'each sample ends');
  assert.equal(samples.filter(sample => sample.finished.usage).length, 1, 'usage comes once');
  assert.equal(last.usage.completion_tokens, samples.reduce((sum, sample) => sum + sample.ids.length, 0));
  return { samples, usage: last.usage };
}

// The error that ends a stream.
async function faultOf(call) {
  call.on('data', () => {});
  const [error] = await once(call, 'error');
  return error;
}

export const checks = {
  async models({ inference }) {
    const { models } = await unary(inference, 'ListModels', {});
    assert.equal(models.length, 1);
    assert.equal(models[0].name, 'tiny-r1');
    assert.equal(models[0].architecture, 'deepseek_v3');
    assert.equal(models[0].context_length, 1024);
    assert.equal(models[0].vocabulary_size, 320);
    assert.equal(models[0].chat, true);
    assert.match(models[0].weights_fingerprint, /^[0-9a-f]{64}$/);
    assert.ok(BigInt(models[0].parameters) > BigInt(models[0].active_parameters));
  },

  async tokens({ inference }) {
    const text = 'Grüße, 世界! \u{1F680}\n\ttab <think> e\u0301';
    const { token_ids: ids } = await unary(inference, 'Tokenize', { text });
    assert.deepEqual(ids, [256, ...Buffer.from(text)]);
    const back = await unary(inference, 'Detokenize', { token_ids: ids, skip_special_tokens: true });
    assert.equal(back.text, text);
    const special = await unary(inference, 'Tokenize', { text: '<think>', allow_special_tokens: true });
    assert.deepEqual(special.token_ids, [256, 261]);
  },

  async chat({ inference }) {
    const answer = await read(inference.Chat({ ...question, sampling: greedy }));
    assert.equal(answer.text, '347 + 285 = 632');
    assert.match(answer.reasoning, /^347\+285\n/);
    assert.ok(!answer.reasoning.includes('think') && !answer.reasoning.endsWith('\n'));
    assert.equal(answer.ids.at(-1), endOfSequence);
    assert.ok(answer.deltas > 1, 'the answer is streamed');
    assert.equal(answer.finished.reason, 'REASON_STOP');
    assert.ok(!answer.finished.matched, "the model's own end matches nothing");
    assert.equal(answer.started.prompt_tokens, promptOf('What is 347 + 285?').length);
    assert.equal(answer.finished.usage.reasoning_tokens, answer.ids.indexOf(thinkEnd) + 1);
    assert.match(answer.started.request_id, /^[0-9a-f]{32}$/);
    assert.match(answer.started.prefill_worker, /^silo-0\/.+/);
    assert.match(answer.started.decode_worker, /^silo-0\/.+/);
    assert.ok(answer.finished.timing.total_seconds >= answer.finished.timing.time_to_first_token_seconds);
  },

  async turns({ inference }) {
    const first = await read(inference.Chat({ ...question, sampling: greedy }));
    const messages = [...question.messages, { role: 'ROLE_ASSISTANT', content: first.text }, { role: 'ROLE_USER', content: 'And 58 + 64?' }];
    const second = await read(inference.Chat({ messages, sampling: greedy }));
    assert.equal(second.text, '58 + 64 = 122');
  },

  async generate({ inference }) {
    const ids = promptOf('What is 347 + 285?');
    const request = { token_ids: { ids }, sampling: greedy, output: { logprobs: true, top_logprobs: 3 } };
    const answer = await read(inference.Generate(request));
    const chat = await read(inference.Chat({ ...question, sampling: greedy }));
    assert.deepEqual(answer.ids, chat.ids);
    assert.equal(answer.reasoning, '');
    assert.deepEqual(answer.logprobs.map(entry => entry.token_id), answer.ids);
    for (const entry of answer.logprobs) {
      assert.ok(entry.logprob <= 0);
      assert.equal(entry.top.length, 3);
      assert.deepEqual([entry.top[0].token_id, entry.top[0].logprob], [entry.token_id, entry.logprob]);
      assert.ok(entry.top[0].logprob >= entry.top[1].logprob && entry.top[1].logprob >= entry.top[2].logprob);
    }
  },

  async stops({ inference }) {
    const byString = await read(inference.Chat({ ...question, sampling: greedy, stop: { strings: [' = '] } }));
    assert.equal(byString.text, '347 + 285');
    assert.equal(byString.finished.reason, 'REASON_STOP');
    assert.deepEqual([byString.finished.matched, byString.finished.stop_string], ['stop_string', ' = ']);

    const byToken = await read(inference.Chat({ ...question, sampling: greedy, stop: { token_ids: [thinkEnd] } }));
    assert.equal(byToken.text, '');
    assert.equal(byToken.ids.at(-1), thinkEnd);
    assert.deepEqual([byToken.finished.matched, byToken.finished.stop_token_id], ['stop_token_id', thinkEnd]);

    const byLength = await read(inference.Chat({ ...question, sampling: { ...greedy, max_tokens: 5 } }));
    assert.equal(byLength.finished.reason, 'REASON_LENGTH');
    assert.equal(byLength.ids.length, 5);
    assert.ok(!byLength.finished.matched);

    const one = await read(inference.Chat({ ...question, sampling: { ...greedy, max_tokens: 1 } }));
    assert.equal(one.ids.length, 1);
    assert.equal(one.started.decode_worker, '');
  },

  async seeds({ inference }) {
    // What users ask is the one thing that this model is not sure of.
    const sample = seed => read(inference.Generate({ token_ids: { ids: [256, 259] }, sampling: { temperature: 2, max_tokens: 40, ...seed } }));
    const drawn = await sample({});
    const again = await sample({ seed: drawn.started.seed });
    assert.deepEqual(again.ids, drawn.ids);
    const other = await sample({ seed: String(BigInt(drawn.started.seed) ^ 1n) });
    assert.notDeepEqual(other.ids, drawn.ids);
  },

  async penalties({ inference }) {
    const ids = promptOf('What is 347 + 285?');
    const ask = (sampling, more = {}) => read(inference.Generate({ token_ids: { ids }, sampling: { ...greedy, max_tokens: 12, ...sampling }, ...more }));
    const ten = '7'.charCodeAt(0);
    const plain = await ask({});
    const neutral = await ask({ repetition_penalty: 1, frequency_penalty: 0, presence_penalty: 0, min_tokens: 0, n: 1 });
    assert.deepEqual(neutral.ids, plain.ids);

    const biased = await ask({ logit_bias: { [ten]: 100 } });
    assert.deepEqual(biased.ids, Array(12).fill(ten));
    const once = await ask({ logit_bias: { [ten]: 100, 65: 99.5 }, presence_penalty: 2 });
    assert.equal(once.ids[0], ten);
    assert.ok(once.ids.includes(65), 'a token that has come makes room for another');

    // Log-probabilities stay the model's own: the forced token is as unlikely as ever.
    const reported = await ask({ logit_bias: { [ten]: 100 } }, { output: { logprobs: true, top_logprobs: 1 } });
    assert.ok(reported.logprobs[1].top[0].logprob > reported.logprobs[1].logprob);

    const ends = await ask({ logit_bias: { [endOfSequence]: 100 } });
    assert.deepEqual(ends.ids, [endOfSequence]);
    const held = await ask({ logit_bias: { [endOfSequence]: 100 }, min_tokens: 5 });
    assert.equal(held.ids.length, 6);
    assert.equal(held.ids.indexOf(endOfSequence), 5);
  },

  async promptLogprobs({ inference }) {
    const question = promptOf('What is 347 + 285?');
    const answered = await read(inference.Generate({ token_ids: { ids: question }, sampling: greedy, output: { logprobs: true } }));
    const ids = [...question, ...answered.ids];
    const request = { token_ids: { ids }, sampling: { ...greedy, max_tokens: 1 }, output: { prompt_logprobs: true, prompt_top_logprobs: 2 } };
    const scored = await read(inference.Generate(request));
    assert.deepEqual(scored.prompt.map(entry => entry.token_id), ids.slice(1));
    assert.ok(scored.prompt.every(entry => entry.top.length === 2 && entry.top[0].logprob >= entry.logprob));

    // What the model said of its answer while it wrote it is what it says of it as a prompt.
    assert.deepEqual(scored.prompt.slice(question.length - 1).map(entry => entry.logprob), answered.logprobs.map(entry => entry.logprob));
    assert.equal(scored.finished.usage.cached_prompt_tokens, 0);
    const again = await read(inference.Generate(request));
    assert.deepEqual(again.prompt, scored.prompt);
    assert.equal(again.finished.usage.cached_prompt_tokens, 0);
  },

  async samples({ inference }) {
    const request = { token_ids: { ids: [256, 259] }, sampling: { temperature: 2, seed: '11', max_tokens: 20 }, stop: { ignore_eos: true } };
    const many = n => readSamples(inference.Generate({ ...request, sampling: { ...request.sampling, n } }), n);
    const alone = await read(inference.Generate(request));
    const { samples, usage } = await many(5);
    assert.deepEqual(samples[0].ids, alone.ids);
    assert.equal(new Set(samples.map(sample => sample.ids.join())).size, 5);
    assert.equal(usage.prompt_tokens, 2);
    assert.equal(usage.completion_tokens, 100);
    const fewer = await many(3);
    assert.deepEqual(fewer.samples.map(sample => sample.ids), samples.slice(0, 3).map(sample => sample.ids));

    const one = await readSamples(inference.Generate({ ...request, sampling: { ...request.sampling, n: 4, max_tokens: 1 } }), 4);
    assert.deepEqual(one.samples.map(sample => sample.ids), (await many(4)).samples.map(sample => sample.ids.slice(0, 1)));
  },

  async cancel({ inference }) {
    const call = inference.Generate(endless);
    let deltas = 0;
    call.on('data', response => {
      deltas += response.event === 'delta' ? 1 : 0;
      if (deltas === 3) {
        call.cancel();
      }
    });
    const [error] = await once(call, 'error');
    assert.equal(error.code, grpc.status.CANCELLED);
    assert.ok(deltas >= 3);
  },

  async deadline({ inference }) {
    const error = await faultOf(inference.Generate(endless, { deadline: Date.now() + 100 }));
    assert.equal(error.code, grpc.status.DEADLINE_EXCEEDED);
  },

  async errors({ inference }) {
    const model = await faultOf(inference.Chat({ ...question, model: 'no-such' }));
    assert.equal(model.code, grpc.status.NOT_FOUND);
    assert.equal(model.details, "model must be 'tiny-r1', not 'no-such'.");

    const temperature = await faultOf(inference.Chat({ ...question, sampling: { temperature: 3 } }));
    assert.equal(temperature.code, grpc.status.INVALID_ARGUMENT);
    assert.equal(temperature.details, 'sampling.temperature must be in [0, 2], not 3.');

    // A message with characters that travel percent-encoded.
    await assert.rejects(unary(inference, 'Tokenize', { model: 'Größe 100 %', text: 'a' }), error => {
      assert.equal(error.code, grpc.status.NOT_FOUND);
      assert.equal(error.details, "model must be 'tiny-r1', not 'Größe 100 %'.");
      return true;
    });

    const tooLarge = await faultOf(inference.Generate({ text: 'a'.repeat(17 << 20) }));
    assert.equal(tooLarge.code, grpc.status.RESOURCE_EXHAUSTED);
  },

  async health({ health }) {
    for (const service of ['', 'orleansserve.v1.InferenceService']) {
      assert.equal((await unary(health, 'Check', { service })).status, 'SERVING');
    }
    await assert.rejects(unary(health, 'Check', { service: 'no.such.Service' }), error => error.code === grpc.status.NOT_FOUND);
    for (const [service, status] of [['', 'SERVING'], ['no.such.Service', 'SERVICE_UNKNOWN']]) {
      const watch = health.Watch({ service });
      const [response] = await once(watch, 'data');
      assert.equal(response.status, status);
      watch.on('error', () => {});
      watch.cancel();
    }
  },

  async gzip({ inference }) {
    const text = 'a'.repeat(1000);
    assert.equal((await unary(inference, 'Tokenize', { text })).token_ids.length, 1001);
    const answer = await read(inference.Chat({ ...question, sampling: greedy }));
    assert.equal(answer.text, '347 + 285 = 632');
  },

  async streams({ inference, evaluation }) {
    const { problems } = JSON.parse(readFileSync(evaluation, 'utf8'));
    const chosen = problems.filter(problem => problem.held_out).slice(0, 16);
    const roles = { system: 'ROLE_SYSTEM', user: 'ROLE_USER', assistant: 'ROLE_ASSISTANT' };
    const answers = await Promise.all(chosen.map(problem => read(inference.Chat({
      messages: problem.messages.map(message => ({ role: roles[message.role], content: message.content })),
      sampling: greedy,
    }))));
    chosen.forEach((problem, index) => assert.deepEqual(answers[index].ids, problem.output_ids));
  },

  // Goes on until the process is killed; the first lines tell the test that the stream runs.
  async endless({ inference }) {
    let deltas = 0;
    for await (const response of inference.Generate(endless)) {
      if (response.event === 'delta' && ++deltas === 3) {
        console.log('streaming');
      }
    }
  },
};

// Runs one check by name; the exit code says how it went.
export async function run(name, stubs) {
  const check = checks[name];
  assert.ok(check, `no check is called ${name}`);
  const guard = setTimeout(() => {
    console.error(`${name} takes too long`);
    process.exit(2);
  }, 60_000);
  await check(stubs);
  clearTimeout(guard);
  console.log(`ok ${name}`);
  process.exit(0);
}
