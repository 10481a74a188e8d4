using OrleansServe.Cli.Bench.Serving.Workloads;
using OrleansServe.Cli.Client;
using Xunit;

namespace OrleansServe.UnitTests.Cli.Bench.Serving.Workloads;

public sealed class WorkloadTests
{
    [Fact]
    public void RandomPlan_OneSeed_SendsTheSameRequests()
    {
        Assert.Equal(Print(4), Print(4));
        Assert.NotEqual(Print(4), Print(5));

        static string[] Print(ulong seed) => [.. Plan(seed, 8, 3).Select(request => $"{request.Due} {request.OutputTokens} {string.Join(',', request.Prompt().TokenIds!)}")];
    }

    [Fact]
    public void RandomPlan_Prefixes_AreSharedAndTheRestIsNot()
    {
        int[][] prompts = [.. Plan(1, 16, 3).Select(request => request.Prompt().TokenIds!)];

        Assert.Equal(3, prompts.Select(prompt => string.Join(',', prompt[..16])).Distinct().Count());
        Assert.Equal(prompts.Length, prompts.Select(prompt => string.Join(',', prompt[16..])).Distinct().Count());
    }

    [Fact]
    public void RandomPlan_OtherOutputs_LeavePromptsAndTimesAlone()
    {
        PlannedRequest[] few = [.. Plan(2, 0, 1)];
        PlannedRequest[] many = [.. new RandomWorkload(50, LengthDistribution.Parse("10-20"), LengthDistribution.Parse("9-90"), 0, 1).Plan(320, Arrivals(2), 2)];

        Assert.Equal(few.Select(request => request.Due), many.Select(request => request.Due));
        Assert.Equal(few.SelectMany(request => request.Prompt().TokenIds!), many.SelectMany(request => request.Prompt().TokenIds!));
        Assert.NotEqual(few.Select(request => request.OutputTokens), many.Select(request => request.OutputTokens));
    }

    [Fact]
    public void FilePlan_MoreRequestsThanPrompts_BeginsAgain()
    {
        FileWorkload file = new("prompts.txt", [new FilePrompt("a", null), new FilePrompt("b", 7)], 5, LengthDistribution.Parse("30"));

        IReadOnlyList<PlannedRequest> planned = file.Plan(Arrivals(0), 0);

        Assert.Equal(["a", "b", "a", "b", "a"], planned.Select(request => request.Prompt().Text));
        Assert.Equal([30, 7, 30, 7, 30], planned.Select(request => request.OutputTokens));
        Assert.Equal("2 prompts of prompts.txt, again and again", file.Description);
    }

    [Fact]
    public void Fit_TooLong_IsRefusedOrLeftOutAndCounted()
    {
        PlannedRequest[] requests = [Request(0, 90), Request(1, 91), Request(2, 5)];

        CommandFailedException refused = Assert.Throws<CommandFailedException>(() => Workload.Fit("x", requests, 100, skipTooLong: false));
        Workload fitting = Workload.Fit("x", requests, 100, skipTooLong: true);

        Assert.Contains("1 of 3 requests do not fit the model's context of 100 tokens; the longest needs 101", refused.Message, StringComparison.Ordinal);
        Assert.Equal((2, 1), (fitting.Requests.Count, fitting.LeftOut));
        Assert.Equal([0, 1], fitting.Requests.Select(request => request.Index));
        Assert.Throws<CommandFailedException>(() => Workload.Fit("x", requests, 10, skipTooLong: true));

        static PlannedRequest Request(int index, int input) => new(index, TimeSpan.Zero, input, 10, () => new PromptContent("", null));
    }

    private static IReadOnlyList<PlannedRequest> Plan(ulong seed, int prefixLength, int prefixes) =>
        new RandomWorkload(50, LengthDistribution.Parse("10-20"), LengthDistribution.Parse("1-9"), prefixLength, prefixes).Plan(320, Arrivals(seed), seed);

    private static ArrivalProcess Arrivals(ulong seed) => new(10, 1, DrawPurpose.Arrivals.Draw(seed));
}
