using OrleansServe.Cli.Bench.Serving.Workloads;
using Xunit;

namespace OrleansServe.UnitTests.Cli.Bench.Serving.Workloads;

public sealed class TraceWorkloadTests
{
    private const int Vocabulary = 1000;

    private static readonly TraceEntry[] Entries =
    [
        new(1000, 1100, 40, [7, 8, 9]),
        new(1000, 1536, 80, [7, 8, 10]),
        new(3000, 512, 1, [11]),
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(0.125)]
    [InlineData(0.01)]
    [InlineData(0.3)]
    public void Plan_SharedIds_ShareTheirTokensAndNoOthers(double scale)
    {
        int[][] prompts = [.. Plan(scale).Select(request => request.Prompt().TokenIds!)];

        int shared = (int)Math.Ceiling(2 * 512 * scale);
        Assert.Equal(Entries.Select(entry => Math.Max(1, (int)Math.Round(entry.InputLength * scale))), prompts.Select(prompt => prompt.Length));
        Assert.Equal(prompts[0][..Math.Min(shared, prompts[0].Length)], prompts[1][..Math.Min(shared, prompts[0].Length)]);
        Assert.All(prompts.SelectMany(prompt => prompt), token => Assert.InRange(token, 0, Vocabulary - 1));
        if (scale >= 0.125)
        {
            Assert.NotEqual(prompts[0][shared..], prompts[1][shared..prompts[0].Length]);
            Assert.NotEqual(prompts[1][..prompts[2].Length], prompts[2]);
        }
    }

    [Fact]
    public void Plan_Speedup_DividesTheTimesFromTheFirstOn()
    {
        Assert.Equal([0.0, 0, 500], Plan(1, 4).Select(request => request.Due.TotalMilliseconds));
        Assert.Equal([40, 80, 1], Plan(1, 4).Select(request => request.OutputTokens));
    }

    [Fact]
    public void Plan_TwiceWithOneSeed_SendsTheSame()
    {
        Assert.Equal(Plan(0.5)[1].Prompt().TokenIds, Plan(0.5)[1].Prompt().TokenIds);
        Assert.NotEqual(Plan(0.5)[1].Prompt().TokenIds, Plan(0.5, seed: 1)[1].Prompt().TokenIds);
    }

    [Fact]
    public void Description_ScaledAndSpedUp_SaysSo()
    {
        TraceWorkload workload = new("trace.jsonl", Entries, 1.0 / 64, 10);

        Assert.Equal("trace.jsonl, lengths scaled by 0.015625 (a shared block has 8 tokens instead of 512), 10 times as fast", workload.Description);
    }

    private static IReadOnlyList<PlannedRequest> Plan(double scale, double speedup = 1, ulong seed = 0) =>
        new TraceWorkload("trace.jsonl", Entries, scale, speedup).Plan(Vocabulary, null, seed);
}
