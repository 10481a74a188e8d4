using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Gateway.Options;
using OrleansServe.Gateway.Sessions;
using OrleansServe.Gateway.Validation;
using OrleansServe.Protocol.V1;

namespace OrleansServe.Gateway.Services;

/// <summary>Turns requests as they come into requests that can be served, or refuses them.</summary>
internal sealed class RequestIntake
{
    private readonly GatewayModel _model;
    private readonly GatewayOptions _options;
    private readonly SeedSource _seeds;

    /// <param name="model">The model served.</param>
    /// <param name="options">Limits.</param>
    public RequestIntake(GatewayModel model, IOptions<GatewayOptions> options)
    {
        _model = model;
        _options = options.Value;
        _seeds = _options.Seeds is Func<ulong> seeds ? new SeedSource(seeds) : SeedSource.Cryptographic;
    }

    /// <summary>A raw completion.</summary>
    /// <exception cref="RequestRejectedException">INVALID_ARGUMENT or NOT_FOUND.</exception>
    public Generation Read(GenerateRequest request, Guid requestId)
    {
        PromptRules.RequireModel(request.Model, _model);
        SchedulingSettings scheduling = SchedulingRules.Read(request.Scheduling);
        Generation generation = Read(requestId, request.Sampling, request.Stop, request.Output, chat: false, thinking: false, () => PromptRules.Read(request, _model));
        return generation with { Scheduling = scheduling };
    }

    /// <summary>An answer in a conversation.</summary>
    /// <exception cref="RequestRejectedException">INVALID_ARGUMENT or NOT_FOUND.</exception>
    public Generation Read(ChatRequest request, Guid requestId)
    {
        PromptRules.RequireModel(request.Model, _model);
        SchedulingSettings scheduling = SchedulingRules.Read(request.Scheduling);
        bool thinking = _model.ChatTemplate?.OpensThinking(PromptRules.ReadThinking(request)) ?? false;
        Generation generation = Read(
            requestId,
            request.Sampling,
            request.Stop,
            request.Output,
            chat: true,
            thinking,
            () => PromptRules.Read(request, _model, _options.MaxMessages));
        return generation with { Scheduling = scheduling };
    }

    private Generation Read(
        Guid requestId,
        SamplingOptions? sampling,
        StopOptions? stop,
        OutputOptions? output,
        bool chat,
        bool thinking,
        Func<ImmutableArray<int>> readPrompt)
    {
        // The cheap checks come first: a wrong field must not cost the work of turning a long text into tokens.
        StopConditions conditions = StopRules.Read(stop, _model.Config.EosTokenIds, _model.Config.VocabSize);
        SamplingSettings settings = SamplingRules.Read(sampling, output, _model.Config.VocabSize, _seeds);
        int samples = SamplingRules.ReadSamples(sampling);
        int? promptTopLogprobs = OutputRules.ReadPromptTopLogprobs(output);
        ImmutableArray<int> prompt = readPrompt();
        OutputRules.RequirePromptLogprobs(promptTopLogprobs, prompt.Length, _options.MaxPromptLogprobs);
        int maxTokens = SamplingRules.ReadMaxTokens(sampling, prompt.Length, _model.Config.MaxPositionEmbeddings);
        int tokenLimit = _model.Tokenizer.VocabularySize;
        int minTokens = SamplingRules.ReadMinTokens(sampling, maxTokens, conditions.EndTokens.Length, tokenLimit);
        settings = settings with
        {
            MinTokens = minTokens,
            EndTokens = minTokens > 0 ? conditions.EndTokens : [],
            PromptTokens = prompt.Length,

            // Logits may be wider than the vocabulary; what lies beyond it stands for nothing.
            TokenLimit = tokenLimit < _model.Config.VocabSize ? tokenLimit : 0,
        };
        return new Generation(requestId, prompt, maxTokens, settings, conditions, output?.Logprobs ?? false, chat, thinking)
        {
            Samples = samples,
            PromptTopLogprobs = promptTopLogprobs,
        };
    }
}
