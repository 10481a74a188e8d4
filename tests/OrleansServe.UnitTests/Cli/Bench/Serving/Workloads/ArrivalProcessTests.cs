using OrleansServe.Cli.Bench.Serving.Workloads;
using Xunit;

namespace OrleansServe.UnitTests.Cli.Bench.Serving.Workloads;

public sealed class ArrivalProcessTests
{
    private const int Gaps = 100_000;
    private const double Rate = 50;

    [Theory]
    [InlineData(1)]
    [InlineData(0.25)]
    [InlineData(4)]
    public void Next_ManyGaps_HaveTheMeanAndTheSpreadOfTheProcess(double burstiness)
    {
        double[] gaps = Draw(new ArrivalProcess(Rate, burstiness, DrawPurpose.Arrivals.Draw(7)));

        double mean = gaps.Average();
        double deviation = Math.Sqrt(gaps.Average(gap => (gap - mean) * (gap - mean)));

        // Five standard errors of the mean; the spread of a gamma distribution is its mean over the root of its shape.
        Assert.InRange(mean, (1 / Rate) - (5 * deviation / Math.Sqrt(Gaps)), (1 / Rate) + (5 * deviation / Math.Sqrt(Gaps)));
        Assert.InRange(deviation * Rate * Math.Sqrt(burstiness), 0.97, 1.03);
    }

    [Fact]
    public void Next_Poisson_GapsAreExponential()
    {
        double[] gaps = Draw(new ArrivalProcess(Rate, 1, DrawPurpose.Arrivals.Draw(3)));

        // Kolmogorov and Smirnov: the largest distance between the two distribution functions, at the level of one in a million.
        Array.Sort(gaps);
        double distance = gaps.Select((gap, i) => Math.Abs(1 - Math.Exp(-Rate * gap) - ((i + 0.5) / Gaps))).Max();
        Assert.True(distance < 2.7 / Math.Sqrt(Gaps), $"{distance}");
    }

    [Fact]
    public void Next_InfiniteRate_AllComeAtOnce()
    {
        ArrivalProcess process = new(double.PositiveInfinity, 1, DrawPurpose.Arrivals.Draw(0));

        Assert.All(Enumerable.Range(0, 100), _ => Assert.Equal(TimeSpan.Zero, process.Next()));
    }

    [Fact]
    public void Next_SameSeed_SameTimes()
    {
        Assert.Equal(Times(5), Times(5));
        Assert.NotEqual(Times(5), Times(6));

        static TimeSpan[] Times(ulong seed)
        {
            ArrivalProcess process = new(Rate, 0.5, DrawPurpose.Arrivals.Draw(seed));
            return [.. Enumerable.Range(0, 100).Select(_ => process.Next())];
        }
    }

    private static double[] Draw(ArrivalProcess process)
    {
        double[] gaps = new double[Gaps];
        double before = process.Next().TotalSeconds;
        Assert.Equal(0, before);
        for (int i = 0; i < gaps.Length; i++)
        {
            double now = process.Next().TotalSeconds;
            gaps[i] = now - before;
            before = now;
        }

        return gaps;
    }
}
