using OrleansServe.Cli.Bench.Serving.Results;
using OrleansServe.Cli.Bench.Serving.Running;
using Xunit;

namespace OrleansServe.UnitTests.Cli.Bench.Serving.Results;

public sealed class LoadFiguresTests
{
    private static readonly LatencyTargets NoTargets = new(null, null, null, null);

    [Fact]
    public void Figures_FailuresAmongThem_AreCountedAndLeftOutOfRates()
    {
        LoadFigures figures = new(
            Run(Done(100, 20, 20), Done(300, 40), Failed("RESOURCE_EXHAUSTED", 0), Failed("UNAVAILABLE", 5), Failed("RESOURCE_EXHAUSTED", 0)), NoTargets);

        Assert.Equal((2, 5L, 20L), (figures.Completed, figures.OutputTokens, figures.InputTokens));
        Assert.Equal(5, figures.LostOutputTokens);
        Assert.Equal([("RESOURCE_EXHAUSTED", 2), ("UNAVAILABLE", 1)], figures.Failures.Select(failure => (failure.Key, failure.Value)));
        Assert.Equal((1.0, 2.5, 10.0), (figures.RequestsPerSecond, figures.OutputTokensPerSecond, figures.InputTokensPerSecond));
        Assert.Equal(0.2, figures.TimeToFirstToken!.Mean, 9);
        Assert.Equal(3, figures.InterTokenLatency!.Count);
        Assert.Equal(0.03, figures.TimePerOutputToken!.Mean, 6);
        Assert.Null(figures.Good);
    }

    [Fact]
    public void Figures_NothingCompleted_HasNoLatencies()
    {
        LoadFigures figures = new(Run(Failed("UNAVAILABLE", 0)), NoTargets);

        Assert.Null(figures.TimeToFirstToken);
        Assert.Null(figures.EndToEnd);
        Assert.Equal(0, figures.OutputTokensPerSecond);
    }

    [Theory]
    [InlineData(100, null, null, null, 2)]
    [InlineData(99, null, null, null, 1)]
    [InlineData(null, 25, null, null, 2)]
    [InlineData(null, null, 25, null, 2)]
    [InlineData(null, null, null, 200, 2)]
    [InlineData(300, 50, 50, 500, 3)]
    [InlineData(1, 1, 1, 1, 0)]
    public void Good_Targets_CountWhatKeptAllOfThem(int? ttft, int? itl, int? tpot, int? e2e, int expected)
    {
        LatencyTargets targets = new(Time(ttft), Time(itl), Time(tpot), Time(e2e));

        LoadFigures figures = new(Run(Done(100, 20, 20), Done(300, 40), Done(50), Failed("UNAVAILABLE", 0)), targets);

        Assert.Equal(expected, figures.Good);
        Assert.Equal(expected / 2.0, figures.GoodPerSecond);
        Assert.Equal(expected / 4.0, figures.GoodShare);

        static TimeSpan? Time(int? milliseconds) => milliseconds is { } value ? TimeSpan.FromMilliseconds(value) : null;
    }

    [Fact]
    public void InterTokenTarget_OneStallInMany_IsAPercentile()
    {
        LatencyTargets targets = new(null, TimeSpan.FromMilliseconds(20), null, null);
        int[] gaps = [.. Enumerable.Repeat(10, 1000), 500];

        Assert.True(targets.Met(Done(1, gaps)));
        Assert.False(targets.Met(Done(1, [.. gaps.Take(10), 500])));
    }

    private static LoadRecord Run(params RequestRecord[] requests) => new(requests, requests.Length, TimeSpan.FromSeconds(2), 1, Interrupted: false);

    private static RequestRecord Done(int firstMilliseconds, params int[] gaps) => new()
    {
        Sent = TimeSpan.Zero,
        SendDelay = TimeSpan.Zero,
        Outcome = RequestRecord.Completed,
        TimeToFirstToken = TimeSpan.FromMilliseconds(firstMilliseconds),
        Generating = TimeSpan.FromMilliseconds(gaps.Sum()),
        Total = TimeSpan.FromMilliseconds(firstMilliseconds + gaps.Sum()),
        Gaps = [.. gaps.Select(gap => gap / 1000f)],
        OutputTokens = gaps.Length + 1,
        InputTokens = 10,
    };

    private static RequestRecord Failed(string outcome, int tokens) => new()
    {
        Sent = TimeSpan.Zero,
        SendDelay = TimeSpan.Zero,
        Outcome = outcome,
        TimeToFirstToken = tokens > 0 ? TimeSpan.FromSeconds(9) : null,
        Total = TimeSpan.FromSeconds(9),
        OutputTokens = tokens,
        InputTokens = 10,
    };
}
