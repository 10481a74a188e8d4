using Grpc.Core;
using OrleansServe.Protocol.V1;

namespace OrleansServe.EndToEndTests.BadInput;

/// <summary>A request that must be refused, with the status and the message that refuse it.</summary>
internal sealed record BadRequest(string Name, StatusCode Status, string Message, Func<InferenceService.InferenceServiceClient, AsyncServerStreamingCall<GenerateResponse>> Send)
{
    private const int Context = 1024;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<BadRequest> All { get; } =
    [
        Prompt("no prompt", "prompt must be text or token_ids, not absent.", request => request.ClearPrompt()),
        Prompt("empty text", "text must be at least 1 byte, not 0.", request => request.Text = ""),
        Prompt("empty token ids", "token_ids must be at least 1 token, not 0.", request => request.TokenIds = new TokenIds()),
        Prompt("text over the context", $"text must be 1 to 1023 tokens, so that the context of 1024 has room for an answer, not {Context + 1}.", request => request.Text = new string('a', Context)),
        Prompt("token ids over the context", $"token_ids must be 1 to 1023 tokens, so that the context of 1024 has room for an answer, not {Context}.", request => request.TokenIds = Ids(Context, 97)),
        Prompt("token id beyond the vocabulary", "token_ids.ids[2] must be in [0, 320), the vocabulary, not 320.", request => request.TokenIds = new TokenIds { Ids = { 256, 97, 320 } }),
        Prompt("negative token id", "token_ids.ids[0] must be in [0, 320), the vocabulary, not -1.", request => request.TokenIds = new TokenIds { Ids = { -1 } }),
        new("unknown model", StatusCode.NotFound, "model must be 'tiny-r1', not 'gpt'.", client => client.Generate(new GenerateRequest { Model = "gpt", Text = "a" })),

        Sampling("temperature below", "sampling.temperature must be in [0, 2], not -0.1.", sampling => sampling.Temperature = -0.1f),
        Sampling("temperature above", "sampling.temperature must be in [0, 2], not 2.1.", sampling => sampling.Temperature = 2.1f),
        Sampling("temperature NaN", "sampling.temperature must be in [0, 2], not NaN.", sampling => sampling.Temperature = float.NaN),
        Sampling("temperature infinite", "sampling.temperature must be in [0, 2], not Infinity.", sampling => sampling.Temperature = float.PositiveInfinity),
        Sampling("top_p zero", "sampling.top_p must be in (0, 1], not 0.", sampling => sampling.TopP = 0),
        Sampling("top_p above", "sampling.top_p must be in (0, 1], not 1.1.", sampling => sampling.TopP = 1.1f),
        Sampling("top_p NaN", "sampling.top_p must be in (0, 1], not NaN.", sampling => sampling.TopP = float.NaN),
        Sampling("top_k negative", "sampling.top_k must be 0 for all tokens or at least 1, not -1.", sampling => sampling.TopK = -1),
        Sampling("min_p negative", "sampling.min_p must be in [0, 1], not -0.5.", sampling => sampling.MinP = -0.5f),
        Sampling("min_p above", "sampling.min_p must be in [0, 1], not 1.5.", sampling => sampling.MinP = 1.5f),
        Sampling("min_p NaN", "sampling.min_p must be in [0, 1], not NaN.", sampling => sampling.MinP = float.NaN),
        Sampling("repetition_penalty zero", "sampling.repetition_penalty must be in (0, 10], not 0.", sampling => sampling.RepetitionPenalty = 0),
        Sampling("repetition_penalty NaN", "sampling.repetition_penalty must be in (0, 10], not NaN.", sampling => sampling.RepetitionPenalty = float.NaN),
        Sampling("frequency_penalty above", "sampling.frequency_penalty must be in [-2, 2], not 2.5.", sampling => sampling.FrequencyPenalty = 2.5f),
        Sampling("presence_penalty below", "sampling.presence_penalty must be in [-2, 2], not -Infinity.", sampling => sampling.PresencePenalty = float.NegativeInfinity),
        Sampling("bias beyond the vocabulary", "sampling.logit_bias must be of tokens in [0, 320), the vocabulary, not 320.", sampling => sampling.LogitBias[320] = 1),
        Sampling("bias above", "sampling.logit_bias[3] must be in [-100, 100], not 101.", sampling => sampling.LogitBias[3] = 101),
        Sampling("bias NaN", "sampling.logit_bias[3] must be in [-100, 100], not NaN.", sampling => sampling.LogitBias[3] = float.NaN),
        Sampling("too many biases", "sampling.logit_bias must be at most 1024 tokens, not 1025.", sampling => sampling.LogitBias.Add(Enumerable.Range(0, 1025).ToDictionary(id => id, _ => 1f))),
        Sampling("min_tokens negative", "sampling.min_tokens must be in [0, 1022], the tokens that the answer may have, not -1.", sampling => sampling.MinTokens = -1),
        Sampling("min_tokens above max_tokens", "sampling.min_tokens must be in [0, 5], the tokens that the answer may have, not 6.", sampling => (sampling.MaxTokens, sampling.MinTokens) = (5, 6)),
        Sampling("no samples", "sampling.n must be in [1, 16], not 0.", sampling => sampling.N = 0),
        Sampling("too many samples", "sampling.n must be in [1, 16], not 17.", sampling => sampling.N = 17),
        Sampling("max_tokens zero", MaxTokens(0), sampling => sampling.MaxTokens = 0),
        Sampling("max_tokens negative", MaxTokens(int.MinValue), sampling => sampling.MaxTokens = int.MinValue),
        Sampling("max_tokens one too many", MaxTokens(Context - 1), sampling => sampling.MaxTokens = Context - 1),
        Sampling("max_tokens huge", MaxTokens(int.MaxValue), sampling => sampling.MaxTokens = int.MaxValue),

        Stop("too many stop strings", "stop.strings must be at most 16 strings, not 17.", stop => stop.Strings.Add(Enumerable.Range(0, 17).Select(i => $"s{i}"))),
        Stop("stop string too long", "stop.strings[1] must be 1 to 256 bytes of UTF-8, not 258.", stop => stop.Strings.Add(["a", new string('世', 86)])),
        Stop("empty stop string", "stop.strings[0] must be 1 to 256 bytes of UTF-8, not 0.", stop => stop.Strings.Add("")),
        Stop("too many stop tokens", "stop.token_ids must be at most 64 tokens, not 65.", stop => stop.TokenIds.Add(Enumerable.Range(0, 65))),
        Stop("stop token beyond the vocabulary", "stop.token_ids[0] must be in [0, 320), the vocabulary, not 2147483647.", stop => stop.TokenIds.Add(int.MaxValue)),

        Output("too many alternatives", "output.top_logprobs must be in [0, 20], not 21.", new OutputOptions { Logprobs = true, TopLogprobs = 21 }),
        Output("negative alternatives", "output.top_logprobs must be in [0, 20], not -1.", new OutputOptions { Logprobs = true, TopLogprobs = -1 }),
        Output("alternatives without log-probabilities", "output.top_logprobs must be 0 unless output.logprobs is set, not 1.", new OutputOptions { TopLogprobs = 1 }),

        Output("too many alternatives of the prompt", "output.prompt_top_logprobs must be in [0, 20], not 21.", new OutputOptions { PromptLogprobs = true, PromptTopLogprobs = 21 }),
        Output("alternatives without the prompt's log-probabilities", "output.prompt_top_logprobs must be 0 unless output.prompt_logprobs is set, not 1.", new OutputOptions { PromptTopLogprobs = 1 }),

        Chat("no messages", "messages must be 1 to 4096 messages, not 0."),
        Chat("too many messages", "messages must be 1 to 4096 messages, not 4097.", [.. Enumerable.Repeat(User("a"), 4097)]),
        Chat("no role", "messages[0].role must be ROLE_SYSTEM, ROLE_USER or ROLE_ASSISTANT, not 0.", new ChatMessage { Content = "a" }),
        Chat("unknown role", "messages[1].role must be ROLE_SYSTEM, ROLE_USER or ROLE_ASSISTANT, not 99.", User("a"), new ChatMessage { Role = (ChatMessage.Types.Role)99, Content = "a" }),
        Chat("empty message", "messages[0].content must be at least 1 byte in a user's message, not 0.", User("")),
        Chat("the assistant speaks last", "messages[1].role must be the user's in the last message, not the assistant's.", User("a"), new ChatMessage { Role = ChatMessage.Types.Role.Assistant, Content = "b" }),
        Chat("conversation over the context", "messages must be 1 to 1023 tokens, so that the context of 1024 has room for an answer, not 1029.", User(new string('a', Context))),
    ];

    private static string MaxTokens(int given) => $"sampling.max_tokens must be in [1, 1022], the room that 2 prompt tokens leave of the context of 1024, not {given}.";

    private static TokenIds Ids(int count, int id) => new() { Ids = { Enumerable.Repeat(id, count) } };

    private static ChatMessage User(string content) => new() { Role = ChatMessage.Types.Role.User, Content = content };

    private static BadRequest Prompt(string name, string message, Action<GenerateRequest> spoil) => new(name, StatusCode.InvalidArgument, message, client =>
    {
        GenerateRequest request = new() { Text = "a" };
        spoil(request);
        return client.Generate(request);
    });

    private static BadRequest Sampling(string name, string message, Action<SamplingOptions> spoil) => Prompt(name, message, request =>
    {
        request.Sampling = new SamplingOptions();
        spoil(request.Sampling);
    });

    private static BadRequest Stop(string name, string message, Action<StopOptions> spoil) => Prompt(name, message, request =>
    {
        request.Stop = new StopOptions();
        spoil(request.Stop);
    });

    private static BadRequest Output(string name, string message, OutputOptions output) => Prompt(name, message, request => request.Output = output);

    private static BadRequest Chat(string name, string message, params ChatMessage[] messages) =>
        new(name, StatusCode.InvalidArgument, message, client => client.Chat(new ChatRequest { Messages = { messages } }));
}
