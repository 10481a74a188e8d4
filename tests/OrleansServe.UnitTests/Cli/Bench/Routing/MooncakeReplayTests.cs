using OrleansServe.Cli.Bench.Routing;
using OrleansServe.Cli.Bench.Serving.Files;
using OrleansServe.Cli.Bench.Serving.Workloads;
using OrleansServe.UnitTests.Engine;
using Xunit;

namespace OrleansServe.UnitTests.Cli.Bench.Routing;

/// <summary>The whole trace, so that the figures compare with published ones: it takes a few seconds. tests/traces/README.md tells where it comes from.</summary>
public sealed class MooncakeReplayTests(MooncakeReplayTests.Trace trace) : IClassFixture<MooncakeReplayTests.Trace>
{
    [Theory]
    [InlineData(10_000, 0.365)]
    [InlineData(2_000, 0.290)]
    public void Run_ConversationTraceOnEightWorkers_FindsMostOfWhatCanBeFoundAndLoadsThemEvenly(int blocksPerWorker, double leastHits)
    {
        RoutingFigures figures = new RoutingReplay(new RoutingSetup(8, blocksPerWorker, 512, 0), TimeProvider.System).Run(trace.Entries, default);

        Assert.Equal(12_031, figures.Requests);
        Assert.Equal(144_793_823, figures.InputTokens);
        Assert.InRange(figures.InfiniteCacheHitRate, 0.373, 0.374);
        Assert.InRange(figures.HitRate, leastHits, figures.InfiniteCacheHitRate);
        Assert.InRange(figures.MaxOverMeanInputTokens, 1, 1.05);
        Assert.InRange(figures.MaxOverMeanComputedTokens, 1, 1.05);
    }

    [Fact]
    public void Run_OneWorker_IsOneCache()
    {
        RoutingFigures figures = new RoutingReplay(new RoutingSetup(1, 16_000, 512, 0), TimeProvider.System).Run(trace.Entries, default);

        // What a least recently used order finds is 27.3%.
        Assert.InRange(figures.HitRate, 0.293, 0.374);
        Assert.Equal(1, figures.MaxOverMeanInputTokens);
    }

    [Fact]
    public void Run_WorkersWithQueues_KeepThemShort()
    {
        RoutingFigures figures = new RoutingReplay(new RoutingSetup(8, 10_000, 512, 8000), TimeProvider.System).Run(trace.Entries, default);

        // Half a second's work on average, at a load of two fifths.
        Assert.InRange(figures.MeanQueuedTokens, 0, 4000);
        Assert.InRange(figures.HitRate, 0.36, 0.374);
    }

    public sealed class Trace
    {
        internal IReadOnlyList<TraceEntry> Entries { get; } = TraceFile.Read(Path.Combine(Repository.Root, "tests", "traces", "conversation_trace.jsonl.gz"), null);
    }
}
