using System.Text.Json;
using OrleansServe.Cli.Bench;
using OrleansServe.Cli.Bench.Routing;
using OrleansServe.Cli.Bench.Serving.Workloads;
using Xunit;

namespace OrleansServe.UnitTests.Cli.Bench.Routing;

public sealed class RoutingReplayTests
{
    [Theory]
    [InlineData(512)]
    [InlineData(64)]
    public void Run_PromptThatComesBack_IsFoundButForItsPartialBlock(int kvBlockTokens)
    {
        TraceEntry[] trace = [new(0, 1200, 1, [1, 2, 3]), new(5, 1200, 1, [1, 2, 3]), new(9, 512, 1, [9])];
        RoutingFigures figures = Run(trace, new RoutingSetup(2, 100, kvBlockTokens, 0));

        Assert.Equal(1200 / kvBlockTokens * kvBlockTokens / 2912.0, figures.HitRate, 12);
        Assert.Equal(figures.HitRate, figures.InfiniteCacheHitRate);
        Assert.Equal(2400 / (2912.0 / 2), figures.MaxOverMeanInputTokens, 12);
    }

    [Fact]
    public void Run_PromptLargerThanAWorker_IsLeftOutAndCounted()
    {
        RoutingFigures figures = Run([new(0, 1025, 1, [1, 2, 3]), new(0, 1024, 1, [1, 2])], new RoutingSetup(2, 2, 512, 0));

        Assert.Equal((1, 1, 1024L), (figures.Requests, figures.TooLarge, figures.InputTokens));
    }

    [Fact]
    public void Run_OnlyPromptsThatAreTooLarge_HasNoRates()
    {
        RoutingFigures figures = Run([new(0, 1025, 1, [1, 2, 3])], new RoutingSetup(2, 1, 512, 0));

        Assert.Equal((0.0, 0.0, 1.0), (figures.HitRate, figures.InfiniteCacheHitRate, figures.MaxOverMeanInputTokens));
    }

    [Fact]
    public void Run_Queues_EmptyWithTime()
    {
        TraceEntry[] trace = [new(0, 512, 1, [1]), new(0, 512, 1, [2]), new(1000, 512, 1, [3])];
        RoutingFigures figures = Run(trace, new RoutingSetup(1, 10, 512, 512));

        // The second finds the first queued; after a second half of the two is left.
        Assert.Equal((512 + 512) / 3.0, figures.MeanQueuedTokens, 9);
    }

    [Fact]
    public void Run_Cancelled_Stops() => Assert.Throws<OperationCanceledException>(() =>
        new RoutingReplay(new RoutingSetup(1, 1, 512, 0), TimeProvider.System).Run([new(0, 1, 1, [1])], new CancellationToken(canceled: true)));

    [Fact]
    public void Json_Report_HasTheDocumentedNames()
    {
        RoutingSetup setup = new(2, 100, 512, 0);
        RoutingReport report = new(DateTimeOffset.UnixEpoch, BenchMachine.Read(), "a.jsonl", setup, Run([new(0, 1200, 1, [1, 2, 3])], setup));
        using JsonDocument document = JsonDocument.Parse(report.Json());
        foreach (string name in (string[])["hit_rate", "infinite_cache_hit_rate", "max_over_mean_input_tokens", "decision_microseconds_p99"])
        {
            Assert.Equal(JsonValueKind.Number, document.RootElement.GetProperty(name).ValueKind);
        }
    }

    private static RoutingFigures Run(TraceEntry[] trace, RoutingSetup setup) => new RoutingReplay(setup, TimeProvider.System).Run(trace, default);
}
