using OrleansServe.Cli.Bench.Serving.Workloads;
using OrleansServe.Simulation.Demand;
using Xunit;

namespace OrleansServe.UnitTests.Simulation;

public sealed class SeededDrawsTests
{
    [Fact]
    public void Next_ManyDraws_EachValueAsOften()
    {
        const int Values = 10;
        const int Draws = 100_000;
        SeededDraws draws = DrawPurpose.PromptTokens.Draw(1);
        int[] counts = new int[Values];
        for (int i = 0; i < Draws; i++)
        {
            counts[draws.Next(Values)]++;
        }

        // Chi-square with nine degrees of freedom; above 50 in one of a hundred thousand fair draws.
        double expected = Draws / (double)Values;
        Assert.True(counts.Sum(count => (count - expected) * (count - expected) / expected) < 50, string.Join(' ', counts));
    }

    [Fact]
    public void NextBits_OtherSeedPurposeOrSubject_OtherNumbers()
    {
        ulong[] first =
        [
            DrawPurpose.PromptTokens.Draw(1, 1).NextBits(),
            DrawPurpose.PromptTokens.Draw(2, 1).NextBits(),
            DrawPurpose.PrefixTokens.Draw(1, 1).NextBits(),
            DrawPurpose.PromptTokens.Draw(1, 2).NextBits(),
            DrawPurpose.PrefixTokens.Draw(2, 0).NextBits(),
        ];

        Assert.Equal(first.Length, first.Distinct().Count());
        Assert.Equal(first[0], DrawPurpose.PromptTokens.Draw(1, 1).NextBits());
    }

    [Fact]
    public void NextNormal_ManyDraws_MeanZeroDeviationOne()
    {
        SeededDraws draws = DrawPurpose.InputLengths.Draw(9);
        double[] values = [.. Enumerable.Range(0, 100_000).Select(_ => draws.NextNormal())];

        Assert.InRange(values.Average(), -0.02, 0.02);
        Assert.InRange(values.Average(value => value * value), 0.97, 1.03);
        Assert.InRange(values.Average(value => value * value * value * value), 2.8, 3.2);
    }
}
