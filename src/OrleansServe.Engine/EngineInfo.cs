using OrleansServe.Engine.Kv;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Engine;

/// <summary>What an engine serves and within which limits; fixed for its lifetime.</summary>
public sealed record EngineInfo
{
    /// <summary>The model's configuration.</summary>
    public required ModelConfig Model { get; init; }

    /// <summary>Number of logits and upper bound (exclusive) of token ids.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Longest sequence in tokens, prompt and output together.</summary>
    public required int MaxContext { get; init; }

    /// <summary>Most tokens that one step takes over all of its sequences.</summary>
    public required int MaxBatchTokens { get; init; }

    /// <summary>Most tokens that one step samples over all of its sequences.</summary>
    public required int MaxSampledTokens { get; init; }

    /// <summary>Most likeliest tokens that are reported beside one.</summary>
    public required int MaxTopLogprobs { get; init; }

    /// <summary>Shape of the KV blocks.</summary>
    public required KvLayout KvLayout { get; init; }

    /// <summary>Whether the engine holds the MTP layer and can draft; its KV is then the last layer of a block.</summary>
    public bool HasMtp { get; init; }
}
