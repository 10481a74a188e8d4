using System.Text.RegularExpressions;
using OrleansServe.Engine.Moe;
using OrleansServe.Engine.Weights;
using OrleansServe.Model.Checkpoints;
using Xunit;

namespace OrleansServe.UnitTests.Engine.Moe;

/// <summary>What is read of a checkpoint, by tensor: a shard its experts and nothing else, a worker beside shards everything else.</summary>
public sealed partial class ShardLoadingTests(NanoModels models) : IClassFixture<NanoModels>
{
    // Memory is allocated in blocks; the first has this size.
    private const long SmallestBlock = 256 << 10;

    public static TheoryData<string, string> Cases
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var (model, plan) in NanoModels.Cases)
            {
                data.Add(model, plan);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Load_ShardsAndWorker_ReadEachTensorOnceAndNoneOfTheOthers(string model, string plan)
    {
        var read = new List<string>();
        foreach (var experts in NanoModels.Plans[plan])
        {
            // As a process of its own.
            using var checkpoint = Checkpoint.Open(models.Of(model));
            Assert.Equal(0, checkpoint.BytesRead);
            using var bank = ExpertBank.Load(checkpoint, ByLayer(checkpoint, experts));
            var due = checkpoint.Tensors.Values.Where(t => ExpertOf(t.Name) is { } expert && experts.Contains(expert)).ToArray();
            Assert.Equal(due.Select(t => (t.Name, t.Length)), checkpoint.ReadByTensor().Select(pair => (pair.Key, pair.Value)));
            Assert.Equal(due.Sum(t => t.Length), checkpoint.BytesRead);
            Assert.InRange(bank.OwnBytes, checkpoint.BytesRead, (2 * checkpoint.BytesRead) + SmallestBlock);
            read.AddRange(checkpoint.ReadByTensor().Keys);
        }

        using var attention = Checkpoint.Open(models.Of(model));
        using var weights = ModelWeights.Load(attention, new WeightsOptions { IncludeRoutedExperts = false });
        Assert.Equal(attention.Tensors.Keys.Where(name => ExpertOf(name) is null), attention.ReadByTensor().Keys);
        Assert.All(attention.ReadByTensor(), pair => Assert.InRange(pair.Value, attention.Tensors[pair.Key].Length, 2 * attention.Tensors[pair.Key].Length));
        Assert.Null(weights.Experts);
        read.AddRange(attention.ReadByTensor().Keys);
        Assert.Equal(attention.Tensors.Keys, read.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Load_Fp8Shard_ReadsItsWeightsAndTheirScalesOnly()
    {
        using var checkpoint = Checkpoint.Open(Path.Combine(Repository.Golden, "v3-fp8-tiny"));
        using var bank = ExpertBank.Load(checkpoint, new Dictionary<int, IReadOnlyList<int>> { [1] = [2, 5] });
        string[] due = [.. checkpoint.Tensors.Keys.Where(name => name.StartsWith("model.layers.1.", StringComparison.Ordinal) && ExpertOf(name) is 2 or 5)];
        Assert.Equal(due, checkpoint.ReadByTensor().Keys);
        Assert.Contains(due, name => name.EndsWith(TensorNames.ScaleSuffix, StringComparison.Ordinal));
    }

    [Fact]
    public void Compute_Fingerprint_CountsAsHashedAndNotAsRead()
    {
        using var checkpoint = Checkpoint.Open(models.Of(NanoModels.V3));
        WeightsFingerprint.Compute(checkpoint);
        Assert.Equal(checkpoint.TotalBytes, checkpoint.BytesHashed);
        Assert.Equal(0, checkpoint.BytesRead);
        Assert.Empty(checkpoint.ReadByTensor());
    }

    private static Dictionary<int, IReadOnlyList<int>> ByLayer(Checkpoint checkpoint, int[] experts) =>
        Enumerable.Range(0, checkpoint.Config.KvLayers).Where(checkpoint.Config.IsMoeLayer).ToDictionary(layer => layer, _ => (IReadOnlyList<int>)experts);

    private static int? ExpertOf(string tensor) => Routed().Match(tensor) is { Success: true } match ? int.Parse(match.Groups[1].Value) : null;

    [GeneratedRegex(@"\.mlp\.experts\.([0-9]+)\.")]
    private static partial Regex Routed();
}
