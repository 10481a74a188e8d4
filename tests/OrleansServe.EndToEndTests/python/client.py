"""The server as Python's grpcio sees it: python3 client.py HOST:PORT EVALUATION CHECK"""

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc

import reflected

INFERENCE = "orleansserve.v1.InferenceService"
HEALTH = "grpc.health.v1.Health"
QUESTION = "What is 347 + 285?"
GREEDY = {"temperature": 0}
STOP, LENGTH = 1, 2
SERVING, SERVICE_UNKNOWN = 1, 3


def prompt_of(text):
    """Bytes are this model's tokens: a conversation that awaits thinking, as its template writes it."""
    return [256, 259, *text.encode(), 260, 261, 10]


def ask(text):
    return [{"role": 2, "content": text}]


ENDLESS = {
    "token_ids": {"ids": prompt_of(QUESTION)},
    "sampling": {**GREEDY, "max_tokens": 900},
    "stop": {"ignore_eos": True},
}


class Answer:
    """A stream read to its end; its order is checked: one Started, Deltas, one Finished."""

    def __init__(self, stream):
        self.started = self.finished = None
        self.ids, self.logprobs, self.prompt, self.text, self.reasoning = [], [], [], "", ""
        for response in stream:
            assert self.finished is None, "nothing follows Finished"
            event = response.WhichOneof("event")
            if event == "started":
                assert self.started is None, "Started comes once"
                self.started = response.started
                continue
            assert self.started is not None, "Started comes first"
            if event == "prompt_logprobs":
                assert not self.ids, "the prompt's log-probabilities come before the answer"
                same(response.prompt_logprobs.first_position, len(self.prompt) + 1)
                self.prompt += response.prompt_logprobs.tokens
            elif event == "finished":
                self.finished = response.finished
            else:
                assert event == "delta", event
                self.ids += response.delta.token_ids
                self.logprobs += response.delta.logprobs
                self.text += response.delta.text
                self.reasoning += response.delta.reasoning_text
        assert self.finished is not None, "Finished comes last"
        same(self.finished.usage.completion_tokens, len(self.ids))


def same(actual, expected):
    assert actual == expected, f"{actual!r} is not {expected!r}"


def fault_of(call):
    try:
        for _ in call:
            pass
    except grpc.RpcError as error:
        return error.code(), error.details()
    raise AssertionError("the call did not fail")


def services(server, _):
    offered = server.services()
    for service in (INFERENCE, HEALTH):
        assert service in offered, offered
    same(server.ask(file_containing_symbol="no.such.Symbol").fault.error_code, grpc.StatusCode.NOT_FOUND.value[0])


def models(server, _):
    response = server.method(INFERENCE, "ListModels")()
    same([model.name for model in response.models], ["tiny-r1"])
    same(response.models[0].context_length, 1024)


def tokens(server, _):
    text = "Grüße, 世界! \U0001f680\n\ttab <think> e\u0301"
    ids = server.method(INFERENCE, "Tokenize")(text=text).token_ids
    same(list(ids), [256, *text.encode()])
    same(server.method(INFERENCE, "Detokenize")(token_ids=ids, skip_special_tokens=True).text, text)


def chat(server, _):
    answer = Answer(server.method(INFERENCE, "Chat")(messages=ask(QUESTION), sampling=GREEDY))
    same(answer.text, "347 + 285 = 632")
    assert answer.reasoning.startswith("347+285\n"), answer.reasoning
    same(answer.ids[-1], 257)
    same(answer.finished.reason, STOP)
    same(answer.finished.WhichOneof("matched"), None)
    same(answer.finished.usage.reasoning_tokens, answer.ids.index(262) + 1)


def generate(server, _):
    answer = Answer(server.method(INFERENCE, "Generate")(
        token_ids={"ids": prompt_of(QUESTION)}, sampling=GREEDY, output={"logprobs": True, "top_logprobs": 2}))
    same([entry.token_id for entry in answer.logprobs], answer.ids)
    for entry in answer.logprobs:
        assert entry.logprob <= 0
        same((entry.top[0].token_id, entry.top[0].logprob), (entry.token_id, entry.logprob))
        assert entry.top[0].logprob >= entry.top[1].logprob


def stops(server, _):
    method = server.method(INFERENCE, "Chat")
    by_string = Answer(method(messages=ask(QUESTION), sampling=GREEDY, stop={"strings": [" = "]}))
    same((by_string.text, by_string.finished.stop_string), ("347 + 285", " = "))
    by_token = Answer(method(messages=ask(QUESTION), sampling=GREEDY, stop={"token_ids": [262]}))
    same((by_token.ids[-1], by_token.finished.stop_token_id), (262, 262))
    by_length = Answer(method(messages=ask(QUESTION), sampling={**GREEDY, "max_tokens": 7}))
    same((len(by_length.ids), by_length.finished.reason), (7, LENGTH))


def penalties(server, _):
    method = server.method(INFERENCE, "Generate")

    def ask(**sampling):
        return Answer(method(token_ids={"ids": prompt_of(QUESTION)}, sampling={**GREEDY, "max_tokens": 12, **sampling})).ids

    same(ask(repetition_penalty=1, frequency_penalty=0, presence_penalty=0, min_tokens=0, n=1), ask())
    same(ask(logit_bias={55: 100}), [55] * 12)
    same(ask(logit_bias={257: 100}), [257])
    held = ask(logit_bias={257: 100}, min_tokens=5)
    same((len(held), held.index(257)), (6, 5))
    assert len(set(ask(frequency_penalty=2, logit_bias={55: 20}))) > 1
    for field, value in (("repetition_penalty", 0), ("frequency_penalty", 3), ("presence_penalty", -3), ("min_tokens", 13), ("n", 17)):
        code, details = fault_of(method(text="a", sampling={"max_tokens": 12, field: value}))
        same(code, grpc.StatusCode.INVALID_ARGUMENT)
        assert details.startswith(f"sampling.{field} must be ") and details.endswith(f"not {value}."), details


def prompt_logprobs(server, _):
    method = server.method(INFERENCE, "Generate")
    ids = prompt_of(QUESTION)
    answered = Answer(method(token_ids={"ids": ids}, sampling=GREEDY, output={"logprobs": True}))
    scored = Answer(method(
        token_ids={"ids": ids + answered.ids}, sampling={**GREEDY, "max_tokens": 1}, output={"prompt_logprobs": True, "prompt_top_logprobs": 3}))
    same([entry.token_id for entry in scored.prompt], (ids + answered.ids)[1:])
    same([entry.logprob for entry in scored.prompt[len(ids) - 1:]], [entry.logprob for entry in answered.logprobs])
    same([len(entry.top) for entry in scored.prompt], [3] * len(scored.prompt))
    same(scored.finished.usage.cached_prompt_tokens, 0)


def samples(server, _):
    method = server.method(INFERENCE, "Generate")
    request = {"token_ids": {"ids": [256, 259]}, "stop": {"ignore_eos": True}}
    sampling = {"temperature": 2, "seed": 11, "max_tokens": 20}
    alone = Answer(method(sampling=sampling, **request))
    ids, ends = [[] for _ in range(4)], []
    for response in method(sampling={**sampling, "n": 4}, **request):
        if response.WhichOneof("event") == "delta":
            ids[response.delta.index] += response.delta.token_ids
        elif response.WhichOneof("event") == "finished":
            ends.append(response.finished)
    same(ids[0], alone.ids)
    same(len({tuple(sample) for sample in ids}), 4)
    same(sorted(end.index for end in ends), [0, 1, 2, 3])
    same([end.HasField("usage") for end in ends], [False, False, False, True])
    same((ends[-1].usage.prompt_tokens, ends[-1].usage.completion_tokens), (2, 80))


def cancel(server, _):
    call = server.method(INFERENCE, "Generate")(**ENDLESS)
    for count, _ in enumerate(call):
        if count == 3:
            break
    call.cancel()
    same(call.code(), grpc.StatusCode.CANCELLED)


def deadline(server, _):
    code, _ = fault_of(server.method(INFERENCE, "Generate")(options={"timeout": 0.1}, **ENDLESS))
    same(code, grpc.StatusCode.DEADLINE_EXCEEDED)


def errors(server, _):
    method = server.method(INFERENCE, "Chat")
    same(fault_of(method(messages=ask(QUESTION), model="Größe 100 %")),
         (grpc.StatusCode.NOT_FOUND, "model must be 'tiny-r1', not 'Größe 100 %'."))
    same(fault_of(method(messages=ask(QUESTION), sampling={"top_p": 1.5})),
         (grpc.StatusCode.INVALID_ARGUMENT, "sampling.top_p must be in (0, 1], not 1.5."))
    code, details = fault_of(method())
    same(code, grpc.StatusCode.INVALID_ARGUMENT)
    assert details.startswith("messages must be 1 to "), details


def health(server, _):
    check, watch = server.method(HEALTH, "Check"), server.method(HEALTH, "Watch")
    for service in ("", INFERENCE):
        same(check(service=service).status, SERVING)
    try:
        check(service="no.such.Service")
        raise AssertionError("an unknown service has no health")
    except grpc.RpcError as error:
        same(error.code(), grpc.StatusCode.NOT_FOUND)
    for service, status in (("", SERVING), ("no.such.Service", SERVICE_UNKNOWN)):
        stream = watch(service=service)
        same(next(stream).status, status)
        stream.cancel()


def gzip(server, _):
    text = "a" * 1000
    options = {"compression": grpc.Compression.Gzip}
    same(len(server.method(INFERENCE, "Tokenize")(text=text, options=options).token_ids), 1001)
    answer = Answer(server.method(INFERENCE, "Chat")(messages=ask(QUESTION), sampling=GREEDY, options=options))
    same(answer.text, "347 + 285 = 632")


def streams(server, evaluation):
    with open(evaluation, encoding="utf-8") as file:
        problems = [problem for problem in json.load(file)["problems"] if problem["held_out"]][:16]
    roles = {"system": 1, "user": 2, "assistant": 3}
    method = server.method(INFERENCE, "Chat")
    together = threading.Barrier(len(problems))

    def solve(problem):
        together.wait(timeout=30)
        messages = [{"role": roles[message["role"]], "content": message["content"]} for message in problem["messages"]]
        return Answer(method(messages=messages, sampling=GREEDY)).ids

    with ThreadPoolExecutor(len(problems)) as pool:
        for problem, ids in zip(problems, pool.map(solve, problems)):
            same(ids, problem["output_ids"])


CHECKS = (services, models, tokens, chat, generate, stops, penalties, prompt_logprobs, samples, cancel, deadline, errors, health, gzip, streams)


def main():
    address, evaluation, name = sys.argv[1:]
    check = {check.__name__: check for check in CHECKS}[name]
    check(reflected.connect(address), evaluation)
    print(f"ok {name}")


if __name__ == "__main__":
    main()
