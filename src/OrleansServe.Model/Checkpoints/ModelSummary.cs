using System.Collections.Immutable;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Model.Checkpoints;

/// <summary>What a model is, in numbers for people.</summary>
public sealed record ModelSummary
{
    /// <summary><see cref="ModelConfig.ModelType"/>.</summary>
    public required string Architecture { get; init; }

    /// <summary>Main layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Of these, layers with routed experts.</summary>
    public required int MoeLayers { get; init; }

    /// <summary>Next-token prediction layers.</summary>
    public required int NextnLayers { get; init; }

    /// <summary>Parameters of the main model: embedding, layers, final norm, head.</summary>
    public required long TotalParameters { get; init; }

    /// <summary>Parameters of the main model that take part in one token: all but the embedding table and the experts not chosen.</summary>
    public required long ActiveParameters { get; init; }

    /// <summary>Parameters of the next-token prediction layers, without their copies of embedding and head.</summary>
    public required long NextnParameters { get; init; }

    /// <summary>Bytes of all tensors in the files.</summary>
    public required long TotalBytes { get; init; }

    /// <summary>Bytes of all tensors by element type as the files spell it, in ordinal order.</summary>
    public required ImmutableSortedDictionary<string, long> BytesByType { get; init; }

    /// <summary>Numbers that most weights are computed with: the checkpoint's most common type in lower case, or int8.</summary>
    public required string NumberFormat { get; init; }

    /// <summary>Weight files.</summary>
    public required int Files { get; init; }

    /// <summary>Routed experts of a layer; 0 for a dense model.</summary>
    public required int RoutedExperts { get; init; }

    /// <summary>Shared experts of a layer.</summary>
    public required int SharedExperts { get; init; }

    /// <summary>Routed experts each token goes to.</summary>
    public required int ExpertsPerToken { get; init; }

    /// <summary>Bytes of KV per token over the main layers.</summary>
    public required long KvBytesPerToken { get; init; }

    /// <summary>Longest context in tokens.</summary>
    public required int LongestContext { get; init; }

    /// <summary>Size of the vocabulary.</summary>
    public required int VocabSize { get; init; }

    /// <summary>The content hash of the weights in these numbers.</summary>
    public required WeightsFingerprint Fingerprint { get; init; }

    /// <summary>Describes an open checkpoint.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="fingerprint">Its fingerprint.</param>
    /// <param name="kvNumberFormat">How the engine stores KV.</param>
    /// <param name="weights">How the engine keeps the matrices.</param>
    /// <param name="rows">Numbers in which rows go to routed experts.</param>
    public static ModelSummary Of(
        Checkpoint checkpoint,
        WeightsFingerprint fingerprint,
        KvNumberFormat kvNumberFormat = KvNumberFormat.F32,
        WeightFormat weights = WeightFormat.Native,
        ExpertRowFormat rows = ExpertRowFormat.Exact)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(fingerprint);
        var config = checkpoint.Config;
        var count = ParameterCount.Of(config, name => checkpoint.Tensors.ContainsKey(name));
        return new ModelSummary
        {
            Architecture = config.ModelType,
            Layers = config.NumHiddenLayers,
            MoeLayers = Enumerable.Range(0, config.NumHiddenLayers).Count(config.IsMoeLayer),
            NextnLayers = config.NumNextnPredictLayers,
            TotalParameters = count.Total,
            ActiveParameters = count.Active,
            NextnParameters = count.Nextn,
            TotalBytes = checkpoint.TotalBytes,
            BytesByType = checkpoint.Tensors.Values
                .GroupBy(t => t.TypeName, StringComparer.Ordinal)
                .ToImmutableSortedDictionary(g => g.Key, g => g.Sum(t => t.Length), StringComparer.Ordinal),
            NumberFormat = WeightFormats.NameOf(weights, checkpoint),
            Files = checkpoint.Files.Length,
            RoutedExperts = config.HasMoeLayers ? config.NRoutedExperts ?? 0 : 0,
            SharedExperts = config.HasMoeLayers ? config.NSharedExperts : 0,
            ExpertsPerToken = config.HasMoeLayers ? config.NumExpertsPerTok : 0,
            KvBytesPerToken = (long)config.NumHiddenLayers * config.KvWidth * KvFormat.BytesOf(kvNumberFormat),
            LongestContext = config.MaxPositionEmbeddings,
            VocabSize = config.VocabSize,
            Fingerprint = fingerprint.As(weights, rows),
        };
    }
}
