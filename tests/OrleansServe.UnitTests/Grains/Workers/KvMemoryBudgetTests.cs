using OrleansServe.Grains.Options;
using OrleansServe.Grains.Workers;
using OrleansServe.Model.Checkpoints;
using OrleansServe.UnitTests.Engine;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Workers;

public sealed class KvMemoryBudgetTests
{
    [Fact]
    public void Require_MoreThanTheMachineHas_SaysTheNumbers()
    {
        using Checkpoint checkpoint = Checkpoint.Open(Repository.TinyR1);
        WorkerOptions options = new() { KvBlocks = 1 << 24, PrefillWorkers = 1, DecodeWorkers = 2 };
        long perBlock = (long)checkpoint.Config.KvLayers * 64 * (checkpoint.Config.KvLoraRank + checkpoint.Config.QkRopeHeadDim) * sizeof(float);
        InsufficientMemoryException fault = Assert.Throws<InsufficientMemoryException>(() => KvMemoryBudget.Require(checkpoint.Config, options, 1L << 30));
        Assert.Equal(
            $"16777216 KV blocks of {perBlock} bytes for each of 3 workers are {(perBlock * 3 << 24) >> 20} MiB; this machine has 1024 MiB", fault.Message);
        KvMemoryBudget.Require(checkpoint.Config, options, perBlock * 3 << 24);
    }
}
