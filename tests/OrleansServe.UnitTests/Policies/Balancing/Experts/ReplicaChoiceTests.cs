using OrleansServe.Policies.Balancing.Experts;

using Xunit;

namespace OrleansServe.UnitTests.Policies.Balancing.Experts;

public sealed class ReplicaChoiceTests
{
    [Fact]
    public void Of_ConsecutiveRows_MeetTheShares()
    {
        Random random = new(1);
        for (int run = 0; run < 200; run++)
        {
            double[] shares = [.. Enumerable.Range(0, 1 + random.Next(8)).Select(i => i > 0 && random.Next(5) == 0 ? 0 : 1 - random.NextDouble())];
            double sum = shares.Sum();
            shares = [.. shares.Select(share => share / sum)];
            (int layer, int expert, long first) = (random.Next(64), random.Next(256), random.NextInt64(long.MaxValue / 2));
            int[] counts = new int[shares.Length];
            for (int rows = 1; rows <= 5000; rows++)
            {
                counts[ReplicaChoice.Of(shares, layer, expert, first + rows)]++;
                double bound = 2 + Math.Log2(rows);
                for (int replica = 0; replica < shares.Length; replica++)
                {
                    Assert.True(Math.Abs(counts[replica] - (rows * shares[replica])) <= bound, $"run {run}: {counts[replica]} of {rows} rows for a share of {shares[replica]}");
                }
            }

            Assert.All(shares.Index(), entry => Assert.True(entry.Item > 0 || counts[entry.Index] == 0));
        }
    }

    [Fact]
    public void Of_OneRowOfManyLayersAndExperts_MeetsTheSharesToo()
    {
        double[] shares = [0.5, 0.2, 0.3];
        int[] counts = new int[3];
        for (int layer = 0; layer < 58; layer++)
        {
            for (int expert = 0; expert < 256; expert++)
            {
                counts[ReplicaChoice.Of(shares, layer, expert, 0)]++;
            }
        }

        Assert.All(shares.Index(), entry => Assert.Equal(entry.Item, (double)counts[entry.Index] / (58 * 256), 0.02));
    }

    [Fact]
    public void Of_RoundedShares_LeavesNoRowOut()
    {
        double[] shares = [0.25, 0.25, 0];

        Assert.All(Enumerable.Range(0, 1000), row => Assert.InRange(ReplicaChoice.Of(shares, 3, 5, row), 0, 1));
        Assert.Equal(0, ReplicaChoice.Of([1], 3, 5, -1));
    }

    [Fact]
    public void Of_NoShares_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => ReplicaChoice.Of([], 0, 0, 0));
        Assert.Throws<ArgumentException>(() => ReplicaChoice.Of([0, 0], 0, 0, 0));
    }
}
