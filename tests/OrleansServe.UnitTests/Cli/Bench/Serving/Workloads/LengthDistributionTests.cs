using OrleansServe.Cli.Bench.Serving.Workloads;
using OrleansServe.Simulation.Demand;
using Xunit;

namespace OrleansServe.UnitTests.Cli.Bench.Serving.Workloads;

public sealed class LengthDistributionTests
{
    [Fact]
    public void Next_Fixed_IsThat() => Assert.All(Draw("128"), length => Assert.Equal(128, length));

    [Fact]
    public void Next_Range_ReachesBothEndsAndNothingElse()
    {
        int[] lengths = Draw("3-6");

        Assert.Equal([3, 4, 5, 6], lengths.Distinct().Order());
    }

    [Fact]
    public void Next_Lognormal_HasTheMedianAndTheSpread()
    {
        int[] lengths = Draw("lognormal:1000:0.5");

        Array.Sort(lengths);
        Assert.InRange(lengths[lengths.Length / 2], 970, 1030);
        Assert.InRange(lengths[(int)(lengths.Length * 0.8413)], 1580, 1720);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("1.5")]
    [InlineData("5-")]
    [InlineData("6-5")]
    [InlineData("1-2-3")]
    [InlineData("99999999999")]
    [InlineData("4194305")]
    [InlineData("lognormal:10")]
    [InlineData("lognormal:10:0")]
    [InlineData("lognormal:10:NaN")]
    [InlineData("lognormal:10:9")]
    [InlineData("normal:10:1")]
    public void Parse_WrongText_SaysWhat(string text)
    {
        FormatException fault = Assert.Throws<FormatException>(() => LengthDistribution.Parse(text));

        Assert.Contains("must be", fault.Message, StringComparison.Ordinal);
        Assert.Contains("is '", fault.Message, StringComparison.Ordinal);
    }

    private static int[] Draw(string text)
    {
        SeededDraws draws = DrawPurpose.InputLengths.Draw(11);
        LengthDistribution lengths = LengthDistribution.Parse(text);
        return [.. Enumerable.Range(0, 20_000).Select(_ => lengths.Next(draws))];
    }
}
