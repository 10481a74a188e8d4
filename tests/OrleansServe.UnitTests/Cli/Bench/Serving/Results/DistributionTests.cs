using OrleansServe.Cli.Bench.Serving.Results;
using Xunit;

namespace OrleansServe.UnitTests.Cli.Bench.Serving.Results;

public sealed class DistributionTests
{
    [Fact]
    public void Of_Nothing_IsNull() => Assert.Null(Distribution.Of([]));

    [Fact]
    public void Of_One_IsItself() => Assert.Equal(new Distribution(1, 3, 3, 3, 3, 3), Distribution.Of([3]));

    [Fact]
    public void Of_Unsorted_SumsUp()
    {
        Distribution values = Distribution.Of([4, 1, 3, 2])!;

        Assert.Equal((4, 2.5, 2.5, 4.0), (values.Count, values.Mean, values.P50, values.Max));
        Assert.Equal(3.7, values.P90, 12);
        Assert.Equal(3.97, values.P99, 12);
    }

    // What numpy.percentile gives.
    [Theory]
    [InlineData(0, 10)]
    [InlineData(25, 17.5)]
    [InlineData(50, 35)]
    [InlineData(90, 80)]
    [InlineData(100, 95)]
    public void Percentile_BetweenTwo_Interpolates(double percent, double expected) =>
        Assert.Equal(expected, Distribution.Percentile([10, 15, 25, 45, 65, 95], percent), 12);

    [Fact]
    public void Percentile_AnyValues_LiesBetweenItsNeighboursAndNeverFalls()
    {
        Random random = new(5);
        for (int run = 0; run < 200; run++)
        {
            double[] values = [.. Enumerable.Range(0, random.Next(1, 50)).Select(_ => random.NextDouble()).Order()];
            double before = values[0];
            for (double percent = 0; percent <= 100; percent += 0.5)
            {
                double value = Distribution.Percentile(values, percent);
                int below = (int)(percent / 100 * (values.Length - 1));
                Assert.InRange(value, values[below], values[Math.Min(below + 1, values.Length - 1)]);
                Assert.True(value >= before);
                before = value;
            }
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(101)]
    public void Percentile_OutOfRange_IsRefused(double percent) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Distribution.Percentile([1], percent));
}
