using OrleansServe.Model.Configuration;
using OrleansServe.Model.Synthesis;
using OrleansServe.UnitTests.Model;

namespace OrleansServe.UnitTests.Engine.Moe;

/// <summary>The nano model with both kinds of routing, eight routed experts a layer.</summary>
public sealed class NanoModels : IDisposable
{
    /// <summary>DeepSeek-V2: softmax, the best groups by their best expert.</summary>
    public const string V2 = "v2";

    /// <summary>DeepSeek-V3: sigmoid, a correction bias, the best groups by their best two experts.</summary>
    public const string V3 = "v3";

    /// <summary>How experts can be divided: evenly among 1, 2, 4 and 8 shards, and unevenly.</summary>
    public static readonly IReadOnlyDictionary<string, int[][]> Plans = new SortedDictionary<string, int[][]>(StringComparer.Ordinal)
    {
        ["1"] = Even(1),
        ["2"] = Even(2),
        ["4"] = Even(4),
        ["8"] = Even(8),
        ["uneven"] = [[0], [1, 2, 3, 4, 5], [6, 7]],
        ["scattered"] = [[7, 2], [3], [0, 1, 4, 6, 5]],
    };

    private readonly TemporaryFolder _folder = new();

    public NanoModels()
    {
        var v3 = SyntheticPreset.Nano;
        new SyntheticCheckpoint(v3, 11).Write(Of(V3), Repository.TinyR1);
        var v2 = v3 with
        {
            Config = (v3.Config with
            {
                ModelType = ModelConfig.DeepseekV2,
                QLoraRank = null,
                NumNextnPredictLayers = 0,
                ScoringFunction = ScoringFunction.Softmax,
                TopkMethod = TopkMethod.GroupLimitedGreedy,
                NormTopkProb = false,
            }).Validate(),
        };
        new SyntheticCheckpoint(v2, 12).Write(Of(V2), Repository.TinyR1);
    }

    /// <summary>Every model with every plan.</summary>
    public static IEnumerable<(string Model, string Plan)> Cases => new[] { V2, V3 }.SelectMany(model => Plans.Keys.Select(plan => (model, plan)));

    /// <summary>The folder of a model.</summary>
    public string Of(string model) => _folder.File(model);

    public void Dispose() => _folder.Dispose();

    private static int[][] Even(int shards) => [.. Enumerable.Range(0, 8).Chunk(8 / shards)];
}
